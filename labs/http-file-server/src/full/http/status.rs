//! The statuses that this server answers with (RFC 9110 §15).

use std::fmt::{self, Display};

/// A status. Displayed, it is the code and the reason, as in `404 Not Found`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// The three digits that programs read.
    pub code: u16,
    /// The same in words, for people.
    pub reason: &'static str,
}

const fn status(code: u16, reason: &'static str) -> Status {
    Status { code, reason }
}

#[allow(missing_docs)] // the reason phrases describe them
impl Status {
    pub const OK: Status = status(200, "OK");
    pub const PARTIAL_CONTENT: Status = status(206, "Partial Content");
    pub const MOVED_PERMANENTLY: Status = status(301, "Moved Permanently");
    pub const NOT_MODIFIED: Status = status(304, "Not Modified");
    pub const BAD_REQUEST: Status = status(400, "Bad Request");
    pub const FORBIDDEN: Status = status(403, "Forbidden");
    pub const NOT_FOUND: Status = status(404, "Not Found");
    pub const METHOD_NOT_ALLOWED: Status = status(405, "Method Not Allowed");
    pub const REQUEST_TIMEOUT: Status = status(408, "Request Timeout");
    pub const PRECONDITION_FAILED: Status = status(412, "Precondition Failed");
    pub const URI_TOO_LONG: Status = status(414, "URI Too Long");
    pub const RANGE_NOT_SATISFIABLE: Status = status(416, "Range Not Satisfiable");
    pub const FIELDS_TOO_LARGE: Status = status(431, "Request Header Fields Too Large");
    pub const NOT_IMPLEMENTED: Status = status(501, "Not Implemented");
    pub const SERVICE_UNAVAILABLE: Status = status(503, "Service Unavailable");
    pub const VERSION_NOT_SUPPORTED: Status = status(505, "HTTP Version Not Supported");
}

impl Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.reason)
    }
}
