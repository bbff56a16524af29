//! What a server serves, and within which limits.

use crate::server::connections::Connections;
use crate::site::answer::Site;
use clap::value_parser;
use http_file_server::Timeouts;
use labcore::EventLog;
use std::sync::Arc;

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
    /// How long it waits for a client.
    #[command(flatten)]
    pub timeouts: Timeouts,
}
