use std::io::{Read, Write, stdin};
use std::net::TcpStream;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let mut stream = TcpStream::connect(format!("{}:{}", args[1], args[2])).unwrap();
    let mut line = String::new();
    stdin().read_line(&mut line).unwrap();
    stream.write_all(line.as_bytes()).unwrap();
    let mut buffer = [0; 1024];
    let size = stream.read(&mut buffer).unwrap();
    println!("From server: {}", String::from_utf8_lossy(&buffer[..size]));
}
