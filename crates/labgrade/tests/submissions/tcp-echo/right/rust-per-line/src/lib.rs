use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

pub fn serve(listener: &TcpListener) -> io::Result<()> {
    for stream in listener.incoming() {
        if let Err(e) = handle(&stream?) {
            eprintln!("client: {e}");
        }
    }
    Ok(())
}

fn handle(mut stream: &TcpStream) -> io::Result<()> {
    for line in BufReader::new(stream.try_clone()?).lines() {
        stream.write_all((line?.to_uppercase() + "\n").as_bytes())?;
    }
    Ok(())
}
