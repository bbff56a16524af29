//! Black-box tests for the labs: starts the program under test and plays the other end of the network.
//!
//! Read a lab's `tests/` first, they are the best introduction. Then:
//! - [`Server`] is a server under test, [`Client`] a client under test; both are a [`Program`].
//! - [`TcpPeer`] and [`UdpPeer`] are scripted: they send and expect bytes, and step out of line where a test
//!   wants it (half-close, reset, silence).
//! - [`Answer`] is what a web server said when it was asked for a page.
//! - Whatever happens is recorded as a step. A failed expectation prints all of them, the bytes that differ, the
//!   most likely cause, and what the program printed.
//!
//! The tests know nothing of the program's code. The environment can put another program in its place:
//!
//! ```text
//! LAB_SERVER='python3 server.py {port}' cargo test -p udp-echo --test server
//! LAB_CLIENT='java Client {host} {port}' cargo test -p udp-echo --test client
//! ```
//!
//! The command runs in the top folder of the workspace. `{host}` and `{port}` become the address, `{args}` the extra
//! options that a test asks for. A server without `{port}` may listen wherever it likes. One that never prints
//! `listening on` is found ready by its listening socket in `/proc` (Linux), and no packet is sent to find out: a server
//! for a single client would be used up.
//!
//! Whoever grades sets more:
//!
//! - `LAB_PROGRAMS=DIR`: wherever a test starts one of the crate's own programs, the file of the same name in `DIR` is
//!   started instead. It may be a script that starts the program in a sandbox (bubblewrap): signals and measurements are
//!   the program's own, not the sandbox's. A limit that a test sets (`ulimit`) is then handed on as the beginning of a
//!   shell's command, `LAB_LIMIT`, to be put before the program's in there. Programs have twice the time to start.
//! - `LAB_ADDRESS`, `LAB_PORT`: where a scripted server listens, for clients that have these in their code.
//! - `LAB_REPORT=FILE`: a failed test writes there `status: fail`, `did-not-start`, `timeout` or `crash`, a line
//!   `diagnosis: …` if there is one, an empty line, and the whole story. A test whose own machinery broke writes nothing.
//! - `LAB_SEED=N`: what texts that nobody can foresee are drawn with.
//!
//! Nothing waits without limit. A wait for an answer or a server's start takes at most [`patience`], and longer where the
//! program has to wait for a processor, up to a bound.

// A test that cannot go on panics: that is how it fails.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod diagnosis;
mod page;
mod peer;
mod program;
mod programs;
mod report;
mod seed;
mod sockets;
mod story;
#[cfg(unix)]
mod terminal;
mod textbook;
mod trace;
#[cfg(unix)]
mod watchdog;

pub use page::Answer;
pub use peer::{TcpPeer, TcpPeerListener, UdpPeer};
pub use program::{Client, Finished, Program, Server, has_tool, run, split_words};
#[cfg(unix)]
pub use rustix::process::Signal;
pub use seed::unforeseen_text;
#[cfg(unix)]
pub use terminal::Terminal;

use std::time::Duration;

/// How long one step may take before the test fails. `LAB_PATIENCE` (in seconds) changes the default of 10.
///
/// Long, because machines in a lab room are busy; right programs answer in microseconds and never come near.
pub fn patience() -> Duration {
    let Ok(word) = std::env::var("LAB_PATIENCE") else { return Duration::from_secs(10) };
    let seconds = word.parse().ok().filter(|seconds| (0.001..=86_400.0).contains(seconds));
    Duration::from_secs_f64(
        seconds.unwrap_or_else(|| panic!("`LAB_PATIENCE={word}` is not a number of seconds, like 2")),
    )
}

/// How long a program may take to start: twice as long for a submission, as many of them start side by side.
pub(crate) fn start_patience() -> Duration {
    if programs::folder().is_some() { 2 * patience() } else { patience() }
}
