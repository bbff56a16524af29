//! The *outcome* of grading one submission: every check with its status, and what else is to be said.
//!
//! It is written to `outcome.json` in the submission's result folder after each check; all reports are made from it.

use crate::rubric::{Check, Kind};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The version of the fields below. A change that a reader of the file must know raises it.
pub const FORMAT: u32 = 1;

/// All that is known of one graded submission.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Outcome {
    /// [`FORMAT`] of the program that wrote this.
    pub format: u32,
    /// The lab's folder name, such as `udp-echo`.
    pub lab: String,
    /// The submission's folder name: whose it is.
    pub submission: String,
    /// When it was handed in: the newest file's time at its first grading, kept when it is graded again. `None` if no file
    /// was handed in.
    pub submitted: Option<DateTime<Utc>>,
    /// When grading ended, or when the last check so far did.
    pub graded: DateTime<Utc>,
    /// What the texts of the checks were drawn with.
    pub seed: u64,
    /// True if the submission ran in a sandbox. Without one, every report carries a warning.
    pub isolated: bool,
    /// What a reader should know: changed tests that were ignored, a limit that was hit.
    pub remarks: Vec<String>,
    /// How building went; `None` for a program that needs none.
    pub build: Option<Build>,
    /// Every check of the rubric, in its order, also those that did not run (yet).
    pub checks: Vec<Checked>,
    /// The capture questions, if the submission brings a sheet of answers.
    #[serde(default)]
    pub answers: Option<Answers>,
    /// Wall time of all, in seconds.
    pub seconds: f64,
}

/// What a sheet of answers is worth. Its points are counted apart from the score.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Answers {
    /// Right answers: a point each.
    pub right: usize,
    /// All fields of the sheet; 0 if it could not be graded.
    pub of: usize,
    /// Each answer with its verdict, or why there is none.
    pub report: String,
}

impl Answers {
    /// The result in words: `7 of 9 answers are right`.
    pub fn sum(&self) -> String {
        match self.of {
            0 => "not graded".to_owned(),
            of => format!("{} of {of} answers are right", self.right),
        }
    }
}

/// How building a submission went.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Build {
    /// True if programs came out.
    pub ok: bool,
    /// Wall time in seconds.
    pub seconds: f64,
    /// The compiler's words, cut at a bound.
    pub output: String,
}

/// One check of the rubric, with what came of it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Checked {
    /// The row of the rubric.
    #[serde(flatten)]
    pub check: Check,
    /// What came of it.
    pub status: Status,
    /// The most likely cause, if the evidence allows one.
    pub diagnosis: Option<String>,
    /// The whole story: steps, bytes sent and received, what the program printed. For a skipped check, why.
    pub report: String,
    /// Wall time in seconds.
    pub seconds: f64,
}

/// What came of a check.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It passed.
    Pass,
    /// The program did something else than expected.
    Fail,
    /// The program ended, or never listened, before the check could begin.
    DidNotStart,
    /// The program did nothing where something was expected, or the check's time ran out.
    Timeout,
    /// The program panicked or was ended by a signal in the middle of the check.
    Crash,
    /// A check that this one needs did not pass, or grading was interrupted before.
    Skipped,
    /// The grader failed, not the program: says nothing about the submission.
    GraderError,
}

impl Status {
    /// True if the program failed the check: it ran, or was to run, and did not pass.
    pub fn is_failure(self) -> bool {
        matches!(self, Status::Fail | Status::DidNotStart | Status::Timeout | Status::Crash)
    }
}

/// In the words of the reports.
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Status::Pass => "pass",
            Status::Fail => "fail",
            Status::DidNotStart => "did not start",
            Status::Timeout => "timeout",
            Status::Crash => "crash",
            Status::Skipped => "skipped",
            Status::GraderError => "grader error",
        })
    }
}

impl Checked {
    /// True if nothing more will come of it.
    pub fn is_over(&self) -> bool {
        self.status != Status::Skipped || self.report != Outcome::NOT_RUN
    }

    /// What came of it, in the words of the reports.
    pub fn status_told(&self) -> String {
        self.not_tried().map_or_else(|| self.status.to_string(), |_| "not tried".to_owned())
    }

    /// Why there was nothing to try it with, if that is why it failed.
    pub fn not_tried(&self) -> Option<&'static str> {
        const NO_PLACE: &str = "the command line in `run.toml` does not end with `{args}`, so neither options nor \
                                another address can be given";
        const REASONS: [(&str, &str); 5] = [
            (Outcome::NO_OPTIONS, NO_PLACE),
            (Outcome::NO_OPTIONS_IN_TEST, NO_PLACE),
            (Outcome::NO_SERVER, Outcome::NO_SERVER),
            (Outcome::NO_CLIENT, Outcome::NO_CLIENT),
            (Outcome::NOT_BUILT, "the program could not be built"),
        ];
        // It stands at the end of a line, also on the screen that a story shows.
        let says = |words: &str| self.report.lines().any(|line| line.ends_with(words));
        let said = REASONS.iter().find(|(words, _)| says(words));
        said.filter(|_| self.status.is_failure()).map(|(_, why)| *why)
    }
}

impl Outcome {
    /// The report of a check that did not run (yet): grading goes on, or was interrupted before.
    pub const NOT_RUN: &str = "not run: grading was interrupted before";

    /// Begins the remark that says why a submission has nothing that could be graded.
    pub const NOTHING_FOUND: &str = "nothing was found to grade: ";

    /// Said in the place of a program that a check starts with options, if its `run.toml` has no place for them.
    pub const NO_OPTIONS: &str = "does not end with {args}: it takes no options";

    /// What the tests say of such a command line themselves, if they see it first.
    const NO_OPTIONS_IN_TEST: &str = "` has no {args}";

    /// Said in the place of a server that the submission does not bring.
    pub const NO_SERVER: &str = "`run.toml` names no `server`";

    /// The same for a client.
    pub const NO_CLIENT: &str = "`run.toml` names no `client`";

    /// Said, before the compiler's words, in the place of a program that could not be built.
    pub const NOT_BUILT: &str = "it could not be built:";

    /// The remark that nothing was found to grade, if so.
    pub fn nothing_found(&self) -> Option<&str> {
        self.remarks.iter().find(|remark| remark.starts_with(Outcome::NOTHING_FOUND)).map(String::as_str)
    }

    /// True if every check has come to its end.
    pub fn is_complete(&self) -> bool {
        self.checks.iter().all(Checked::is_over)
    }

    /// The score: points of the core checks that passed. `None` if the grader failed in one of them, or has not come to it
    /// yet: that is no zero.
    pub fn score(&self) -> Option<u32> {
        self.points(Kind::Core)
    }

    /// Points of the checks of `kind` that passed, `None` if the grader failed in one of them, or has not come to it yet.
    pub fn points(&self, kind: Kind) -> Option<u32> {
        let mut of_kind = self.checks.iter().filter(|checked| checked.check.kind == kind);
        of_kind.try_fold(0, |sum, checked| match checked.status {
            Status::Pass => Some(sum + checked.check.points),
            Status::GraderError => None,
            _ if !checked.is_over() => None,
            _ => Some(sum),
        })
    }

    /// Points of all checks of `kind`, passed or not.
    pub fn points_possible(&self, kind: Kind) -> u32 {
        self.checks
            .iter()
            .filter(|checked| checked.check.kind == kind)
            .map(|checked| checked.check.points)
            .sum()
    }
}
