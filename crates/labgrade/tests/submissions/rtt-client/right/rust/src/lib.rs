use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs, UdpSocket};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub fn udp(server: impl ToSocketAddrs, text: &str) -> io::Result<()> {
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    socket.connect(server)?;
    socket.set_read_timeout(Some(Duration::from_secs(3)))?;
    let (sent, start) = (clock(), Instant::now());
    socket.send(text.as_bytes())?;
    let mut buffer = [0; 2048];
    let size = socket.recv(&mut buffer)?;
    show(&sent, start, &buffer[..size]);
    Ok(())
}

pub fn tcp(server: impl ToSocketAddrs, text: &str) -> io::Result<()> {
    println!("connection requested {}", clock());
    let mut stream = TcpStream::connect(server)?;
    let (sent, start) = (clock(), Instant::now());
    stream.write_all(text.as_bytes())?;
    let mut buffer = [0; 2048];
    let size = stream.read(&mut buffer)?;
    show(&sent, start, &buffer[..size]);
    Ok(())
}

fn show(sent: &str, start: Instant, reply: &[u8]) {
    let rtt = start.elapsed();
    println!("sent {sent}, received {}, RTT {rtt:?}", clock());
    println!("{}", String::from_utf8_lossy(reply));
}

/// The time of day in UTC.
fn clock() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = now.as_secs() % 86_400;
    format!(
        "{:02}:{:02}:{:02}.{:03}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        now.subsec_millis()
    )
}
