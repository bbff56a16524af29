//! `results.json`, as Gradescope reads it.
//!
//! Its specification: <https://gradescope-autograders.readthedocs.io/en/latest/specs/>, "Output format" and "Controlling
//! Test Case Visibility". What is chosen where it leaves a choice:
//!
//! - `score` at the top is the score of all other reports, and the sum of `tests[].score`: a robust or advice check has
//!   `score` and `max_score` 0 there, and says in `output` and `extra_data` what it is worth. The robust total is in
//!   `output` and `extra_data`.
//! - `status` knows `passed` and `failed` only. A skipped check is `failed`, with 0 points, and its name says `skipped`; so it is
//!   with one that was not tried.
//! - A hidden check has `visibility` `after_published`: it counts, but students see it, and their total, only when the
//!   grades are published. What the page calls `hidden` would be kept from them for good.
//! - If the grader failed in a core check, there is no `score` at all, neither at the top nor in `tests`. By the
//!   specification a file must have one or the other, so no points are recorded, and above all no zero; run the
//!   autograder again. The check in question has no `status` either, and its name says `grader error`.
//! - `stdout_visibility` is `hidden`: what the grader prints is for staff.

use super::{NOT_ISOLATED, in_points, points_of, text, why_skipped};
use crate::outcome::{Checked, Outcome, Status};
use crate::rubric::Kind;
use serde_json::{Map, Value, json};

/// The file's text.
pub fn text_of(outcome: &Outcome) -> String {
    let score = outcome.score();
    let tests = outcome.checks.iter().enumerate();
    let mut results = json!({
        "execution_time": tenths(outcome.seconds),
        "output": summary(outcome),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": {
            "lab": outcome.lab,
            "submission": outcome.submission,
            "submitted": outcome.submitted,
            "graded": outcome.graded,
            "seed": outcome.seed,
            "isolated": outcome.isolated,
            "robust_score": outcome.points(Kind::Robust),
            "robust_max_score": outcome.points_possible(Kind::Robust),
            "answers": outcome.answers.as_ref().map(|answers| answers.right),
            "answers_max": outcome.answers.as_ref().map(|answers| answers.of),
        },
        "tests": tests.map(|(index, checked)| test(index + 1, checked, score.is_some())).collect::<Vec<_>>(),
    });
    if let Some(score) = score {
        results["score"] = score.into();
    }
    format!("{results:#}\n")
}

fn test(number: usize, checked: &Checked, scored: bool) -> Value {
    let check = &checked.check;
    let passed = checked.status == Status::Pass;
    let worth = if check.kind == Kind::Core { check.points } else { 0 };
    let mut test = Map::new();
    if scored {
        test.insert("score".to_owned(), if passed { worth } else { 0 }.into());
    }
    test.insert("max_score".to_owned(), worth.into());
    if checked.status != Status::GraderError {
        test.insert("status".to_owned(), if passed { "passed" } else { "failed" }.into());
    }
    test.insert("name".to_owned(), name(checked).into());
    test.insert("number".to_owned(), number.to_string().into());
    test.insert("output".to_owned(), output(checked).into());
    test.insert("output_format".to_owned(), "text".into());
    test.insert("tags".to_owned(), json!([check.kind.to_string(), checked.status_told()]));
    let visibility = if check.hidden { "after_published" } else { "visible" };
    test.insert("visibility".to_owned(), visibility.into());
    let extra_data =
        json!({ "test": check.test, "kind": check.kind, "points": check.points, "status": checked.status });
    test.insert("extra_data".to_owned(), extra_data);
    Value::Object(test)
}

fn name(checked: &Checked) -> String {
    let kind = match checked.check.kind {
        Kind::Core => "",
        Kind::Robust => "Robustness: ",
        Kind::Advice => "Advice: ",
    };
    let is_told =
        matches!(checked.status, Status::Skipped | Status::GraderError) || checked.not_tried().is_some();
    let status = if is_told { format!(" ({})", checked.status_told()) } else { String::new() };
    format!("{kind}{}{status}", checked.check.shows)
}

fn output(checked: &Checked) -> String {
    let check = &checked.check;
    let mut lines = vec![checked.status_told()];
    match check.kind {
        Kind::Core => {}
        Kind::Robust => {
            let earned = if checked.status == Status::Pass { check.points } else { 0 };
            lines.push(format!("{earned} of {}, counted apart from the score", in_points(check.points)));
        }
        Kind::Advice => lines.push("worth no points".to_owned()),
    }
    if let Some(why) = checked.not_tried() {
        lines.push(why.to_owned());
        return lines.join("\n");
    }
    if checked.status.is_failure() {
        lines.extend(
            checked.diagnosis.iter().map(|diagnosis| format!("most likely cause: {}", text::line(diagnosis))),
        );
        lines.push(format!("hint: {}", check.hint));
    }
    if checked.status == Status::Skipped {
        lines.push(text::line(why_skipped(checked)));
    } else if checked.status != Status::Pass {
        lines.push(String::new());
        lines.extend(text::lines(&checked.report));
    }
    lines.join("\n")
}

fn summary(outcome: &Outcome) -> String {
    let mut lines =
        vec![format!("Score: {}", points_of(outcome.score(), outcome.points_possible(Kind::Core)))];
    if outcome.score().is_none() {
        lines.push("The grader failed, not the submission: run the autograder again.".to_owned());
    }
    let robust = points_of(outcome.points(Kind::Robust), outcome.points_possible(Kind::Robust));
    lines.push(format!("Robustness: {robust}, counted apart from the score"));
    if !outcome.isolated {
        lines.push(NOT_ISOLATED.to_owned());
    }
    if let Some(answers) = &outcome.answers {
        lines.push(format!("Capture questions: {}, counted apart from the score", answers.sum()));
        lines.extend(text::lines(&answers.report));
    }
    lines.extend(outcome.remarks.iter().map(|remark| text::line(remark)));
    if let Some(build) = outcome.build.as_ref().filter(|build| !build.ok) {
        lines.push("\nIt did not build:".to_owned());
        lines.extend(text::lines(&build.output));
    }
    lines.join("\n")
}

fn tenths(seconds: f64) -> f64 {
    (seconds * 10.0).round() / 10.0
}
