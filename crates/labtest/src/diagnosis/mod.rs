//! The *diagnosis*: from what was sent, expected and received to a verdict, the most likely cause, and a command that shows
//! the same.
//!
//! [`bytes`] compares what came with what was expected. [`peers`] looks at all scripted peers and sockets together,
//! [`sent`] at what the network delivered, [`output`] at what a program printed, [`startup`] at one that did not start,
//! [`two_hosts`] at one on a host of its own, and [`http`] at responses. [`reproduce`] writes the commands, and [`fail`]
//! ends the check.

pub(crate) mod bytes;
pub(crate) mod fail;
pub(crate) mod http;
pub(crate) mod output;
pub(crate) mod peers;
pub(crate) mod reproduce;
mod sent;
pub(crate) mod startup;
pub(crate) mod two_hosts;
