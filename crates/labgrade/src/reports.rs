//! The *reports*: the results of grading, each in the form that one kind of reader needs.
//!
//! Every report is a pure function of [`Outcome`]s. It reads their fields, never the wording of a message. All reports
//! name the same totals: the score is the points of the core checks that passed, out of 100; the points for robustness
//! are counted apart and never added to it.
//!
//! | file | for | module |
//! |---|---|---|
//! | `feedback.md` | the student | [`feedback`] |
//! | `results.json` | Gradescope | [`gradescope`] |
//! | `junit.xml` | tools that show test results | [`junit`] |
//! | `class.csv` | a spreadsheet | [`class_csv`] |
//! | `class.html` | staff | [`class_page`] |
//!
//! If the grader failed in a core check, there is no score: the reports leave it out, and none of them writes a zero.
//!
//! File names and whatever a submission prints may hold any characters. They pass through [`text`] first, which leaves no
//! control characters in them and bounds their length.

pub mod class_csv;
pub mod class_page;
mod class_table;
pub mod feedback;
pub mod gradescope;
mod histogram;
mod html;
pub mod junit;
mod markdown;
pub mod text;

use crate::outcome::{Checked, Explanation, Outcome, Status};

/// The warning in every report on a submission that ran without a sandbox.
pub const NOT_ISOLATED: &str = "Graded without isolation: `bubblewrap` is not installed, or may not work here. The \
                                submission could reach the grader's files and processes.";

/// The reports on one submission, as file names and texts.
pub fn of_submission(outcome: &Outcome) -> [(&'static str, String); 3] {
    [
        ("feedback.md", feedback::text_of(outcome)),
        ("results.json", gradescope::text_of(outcome)),
        ("junit.xml", junit::text_of(outcome)),
    ]
}

/// The reports on a class, as file names and texts. The page links to `SUBMISSION/feedback.md` beside it.
///
/// `not_begun` names the submissions that were still to be graded when grading was interrupted.
pub fn of_class(outcomes: &[Outcome], not_begun: &[&str]) -> [(&'static str, String); 2] {
    [("class.csv", class_csv::text_of(outcomes)), ("class.html", class_page::text_of(outcomes, not_begun))]
}

/// A number of points, with its unit.
fn in_points(points: u32) -> String {
    if points == 1 { "1 point".to_owned() } else { format!("{points} points") }
}

/// `80 of 100`, or that the total is not known because the grader failed.
fn points_of(points: Option<u32>, possible: u32) -> String {
    match points {
        Some(points) => format!("{points} of {possible}"),
        None => format!("not known, of {possible}"),
    }
}

/// Why a check has its status, as a clause: its cause if that is known, otherwise what was seen.
///
/// `None` if the check passed, or if there is nothing to say beyond the status.
fn reason(outcome: &Outcome, checked: &Checked) -> Option<String> {
    match (&checked.explanation, checked.status) {
        (_, Status::NotTried(reason)) => Some(reason.to_string()),
        (_, Status::NotRun) => Some("grading was interrupted before this check".to_owned()),
        (Some(Explanation::NothingFound), _) => Some(match &outcome.nothing_found {
            Some(why) => format!("nothing was found to grade: {why}"),
            None => Explanation::NothingFound.to_string(),
        }),
        (Some(explanation), _) => Some(explanation.to_string()),
        (None, _) => checked.failure.as_ref().map(|failure| match &failure.cause {
            Some(cause) => cause.sentence(),
            None => failure.summary.clone(),
        }),
    }
}

/// What a student can do about a failed check: first the advice for its cause, then the rubric's hint.
///
/// The rubric's hint is about what the check asks for, so it is left out if the program did not start for a known cause.
fn hints(checked: &Checked) -> Vec<String> {
    let of_cause = checked.failure.as_ref().and_then(|failure| failure.hint()).map(|hint| sentence(&hint));
    let of_rubric = if checked.status == Status::DidNotStart && of_cause.is_some() {
        None
    } else {
        Some(sentence(&checked.check.hint))
    };
    of_cause.into_iter().chain(of_rubric).collect()
}

/// `clause` as a sentence: with a capital letter and a full stop.
fn sentence(clause: &str) -> String {
    let clause = clause.trim();
    let mut letters = clause.chars();
    let mut text: String =
        letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect());
    if !text.ends_with(['.', '!', '?']) {
        text.push('.');
    }
    text
}
