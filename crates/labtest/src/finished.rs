//! What a check expects of a program that has ended: its exit status and its output.

use crate::diagnosis::fail::{Problem, fail};
use crate::failure::{Cause, End};
use crate::program::Finished;
use crate::transcript::Transcript;
use labcore::printable;

impl Finished {
    /// Expects this exit status.
    #[track_caller]
    pub fn expect_status(&self, status: i32) -> &Finished {
        if self.status.code() != Some(status) {
            let cause = Cause::WrongExitStatus { found: self.status.to_string(), wanted: status };
            raise(Problem::new(format!("the program ended with {}", self.status)).cause(Some(cause)));
        }
        self
    }

    /// Expects an exit status that reports a failure: any but 0 and those of a crash.
    #[track_caller]
    pub fn expect_failure(&self) -> &Finished {
        if matches!(self.status.code(), Some(1..=127)) { self } else { self.expect_status(1) }
    }

    /// Expects exactly this on standard output.
    #[track_caller]
    pub fn expect_stdout(&self, text: &str) -> &Finished {
        expect(Cause::WrongOutput, text, &self.stdout);
        self
    }

    /// Expects exactly this on standard error.
    #[track_caller]
    pub fn expect_stderr(&self, text: &str) -> &Finished {
        expect(Cause::WrongErrorMessage, text, &self.stderr);
        self
    }

    /// Expects `text` somewhere on standard output.
    #[track_caller]
    pub fn expect_printed(&self, text: &str) -> &Finished {
        if !self.stdout.contains(text) {
            let cause = Cause::NotPrinted { text: printable(text.trim_end().as_bytes()).to_string() };
            let what = format!("\"{}\" is missing on standard output", printable(text.as_bytes()));
            raise(Problem::new(what).cause(Some(cause)));
        }
        self
    }

    /// Expects that standard output ends with `text`.
    #[track_caller]
    pub fn expect_last_printed(&self, text: &str) -> &Finished {
        self.expect_printed(text);
        if !self.stdout.ends_with(text) {
            let what = format!("standard output does not end with \"{}\"", printable(text.as_bytes()));
            self.fail_because(Cause::PrintedTooMuch, &what);
        }
        self
    }

    /// Expects that `text` stands nowhere on standard output.
    #[track_caller]
    pub fn expect_not_printed(&self, text: &str) -> &Finished {
        if self.stdout.contains(text) {
            let what = format!("\"{}\" is on standard output", printable(text.as_bytes()));
            raise(Problem::new(what).cause(Some(Cause::PrintedTooMuch)));
        }
        self
    }

    /// Expects `text` somewhere on standard error.
    #[track_caller]
    pub fn expect_error_with(&self, text: &str) -> &Finished {
        if !self.stderr.contains(text) {
            let what = format!("\"{}\" is missing on standard error", printable(text.as_bytes()));
            raise(Problem::new(what).cause(Some(Cause::WrongErrorMessage)));
        }
        self
    }

    /// Fails the check: the program did something wrong that only the check can find out.
    #[track_caller]
    pub fn fail_because(&self, cause: Cause, what: &str) -> ! {
        raise(Problem::new(what).cause(Some(cause)))
    }

    /// Expects exit status 1, and a single line on standard error with this `start` and this `end`.
    #[track_caller]
    pub fn expect_error(&self, start: &str, end: &str) -> &Finished {
        let is_right = self.stderr.starts_with(start) && self.stderr.ends_with(&format!("{end}\n"));
        if !is_right || self.stderr.lines().count() != 1 {
            let problem = Problem::new("standard error does not hold one line as expected");
            let problem = problem.cause(Some(Cause::WrongErrorMessage));
            let expected = format!("{start}…{end}\n");
            raise(problem.bytes(expected.as_bytes(), self.stderr.as_bytes(), End::Enough));
        }
        self.expect_status(1)
    }
}

#[track_caller]
fn expect(cause: Cause, expected: &str, found: &str) {
    if found != expected {
        let problem = Problem::new("the program printed something else than expected").cause(Some(cause));
        raise(problem.bytes(expected.as_bytes(), found.as_bytes(), End::Enough));
    }
}

/// Fails the check that runs on this thread.
#[track_caller]
fn raise(problem: Problem) -> ! {
    let transcript = Transcript::current();
    fail(&transcript, problem)
}

#[cfg(all(test, unix))]
mod tests {
    use crate::failure::{Cause, Failure};
    use crate::program::{Finished, run};
    use std::panic::{AssertUnwindSafe, catch_unwind};

    #[track_caller]
    fn check(script: &str, expect: impl FnOnce(&Finished), expected: Cause) {
        let finished = run("/bin/sh", &["-c", script]);
        let failure = catch_unwind(AssertUnwindSafe(|| expect(&finished))).unwrap_err();
        assert_eq!(failure.downcast::<Failure>().unwrap().cause, Some(expected));
    }

    #[test]
    fn names_what_is_wrong_with_the_end_of_a_program() {
        let found = "exit status: 3".to_owned();
        let status = Cause::WrongExitStatus { found, wanted: 1 };
        check(
            "exit 3",
            |finished| {
                finished.expect_status(1);
            },
            status,
        );
        check(
            "echo a; echo b",
            |finished| {
                finished.expect_stdout("a\n");
            },
            Cause::WrongOutput,
        );
        let two_lines = "echo error: x >&2; echo y >&2; exit 1";
        check(
            two_lines,
            |finished| {
                finished.expect_error("error: ", "");
            },
            Cause::WrongErrorMessage,
        );
        let text = "b".to_owned();
        check(
            "echo a",
            |finished| {
                finished.expect_printed("b");
            },
            Cause::NotPrinted { text },
        );
    }

    #[test]
    fn accepts_one_line_of_error() {
        run("/bin/sh", &["-c", "echo error: x: y >&2; exit 1"]).expect_error("error: x", "y");
    }
}
