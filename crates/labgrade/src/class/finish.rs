//! The beginning and the *end* of a run.

use crate::interrupt;
use crate::outcome::{Outcome, Status};
use anyhow::{Context, bail};
use labcore::printable;

/// Prepares this process for grading.
pub(super) fn begin() -> anyhow::Result<()> {
    interrupt::listen()?;
    // Orphans of a submission become children of this program, which ends them.
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))
        .context("failed to become the subreaper of submissions")
}

/// An error if the grader failed in any check, since a total is missing then.
pub(super) fn ensure_no_grader_error(outcomes: &[Outcome]) -> anyhow::Result<()> {
    let failed: Vec<String> = outcomes
        .iter()
        .filter(|outcome| outcome.checks.iter().any(|checked| checked.status == Status::GraderError))
        .map(|outcome| printable(outcome.submission.as_bytes()).to_string())
        .collect();
    match failed.len() {
        0 => Ok(()),
        1 => bail!("the grader failed in a check of `{}`; grade it again", failed[0]),
        count => bail!(
            "the grader failed in checks of {count} submissions, such as `{}`; grade them again",
            failed[0]
        ),
    }
}
