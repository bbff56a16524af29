//! `junit.xml`: the outcome as JUnit XML, which CI services and editors show.
//!
//! One `testsuite`, named after the lab, with a `testcase` per check. A check that failed has a `failure` whose `type`
//! is its status (`fail`, `did not start`, `timeout`, `crash`); one in which the grader failed has an `error`. One that
//! was not tried counts as skipped. Points stand in `properties`: `score` (left out where there is none), `score_max`,
//! `robust`, `robust_max` of the suite, and `kind`, `points`, `points_max` of each check. XML 1.0 allows no control
//! characters: they are shown escaped.

use super::text::{self, escaped};
use super::{NOT_ISOLATED, why_skipped};
use crate::outcome::{Checked, Outcome, Status};
use crate::rubric::Kind;
use std::fmt::Write;

/// The file's text.
pub fn text_of(outcome: &Outcome) -> String {
    let count =
        |counted: fn(&Checked) -> bool| outcome.checks.iter().filter(|checked| counted(checked)).count();
    let totals = format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3}\"",
        outcome.checks.len(),
        count(|checked| checked.status.is_failure() && checked.not_tried().is_none()),
        count(|checked| checked.status == Status::GraderError),
        count(|checked| checked.status == Status::Skipped || checked.not_tried().is_some()),
        outcome.seconds,
    );
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(xml, "<testsuites name=\"{}\" {totals}>", attribute(&outcome.submission));
    let timestamp = outcome.graded.format("%Y-%m-%dT%H:%M:%S");
    let _ = writeln!(
        xml,
        "  <testsuite name=\"{}\" timestamp=\"{timestamp}\" {totals}>",
        attribute(&outcome.lab)
    );
    properties(&mut xml, "    ", &suite_properties(outcome));
    for checked in &outcome.checks {
        test_case(&mut xml, &outcome.lab, checked);
    }
    let notes = notes(outcome);
    if !notes.is_empty() {
        let _ = writeln!(xml, "    <system-out>{}</system-out>", escaped(&notes.join("\n")));
    }
    xml.push_str("  </testsuite>\n</testsuites>\n");
    xml
}

fn suite_properties(outcome: &Outcome) -> Vec<(&'static str, String)> {
    let mut properties = vec![
        ("score_max", outcome.points_possible(Kind::Core).to_string()),
        ("robust_max", outcome.points_possible(Kind::Robust).to_string()),
        ("isolated", outcome.isolated.to_string()),
        ("seed", outcome.seed.to_string()),
    ];
    properties.extend(outcome.score().map(|points| ("score", points.to_string())));
    properties.extend(outcome.points(Kind::Robust).map(|points| ("robust", points.to_string())));
    properties
}

fn properties(xml: &mut String, indent: &str, properties: &[(&str, String)]) {
    let _ = writeln!(xml, "{indent}<properties>");
    for (name, value) in properties {
        let _ = writeln!(xml, "{indent}  <property name=\"{name}\" value=\"{}\"/>", attribute(value));
    }
    let _ = writeln!(xml, "{indent}</properties>");
}

fn test_case(xml: &mut String, lab: &str, checked: &Checked) {
    let check = &checked.check;
    let (suite, function) = check.test.split_once("::").unwrap_or(("", &check.test));
    let _ = writeln!(
        xml,
        "    <testcase name=\"{}\" classname=\"{}\" time=\"{:.3}\">",
        attribute(function),
        attribute(&format!("{lab}::{suite}")),
        checked.seconds
    );
    let points = if checked.status == Status::Pass { check.points } else { 0 };
    let mut of_check = vec![("kind", check.kind.to_string()), ("points_max", check.points.to_string())];
    if checked.status != Status::GraderError {
        of_check.push(("points", points.to_string()));
    }
    properties(xml, "      ", &of_check);
    let why = checked.diagnosis.as_ref().unwrap_or(&check.shows);
    let report = escaped(&text::lines(&checked.report).join("\n"));
    let (status, why) = (checked.status, attribute(why));
    let _ = match status {
        Status::Pass => Ok(()),
        _ if checked.not_tried().is_some() => {
            let why = attribute(checked.not_tried().unwrap_or_default());
            writeln!(xml, "      <skipped message=\"not tried: {why}\"/>")
        }
        Status::Skipped => writeln!(xml, "      <skipped message=\"{}\"/>", attribute(why_skipped(checked))),
        Status::GraderError => {
            writeln!(xml, "      <error type=\"{status}\" message=\"{why}\">{report}</error>")
        }
        _ => writeln!(xml, "      <failure type=\"{status}\" message=\"{why}\">{report}</failure>"),
    };
    xml.push_str("    </testcase>\n");
}

fn notes(outcome: &Outcome) -> Vec<String> {
    let mut notes: Vec<String> = outcome.remarks.iter().map(|remark| text::line(remark)).collect();
    if !outcome.isolated {
        notes.insert(0, NOT_ISOLATED.to_owned());
    }
    if let Some(build) = outcome.build.as_ref().filter(|build| !build.ok) {
        notes.push("It did not build:".to_owned());
        notes.extend(text::lines(&build.output));
    }
    notes
}

fn attribute(text: &str) -> String {
    escaped(&text::line(text))
}
