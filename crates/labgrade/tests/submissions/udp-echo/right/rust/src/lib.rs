use std::io;
use std::net::UdpSocket;

pub fn serve(socket: &UdpSocket) -> io::Result<()> {
    let mut buffer = [0u8; 2048];
    loop {
        let (n, from) = socket.recv_from(&mut buffer)?;
        labcore::uppercase(&mut buffer[..n]);
        socket.send_to(&buffer[..n], from)?;
    }
}
