//! The *sandbox*: what a program of a submission can see of this machine, and what it can do.
//!
//! There are two layers. A check has a [network](network_command) of its own, in which the test and the program meet.
//! Inside it, bubblewrap starts each program under test: with its own processes, a root folder of read-only system files,
//! and a scratch folder in memory ([`ProgramSandbox`]). The test itself stays outside of the second layer. A build has a
//! sandbox of its own kind, without a network ([`BuildSandbox`]).
//!
//! A check on two hosts makes a network for the program inside its own, and starts the script of the program there
//! (`labtest::os::second_host`). The program's sandbox stays the same, except for its `/etc/hosts`.

mod available;
mod build;
mod network;
mod program;
mod scratch;
mod system;
mod user;

pub use available::{available, is_installed, networks_available};
pub use build::{BuildSandbox, Packages};
pub use network::network_command;
pub use program::ProgramSandbox;
pub use scratch::Scratch;
pub use system::write_etc;
pub use user::User;
