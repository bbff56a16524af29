//! TCP with a thread for each client.
//!
//! Read [`serve_connection`], which serves one client with the functions in `reply.rs`, then [`serve`], which starts a
//! thread for each client.

mod reply;

pub use reply::Reply;

use labcore::{EventLog, printable, without_newline};
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
// BEGIN SOLUTION
use std::thread;
// END SOLUTION
// STUB: #[allow(unused_imports)] // delete this line
// STUB: use std::thread;

/// Answers one client until it closes its side.
///
/// # Errors
/// If the connection breaks: the client resets it, or it is lost.
pub fn serve_connection(connection: &TcpStream, number: u64, reply: Reply, log: &EventLog) -> io::Result<()> {
    let show = |text: &[u8]| log.line(format_args!("client {number}: {}", printable(without_newline(text))));
    match reply {
        Reply::Upper => reply::return_upper_case(connection, show),
        Reply::Count => reply::count_characters(connection, show),
    }
}

/// Returns the number of the thread that calls this: 1 for the first one, 2 for the next, and so on.
///
/// If all clients have the same number, one thread serves them all.
pub fn thread_number() -> u64 {
    static THREADS: AtomicU64 = AtomicU64::new(0);
    thread_local!(static NUMBER: u64 = THREADS.fetch_add(1, Ordering::Relaxed) + 1);
    NUMBER.with(|number| *number)
}

/// Serves the client that has just connected from `address`, in the thread that calls this.
fn serve_client(connection: &TcpStream, address: SocketAddr, number: u64, reply: Reply, log: &EventLog) {
    log.line(format_args!("client {number} connected from {address} on thread {}", thread_number()));
    match serve_connection(connection, number, reply, log) {
        Ok(()) => log.line(format_args!("client {number} disconnected")),
        Err(error) => log.line(format_args!("client {number} disconnected: {error}")),
    }
}

/// Serves every client at once, each in a thread of its own, until accepting fails.
///
/// This thread only accepts connections. A client that is slow, idle or gone delays its own thread and no other.
///
/// # Errors
/// If no client can be accepted. The clients that are connected are served to their end first.
pub fn serve(listener: &TcpListener, reply: Reply, log: &EventLog) -> io::Result<()> {
    // BEGIN SOLUTION
    // Threads of a scope may borrow the log: the scope ends after all of them.
    thread::scope(|scope| {
        for number in 1_u64.. {
            let (connection, address) = listener.accept()?;
            // `scope.spawn` would panic if the system can start no thread.
            let thread = thread::Builder::new().name(format!("client {number}"));
            let started = thread.spawn_scoped(scope, move || {
                serve_client(&connection, address, number, reply, log);
            });
            // The closure owned the connection, and closed it when it was dropped.
            if let Err(error) = started {
                log.line(format_args!("client {number} lost: failed to start a thread: {error}"));
            }
        }
        Ok(())
    })
    // END SOLUTION
    // STUB: // Step 2 replaces all of this: it serves one client only, and in the thread that accepts.
    // STUB: let (client, address) = listener.accept()?;
    // STUB: serve_client(&client, address, 1, reply, log);
    // STUB: todo!("step 2: in a `thread::scope`, accept in a loop, and call `serve_client` in a thread for each")
}
