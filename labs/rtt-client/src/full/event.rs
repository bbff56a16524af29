//! What the measurement reports while it runs.

use crate::connection::Connection;
use crate::plan::Protocol;
use crate::probe_log::Exchange;
use std::fmt::{self, Display};
use std::io::{self, ErrorKind};

/// Something to show during the run.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// The protocol that it concerns.
    pub protocol: Protocol,
    /// When it happened, in nanoseconds since the run began.
    pub at_ns: u64,
    /// What happened.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Copy, Debug)]
pub enum EventKind {
    /// A TCP connection for one request was made.
    Connected(Connection),
    /// The first reply to a request arrived.
    Reply {
        /// The number of the request.
        sequence: u32,
        /// The request and its reply.
        exchange: Exchange,
        /// Whether the reply arrived after the timeout.
        late: bool,
    },
    /// Another reply arrived to a request that already has one.
    Duplicate {
        /// The number of the request.
        sequence: u32,
    },
    /// The timeout of a request has passed without a reply so far.
    Overdue {
        /// The number of the request.
        sequence: u32,
        /// The request.
        exchange: Exchange,
    },
    /// Bytes arrived that answer no request of this run.
    Garbage,
    /// The system reported an error, and the run goes on.
    Error(SystemError),
}

/// An error as the system reports it. Unlike `io::Error` it can be copied and compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SystemError {
    kind: ErrorKind,
    code: Option<i32>,
}

impl From<&io::Error> for SystemError {
    fn from(error: &io::Error) -> SystemError {
        SystemError { kind: error.kind(), code: error.raw_os_error() }
    }
}

impl Display for SystemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => io::Error::from_raw_os_error(code).fmt(f),
            None => self.kind.fmt(f),
        }
    }
}
