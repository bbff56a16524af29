//! How a program ends, and what it says on standard error.

use crate::printable::printable;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

/// Ends a program: status 0, or one line `error: …` on standard error and status 1.
///
/// The line holds the error and its causes, with the root cause last. Wrong usage never gets here: clap prints the
/// usage and ends the program with status 2.
pub fn exit_code(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The text may quote an argument. Escaped, it stays on one line.
            let text = format!("{error:#}");
            // If standard error is closed, the exit status still reports the failure.
            let _ = writeln!(io::stderr(), "error: {}", printable(text.as_bytes()));
            ExitCode::FAILURE
        }
    }
}

/// Tells the user something that is not a failure: a line `note: …` on standard error.
pub fn note(text: &str) {
    let _ = writeln!(io::stderr(), "note: {}", printable(text.as_bytes()));
}

/// True when a socket's read or write timeout has passed: the error is `WouldBlock` on Unix, `TimedOut` on Windows.
pub fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}
