//! What a run is to do.

use std::fmt::{self, Display};
use std::time::Duration;

/// The plan of a run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Counted exchanges over each protocol.
    pub count: u32,
    /// Exchanges before them that are not counted.
    pub warm_up: u32,
    /// Time from one request to the next. Zero: the next request leaves when the reply has arrived.
    pub interval: Duration,
    /// A reply that takes longer is late.
    pub timeout: Duration,
    /// Bytes of a request.
    pub size: usize,
    /// Whether each TCP request is sent in two writes.
    pub split_write: bool,
    /// Whether to set TCP_NODELAY, which turns Nagle's algorithm off (RFC 896, RFC 1122 section 4.2.3.4).
    pub no_delay: bool,
    /// Whether each TCP request has a connection of its own.
    pub connect_each: bool,
    /// The text of each request, instead of the letters that fill it to its size.
    pub text: Option<Vec<u8>>,
}

/// A transport protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// UDP: each request is a datagram.
    Udp,
    /// TCP: all requests go over one connection, or each over its own.
    Tcp,
}

impl Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Protocol::Udp => "UDP",
            Protocol::Tcp => "TCP",
        })
    }
}
