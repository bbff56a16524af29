//! A rubric as a *table* for people.

use crate::questions::Question;
use crate::rubric::{Check, Kind, Rubric};
use crate::workspace::Workspace;
use anyhow::{Context, bail};
use std::fmt::Write as _;
use std::io::{self, Write as _};

/// The widest column for the names of tests.
const NAME_CHARS_MAX: usize = 80;

/// The column for the steps, where a lab has any.
const STEP_CHARS: usize = 8;

/// Prints the rubric of `lab`, or of all labs, after checking it against the lab's tests. `facts` gives the number of its
/// question for each fact that a lab's sheet of answers asks for.
///
/// # Errors
/// If a rubric or its questions have mistakes. They are printed on standard error before, one per line.
pub fn print_table(
    workspace: &Workspace,
    lab: Option<&str>,
    facts: impl Fn(&str) -> Vec<u32>,
) -> anyhow::Result<()> {
    let labs = match lab {
        Some(lab) => vec![lab.to_owned()],
        None => workspace.labs()?,
    };
    let mut mistakes = Vec::new();
    for lab in &labs {
        let mut of_lab = Rubric::mistakes(workspace, lab)?;
        of_lab.extend(Question::mistakes(workspace, lab, &facts(lab))?);
        if of_lab.is_empty() {
            let questions = Question::read(workspace, lab)?;
            let table = table(lab, &Rubric::read(workspace, lab)?) + &row_of_questions(&questions);
            io::stdout().write_all(table.as_bytes()).context("failed to write to standard output")?;
        }
        mistakes.extend(of_lab);
    }
    for mistake in &mistakes {
        let _ = writeln!(io::stderr(), "{mistake}");
    }
    match mistakes.len() {
        0 => Ok(()),
        1 => bail!("1 mistake in a rubric (above)"),
        count => bail!("{count} mistakes in rubrics (above)"),
    }
}

fn table(lab: &str, rubric: &Rubric) -> String {
    let points = |kind| rubric.of_kind(kind).map(|check| check.points).sum::<u32>();
    let (core, robust) = (points(Kind::Core), points(Kind::Robust));
    let mut text =
        format!("{lab}: {} checks; {core} points, and {robust} for robustness\n", rubric.checks.len());
    let longest = rubric.checks.iter().map(|check| check.test.len()).max().unwrap_or(0).min(NAME_CHARS_MAX);
    let step_width = if rubric.checks.iter().any(|check| check.step.is_some()) { STEP_CHARS } else { 0 };
    for kind in [Kind::Core, Kind::Robust, Kind::Extra] {
        for check in rubric.of_kind(kind) {
            let _ = writeln!(text, "{}", row(check, longest, step_width));
        }
    }
    text
}

/// The row that sums up the questions of the handout.
fn row_of_questions(questions: &[Question]) -> String {
    let points: u32 = questions.iter().filter_map(|question| question.points).sum();
    let explain: u32 = questions.iter().map(|question| question.explain).sum();
    format!(
        "  {} questions: {} points for facts, and {explain} for explanations\n\n",
        questions.len(),
        points.saturating_sub(explain)
    )
}

fn row(check: &Check, width: usize, step_width: usize) -> String {
    let kind = match check.kind {
        Kind::Core => "core",
        Kind::Robust => "robust",
        Kind::Extra => "extra",
    };
    let points = if check.points == 0 { String::new() } else { check.points.to_string() };
    let step = check.step.map(|step| format!("step {step}")).unwrap_or_default();
    let mut row = format!("  {kind:6} {step:step_width$}{points:>3}  {:width$}  {}", check.test, check.shows);
    if check.hidden {
        row.push_str(" (hidden)");
    }
    if !check.needs.is_empty() {
        let _ = write!(row, " Needs {}.", check.needs.join(", "));
    }
    row
}
