//! The *program under test*: started, watched, and ended whatever it does.
//!
//! A [`Server`] or a [`Client`] is a [`Program`] with a role. [`command_line`] finds out which program that is.

mod client;
pub(crate) mod command_line;
mod fixed_words;
mod process;
mod server;
#[cfg(unix)]
mod terminal;

pub use client::Client;
pub use fixed_words::{has_tool, run};
pub use process::{Finished, Program};
pub use server::Server;
#[cfg(unix)]
pub use terminal::Terminal;
