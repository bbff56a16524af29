//! What the measurement tells while it goes on.

use crate::ledger::Exchange;
use crate::plan::Protocol;
use std::fmt::{self, Display};
use std::io::{self, ErrorKind};

/// Something to show while the run goes on.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// The protocol it happened to.
    pub protocol: Protocol,
    /// When, in nanoseconds since the run began.
    pub at_ns: u64,
    /// What happened.
    pub what: What,
}

/// What happened.
#[derive(Clone, Copy, Debug)]
pub enum What {
    /// The first reply to a request came.
    Reply {
        /// The number of the request.
        sequence: u32,
        /// The two of them.
        exchange: Exchange,
        /// It came after the timeout.
        late: bool,
    },
    /// One more reply came to a request that has one.
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
    /// Something came that answers no request of this run.
    Garbage,
    /// The system reported an error, and the run goes on.
    Error(SystemError),
}

/// An error as the system reports it.
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
