//! A *report*: what came of grading, as text for one reader.
//!
//! All are made from [`Outcome`]s alone, without I/O, and name the same totals: the score is the points of the core
//! checks that passed, out of 100; the robust points are totalled apart, and never added to it.
//!
//! | file | for | module |
//! |---|---|---|
//! | `feedback.md` | the student | [`feedback`] |
//! | `results.json` | Gradescope | [`gradescope`] |
//! | `junit.xml` | programs that show test results | [`junit`] |
//! | `class.csv` | a spreadsheet | [`csv`] |
//! | `class.html` | staff | [`page`] |
//!
//! Where the grader failed in a core check there is no score: the reports leave it out, and none of them writes a zero.
//!
//! What a submission printed, and what its files are called, is hostile by accident. It passes through [`text`] first:
//! afterwards it has no control characters, and a bound on its length.

pub mod csv;
pub mod feedback;
pub mod gradescope;
pub mod junit;
pub mod page;
pub mod repeat;
pub mod text;

use crate::outcome::{Checked, Outcome};

/// What every report says of a submission that ran without a sandbox.
pub const NOT_ISOLATED: &str = "Graded without isolation: `bubblewrap` is not installed, or may not work here. The \
                                submission could reach the grader's files and processes.";

/// The reports of one submission, as file names and texts.
pub fn of_submission(outcome: &Outcome) -> [(&'static str, String); 3] {
    [
        ("feedback.md", feedback::text_of(outcome)),
        ("results.json", gradescope::text_of(outcome)),
        ("junit.xml", junit::text_of(outcome)),
    ]
}

/// The reports of a class, as file names and texts. The page links to `SUBMISSION/feedback.md` beside it.
///
/// `not_begun` names the submissions that grading has not come to: it was interrupted before.
pub fn of_class(outcomes: &[Outcome], not_begun: &[&str]) -> [(&'static str, String); 2] {
    [("class.csv", csv::text_of(outcomes)), ("class.html", page::text_of(outcomes, not_begun))]
}

/// A number of points in words.
fn in_points(points: u32) -> String {
    if points == 1 { "1 point".to_owned() } else { format!("{points} points") }
}

/// `points` in words, where a missing total is one that the grader failed to find.
fn points_of(points: Option<u32>, possible: u32) -> String {
    match points {
        Some(points) => format!("{points} of {possible}"),
        None => format!("not known, of {possible}"),
    }
}

/// Why a check was skipped, as a clause.
fn why_skipped(checked: &Checked) -> &str {
    let why = checked.report.trim();
    why.strip_prefix("skipped: ").unwrap_or(why).trim_end_matches('.')
}
