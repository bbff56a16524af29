//! What a server serves, and within which limits.

use crate::answer::Site;
use crate::connections::Connections;
use crate::send::Buffers;
use clap::value_parser;
use labcore::{EventLog, parse_timeout};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// How long a server that is told to stop continues with the answers that it is sending.
const STOP_PATIENCE: Duration = Duration::from_secs(5);

/// How long the accepting thread may take to notice that the server is stopping.
const WAKE_PATIENCE: Duration = Duration::from_secs(1);

/// A web server, apart from its socket.
pub struct Server {
    /// What it serves.
    pub site: Site,
    /// What it allows a client.
    pub limits: Limits,
    /// Whether it ends after one request.
    pub once: bool,
    /// The access log.
    pub log: EventLog,
    /// Buffers for small answers.
    pub buffers: Buffers,
    /// The open connections, shared with the handler that stops the server.
    pub connections: Arc<Connections>,
}

/// What the server allows a client.
#[derive(clap::Args)]
pub struct Limits {
    /// The most clients to serve at once, up to 10000; further clients are turned away
    // A thread's stack and its guards are four memory maps, and Linux gives a process 65,530 (`vm.max_map_count`).
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = value_parser!(u16).range(1..=10_000))]
    pub max_connections: u16,
    /// Time in which a whole request must arrive
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_timeout)]
    pub request_timeout: Duration,
    /// Time that a connection may stay open without a request
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = parse_timeout)]
    pub idle_timeout: Duration,
    /// Time after which a client that receives nothing is disconnected
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_timeout)]
    pub write_timeout: Duration,
}

/// Stops the server that listens at `address`: it finishes the answers that it is sending and takes no further request.
/// Connections that take too long for that are broken.
pub fn stop(connections: &Connections, mut address: SocketAddr) {
    connections.stop();
    // `accept` has no timeout. A connection wakes it up, even one that is closed at once.
    if address.ip().is_unspecified() {
        let local = if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
        address.set_ip(local);
    }
    let _ = TcpStream::connect_timeout(&address, WAKE_PATIENCE);
    connections.wait_for_end(STOP_PATIENCE);
}
