use std::io::{self, Read, Write};
use std::net::TcpListener;

pub fn serve(listener: &TcpListener) -> io::Result<()> {
    loop {
        let (mut stream, _) = listener.accept()?;
        let mut buffer = [0; 1024];
        let size = stream.read(&mut buffer)?;
        stream.write_all(&buffer[..size].to_ascii_uppercase())?;
    }
}
