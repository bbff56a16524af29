//! Submissions that have *changed* since they were graded.

use super::screen::print_line;
use crate::outcome::Outcome;
use crate::submission::newest_file_time;
use labcore::printable;
use std::path::Path;
use std::time::Duration;

/// Prints which submissions have changed since they were graded, and how to grade them again.
pub(super) fn print_changed(outcomes: &[Outcome], submissions: &Path) {
    let changed = outcomes.iter().filter(|outcome| has_changed(outcome, submissions));
    let names: Vec<String> =
        changed.map(|outcome| printable(outcome.submission.as_bytes()).to_string()).collect();
    if names.is_empty() {
        return;
    }
    let (has, it_was, it) =
        if names.len() == 1 { ("has", "it was", "it") } else { ("have", "they were", "them") };
    print_line(&format!(
        "`{}` {has} changed since {it_was} graded; to grade {it} again: --again {}",
        names.join("`, `"),
        shell_words::join(&names)
    ));
}

/// True if a file of a submission is newer than its grading.
fn has_changed(outcome: &Outcome, submissions: &Path) -> bool {
    // The submission was copied after grading began, so only a file that is newer than that may have been missed.
    let took = Duration::try_from_secs_f64(outcome.seconds).unwrap_or_default();
    let newest = newest_file_time(&submissions.join(&outcome.submission));
    // The time of handing in may lie in the future. That file was there before.
    newest.is_some_and(|newest| newest > outcome.graded - took) && newest != outcome.submitted
}
