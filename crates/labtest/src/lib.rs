//! Black-box tests for the labs: starts the program under test and plays the other end of the network.
//!
//! Read a lab's `tests/` first, they are the best introduction. Then:
//! - [`Server`] is a server under test, [`Client`] a client under test; both are a [`Program`].
//! - [`TcpPeer`] and [`UdpPeer`] are scripted: they send and expect bytes, and break the rules where a check wants it
//!   (half-close, reset, silence).
//! - [`Response`] is what a web server sent when it was asked for a page.
//! - [`contract`] has a function for each promise that several programs make.
//! - [`check!`] and [`check_eq!`] assert everything else.
//! - Everything that happens is recorded as a step. A check that fails is a [`Failure`]: a verdict, the most likely cause,
//!   the steps, the bytes that differ, the commands that show the same, and what the program printed.
//!
//! The checks know nothing of the program's code. The environment can put another program in its place:
//!
//! ```text
//! LAB_SERVER='python3 server.py {port}' cargo test -p udp-echo --test core
//! LAB_CLIENT='java Client {host} {port}' cargo test -p udp-echo --test core
//! LAB_CLIENT='python3 udp.py {host} {port}' LAB_TCP_CLIENT='python3 tcp.py {host} {port}' cargo test -p rtt-client
//! ```
//!
//! The command runs in the top folder of the workspace. `{host}` and `{port}` become the address, `{args}` the extra
//! options that a check asks for. A server without `{port}` may listen wherever it likes. One that never prints
//! `listening on` is found ready by its listening socket in `/proc` (Linux). No packet is sent to find out: that would use
//! up a server for a single client.
//!
//! A grader sets more:
//!
//! - `LAB_PROGRAMS=DIR`: wherever a check starts one of the crate's own programs, the file of the same name in `DIR` is
//!   started instead. It may be a script that starts the program in a sandbox (bubblewrap): signals and measurements go to
//!   the program, not to the sandbox. A limit that a check sets (`ulimit`) is passed on as the beginning of a shell
//!   command, `LAB_LIMIT`, for the script to put before the program's. Programs have twice the time to start.
//! - `LAB_ABSENT={"NAME":"REASON"}`: programs in `DIR` that cannot be tried, as a JSON object; see [`Reason`].
//! - `LAB_ADDRESS`, `LAB_PORT`: where a scripted server listens, for clients that have these in their code.
//! - `LAB_SERVER_SHOWN`, `LAB_CLIENT_SHOWN`, `LAB_TCP_CLIENT_SHOWN`: the command lines that a person would type.
//! - `LAB_REPORT=DIR`: a check that fails writes its [`Failure`] there as JSON; [`failure::read`] reads it. A check that
//!   broke by itself writes nothing.
//! - `LAB_OWN_NETWORK`, `LAB_RUN_FILE`: set if the check has a network to itself, and if a `run.toml` describes the programs.
//! - `LAB_PATIENCE=SECONDS`: how long one step may take.
//! - `LAB_TWO_HOSTS`: set by a check on two hosts for the sandbox of its program, to `server` or `client`: that program has
//!   a host of its own.
//! - `LAB_SEED=N`: the seed for texts that no program can know beforehand.
//!
//! Nothing waits without limit. A wait for a reply or a server's start takes at most [`patience`], and longer where the
//! program has to wait for a processor, up to a bound. It ends sooner if the programs under test do nothing for 2 s, neither
//! run nor wait for a processor or a disk: then nothing will come. Three things turn this off: `LAB_PATIENCE`, as a grader
//! sets it; [`set_patience`], for a check whose program acts after a time of its own; and a wait for a program's end.
//!
//! The modules import in one direction, each only those above it: `settings` · `wait` · `os` · `failure` · `output` ·
//! `peer_log` · `transcript` · `response` · `diagnosis` · `program` · `peer` · `textbook`, `http`, `finished`,
//! `assertions` · `contract`.

// A check that is broken panics. A program that is wrong never makes it panic: that is a `Failure`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod assertions;
pub mod contract;
mod diagnosis;
pub mod failure;
mod finished;
mod http;
pub mod os;
mod output;
mod peer;
mod peer_log;
mod program;
mod random_text;
mod response;
mod settings;
mod textbook;
mod transcript;
mod wait;

pub use assertions::{expect_equal, fail_check};
pub use failure::{Cause, Failure};
pub use http::Response;
pub use os::socket::Transport;
pub use peer::{TcpPeer, TcpPeerListener, UdpPeer};
#[cfg(unix)]
pub use program::Terminal;
pub use program::{Client, Finished, Program, Server, has_tool, run};
pub use random_text::unforeseen_text;
#[cfg(unix)]
pub use rustix::process::Signal;
pub use settings::Reason;
pub use wait::{patience, set_patience};
