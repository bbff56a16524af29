use std::io::stdin;
use std::net::UdpSocket;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    socket.connect(format!("{}:{}", args[1], args[2])).unwrap();
    let mut line = String::new();
    stdin().read_line(&mut line).unwrap();
    socket.send(line.trim_end().as_bytes()).unwrap();
    let mut buffer = [0; 512];
    let size = socket.recv(&mut buffer).unwrap();
    println!("From server: {}", String::from_utf8_lossy(&buffer[..size]));
}
