//! The checks that others *need*.

use crate::outcome::{Explanation, Outcome, Status};

/// Skips a check if one that it needs did not pass. Returns true if it was skipped.
pub fn skip_if_needs_failed(outcome: &mut Outcome, index: usize) -> bool {
    let needs = &outcome.checks[index].check.needs;
    let mut needed = outcome.checks.iter().filter(|checked| needs.contains(&checked.check.test));
    let Some(failed) = needed.find(|needed| needed.is_over() && needed.status != Status::Pass) else {
        return false;
    };
    // If the grader does not know the result of the one, it does not know that of the other.
    let status = if failed.status == Status::GraderError { Status::GraderError } else { Status::Skipped };
    let explanation = Explanation::Needs { test: failed.check.test.clone() };
    let checked = &mut outcome.checks[index];
    (checked.status, checked.explanation) = (status, Some(explanation));
    true
}

/// The checks that can run now: those without a result whose needs have all passed. Skips those that never can.
pub fn ready(outcome: &mut Outcome) -> Vec<usize> {
    let mut ready = Vec::new();
    for index in 0..outcome.checks.len() {
        if outcome.checks[index].is_over() || skip_if_needs_failed(outcome, index) {
            continue;
        }
        let needs = &outcome.checks[index].check.needs;
        let mut needed = outcome.checks.iter().filter(|checked| needs.contains(&checked.check.test));
        if needed.all(|needed| needed.status == Status::Pass) {
            ready.push(index);
        }
    }
    ready
}
