//! The *outcome* of grading one submission: the status of every check, and what else staff and students should know.
//!
//! It is written to `outcome.json` in the submission's result folder after each check. All reports are made from it.

use chrono::{DateTime, Utc};
use labrubric::{Check, Kind};
pub use labtest::Reason;
use labtest::failure::{Failure, Verdict};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Version of the fields below. It is raised by a change that readers of the file must handle.
pub const FORMAT: u32 = 2;

/// Everything that is known about one graded submission.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Outcome {
    /// [`FORMAT`] of the program that wrote this.
    pub format: u32,
    /// The lab's folder name, such as `udp-echo`.
    pub lab: String,
    /// The submission's folder name, which tells whose it is.
    pub submission: String,
    /// When it was handed in: the time of its newest file when it was first graded. Grading it again keeps this time.
    /// `None` if no file was handed in.
    pub submitted: Option<DateTime<Utc>>,
    /// When grading ended, or the last check so far.
    pub graded: DateTime<Utc>,
    /// The seed that the texts of the checks were drawn with.
    pub seed: u64,
    /// True if the submission ran in a sandbox. Without one, every report carries a warning.
    pub isolated: bool,
    /// Why there was nothing to grade. `None` if there was.
    #[serde(default)]
    pub nothing_found: Option<String>,
    /// Remarks for readers: changed tests that were ignored, files that were left out.
    pub remarks: Vec<String>,
    /// How building went. `None` if the programs need no building.
    pub build: Option<Build>,
    /// Every check of the rubric, in its order, including those that did not run.
    pub checks: Vec<Checked>,
    /// The questions of the handout, if the submission has a sheet of answers.
    #[serde(default)]
    pub answers: Option<Answers>,
    /// Wall time of all steps together, in seconds.
    pub seconds: f64,
}

/// The result of a sheet of answers. Its points are not part of the score.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Answers {
    /// Right facts, each worth one point.
    pub right: usize,
    /// All facts of the sheet. 0 if they could not be graded.
    pub of: usize,
    /// Each fact with its verdict, or why there are no verdicts.
    pub report: String,
    /// Why the sheet could not be read at all. `None` if it could.
    #[serde(default)]
    pub unreadable: Option<String>,
    /// The explanations that the lab asks for, in the order of their questions. Empty if the sheet could not be read.
    #[serde(default)]
    pub explained: Vec<Explained>,
}

/// An explanation, which a person grades.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Explained {
    /// The number of the question.
    pub question: u32,
    /// What the explanation is worth.
    pub points_max: u32,
    /// The student's text. Empty if there is none, which earns no points.
    pub answer: String,
    /// A digest of the text, which tells whether it is the one that was graded.
    pub digest: String,
    /// What a person gave for it. `None` as long as nobody has graded it.
    #[serde(default)]
    pub graded: Option<Graded>,
}

/// What a person gave for an explanation.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Graded {
    /// The points.
    pub points: u32,
    /// A comment for the student. May be empty.
    pub comment: String,
}

impl Explained {
    /// True if a person has to grade it.
    pub fn is_open(&self) -> bool {
        self.graded.is_none() && !self.answer.is_empty()
    }

    /// Its points. `None` as long as nobody has graded it.
    pub fn points(&self) -> Option<u32> {
        match &self.graded {
            _ if self.answer.is_empty() => Some(0),
            Some(graded) => Some(graded.points),
            None => None,
        }
    }
}

impl Answers {
    /// The result of the facts in words: `7 of 9 answers are right`.
    pub fn sum(&self) -> String {
        match self.of {
            0 => "not graded".to_owned(),
            of => format!("{} of {of} answers are right", self.right),
        }
    }

    /// The points that the explanations have so far.
    pub fn explained_points(&self) -> u32 {
        self.explained.iter().filter_map(Explained::points).sum()
    }

    /// The points that the explanations can have.
    pub fn explained_max(&self) -> u32 {
        self.explained.iter().map(|explained| explained.points_max).sum()
    }

    /// How many explanations a person has to grade.
    pub fn open(&self) -> usize {
        self.explained.iter().filter(|explained| explained.is_open()).count()
    }

    /// The result of the explanations in words: `5 of 12 points, 3 answers not graded yet`. `None` if the sheet has none.
    pub fn explained_sum(&self) -> Option<String> {
        if self.explained.is_empty() {
            return None;
        }
        let open = match self.open() {
            0 => String::new(),
            1 => ", 1 answer not graded yet".to_owned(),
            open => format!(", {open} answers not graded yet"),
        };
        Some(format!("{} of {} points{open}", self.explained_points(), self.explained_max()))
    }
}

/// How building a submission went.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Build {
    /// True if the build succeeded.
    pub ok: bool,
    /// Wall time in seconds.
    pub seconds: f64,
    /// The beginning of what the compiler printed.
    pub output: String,
}

/// One check of the rubric, with its result.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Checked {
    /// The row of the rubric.
    #[serde(flatten)]
    pub check: Check,
    /// The result.
    pub status: Status,
    /// How it failed, if the check ran and failed.
    #[serde(default)]
    pub failure: Option<Box<Failure>>,
    /// Why it has this status, where no failure of the check shows it.
    #[serde(default)]
    pub explanation: Option<Explanation>,
    /// Wall time in seconds.
    pub seconds: f64,
}

/// The result of a check.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It passed.
    Pass,
    /// The program did something other than expected.
    Fail,
    /// The program ended, or never listened, before the check could begin.
    DidNotStart,
    /// The program did nothing where something was expected, or the check's time ran out.
    Timeout,
    /// The program panicked or was ended by a signal during the check.
    Crash,
    /// The program reached a part that is not written yet.
    NotWritten,
    /// There is nothing to try the check with.
    NotTried(Reason),
    /// A check that this one needs did not pass.
    Skipped,
    /// It has not run yet, or grading was interrupted before.
    NotRun,
    /// The grader failed, not the program: this says nothing about the submission.
    GraderError,
}

