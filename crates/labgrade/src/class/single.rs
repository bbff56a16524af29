//! Grading a *single* submission.

use super::args::{SuiteArgs, draw_seed, ensure_order};
use super::finish::{begin, ensure_no_grader_error};
use super::screen::print_line;
use crate::interrupt;
use crate::outcome::Outcome;
use crate::pipeline::Job;
use crate::reports;
use anyhow::ensure;
use labrubric::{Kind, Question, Workspace};
use std::io::Write;
use std::path::Path;

/// Grades one submission, and prints the result of each check, and then the feedback.
///
/// # Errors
/// If the grader fails. A submission cannot cause an error.
pub fn check(workspace: &Workspace, lab: &str, folder: &Path, args: &SuiteArgs) -> anyhow::Result<()> {
    ensure_order(workspace, "check", lab, folder)?;
    ensure!(folder.is_dir(), "`{}` is not a folder; name the folder of a submission", folder.display());
    begin()?;
    let rubric = args.rubric(workspace, lab)?;
    let questions = Question::read(workspace, lab)?;
    let suite = args.prepare(workspace, lab, rubric, args.seed.unwrap_or_else(draw_seed))?;
    print_line(&format!("grading `{}` with seed {}", folder.display(), suite.seed));
    let work = suite.scratch().join("submission");
    let job = Job { suite: &suite, questions: &questions, folder, work: &work, raw: None, submitted: None };
    let mut is_build_printed = false;
    let outcome = job.grade(&mut |outcome, updated| {
        if let (Some(build), false) = (&outcome.build, is_build_printed) {
            print_line(&format!(
                "{}: build in {:.1} s",
                if build.ok { "pass" } else { "fail" },
                build.seconds
            ));
            is_build_printed = true;
        }
        if let Some(checked) = updated.and_then(|index| outcome.checks.get(index)) {
            print_line(&format!("{}: {} in {:.1} s", checked.status, checked.check.test, checked.seconds));
        }
        Ok(())
    })?;
    ensure!(!interrupt::requested(), "interrupted");
    print_line("");
    for (name, text) in reports::of_submission(&outcome) {
        if name == "feedback.md" {
            let _ = std::io::stdout().write_all(text.as_bytes());
        }
    }
    print_line(&format!("\n{}", totals(&outcome)));
    ensure_no_grader_error(std::slice::from_ref(&outcome))
}

/// The totals, as the last line on the screen.
fn totals(outcome: &Outcome) -> String {
    let of = |kind| {
        let points = outcome.points(kind).map_or_else(|| "not known".to_owned(), |points| points.to_string());
        format!("{points} of {}", outcome.points_possible(kind))
    };
    let has_robust = outcome.points_possible(Kind::Robust) > 0;
    let robust = if has_robust { format!(", robustness: {}", of(Kind::Robust)) } else { String::new() };
    format!("score: {}{robust}", of(Kind::Core))
}
