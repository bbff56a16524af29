use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;

fn main() -> io::Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let mut stream = TcpStream::connect(format!("{}:{}", args[1], args[2]))?;
    let mut replies = BufReader::new(stream.try_clone()?);
    for line in io::stdin().lines() {
        writeln!(stream, "{}", line?)?;
        let mut reply = String::new();
        replies.read_line(&mut reply)?;
        print!("server: {reply}");
    }
    Ok(())
}
