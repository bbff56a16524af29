//! How clients are accepted, and how they are turned away.

use labcore::EventLog;
use socket2::{SockRef, TcpKeepalive};
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// A pause after a failed `accept`, which may fail again at once, as when the process has no descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The silence after which the system sends a keepalive probe, and the time between probes. After 9 probes without an
/// answer (on Linux) the connection counts as lost.
const KEEPALIVE_AFTER: Duration = Duration::from_secs(15);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);

/// The most that is read and discarded from a client that is turned away.
const DISCARDED_BYTES_MAX: usize = 4096;

/// Waits for the next client, and tries again for as long as accepting fails.
pub fn accept(listener: &TcpListener, log: &EventLog) -> (TcpStream, SocketAddr) {
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

/// Sets the options of a client's connection.
///
/// # Errors
/// If the connection is broken already.
pub fn prepare(connection: &TcpStream) -> io::Result<()> {
    // Otherwise Nagle's algorithm holds a small reply back until an earlier one is acknowledged.
    connection.set_nodelay(true)?;
    // A computer that was switched off, or lost its cable, never says so. Without keepalive, its client's thread would
    // wait for ever.
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE_AFTER).with_interval(KEEPALIVE_INTERVAL);
    let _ = SockRef::from(connection).set_tcp_keepalive(&keepalive);
    Ok(())
}

/// Tells a client that the server is full. The caller closes the connection.
///
/// # Errors
/// If the connection breaks.
pub fn reject(mut connection: &TcpStream, clients_max: usize) -> io::Result<()> {
    // This runs in the accepting thread, which must not block on one client.
    connection.set_nonblocking(true)?;
    connection.write_all(format!("server is full: {clients_max} clients are connected\n").as_bytes())?;
    connection.shutdown(Shutdown::Write)?;
    // Closing a socket with unread bytes resets the connection, and the line might be lost.
    let _ = connection.read(&mut [0; DISCARDED_BYTES_MAX]);
    Ok(())
}
