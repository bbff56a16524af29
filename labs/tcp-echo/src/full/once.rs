//! `--once`: one line for each client, whatever the client does.

use labcore::{EventLog, is_timeout};
use std::io::{self, ErrorKind, Read};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;
use tcp_echo::answer;

/// The most that one read takes.
const CHUNK_BYTES_MAX: usize = 65_536;

/// The silence after which text without a newline counts as a line.
const LINE_PAUSE: Duration = Duration::from_millis(200);

/// The most that is read and discarded from a client that does not stop sending.
const DISCARDED_CHUNKS_MAX: usize = 64;

/// Answers one line, which may arrive in pieces, and closes. Text without a newline counts as a line after a pause.
///
/// # Errors
/// If the connection breaks: the client resets it, or it is lost.
pub fn serve_line(mut connection: &TcpStream, number: u64, log: &EventLog) -> io::Result<()> {
    let mut buffer = [0; CHUNK_BYTES_MAX];
    loop {
        let size = match connection.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(size) => size,
            // A call with a timeout is interrupted when the user suspends the program and resumes it.
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) if is_timeout(&error) => return linger(connection),
            Err(error) => return Err(error),
        };
        let newline = buffer[..size].iter().position(|byte| *byte == b'\n');
        let end = newline.map_or(size, |at| at + 1);
        answer(connection, &mut buffer[..end], number, log)?;
        if newline.is_some() {
            return linger(connection);
        }
        connection.set_read_timeout(Some(LINE_PAUSE))?;
    }
}

/// Closes a connection that the client has not closed (a lingering close): sends the end of the stream, and discards
/// what still arrives.
///
/// Closing a socket with unread bytes would send a reset instead, and the client could lose the reply.
fn linger(mut connection: &TcpStream) -> io::Result<()> {
    connection.shutdown(Shutdown::Write)?;
    connection.set_read_timeout(Some(LINE_PAUSE))?;
    for _ in 0..DISCARDED_CHUNKS_MAX {
        match connection.read(&mut [0; CHUNK_BYTES_MAX]) {
            Ok(1..) => {}
            _ => break, // the client has closed too, or sends nothing more
        }
    }
    Ok(())
}
