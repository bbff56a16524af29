//! *Contracts*: what several programs of the labs promise alike. One function checks each promise, for all of them.
//!
//! - [`ServerContract`]: how a server starts, what it prints, and what it survives.
//! - [`tcp_echo`], [`udp_echo`]: how the echo servers treat a byte stream and datagrams.
//! - [`reply_form`]: the two forms in which a threaded server may reply.
//! - [`ClientContract`]: how both echo clients ask, print and give up.
//! - [`any_client`]: what clients of any kind do, and need no options for.
//! - [`Pair`]: a client and a server of the same author.
//! - [`two_hosts`]: how programs meet on two computers.
//! - [`plain`]: conversations with the plain programs that handouts print, and with netcat.

pub mod any_client;
mod client;
mod pair;
pub mod plain;
pub mod reply_form;
mod server;
pub mod tcp_echo;
pub mod two_hosts;
pub mod udp_echo;

pub use client::{ClientContract, EchoPeer};
pub use pair::Pair;
pub use server::ServerContract;

use crate::program::run;

/// Calls a program wrongly, in each of these ways, and expects its usage and exit status 2.
#[track_caller]
pub fn prints_its_usage(program: &str, calls: &[&[&str]], expected: &str) {
    for args in calls {
        run(program, args).expect_status(2).expect_error_with(expected);
    }
}
