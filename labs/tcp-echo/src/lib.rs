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

/// The most that one read takes. A stream has no messages, so any size works. A large one needs fewer calls.
const CHUNK_BYTES_MAX: usize = 65_536;

/// The silence after which text without a newline counts as a line.
const LINE_PAUSE: Duration = Duration::from_millis(200);

/// The silence after which the system sends a keepalive probe, and the time between probes. After 9 probes without an
/// answer (on Linux) the connection counts as lost.
const KEEPALIVE_AFTER: Duration = Duration::from_secs(15);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);

/// The most that is read and discarded from a client that does not stop sending.
const DISCARDED_CHUNKS_MAX: usize = 64;

/// The longest reply that a client collects, so that a server that never ends its line can't fill the memory.
const REPLY_BYTES_MAX: usize = 1 << 21;

/// A pause after a failed `accept`, which may fail again at once, as when the process has no descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
// END SOLUTION
// STUB: use labcore::EventLog; // you also need `labcore::{uppercase, printable, without_newline}`
// STUB: use std::io::{self, BufReader};
// STUB: use std::net::{TcpListener, TcpStream};
// STUB: use std::time::Duration;

/// Serves one client after the other, in the order in which they connected.
///
/// The system completes the handshake for clients that wait (the backlog of `listen`). They are connected and may send,
/// but they get no answer until their turn comes. With `once`, a client's turn ends after its first line.
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
    // STUB: let _ = (listener, once, log); // delete this line
    // STUB: todo!("serve: accept a client first; `listener.accept()` gives its connection, for `serve_connection`")
}

// BEGIN SOLUTION
/// Waits for the next client, and tries again for as long as accepting fails.
fn accept(listener: &TcpListener, log: &EventLog) -> (TcpStream, SocketAddr) {
    let mut is_logged = false;
    loop {
        match listener.accept() {
            Ok(accepted) => return accepted,
            Err(error) => {
                if !is_logged {
                    log.line(format_args!("failed to accept a client: {error}; trying again"));
                }
                is_logged = true;
                thread::sleep(ACCEPT_PAUSE);
            }
        }
    }
}
// END SOLUTION

/// Returns in upper case whatever arrives on `connection`, until the client closes its side.
///
/// With `once`, the server answers one line and closes. Text without a newline counts as a line after a pause.
///
/// # Errors
/// If the connection breaks: the client resets it, or it is lost.
pub fn serve_connection(
    mut connection: &TcpStream,
    number: u64,
    once: bool,
    log: &EventLog,
) -> io::Result<()> {
    // BEGIN SOLUTION
    // Otherwise Nagle's algorithm holds a small reply back until an earlier one is acknowledged.
    connection.set_nodelay(true)?;
    // A computer that was switched off, or lost its cable, never says so. Without keepalive, all other clients would
    // wait for ever.
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE_AFTER).with_interval(KEEPALIVE_INTERVAL);
    let _ = SockRef::from(connection).set_tcp_keepalive(&keepalive);
    let mut buffer = [0; CHUNK_BYTES_MAX];
    loop {
        let size = match connection.read(&mut buffer) {
            Ok(0) => return Ok(()), // the end of the stream; everything before it is answered
            Ok(size) => size,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) if once && is_timeout(&error) => return linger(connection),
            Err(error) => return Err(error),
        };
        // Part of a line, one line or several: the network keeps no boundaries.
        let newline = buffer[..size].iter().position(|byte| *byte == b'\n').filter(|_| once);
        let chunk = &mut buffer[..newline.map_or(size, |at| at + 1)];
        log.line(format_args!("client {number}: {}", printable(without_newline(chunk))));
        uppercase(chunk);
        connection.write_all(chunk)?;
        if newline.is_some() {
            return linger(connection);
        }
        if once {
            connection.set_read_timeout(Some(LINE_PAUSE))?;
        }
    }
    // END SOLUTION
    // STUB: let _ = (&mut connection, number, once, log); // delete this line
    // STUB: todo!("serve_connection: read first; `connection.read(&mut buffer)` returns how many bytes came")
}

// BEGIN SOLUTION
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
// END SOLUTION

/// A server's answer to one line.
#[derive(Debug, PartialEq)]
pub struct Reply {
    /// The bytes that arrived, with the newline if there was one.
    pub text: Vec<u8>,
    /// Why the client stopped reading.
    pub end: End,
}

/// What ended a reply.
#[derive(Debug, PartialEq)]
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
/// A stream keeps no message boundaries: a reply may arrive in pieces, and a piece may hold the beginning of the next
/// reply. So the connection is buffered, and what is left over stays in the buffer.
///
/// # Errors
/// If the connection breaks before any of the reply has arrived, or the reply is too long.
pub fn ask(connection: &mut BufReader<TcpStream>, text: &[u8], timeout: Duration) -> io::Result<Reply> {
    // BEGIN SOLUTION
    let deadline = Instant::now() + timeout;
    connection.get_ref().set_write_timeout(Some(timeout))?;
    // Text and newline in one write: two writes would be two segments, and the second might wait for the first.
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
    // STUB: let _ = (connection, text, timeout); // delete this line
    // STUB: todo!("ask: send the text and a newline first, with `connection.get_mut().write_all`")
}
