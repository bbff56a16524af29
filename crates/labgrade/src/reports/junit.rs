//! `junit.xml`: the outcome as JUnit XML, which CI services and editors show.
//!
//! There is one `testsuite`, named after the lab, with a `testcase` per check. A failed check has a `failure` whose `type`
//! is its status, such as `fail` or `did not start`. A check in which the grader failed has an `error`. A check that was
//! skipped, not tried or not run has `skipped`. Points stand in `properties`: `score` (left out if it is not known),
//! `score_max`, `robust` and `robust_max` of the suite; `kind`, `points` and `points_max` of each check.

use super::phrases::{NOT_ISOLATED, reason};
use super::text;
use crate::outcome::{Checked, Outcome, Status};
use labrubric::Kind;
use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};
use std::time::Duration;

/// The text of the file.
pub fn text_of(outcome: &Outcome) -> String {
    let time = duration(outcome.seconds);
    let mut suite = TestSuite::new(text::line(&outcome.lab));
    suite.set_timestamp(outcome.graded).set_time(time);
    suite.add_properties([
        property("score_max", outcome.points_possible(Kind::Core)),
        property("robust_max", outcome.points_possible(Kind::Robust)),
        property("isolated", outcome.isolated),
        property("seed", outcome.seed),
    ]);
    suite.add_properties(outcome.score().map(|points| property("score", points)));
    suite.add_properties(outcome.points(Kind::Robust).map(|points| property("robust", points)));
    suite.add_test_cases(outcome.checks.iter().map(|checked| test_case(outcome, checked)));
    let notes = notes(outcome);
    if !notes.is_empty() {
        suite.set_system_out(notes.join("\n"));
    }
    let mut report = Report::new(text::line(&outcome.submission));
    report.set_time(time).add_test_suite(suite);
    // Writing fails only if the writer does, and this one writes to memory.
    report.to_string().unwrap_or_default()
}

fn test_case(outcome: &Outcome, checked: &Checked) -> TestCase {
    let check = &checked.check;
    let (file, function) = check.test.split_once("::").unwrap_or(("", &check.test));
    let mut case = TestCase::new(text::line(function), status(outcome, checked));
    case.set_classname(text::line(&format!("{}::{file}", outcome.lab)));
    case.set_time(duration(checked.seconds));
    case.add_properties([property("kind", check.kind), property("points_max", check.points)]);
    if !matches!(checked.status, Status::GraderError | Status::NotRun) {
        let points = if checked.status == Status::Pass { check.points } else { 0 };
        case.add_property(property("points", points));
    }
    case
}

fn status(outcome: &Outcome, checked: &Checked) -> TestCaseStatus {
    let reason = reason(outcome, checked).unwrap_or_else(|| checked.check.shows.clone());
    let mut status = match checked.status {
        Status::Pass => return TestCaseStatus::success(),
        Status::Skipped => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(text::line(&reason));
            return status;
        }
        Status::NotTried(_) | Status::NotRun => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(text::line(&format!("{}: {reason}", checked.status)));
            return status;
        }
        Status::GraderError => TestCaseStatus::non_success(NonSuccessKind::Error),
        Status::Fail | Status::DidNotStart | Status::Timeout | Status::Crash | Status::NotWritten => {
            TestCaseStatus::non_success(NonSuccessKind::Failure)
        }
    };
    status.set_type(checked.status.to_string()).set_message(text::line(&reason));
    if let Some(failure) = &checked.failure {
        status.set_description(text::lines(&failure.to_string()).join("\n"));
    }
    status
}

fn notes(outcome: &Outcome) -> Vec<String> {
    let mut notes: Vec<String> = outcome.remarks.iter().map(|remark| text::line(remark)).collect();
    if !outcome.isolated {
        notes.insert(0, NOT_ISOLATED.to_owned());
    }
    if let Some(build) = outcome.build.as_ref().filter(|build| !build.ok) {
        notes.push("The build failed:".to_owned());
        notes.extend(text::lines(&build.output));
    }
    notes
}

fn property(name: &str, value: impl ToString) -> Property {
    Property::new(name, value.to_string())
}

fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}
