//! Phrases that several reports share.

use crate::outcome::{Checked, Explained, Explanation, Graded, Outcome, Status};

/// The warning in every report on a submission that ran without a sandbox.
pub const NOT_ISOLATED: &str = "Graded without isolation: `bubblewrap` is not installed, or may not work here. The \
                                submission could reach the grader's files and processes.";

/// A number of points, with its unit.
pub fn in_points(points: u32) -> String {
    if points == 1 { "1 point".to_owned() } else { format!("{points} points") }
}

/// What an explanation has earned, with the comment.
pub fn explained_result(explained: &Explained) -> String {
    let max = explained.points_max;
    match &explained.graded {
        _ if explained.answer.is_empty() => format!("0 of {max}, no answer"),
        None => format!("not graded yet, of {max}"),
        Some(Graded { points, comment }) if comment.is_empty() => format!("{points} of {max}"),
        Some(Graded { points, comment }) => format!("{points} of {max}. {comment}"),
    }
}

/// `80 of 100`, or that the total is not known because the grader failed.
pub fn points_of(points: Option<u32>, possible: u32) -> String {
    match points {
        Some(points) => format!("{points} of {possible}"),
        None => format!("not known, of {possible}"),
    }
}

/// Why a check has its status, as a clause: its cause if that is known, otherwise what was seen.
///
/// `None` if the check passed, or if there is nothing to say beyond the status.
pub fn reason(outcome: &Outcome, checked: &Checked) -> Option<String> {
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
pub fn hints(checked: &Checked) -> Vec<String> {
    let of_cause = checked.failure.as_ref().and_then(|failure| failure.hint()).map(|hint| sentence(&hint));
    let of_rubric = if checked.status == Status::DidNotStart && of_cause.is_some() {
        None
    } else {
        Some(sentence(&checked.check.hint))
    };
    of_cause.into_iter().chain(of_rubric).collect()
}

/// `clause` as a sentence: with a capital letter and a full stop.
pub fn sentence(clause: &str) -> String {
    let clause = clause.trim();
    let mut letters = clause.chars();
    let mut text: String =
        letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect());
    if !text.ends_with(['.', '!', '?']) {
        text.push('.');
    }
    text
}
