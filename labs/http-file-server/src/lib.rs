//! A web server for the files of a directory: HTTP/1.1 by hand, over blocking sockets, with a thread for each client.
//!
//! Read it in the order in which a request goes through it:
//!
//! 1. [`serve`], below, accepts connections, and [`connections`] counts them.
//! 2. [`connection`] reads requests from one and sends the answers.
//! 3. [`request`] finds the request among the bytes that came, [`body`] its end.
//! 4. [`path`] decodes what it asks for, [`mod@file`] opens that, and nothing outside the root.
//! 5. [`answer`] decides what to say about it, with the help of [`validators`], [`range`], [`types`] and [`listing`].
//! 6. [`response`] puts the answer into words, with a [`status`] and a [`date`]; [`send`] sends it, [`log`] notes it.
//!
//! What HTTP demands is in RFC 9110 (what messages mean) and RFC 9112 (how they look on a connection).

pub mod answer;
pub mod body;
pub mod connection;
pub mod connections;
pub mod date;
pub mod file;
pub mod listing;
pub mod log;
pub mod path;
pub mod range;
pub mod request;
pub mod response;
pub mod send;
pub mod status;
pub mod types;
pub mod validators;

// BEGIN SOLUTION
use crate::answer::Site;
use crate::connection::Connection;
use crate::connections::{Connections, Seat};
use crate::send::Buffers;
use clap::value_parser;
use labcore::{EventLog, clients_that_fit, parse_timeout};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// A thread's stack: the system's default of 2 to 8 MiB, times 1,000, is more than a 32-bit Raspberry Pi can address.
const STACK_BYTES: usize = 128 * 1024;

/// What a client may take of the memory: its thread's stack, a second one for signals, and the longest request or listing,
/// with what a vector leaves unused.
const CLIENT_BYTES: usize = STACK_BYTES + 512 * 1024;

/// A pause after a failed `accept`, which may fail again at once, as when the process has no descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
// END SOLUTION
// STUB: use crate::answer::Site;
// STUB: use crate::connections::Connections;
// STUB: use crate::send::Buffers;
// STUB: use clap::value_parser;
// STUB: use labcore::{EventLog, parse_timeout};
// STUB: use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
// STUB: use std::sync::Arc;
// STUB: use std::time::Duration;

/// How long a server that was told to stop goes on with what it is sending.
const STOP_PATIENCE: Duration = Duration::from_secs(5);

/// How long the accepting thread may take to notice that it was told to stop.
const WAKE_PATIENCE: Duration = Duration::from_secs(1);

/// A web server, apart from its socket.
pub struct Server {
    /// What it serves.
    pub site: Site,
    /// What it puts up with.
    pub limits: Limits,
    /// Whether one request is all it answers.
    pub once: bool,
    /// Where it logs.
    pub log: EventLog,
    /// What it puts small answers together in.
    pub buffers: Buffers,
    /// Whom it serves. Shared with whoever is to stop it.
    pub connections: Arc<Connections>,
}

/// What a client may take of the server.
#[derive(clap::Args)]
pub struct Limits {
    /// Turn clients away when so many are connected, at most 10000
    // A thread's stack and its guards are four memory maps, and Linux gives a process 65,530 (`vm.max_map_count`).
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = value_parser!(u16).range(1..=10_000))]
    pub max_connections: u16,
    /// Time that a request may take to come, in all
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_timeout)]
    pub request_timeout: Duration,
    /// Time that a connection may stay open without a request
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = parse_timeout)]
    pub idle_timeout: Duration,
    /// Time that a client may take nothing of what it is sent
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_timeout)]
    pub write_timeout: Duration,
}

/// Serves clients, each in a thread of its own, until the server is told to [`stop`].
///
/// This thread only accepts. A client that is slow, idle or gone holds up its own thread and nobody else.
pub fn serve(listener: TcpListener, server: &Server) {
    // BEGIN SOLUTION
    let clients_max = clients_that_fit(server.limits.max_connections.into(), CLIENT_BYTES);
    // Threads of a scope may borrow the server: the scope does not end before they do.
    thread::scope(|scope| {
        for number in 1_u64.. {
            let Some((stream, client)) = accept(&listener, server) else { break };
            let Some(seat) = server.connections.enter(number, stream, clients_max) else { continue };
            if server.once {
                // The exercise's server: one client at a time, until one has asked for something.
                if serve_connection(&seat, client.ip(), server) > 0 { break } else { continue }
            }
            let thread = thread::Builder::new().name(format!("client {number}")).stack_size(STACK_BYTES);
            let started = thread.spawn_scoped(scope, move || {
                serve_connection(&seat, client.ip(), server);
            });
            // The connection went into the closure and was closed with it.
            if let Err(error) = started {
                server.log.line(format_args!("lost a client: failed to start a thread: {error}"));
            }
        }
        drop(listener); // whoever comes now is refused, instead of waiting for nobody
    });
    // END SOLUTION
    // STUB: let _ = (listener, server); // this line can go when you use them
    // STUB: todo!("accept a client first; `server.connections.enter` gives it a seat, `Connection` serves it")
}

// BEGIN SOLUTION
/// Waits for the next client, as often as it takes. `None` means that the server was told to stop.
fn accept(listener: &TcpListener, server: &Server) -> Option<(TcpStream, SocketAddr)> {
    let mut told = false;
    loop {
        let accepted = listener.accept();
        if server.connections.is_stopping() {
            return None;
        }
        match accepted {
            Ok(accepted) => return Some(accepted),
            Err(error) => {
                if !told {
                    server.log.line(format_args!(
                        "failed to accept a client: {error}; it waits until another leaves"
                    ));
                }
                told = true;
                thread::sleep(ACCEPT_PAUSE);
            }
        }
    }
}

/// Serves a client as its seat has it, and tells how many answers it took. A connection that breaks is that client's
/// affair, and over.
fn serve_connection(seat: &Seat<'_>, client: IpAddr, server: &Server) -> u64 {
    let Ok(connection) = Connection::new(&seat.stream, client, server) else { return 0 };
    if seat.is_served { connection.serve() } else { connection.turn_away() }
}
// END SOLUTION

/// Tells the server that listens at `address` to finish what it is sending, and no more. Whoever takes too long for that
/// is cut off.
pub fn stop(connections: &Connections, mut address: SocketAddr) {
    connections.stop();
    // `accept` knows no timeout. A connection, even one that comes to nothing, wakes it up.
    if address.ip().is_unspecified() {
        let local = if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
        address.set_ip(local);
    }
    let _ = TcpStream::connect_timeout(&address, WAKE_PATIENCE);
    connections.wait_for_end(STOP_PATIENCE);
}
