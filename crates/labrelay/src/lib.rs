//! A relay for datagrams: it stands between clients and their server, and impairs the traffic on purpose.
//!
//! Read [`Relay`] first: it receives and sends. [`Impairments`] decides which datagrams to drop, delay, duplicate and
//! reorder, and `queue` holds each datagram until it is due. `requests` finds the request that a reply answers.

mod impairments;
mod queue;
mod relay;
mod requests;

pub use impairments::{Impairments, parse_share};
pub use relay::{LOG_HEAD, Relay};
