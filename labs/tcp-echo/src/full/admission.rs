//! How the reference server accepts a client.

use labcore::EventLog;
use socket2::{SockRef, TcpKeepalive};
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// The silence after which the system sends a keepalive probe, and the time between probes. After 9 probes without an
/// answer (on Linux) the connection counts as lost.
const KEEPALIVE_AFTER: Duration = Duration::from_secs(15);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);

/// A pause after a failed `accept`, which may fail again at once, as when the process has no descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Waits for the next client, and tries again for as long as accepting fails.
pub fn accept(listener: &TcpListener, log: &EventLog) -> (TcpStream, SocketAddr) {
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

/// Sets the options of a client's connection.
///
/// # Errors
/// If the connection is broken already.
pub fn prepare(connection: &TcpStream) -> io::Result<()> {
    // Otherwise Nagle's algorithm holds a small reply back until an earlier one is acknowledged.
    connection.set_nodelay(true)?;
    // A computer that was switched off, or lost its cable, never says so. Without keepalive, all other clients would
    // wait for ever.
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE_AFTER).with_interval(KEEPALIVE_INTERVAL);
    let _ = SockRef::from(connection).set_tcp_keepalive(&keepalive);
    Ok(())
}
