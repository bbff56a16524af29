//! Accepts clients, and gives each a thread.

use crate::server::admission::Capacity;
use crate::server::connection::Connection;
use crate::server::connections::OpenConnection;
use crate::server::context::Server;
use labcore::limit_clients;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// A thread's stack: the system's default of 2 to 8 MiB, times 1,000, is more than a 32-bit Raspberry Pi can address.
const STACK_BYTES: usize = 128 * 1024;

/// The memory that a client may need: its thread's stack, a second stack for signals, and the longest request or
/// listing, with the unused capacity of a vector.
const CLIENT_BYTES: usize = STACK_BYTES + 512 * 1024;

/// A pause after a failed `accept`, which may fail again at once, as when the process has no descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves clients, each in a thread of its own, until the server is told to [`stop`](crate::server::stop::stop).
///
/// This thread only accepts connections. A client that is slow, idle or gone delays its own thread and no other.
pub fn serve(listener: TcpListener, server: &Server) {
    let capacity = Capacity::new(limit_clients(server.limits.max_connections.into(), CLIENT_BYTES));
    // Threads of a scope may borrow the server: the scope ends after all of them.
    thread::scope(|scope| {
        for number in 1_u64.. {
            let Some((stream, client)) = accept(&listener, server) else { break };
            let Some(admission) = capacity.admit() else { continue };
            let Some(open) = server.connections.add(number, stream, admission) else { continue };
            if server.once {
                // Like the exercise's server: one client at a time, until one has sent a request.
                if serve_connection(&open, client.ip(), server) > 0 { break } else { continue }
            }
            let thread = thread::Builder::new().name(format!("client {number}")).stack_size(STACK_BYTES);
            let started = thread.spawn_scoped(scope, move || {
                serve_connection(&open, client.ip(), server);
            });
            // The closure owned the connection, and closed it when it was dropped.
            if let Err(error) = started {
                server.log.line(format_args!("lost a client: failed to start a thread: {error}"));
            }
        }
        drop(listener); // the system refuses new clients, instead of letting them wait for an answer that never comes
    });
}

/// Waits for the next client, and tries again for as long as accepting fails. `None`: the server is stopping.
fn accept(listener: &TcpListener, server: &Server) -> Option<(TcpStream, SocketAddr)> {
    let mut is_logged = false;
    loop {
        let accepted = listener.accept();
        if server.connections.is_stopping() {
            return None;
        }
        match accepted {
            Ok(accepted) => return Some(accepted),
            Err(error) => {
                if !is_logged {
                    server.log.line(format_args!(
                        "failed to accept a client: {error}; it waits until another leaves"
                    ));
                }
                is_logged = true;
                thread::sleep(ACCEPT_PAUSE);
            }
        }
    }
}

/// Serves or rejects a client, and returns the number of its requests that were answered. An error ends its connection
/// and affects that client only.
fn serve_connection(open: &OpenConnection<'_>, client: IpAddr, server: &Server) -> u64 {
    let Ok(connection) = Connection::new(&open.stream, client, server) else { return 0 };
    if open.admission.is_served {
        return connection.serve();
    }
    connection.reject();
    0
}
