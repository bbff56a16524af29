//! TCP with a thread for each client.
//!
//! Read [`serve`], which starts the threads, then [`serve_connection`] and what it calls, which each thread runs.

// BEGIN SOLUTION
use labcore::{EventLog, Permits, is_timeout, limit_clients, printable, uppercase, without_newline};
use socket2::{SockRef, TcpKeepalive};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// The most that one read takes, and the longest line that is counted whole, with its newline. Each client's thread has
/// a buffer of this size.
const CHUNK_BYTES_MAX: usize = 4096;

/// A thread's stack. The system's default of 2 to 8 MiB, times 10,000, is more than a 32-bit Raspberry Pi can address.
const STACK_BYTES: usize = 131_072;

/// The memory that a client may need: its thread's stack, a second stack for signals, its lines, and what the allocator
/// keeps for the thread.
const CLIENT_BYTES: usize = STACK_BYTES + 65_536;

/// A pause after a failed `accept`, which may fail again at once, as when the process has no descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The silence after which the system sends a keepalive probe, and the time between probes. After 9 probes without an
/// answer (on Linux) the connection counts as lost.
const KEEPALIVE_AFTER: Duration = Duration::from_secs(15);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);

/// The silence after which an unfinished line is counted as it stands.
const LINE_PAUSE: Duration = Duration::from_millis(200);
// END SOLUTION
// STUB: use labcore::EventLog; // you also need `labcore::{uppercase, printable, without_newline}`
// STUB: use std::io;
// STUB: use std::net::{TcpListener, TcpStream};

/// What the server answers.
#[derive(Clone, Copy, clap::ValueEnum)]
pub enum Reply {
    /// Returns whatever arrives in upper case, at once.
    Upper,
    /// Returns the number of characters of each line, as in `I received 5 chars: hello`.
    Count,
}

/// Serves every client at once, each in a thread of its own, but at most `clients_max` of them.
///
/// This thread only accepts connections. A client that is slow, idle or gone delays its own thread and no other.
pub fn serve(listener: &TcpListener, reply: Reply, clients_max: usize, log: &EventLog) {
    // BEGIN SOLUTION
    let clients_max = limit_clients(clients_max, CLIENT_BYTES);
    let permits = Permits::new(clients_max);
    // Threads of a scope may borrow the log and the permits: the scope ends after all of them.
    thread::scope(|scope| {
        for number in 1_u64.. {
            let (connection, address) = accept(listener, log);
            let Some(permit) = permits.try_acquire() else {
                let _ = reject(&connection, clients_max);
                log.line(format_args!("client {number} turned away from {address}: the server is full"));
                continue;
            };
            let thread = thread::Builder::new().name(format!("client {number}")).stack_size(STACK_BYTES);
            let started = thread.spawn_scoped(scope, move || {
                log.line(format_args!(
                    "client {number} connected from {address} on {:?}",
                    thread::current().id()
                ));
                let result = serve_connection(&connection, number, reply, log);
                // In this order: a client that sees the end of its connection may connect again at once.
                drop(permit);
                drop(connection);
                match result {
                    Ok(()) => log.line(format_args!("client {number} disconnected")),
                    Err(error) => log.line(format_args!("client {number} disconnected: {error}")),
                }
            });
            // The closure owned the connection, and closed it when it was dropped.
            if let Err(error) = started {
                log.line(format_args!("client {number} lost: failed to start a thread: {error}"));
            }
        }
    });
    // END SOLUTION
    // STUB: let _ = (listener, reply, clients_max, log); // delete this line
    // STUB: todo!("serve: accept a client first; `listener.accept()`, then a thread that calls `serve_connection`")
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
                    log.line(format_args!(
                        "failed to accept a client: {error}; it waits until another leaves"
                    ));
                }
                is_logged = true;
                thread::sleep(ACCEPT_PAUSE);
            }
        }
    }
}

/// Tells a client that the server is full. The caller closes the connection.
fn reject(mut connection: &TcpStream, clients_max: usize) -> io::Result<()> {
    // This runs in the accepting thread, which must not block on one client.
    connection.set_nonblocking(true)?;
    connection.write_all(format!("server is full: {clients_max} clients are connected\n").as_bytes())?;
    connection.shutdown(Shutdown::Write)?;
    // Closing a socket with unread bytes resets the connection, and the line might be lost.
    let _ = connection.read(&mut [0; CHUNK_BYTES_MAX]);
    Ok(())
}
// END SOLUTION

/// Answers one client until it closes its side.
///
/// # Errors
/// If the connection breaks: the client resets it, or it is lost.
pub fn serve_connection(connection: &TcpStream, number: u64, reply: Reply, log: &EventLog) -> io::Result<()> {
    // BEGIN SOLUTION
    // Otherwise Nagle's algorithm holds a small reply back until an earlier one is acknowledged.
    connection.set_nodelay(true)?;
    // A computer that was switched off, or lost its cable, never says so. Without keepalive, its client's thread would
    // wait for ever.
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE_AFTER).with_interval(KEEPALIVE_INTERVAL);
    let _ = SockRef::from(connection).set_tcp_keepalive(&keepalive);
    let show = |text: &[u8]| {
        log.line(format_args!("client {number}: {}", printable(without_newline(text))));
    };
    match reply {
        Reply::Upper => return_upper_case(connection, show),
        Reply::Count => count_characters(connection, show),
    }
    // END SOLUTION
    // STUB: let _ = (connection, number, reply, log); // delete this line
    // STUB: todo!("serve_connection: read first; `read(&mut buffer)` returns how many bytes came, 0 at the end")
}

// BEGIN SOLUTION
/// Returns whatever arrives, at once.
fn return_upper_case(mut connection: &TcpStream, show: impl Fn(&[u8])) -> io::Result<()> {
    let mut buffer = [0; CHUNK_BYTES_MAX];
    loop {
        let size = match connection.read(&mut buffer) {
            Ok(0) => return Ok(()), // the end of the stream; everything before it is answered
            Ok(size) => size,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let chunk = &mut buffer[..size];
        show(chunk);
        uppercase(chunk);
        connection.write_all(chunk)?;
    }
}

/// Answers each line with the number of its characters.
///
/// A line may arrive in pieces, and lines may arrive together: the newline ends it. A client that sends no newline gets
/// its answer after [`LINE_PAUSE`] of silence. A line longer than [`CHUNK_BYTES_MAX`] is counted in parts.
fn count_characters(mut connection: &TcpStream, show: impl Fn(&[u8])) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(CHUNK_BYTES_MAX, connection);
    loop {
        // Wait for the beginning of a line without a limit, but for its next piece with one.
        connection.set_read_timeout(None)?;
        if reader.fill_buf()?.is_empty() {
            return Ok(());
        }
        connection.set_read_timeout(Some(LINE_PAUSE))?;
        let mut line = Vec::new();
        let result = reader.by_ref().take(CHUNK_BYTES_MAX as u64).read_until(b'\n', &mut line);
        match result {
            Err(error) if !is_timeout(&error) => return Err(error),
            _ => show(&line),
        }
        let text = without_newline(&line);
        let chars = String::from_utf8_lossy(text).chars().count();
        let mut answer = format!("I received {chars} chars: ").into_bytes();
        answer.extend_from_slice(text);
        answer.push(b'\n');
        connection.write_all(&answer)?;
    }
}
// END SOLUTION
