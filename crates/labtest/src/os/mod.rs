//! What the operating system knows of programs: their processes and their sockets.

pub mod process;
pub mod second_host;
pub(crate) mod socket;
pub(crate) mod traffic;
#[cfg(unix)]
pub(crate) mod watchdog;
