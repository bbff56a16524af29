//! TCP echo in upper case, one client at a time.
//!
//! Read [`serve`] and [`serve_connection`], the server's side, then [`ask`], the client's.

// BEGIN SOLUTION
use labcore::{EventLog, is_timeout, printable, uppercase, without_newline};
use socket2::{SockRef, TcpKeepalive};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// What one read takes at most. A stream has no messages, so any size will do; a large one costs fewer calls.
const CHUNK_BYTES_MAX: usize = 65_536;

/// The silence after which a text without a newline counts as a line.
const LINE_PAUSE: Duration = Duration::from_millis(200);

/// The silence after which the system asks a client if it is still there, and how often. After 9 questions without an
/// answer (on Linux) the connection counts as lost.
const ASK_AFTER: Duration = Duration::from_secs(15);
const ASK_EVERY: Duration = Duration::from_secs(5);

/// What is thrown away at most of a client that does not stop sending.
const UNREAD_CHUNKS_MAX: usize = 64;

/// The longest reply that a client collects; a server that never ends its line can't fill the memory.
const REPLY_BYTES_MAX: usize = 1 << 21;

/// A pause after a failed `accept`, which may fail again at once, as when the process has no descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
// END SOLUTION
// STUB: use labcore::EventLog; // and for you: `labcore::uppercase`, `labcore::printable`, `labcore::without_newline`
// STUB: use std::io::{self, BufReader};
// STUB: use std::net::{TcpListener, TcpStream};
// STUB: use std::time::Duration;

/// Serves one client after the other, in the order in which they connected.
///
/// The system completes the handshake for those who wait (the backlog of `listen`): they are connected and may send,
/// but nobody answers them until their turn comes. With `once`, a client's turn is over after its first line.
pub fn serve(listener: &TcpListener, once: bool, log: &EventLog) -> ! {
    // BEGIN SOLUTION
    let mut number = 0_u64;
    loop {
        let (connection, address) = accept(listener, log);
        number += 1;
        log.line(format_args!("client {number} connected from {address}"));
        // A reset or a broken pipe ends this client's turn, not the server.
        let result = serve_connection(&connection, number, once, log);
        drop(connection);
        match result {
            Ok(()) => log.line(format_args!("client {number} disconnected")),
            Err(error) => log.line(format_args!("client {number} disconnected: {error}")),
        }
    }
    // END SOLUTION
    // STUB: let _ = (listener, once, log); // this line can go when you use them
    // STUB: todo!("accept a client first: `listener.accept()` gives its connection, for `serve_connection`")
}

// BEGIN SOLUTION
/// Waits for the next client, as often as it takes.
fn accept(listener: &TcpListener, log: &EventLog) -> (TcpStream, SocketAddr) {
    let mut told = false;
    loop {
        match listener.accept() {
            Ok(accepted) => return accepted,
            Err(error) => {
                if !told {
                    log.line(format_args!("failed to accept a client: {error}; trying again"));
                }
                told = true;
                thread::sleep(ACCEPT_PAUSE);
            }
        }
    }
}
// END SOLUTION

/// Returns in upper case whatever arrives on `connection`, until the client closes its side.
///
/// With `once` it is the server who closes, after the first line, or after a text without a newline and a pause.
///
/// # Errors
/// If the connection breaks: reset by the client, or lost.
pub fn serve_connection(
    mut connection: &TcpStream,
    number: u64,
    once: bool,
    log: &EventLog,
) -> io::Result<()> {
    // BEGIN SOLUTION
    // Without this, Nagle's algorithm holds a small reply back while an earlier one is not acknowledged.
    connection.set_nodelay(true)?;
    // A computer that was switched off, or lost its cable, never says so: all others would wait for ever.
    let keepalive = TcpKeepalive::new().with_time(ASK_AFTER).with_interval(ASK_EVERY);
    let _ = SockRef::from(connection).set_tcp_keepalive(&keepalive);
    let mut buffer = [0; CHUNK_BYTES_MAX];
    loop {
        let size = match connection.read(&mut buffer) {
            Ok(0) => return Ok(()), // the end of the stream, and all before it is answered
            Ok(size) => size,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) if once && is_timeout(&error) => return hang_up(connection),
            Err(error) => return Err(error),
        };
        // Part of a line, a line or several: whatever the network has brought so far.
        let newline = buffer[..size].iter().position(|byte| *byte == b'\n').filter(|_| once);
        let chunk = &mut buffer[..newline.map_or(size, |at| at + 1)];
        log.line(format_args!("client {number}: {}", printable(without_newline(chunk))));
        uppercase(chunk);
        connection.write_all(chunk)?;
        if newline.is_some() {
            return hang_up(connection);
        }
        if once {
            connection.set_read_timeout(Some(LINE_PAUSE))?;
        }
    }
    // END SOLUTION
    // STUB: let _ = (&mut connection, number, once, log); // this line can go when you use them
    // STUB: todo!("read first: `connection.read(&mut buffer)` gives how many bytes came, and 0 at the end")
}

// BEGIN SOLUTION
/// Ends a conversation that the client has not ended: nothing more is sent, and what still comes is thrown away.
///
/// Closing over unread bytes would send a reset instead of the end of the stream, and the client could lose the reply.
fn hang_up(mut connection: &TcpStream) -> io::Result<()> {
    connection.shutdown(Shutdown::Write)?;
    connection.set_read_timeout(Some(LINE_PAUSE))?;
    for _ in 0..UNREAD_CHUNKS_MAX {
        match connection.read(&mut [0; CHUNK_BYTES_MAX]) {
            Ok(1..) => {}
            _ => break, // the client has closed too, or says nothing more
        }
    }
    Ok(())
}
// END SOLUTION

/// A server's answer to one line.
#[derive(Debug, PartialEq)]
pub struct Reply {
    /// What came, with its newline if it had one.
    pub text: Vec<u8>,
    /// Why the client read no further.
    pub end: End,
}

/// What ended a reply.
#[derive(Debug, PartialEq)]
pub enum End {
    /// The newline, as it should be.
    Newline,
    /// The server closed the connection.
    Closed,
    /// Time was up.
    Timeout,
}

/// Sends `text` as a line, and reads the reply up to its newline, the end of the stream, or `timeout`.
///
/// A stream does not keep the boundaries of what was sent: the reply may come in pieces, and the rest of a piece
/// belongs to the next reply. So the client's connection is a buffered one.
///
/// # Errors
/// If the connection breaks before any of the reply came, or the reply is too long.
pub fn ask(connection: &mut BufReader<TcpStream>, text: &[u8], timeout: Duration) -> io::Result<Reply> {
    // BEGIN SOLUTION
    let deadline = Instant::now() + timeout;
    connection.get_ref().set_write_timeout(Some(timeout))?;
    // Text and newline in one write: as two, they would be two segments, and the second might wait for the first.
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
    // END SOLUTION
    // STUB: let _ = (connection, text, timeout); // this line can go when you use them
    // STUB: todo!("send the text and a newline first: `connection.get_mut().write_all`")
}
