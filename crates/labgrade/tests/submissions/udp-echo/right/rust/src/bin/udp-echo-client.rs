use std::io::stdin;
use std::net::UdpSocket;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    let server = format!("{}:{}", args[1], args[2]);
    for line in stdin().lines() {
        socket.send_to(line.unwrap().as_bytes(), &server).unwrap();
        let mut buffer = [0; 2048];
        let (n, _) = socket.recv_from(&mut buffer).unwrap();
        println!("{}", String::from_utf8_lossy(&buffer[..n]));
    }
}
