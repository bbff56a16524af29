//! What every lab program shares, apart from its sockets.
//!
//! - [`uppercase()`] is the transform that the echo labs teach with.
//! - [`ServerAddress`] and [`ClientAddress`] are the address arguments of every program. They resolve to [`Addresses`].
//! - [`printable()`] makes bytes from the network safe for a terminal, [`xml::escape`] makes text safe for SVG and HTML.
//! - [`EventLog`] prints a line per event of a server, and never blocks it.
//! - [`messages()`] gives a client what its user wants to send, [`print_reply`] shows the reply.
//! - [`limit_clients`] calculates how many clients a server has memory for, [`Permits`] enforces that limit.
//! - [`random`] has random numbers that a seed repeats.
//! - [`exit_code`] ends `main`: one `error: …` line and the exit status.
//!
//! This crate opens no socket: each lab makes the socket calls that it teaches.

mod address_args;
mod addresses;
mod duration;
mod event_log;
mod exit;
mod host_port;
mod memory;
mod messages;
mod permits;
mod printable;
pub mod random;
mod uppercase;
pub mod xml;

pub use address_args::{ClientAddress, ServerAddress};
pub use addresses::{Addresses, Operation};
pub use duration::{NO_TIMEOUT, parse_interval, parse_timeout};
pub use event_log::{EventLog, EventLogArgs};
pub use exit::{exit_code, is_timeout, note};
pub use memory::limit_clients;
pub use messages::{messages, print_reply};
pub use permits::{Permit, Permits};
pub use printable::{Printable, printable, without_newline};
pub use uppercase::uppercase;
