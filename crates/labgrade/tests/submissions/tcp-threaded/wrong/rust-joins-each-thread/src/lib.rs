use std::io::{self, Read, Write};
use std::net::TcpStream;

pub fn handle(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 1024];
    loop {
        let size = stream.read(&mut buffer)?;
        if size == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..size].to_ascii_uppercase())?;
    }
}
