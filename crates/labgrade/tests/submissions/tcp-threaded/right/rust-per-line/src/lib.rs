use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

pub fn handle(stream: TcpStream) {
    let mut writer = stream.try_clone().unwrap();
    for line in BufReader::new(stream).lines() {
        let Ok(line) = line else { return };
        if writeln!(writer, "{}", line.to_uppercase()).is_err() {
            return;
        }
    }
}
