//! What came of a failed test, in a file for whoever grades: `LAB_REPORT` names it.
//!
//! ```text
//! status: timeout
//! diagnosis: the program waits for something that was not sent …
//!
//! (all that the test prints)
//! ```
//!
//! The first failure of a test is the one that counts. Nothing is written when a test's own machinery broke.

use std::cell::Cell;
use std::io::Write;
use std::panic::{self, PanicHookInfo};
use std::sync::Once;
use std::{env, fs};

/// What kind of failure it was.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Verdict {
    /// The program did something else than expected.
    Fail,
    /// The program ended, or never listened, before the test could begin.
    DidNotStart,
    /// The program did nothing where something was expected.
    Timeout,
    /// The program panicked, or was ended by a signal.
    Crash,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Verdict::Fail => "fail",
            Verdict::DidNotStart => "did-not-start",
            Verdict::Timeout => "timeout",
            Verdict::Crash => "crash",
        }
    }
}

thread_local! {
    /// The verdict of the failure that this thread is about to panic with.
    static VERDICT: Cell<Option<Verdict>> = const { Cell::new(None) };
}

/// Says which kind of failure the panic that follows is.
pub(crate) fn announce(verdict: Verdict) {
    VERDICT.set(Some(verdict));
}

/// From now on, a panic writes the report, if one is asked for. `steps` tells what happened until then.
///
/// True if one is asked for.
pub(crate) fn on_failure(steps: fn() -> String) -> bool {
    static HOOK: Once = Once::new();
    let Some(file) = env::var_os("LAB_REPORT") else { return false };
    HOOK.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if let Some(report) = report(info, VERDICT.take(), steps) {
                // The first one stays: a later panic is a consequence.
                if let Ok(mut file) = fs::File::create_new(&file) {
                    let _ = file.write_all(report.as_bytes());
                }
            }
            usual(info);
        }));
    });
    true
}

fn report(info: &PanicHookInfo<'_>, verdict: Option<Verdict>, steps: fn() -> String) -> Option<String> {
    let payload = info.payload();
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let message = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("the test failed");
    match verdict {
        Some(verdict) => Some(written(verdict, message)),
        // A panic in here that is no verdict is a fault of the tests' machinery.
        None if info.location().is_some_and(|location| location.file().contains("labtest/src")) => None,
        None => Some(written(Verdict::Fail, &format!("{message}\n\n{}", steps()))),
    }
}

fn written(verdict: Verdict, story: &str) -> String {
    let diagnosis = story.lines().find_map(|line| line.trim_start().strip_prefix("likely cause: "));
    let diagnosis = diagnosis.map(|cause| format!("diagnosis: {cause}\n")).unwrap_or_default();
    format!("status: {}\n{diagnosis}\n{story}\n", verdict.word())
}

#[cfg(test)]
mod tests {
    use super::{Verdict, written};

    #[test]
    fn has_status_and_diagnosis_before_the_story() {
        let story = "wrong answer\nlikely cause: the last byte is missing\n\nsteps:\n";
        assert_eq!(
            written(Verdict::Fail, story),
            format!("status: fail\ndiagnosis: the last byte is missing\n\n{story}\n")
        );
        assert_eq!(written(Verdict::DidNotStart, "x"), "status: did-not-start\n\nx\n");
    }
}
