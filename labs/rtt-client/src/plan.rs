//! What a run is asked to do.

use std::fmt::{self, Display};
use std::time::Duration;

/// What a run is to do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Exchanges over each protocol that count.
    pub count: u32,
    /// Exchanges before them that do not.
    pub warm_up: u32,
    /// Time from one request to the next. Zero: the next one leaves when the reply has come.
    pub interval: Duration,
    /// A reply that takes longer is late.
    pub timeout: Duration,
    /// Bytes of a request.
    pub size: usize,
    /// Sends each TCP request in two writes.
    pub split_write: bool,
    /// Sets TCP_NODELAY, which turns Nagle's algorithm off (RFC 896, RFC 1122 section 4.2.3.4).
    pub no_delay: bool,
}

/// A transport protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Datagrams.
    Udp,
    /// One connection.
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
