//! TCP echo in upper case, one client at a time.
//!
//! Read [`serve`] and [`serve_connection`], the server's side, then [`ask`], the client's, and [`serve_once`], a second
//! way to serve.

// BEGIN SOLUTION
use labcore::{EventLog, is_timeout, printable, uppercase, without_newline};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

/// The most that one read takes. A stream has no messages, so any size works. A large one needs fewer calls.
const CHUNK_BYTES_MAX: usize = 65_536;
// END SOLUTION
// STUB: #![allow(unused_imports)] // delete this line when you have finished
// STUB:
// STUB: use labcore::{EventLog, is_timeout, printable, uppercase, without_newline};
// STUB: use std::io::{self, BufRead, BufReader, Read, Write};
// STUB: use std::net::{TcpListener, TcpStream};
// STUB: use std::time::Duration;

/// Serves one client after the other, in the order in which they connected, until accepting fails.
///
/// The system completes the handshake for clients that wait (the backlog of `listen`). They are connected and may send,
/// but they get no answer until their turn comes. With `once`, a client's turn ends after its first line.
///
/// # Errors
/// If no client can be accepted. If one connection breaks, only its client is affected.
pub fn serve(listener: &TcpListener, once: bool, log: &EventLog) -> io::Result<()> {
    // BEGIN SOLUTION
    for number in 1_u64.. {
        let (connection, address) = listener.accept()?;
        log.line(format_args!("client {number} connected from {address}"));
        let result = if once {
            serve_once(&connection, number, log)
        } else {
            serve_connection(&connection, number, log)
        };
        // A reset or a broken pipe ends this client's turn, not the server.
        match result {
            Ok(()) => log.line(format_args!("client {number} disconnected")),
            Err(error) => log.line(format_args!("client {number} disconnected: {error}")),
        }
    }
    Ok(())
    // END SOLUTION
    // STUB: let _ = (listener, once, log); // delete this line
    // STUB: // To print: log.line(format_args!("client {number} connected from {address}"));
    // STUB: todo!("step 1: `listener.accept()` gives a connection and its address; `serve_connection`; repeat")
}

/// Returns in upper case whatever arrives on `connection`, until the client closes its side.
///
/// # Errors
/// If the connection breaks: the client resets it, or it is lost.
pub fn serve_connection(mut connection: &TcpStream, number: u64, log: &EventLog) -> io::Result<()> {
    // BEGIN SOLUTION
    let mut buffer = [0; CHUNK_BYTES_MAX];
    loop {
        let size = connection.read(&mut buffer)?;
        if size == 0 {
            return Ok(()); // the end of the stream; everything before it is answered
        }
        answer(connection, &mut buffer[..size], number, log)?;
    }
    // END SOLUTION
    // STUB: let _ = (&mut connection, number, log); // delete this line
    // STUB: // To print: log.line(format_args!("client {number}: {}", printable(without_newline(chunk))));
    // STUB: todo!("step 1: `connection.read(&mut buffer)`, 0 is the end; print; `uppercase`; `write_all`; repeat")
}

// BEGIN SOLUTION
/// Shows and returns what one read took: part of a line, one line or several. The network keeps no boundaries.
pub fn answer(mut connection: &TcpStream, chunk: &mut [u8], number: u64, log: &EventLog) -> io::Result<()> {
    log.line(format_args!("client {number}: {}", printable(without_newline(chunk))));
    uppercase(chunk);
    connection.write_all(chunk)
}
// END SOLUTION

/// Sends `text` as a line, and reads the reply up to its newline or the end of the stream.
///
/// A stream keeps no message boundaries: a reply may arrive in pieces, and a piece may hold the beginning of the next
/// reply. So the connection is buffered, and what is left over stays in the buffer. Some servers send no newline: what
/// has arrived when `timeout` passes is the reply.
///
/// # Errors
/// If the connection breaks, or nothing arrives within `timeout`.
pub fn ask(connection: &mut BufReader<TcpStream>, text: &[u8], timeout: Duration) -> io::Result<Vec<u8>> {
    // BEGIN SOLUTION
    connection.get_ref().set_read_timeout(Some(timeout))?;
    // Text and newline in one write: two writes would be two segments, and the second might wait for the first.
    connection.get_mut().write_all(&[text, b"\n"].concat())?;
    let mut reply = Vec::new();
    match connection.read_until(b'\n', &mut reply) {
        Ok(_) => Ok(reply),
        Err(error) if is_timeout(&error) && !reply.is_empty() => Ok(reply),
        Err(error) => Err(error),
    }
    // END SOLUTION
    // STUB: let _ = (connection, text, timeout); // delete this line
    // STUB: todo!("step 2: set the read timeout; `write_all` the text and a newline; `read_until` the newline")
}

/// Answers what the first read takes, and closes: the server of many textbooks, started with `--once`.
///
/// # Errors
/// If the connection breaks.
pub fn serve_once(mut connection: &TcpStream, number: u64, log: &EventLog) -> io::Result<()> {
    // BEGIN SOLUTION
    let mut buffer = [0; CHUNK_BYTES_MAX];
    match connection.read(&mut buffer)? {
        0 => Ok(()),
        size => answer(connection, &mut buffer[..size], number, log),
    }
    // END SOLUTION
    // STUB: let _ = (&mut connection, number, log); // delete this line
    // STUB: Err(io::Error::other("`--once` is not written yet"))
}
