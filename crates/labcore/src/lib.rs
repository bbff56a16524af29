//! What every lab program shares, apart from its sockets.
//!
//! - [`uppercase`] is the transform that the echo labs teach with.
//! - [`ServerAddress`] and [`ClientAddress`] are the address argument of every program.
//! - [`printable`] makes bytes from the network safe for a terminal.
//! - [`EventLog`] prints a line per event of a server, and never blocks it.
//! - [`texts`] gives a client what its user wants to send, [`print_reply`] shows what came back.
//! - [`clients_that_fit`] tells a server with threads how many clients it has memory for.
//! - [`report`] ends `main`: one `error: …` line and the exit status.
//!
//! This crate opens no socket. The calls that a lab teaches stand in the lab.

mod address_args;
mod addresses;
mod duration;
mod event_log;
mod host_port;
mod memory;
mod printable;
mod report;
mod texts;
mod uppercase;

pub use address_args::{ClientAddress, ServerAddress};
pub use addresses::{Addresses, Operation};
pub use duration::{parse_interval, parse_timeout};
pub use event_log::{EventLog, EventLogArgs};
pub use memory::clients_that_fit;
pub use printable::{Printable, printable, without_newline};
pub use report::{is_timeout, note, report};
pub use texts::{print_reply, texts};
pub use uppercase::uppercase;
