use super::{Cause, Excerpt, Received, Step};
use crate::settings::Reason;
use serde::{Deserialize, Serialize};

/// Version of the fields below. A change that readers of the JSON must know of raises it.
pub const FORMAT: u32 = 1;

/// A check that did not pass.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Failure {
    /// [`FORMAT`] of the program that wrote this.
    pub format: u32,
    /// Test file and function, such as `core::server_answers_in_upper_case`.
    pub check: String,
    /// What kind of failure it is.
    pub verdict: Verdict,
    /// The most likely cause, if the evidence allows one.
    pub cause: Option<Cause>,
    /// What the check saw, in one line.
    pub summary: String,
    /// What happened until then, in order.
    pub steps: Vec<Step>,
    /// Steps before these that are left out.
    pub steps_left_out: usize,
    /// The bytes that the check expected, if it compared bytes.
    pub expected: Option<Excerpt>,
    /// The bytes that came instead.
    pub received: Option<Received>,
    /// What a person can type to see the same.
    pub reproduce: Vec<Command>,
    /// What the programs printed.
    pub output: Vec<ProgramOutput>,
    /// True if a `run.toml` describes the programs.
    pub has_run_file: bool,
}

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The program did something else than expected.
    Fail,
    /// The program ended, or never listened, before the check could begin.
    DidNotStart,
    /// The program did nothing where something was expected.
    Timeout,
    /// The program crashed: it panicked, threw an exception, or was ended by a signal.
    Crash,
    /// The program reached a part that is not written yet.
    NotWritten,
    /// There is nothing to try the check with.
    NotTried(Reason),
}

/// A line to type, in a terminal of its own.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Command {
    /// The terminal's number; 1 is the first to type in.
    pub terminal: usize,
    /// The line, for a POSIX shell.
    pub line: String,
}

/// What a program printed.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ProgramOutput {
    /// The name of its file.
    pub program: String,
    /// Its standard output, cut to what a person can use.
    pub stdout: String,
    /// Its standard error, likewise.
    pub stderr: String,
}
