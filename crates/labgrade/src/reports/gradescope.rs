//! `results.json`, in the format of Gradescope.
//!
//! Its specification: <https://gradescope-autograders.readthedocs.io/en/latest/specs/>, "Output format" and "Controlling
//! Test Case Visibility". Where the specification leaves a choice:
//!
//! - The `score` at the top is the score of all other reports, and the sum of `tests[].score`. A check for robustness or
//!   an extra check has `score` and `max_score` 0 there; its `output` and `extra_data` say what it is worth. The total for
//!   robustness is in `output` and `extra_data`.
//! - A `status` is `passed` or `failed`, and nothing else. A check that was skipped or not tried is `failed` with 0 points,
//!   and its name says `skipped` or `not tried`.
//! - A hidden check has the `visibility` `after_published`: it counts, but students see it, and their total, only when the
//!   grades are published. The value `hidden` would hide it for good.
//! - If the grader failed in a core check, or was interrupted before one, there is no `score` at all, neither at the top nor
//!   in `tests`. The specification requires one or the other, so Gradescope records no points, and in particular no zero;
//!   run the autograder again. The check in question has no `status` either, and its name says `grader error` or `not run`.
//! - `stdout_visibility` is `hidden`: what the grader prints is for staff.

use super::phrases::{NOT_ISOLATED, explained_result, hints, in_points, points_of, reason, sentence};
use super::text;
use crate::outcome::{Answers, Checked, Explained, Outcome, Status};
use labrubric::Kind;
use serde_json::{Map, Value, json};

/// The text of the file.
pub fn text_of(outcome: &Outcome) -> String {
    let score = outcome.score();
    let numbered = outcome.checks.iter().zip(1..);
    let tests: Vec<Value> =
        numbered.map(|(checked, number)| test(outcome, checked, number, score.is_some())).collect();
    let mut results = json!({
        "execution_time": (outcome.seconds * 10.0).round() / 10.0,
        "output": summary(outcome),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": {
            "lab": text::line(&outcome.lab),
            "submission": text::line(&outcome.submission),
            "submitted": outcome.submitted,
            "graded": outcome.graded,
            "seed": outcome.seed,
            "isolated": outcome.isolated,
            "robust_score": outcome.points(Kind::Robust),
            "robust_max_score": outcome.points_possible(Kind::Robust),
            "answers": outcome.answers.as_ref().map(|answers| answers.right),
            "answers_max": outcome.answers.as_ref().map(|answers| answers.of),
            "explained": outcome.answers.as_ref().map(Answers::explained_points),
            "explained_max": outcome.answers.as_ref().map(Answers::explained_max),
            "explained_open": outcome.answers.as_ref().map(Answers::open),
        },
        "tests": tests,
    });
    if let Some(score) = score {
        results["score"] = score.into();
    }
    format!("{results:#}\n")
}

fn test(outcome: &Outcome, checked: &Checked, number: usize, has_score: bool) -> Value {
    let check = &checked.check;
    let has_passed = checked.status == Status::Pass;
    let worth = if check.kind == Kind::Core { check.points } else { 0 };
    let mut test = Map::new();
    if has_score {
        test.insert("score".to_owned(), if has_passed { worth } else { 0 }.into());
    }
    test.insert("max_score".to_owned(), worth.into());
    if !matches!(checked.status, Status::GraderError | Status::NotRun) {
        test.insert("status".to_owned(), if has_passed { "passed" } else { "failed" }.into());
    }
    test.insert("name".to_owned(), name(checked).into());
    test.insert("number".to_owned(), number.to_string().into());
    test.insert("output".to_owned(), output(outcome, checked).into());
    test.insert("output_format".to_owned(), "text".into());
    test.insert("tags".to_owned(), json!([check.kind.to_string(), checked.status.to_string()]));
    let visibility = if check.hidden { "after_published" } else { "visible" };
    test.insert("visibility".to_owned(), visibility.into());
    let cause = checked.failure.as_ref().and_then(|failure| failure.cause.as_ref());
    let extra_data = json!({
        "test": check.test,
        "kind": check.kind,
        "points": check.points,
        "status": checked.status.code(),
        "reason": checked.not_tried(),
        "cause": cause.map(labtest::failure::Cause::code),
    });
    test.insert("extra_data".to_owned(), extra_data);
    Value::Object(test)
}

fn name(checked: &Checked) -> String {
    let kind = match checked.check.kind {
        Kind::Core => "",
        Kind::Robust => "Robustness: ",
        Kind::Extra => "Extra: ",
    };
    let status = match checked.status {
        Status::NotTried(_) | Status::Skipped | Status::NotRun | Status::GraderError => {
            format!(" ({})", checked.status)
        }
        Status::Pass
        | Status::Fail
        | Status::DidNotStart
        | Status::Timeout
        | Status::Crash
        | Status::NotWritten => String::new(),
    };
    format!("{kind}{}{status}", checked.check.shows)
}

fn output(outcome: &Outcome, checked: &Checked) -> String {
    let check = &checked.check;
    let mut lines = vec![match reason(outcome, checked) {
        Some(reason) => text::line(&format!("{}: {reason}", checked.status)),
        None => checked.status.to_string(),
    }];
    match check.kind {
        Kind::Core => {}
        Kind::Robust => {
            let earned = if checked.status == Status::Pass { check.points } else { 0 };
            lines.push(format!("{earned} of {}, counted apart from the score", in_points(check.points)));
        }
        Kind::Extra => lines.push("worth no points".to_owned()),
    }
    if checked.status.is_failure() {
        lines.extend(hints(checked).iter().map(|hint| text::line(&format!("hint: {hint}"))));
    }
    if let Some(failure) = checked.failure.as_ref().filter(|_| checked.status != Status::Pass) {
        lines.push(String::new());
        if failure.cause.is_some() {
            lines.extend([text::line(&sentence(&failure.summary)), String::new()]);
        }
        lines.extend(text::lines(&failure.details()));
    }
    lines.join("\n")
}

/// The result of one explanation in one line.
fn explained(explained: &Explained) -> String {
    text::line(&format!("question {}: {}", explained.question, explained_result(explained)))
}

fn summary(outcome: &Outcome) -> String {
    let mut lines =
        vec![format!("Score: {}", points_of(outcome.score(), outcome.points_possible(Kind::Core)))];
    if outcome.score().is_none() {
        lines.push("The grader failed, not the submission: run the autograder again.".to_owned());
    }
    let robust = points_of(outcome.points(Kind::Robust), outcome.points_possible(Kind::Robust));
    lines.push(format!("Robustness: {robust}, counted apart from the score"));
    if let Some(why) = &outcome.nothing_found {
        lines.push(text::line(&format!("Nothing was found to grade: {why}")));
    }
    if !outcome.isolated {
        lines.push(NOT_ISOLATED.to_owned());
    }
    if let Some(answers) = &outcome.answers {
        lines.push(format!("Capture questions: {}, counted apart from the score", answers.sum()));
        lines.extend(text::lines(&answers.report));
        if let Some(sum) = answers.explained_sum() {
            lines.push(format!("Explanations: {sum}, counted apart from the score"));
            lines.extend(answers.explained.iter().map(explained));
        }
    }
    lines.extend(outcome.remarks.iter().map(|remark| text::line(remark)));
    if let Some(build) = outcome.build.as_ref().filter(|build| !build.ok) {
        lines.push("\nThe build failed:".to_owned());
        lines.extend(text::lines(&build.output));
    }
    lines.join("\n")
}