/// Why a check has its status, where no failure of the check shows it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum Explanation {
    /// It needs another check, which did not pass.
    Needs {
        /// That check's test.
        test: String,
    },
    /// Nothing to grade was found; [`Outcome::nothing_found`] says why.
    NothingFound,
    /// No program could be built; [`Outcome::build`] says why.
    NotBuilt,
    /// The check took longer than a check may.
    CheckTooLong {
        /// The limit in seconds.
        limit_s: u64,
    },
    /// The programs of the check took more memory than a check may.
    TooMuchMemory {
        /// The limit in MiB.
        limit_mib: u64,
    },
    /// All checks together took longer than they may before this one ran.
    ChecksTooLong {
        /// The limit in seconds.
        limit_s: u64,
    },
    /// The port in the program's code was in use on this machine, which has no sandbox.
    PortInUse,
    /// The check itself broke.
    CheckBroke {
        /// How it ended.
        ended: String,
    },
    /// This machine failed.
    Machine {
        /// The error.
        error: String,
    },
}

/// Writes the explanation as a clause, for the reports.
impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Explanation::Needs { test } => write!(f, "it needs `{test}`, which did not pass"),
            Explanation::NothingFound => f.write_str("nothing was found to grade"),
            Explanation::NotBuilt => f.write_str("the program could not be built"),
            Explanation::CheckTooLong { limit_s } => {
                write!(f, "the check was ended: it took longer than {limit_s} s")
            }
            Explanation::TooMuchMemory { limit_mib } => {
                write!(f, "the check was ended: its programs took more than {limit_mib} MiB of memory")
            }
            Explanation::ChecksTooLong { limit_s } => {
                write!(f, "not run: all checks together took longer than {limit_s} s")
            }
            Explanation::PortInUse => {
                f.write_str("the program's port was in use on this machine, which has no sandbox")
            }
            Explanation::CheckBroke { ended } => {
                write!(f, "the check itself broke ({ended}); see the raw result of cargo-nextest")
            }
            Explanation::Machine { error } => f.write_str(error),
        }
    }
}

impl Status {
    /// Its name in JSON, without the reason of [`Status::NotTried`].
    pub fn code(self) -> &'static str {
        match self {
            Status::Pass => "pass",
            Status::Fail => "fail",
            Status::DidNotStart => "did-not-start",
            Status::Timeout => "timeout",
            Status::Crash => "crash",
            Status::NotWritten => "not-written",
            Status::NotTried(_) => "not-tried",
            Status::Skipped => "skipped",
            Status::NotRun => "not-run",
            Status::GraderError => "grader-error",
        }
    }

    /// True if the program failed the check. One that did not start has failed.
    pub fn is_failure(self) -> bool {
        matches!(
            self,
            Status::Fail | Status::DidNotStart | Status::Timeout | Status::Crash | Status::NotWritten
        )
    }
}

impl From<Verdict> for Status {
    fn from(verdict: Verdict) -> Status {
        match verdict {
            Verdict::Fail => Status::Fail,
            Verdict::DidNotStart => Status::DidNotStart,
            Verdict::Timeout => Status::Timeout,
            Verdict::Crash => Status::Crash,
            Verdict::NotWritten => Status::NotWritten,
            Verdict::NotTried(reason) => Status::NotTried(reason),
        }
    }
}

/// Writes the status as it appears in the reports.
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Status::Pass => "pass",
            Status::Fail => "fail",
            Status::DidNotStart => "did not start",
            Status::Timeout => "timeout",
            Status::Crash => "crash",
            Status::NotWritten => "not written yet",
            Status::NotTried(_) => "not tried",
            Status::Skipped => "skipped",
            Status::NotRun => "not run",
            Status::GraderError => "grader error",
        })
    }
}

impl Checked {
    /// True if the check has its result.
    pub fn is_over(&self) -> bool {
        self.status != Status::NotRun
    }

    /// Why it could not be tried, if it could not.
    pub fn not_tried(&self) -> Option<Reason> {
        match self.status {
            Status::NotTried(reason) => Some(reason),
            _ => None,
        }
    }
}

impl Outcome {
    /// True if every check has its result.
    pub fn is_complete(&self) -> bool {
        self.checks.iter().all(Checked::is_over)
    }

    /// The score: points of the core checks that passed. `None` if the grader failed in one of them, or if one has not run
    /// yet: an unknown score is not 0.
    pub fn score(&self) -> Option<u32> {
        self.points(Kind::Core)
    }

    /// Points of the checks of `kind` that passed. `None` if the grader failed in one of them, or if one has not run yet.
    pub fn points(&self, kind: Kind) -> Option<u32> {
        let mut of_kind = self.checks.iter().filter(|checked| checked.check.kind == kind);
        of_kind.try_fold(0, |sum, checked| match checked.status {
            Status::Pass => Some(sum + checked.check.points),
            Status::GraderError | Status::NotRun => None,
            _ => Some(sum),
        })
    }

    /// Points of all checks of `kind`, without those that only another machine can try.
    pub fn points_possible(&self, kind: Kind) -> u32 {
        let can_be_tried = |checked: &&Checked| checked.status != Status::NotTried(Reason::OneHost);
        let of_kind = self.checks.iter().filter(|checked| checked.check.kind == kind).filter(can_be_tried);
        of_kind.map(|checked| checked.check.points).sum()
    }
}
