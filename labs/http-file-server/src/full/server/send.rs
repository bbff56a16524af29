//! Sends answers with few system calls, to clients that may be slow or gone.

use crate::http::response::Body;
use labcore::is_timeout;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A body up to this length is sent with the head in one write. A longer body does not pass through this program: on
/// Linux the kernel reads it from the file.
const SMALL_BYTES_MAX: u64 = 16 * 1024;

/// How often a wait is interrupted to check whether the client has received anything. `sendfile` waits up to three
/// times before it reports that it got no further, so giving up may exceed the configured timeout by 10 %.
const CHECKS: u32 = 30;

/// The sending side of a connection. It counts what it sends.
pub struct Sender<'a> {
    stream: &'a TcpStream,
    sent: u64,
}

impl<'a> Sender<'a> {
    /// Prepares to send to a client, and to give up when it receives nothing for as long as `patience`.
    ///
    /// # Errors
    /// If the connection is already lost.
    pub fn new(stream: &'a TcpStream, patience: Duration) -> io::Result<Sender<'a>> {
        // A call returns only after *all* its bytes were taken. A short timeout shows how far it has got.
        stream.set_write_timeout(Some((patience / CHECKS).max(Duration::from_millis(1))))?;
        // Head and body are sent together, so Nagle's algorithm would only delay them.
        stream.set_nodelay(true)?;
        Ok(Sender { stream, sent: 0 })
    }

    /// Sends an answer, and returns how many bytes of its body were sent, also if sending failed.
    pub fn send(&mut self, head: String, body: Body) -> (u64, io::Result<()>) {
        let head_length = head.len() as u64;
        self.sent = 0;
        let result = match body {
            Body::Absent => self.write_all(head.as_bytes()),
            Body::Page(page) => self.write_all((head + &page).as_bytes()),
            Body::File { file, start, length } if length <= SMALL_BYTES_MAX => {
                let mut bytes = head.into_bytes();
                append(&mut bytes, file, start, length).and_then(|()| self.write_all(&bytes))
            }
            Body::File { file, start, length } => self.send_large(head.as_bytes(), &file, start, length),
        };
        (self.sent.saturating_sub(head_length), result)
    }

    #[cfg(target_os = "linux")]
    fn send_large(&mut self, head: &[u8], file: &File, start: u64, length: u64) -> io::Result<()> {
        use rustix::{fs::sendfile, net};
        let stream = self.stream;
        let mut head = head;
        while !head.is_empty() {
            // MORE lets the kernel hold the head back for the first segment of the body.
            let sent = self.attempt(|| Ok(net::send(stream, head, net::SendFlags::MORE)?))?;
            head = &head[sent..];
        }
        let (mut offset, end) = (start, start + length);
        while offset < end {
            // The kernel refuses a count that is negative as a signed number, such as 3 GiB on 32 bits.
            let most = isize::try_from(end - offset).unwrap_or(isize::MAX).unsigned_abs();
            if self.attempt(|| Ok(sendfile(stream, file, Some(&mut offset), most)?))? == 0 {
                return Err(shrunk());
            }
        }
        Ok(())
    }

    #[cfg(not(target_os = "linux"))]
    fn send_large(&mut self, head: &[u8], mut file: &File, start: u64, length: u64) -> io::Result<()> {
        self.write_all(head)?;
        file.seek(SeekFrom::Start(start))?;
        let copied = io::copy(&mut file.take(length), self)?;
        if copied < length { Err(shrunk()) } else { Ok(()) }
    }

    /// Repeats a call until the client takes something, or has taken nothing for too long.
    fn attempt(&mut self, mut call: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
        let mut checks = 1;
        loop {
            match call() {
                Ok(sent) => {
                    self.sent += sent as u64;
                    return Ok(sent);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if is_timeout(&error) && checks < CHECKS => checks += 1,
                Err(error) => return Err(error),
            }
        }
    }
}

impl Write for Sender<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut stream = self.stream;
        self.attempt(|| stream.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(()) // nothing is buffered here
    }
}

/// Appends a part of a file to a buffer.
fn append(bytes: &mut Vec<u8>, mut file: File, start: u64, length: u64) -> io::Result<()> {
    bytes.reserve(usize::try_from(length).unwrap_or_default());
    if start > 0 {
        file.seek(SeekFrom::Start(start))?;
    }
    let read = file.take(length).read_to_end(bytes)?;
    if (read as u64) < length { Err(shrunk()) } else { Ok(()) }
}

/// The error when the file has become shorter than the announced `Content-Length`.
///
/// Nothing else may be sent in place of the missing bytes. The client recognises the failure by the early end of the
/// connection.
fn shrunk() -> io::Error {
    io::Error::new(ErrorKind::UnexpectedEof, "the file became shorter while it was sent")
}
