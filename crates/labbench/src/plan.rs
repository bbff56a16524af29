//! The plan of a run: how many clients there are, how much they send, and for how long.

use serde::Serialize;
use std::time::Duration;

/// The plan of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    /// Clients: TCP connections, or UDP sockets.
    pub clients: usize,
    /// Messages that each client may have outstanding: sent, and not yet answered.
    pub outstanding: usize,
    /// Bytes of a message.
    pub size: usize,
    /// Messages per second of all clients together. `None`: each client sends as soon as a reply has arrived.
    pub rate: Option<f64>,
    /// Whether the payload has no lower-case letters, for servers that only echo.
    pub capitals: bool,
    /// Whether every message gets a new connection (TCP).
    pub reconnect: bool,
    /// Time at the beginning that is not counted.
    #[serde(rename = "warm_up_s", serialize_with = "in_seconds")]
    pub warm_up: Duration,
    /// Time that is counted.
    #[serde(rename = "duration_s", serialize_with = "in_seconds")]
    pub duration: Duration,
    /// Ends the run early, after so many replies.
    pub count: Option<u64>,
    /// A reply that takes longer is lost.
    #[serde(rename = "timeout_s", serialize_with = "in_seconds")]
    pub timeout: Duration,
}

fn in_seconds<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}
