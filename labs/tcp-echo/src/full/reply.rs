//! A server's answer to one line, with limits on its time and its length.

use labcore::is_timeout;
use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// The longest reply that a client collects, so that a server that never ends its line can't fill the memory.
const REPLY_BYTES_MAX: usize = 1 << 21;

/// A server's answer to one line.
pub struct Reply {
    /// The bytes that arrived, with the newline if there was one.
    pub text: Vec<u8>,
    /// Why the client stopped reading.
    pub end: End,
}

/// What ended a reply.
#[derive(PartialEq)]
pub enum End {
    /// The newline arrived.
    Newline,
    /// The server closed the connection.
    Closed,
    /// The timeout passed.
    Timeout,
}

/// Sends `text` as a line, and reads the reply up to its newline, the end of the stream, or `timeout`.
///
/// The exercise's `ask` waits up to `timeout` for each piece of the reply, and this one for all of it together.
///
/// # Errors
/// If the connection breaks before any of the reply has arrived, or the reply is too long.
pub fn ask(connection: &mut BufReader<TcpStream>, text: &[u8], timeout: Duration) -> io::Result<Reply> {
    let deadline = Instant::now() + timeout;
    connection.get_ref().set_write_timeout(Some(timeout))?;
    connection.get_mut().write_all(&[text, b"\n"].concat())?;
    let mut text = Vec::new();
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(Reply { text, end: End::Timeout });
        }
        connection.get_ref().set_read_timeout(Some(left))?;
        let arrived = match connection.fill_buf() {
            Ok([]) => return Ok(Reply { text, end: End::Closed }),
            Ok(arrived) => arrived,
            Err(error) if is_timeout(&error) || matches!(error.kind(), ErrorKind::Interrupted) => continue,
            Err(error) if text.is_empty() => return Err(error),
            Err(_) => return Ok(Reply { text, end: End::Closed }),
        };
        let newline = arrived.iter().position(|byte| *byte == b'\n');
        let taken = newline.map_or(arrived.len(), |at| at + 1);
        text.extend_from_slice(&arrived[..taken]);
        connection.consume(taken);
        if newline.is_some() {
            return Ok(Reply { text, end: End::Newline });
        }
        if text.len() > REPLY_BYTES_MAX {
            return Err(io::Error::new(ErrorKind::InvalidData, "the reply is too long and has no newline"));
        }
    }
}
