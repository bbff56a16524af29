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
//! | `explain.html` | staff who grade explanations | [`explain_page`] |
//!
//! If the grader failed in a core check, there is no score: the reports leave it out, and none of them writes a zero.
//!
//! File names and whatever a submission prints may hold any characters. They pass through [`text`] first, which leaves no
//! control characters in them and bounds their length.

pub mod class_csv;
pub mod class_page;
mod class_table;
pub mod explain_page;
pub mod feedback;
pub mod gradescope;
mod histogram;
mod html;
pub mod junit;
mod markdown;
pub(crate) mod phrases;
pub mod text;

use crate::outcome::Outcome;

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
