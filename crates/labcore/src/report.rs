use crate::printable;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

/// Ends a program: nothing to say and status 0, or one line `error: …` on standard error and status 1.
///
/// The line holds the error and its causes, the last cause at the end. Wrong usage never comes here: clap prints
/// the usage and ends the program with status 2.
pub fn report(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The text may quote an argument: escaped, it is one line whatever it holds.
            let text = format!("{error:#}");
            // Standard error may be closed: the status is then all that is left to say.
            let _ = writeln!(io::stderr(), "error: {}", printable(text.as_bytes()));
            ExitCode::FAILURE
        }
    }
}

/// Tells the person something on standard error that is not a failure: `note: …`.
pub fn note(text: &str) {
    let _ = writeln!(io::stderr(), "note: {}", printable(text.as_bytes()));
}

/// True when a socket's read or write timeout has passed: the error is `WouldBlock` on Unix, `TimedOut` on Windows.
pub fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}
