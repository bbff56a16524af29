//! The table of the class page: one row per submission, with a sign for each core check.

use super::html::link;
use super::text;
use crate::outcome::{Outcome, Status};
use labrubric::Kind;
use maud::{Markup, html};

/// The signs of the column *core checks*, with their CSS classes and their meanings.
const SIGNS: [(&str, &str, &str); 10] = [
    ("p", "✓", "pass"),
    ("f", "F", "fail"),
    ("f", "N", "did not start"),
    ("f", "T", "timeout"),
    ("f", "C", "crash"),
    ("w", "W", "not written yet"),
    ("s", "–", "skipped"),
    ("s", "/", "not tried"),
    ("s", "·", "not run"),
    ("g", "G", "grader error"),
];

/// The table with its heading and the meanings of its signs.
pub fn section(outcomes: &[Outcome]) -> Markup {
    let mut sorted: Vec<&Outcome> = outcomes.iter().collect();
    sorted.sort_by(|a, b| a.submission.cmp(&b.submission));
    let has_answers = outcomes.iter().any(|outcome| outcome.answers.is_some());
    html! {
        section {
            h2 { "All submissions" }
            p class="keys" {
                "Core checks: "
                @for (class, sign, meaning) in SIGNS {
                    span { i class=(class) { (sign) } " " (meaning) } " "
                }
            }
            div class="scroll" {
                table id="all" {
                    thead {
                        tr {
                            th { "submission" }
                            th class="number" { "score" }
                            th class="number" { "robust" }
                            th { "core checks" }
                            th class="number" { "seconds" }
                            th { "submitted" }
                            th class="number" { "remarks" }
                            @if has_answers {
                                th class="number" { "facts" }
                                th class="number" { "explained" }
                            }
                        }
                    }
                    tbody { @for outcome in sorted { (row(outcome, has_answers)) } }
                }
            }
        }
    }
}

fn row(outcome: &Outcome, has_answers: bool) -> Markup {
    let core = outcome.checks.iter().filter(|checked| checked.check.kind == Kind::Core);
    let passed = outcome.checks.iter().filter(|checked| checked.status == Status::Pass).count();
    let submitted = outcome.submitted;
    let remarks: Vec<String> = outcome.remarks.iter().map(|remark| text::line(remark)).collect();
    html! {
        tr {
            td { (link(outcome)) @if !outcome.isolated { " " small { "not isolated" } } }
            (points(outcome, Kind::Core))
            (points(outcome, Kind::Robust))
            td class="strip" data-value=(passed) {
                @for checked in core {
                    @let (class, sign, meaning) = sign(checked.status);
                    i class=(class) title=(text::line(&format!("{}: {meaning}", checked.check.test))) { (sign) }
                }
            }
            td class="number" data-value=(format!("{:.3}", outcome.seconds)) {
                (format!("{:.1}", outcome.seconds))
            }
            td data-value=(submitted.map_or(0, |time| time.timestamp())) {
                @if let Some(time) = submitted { (time.format("%Y-%m-%d %H:%M")) } @else { "nothing" }
            }
            td class="number" data-value=(remarks.len()) title=(remarks.join(" / ")) { (remarks.len()) }
            @if has_answers { (answers(outcome)) }
        }
    }
}

/// The results of the sheet of answers: right facts, and points of the explanations. A `+` says that some of these are
/// not graded yet.
fn answers(outcome: &Outcome) -> Markup {
    html! {
        @if let Some(answers) = &outcome.answers {
            td class="number" data-value=(answers.right) {
                @if answers.of > 0 { (answers.right) " of " (answers.of) } @else { "not graded" }
            }
            td class="number" data-value=(answers.explained_points()) {
                (answers.explained_points()) @if answers.open() > 0 { "+" } " of " (answers.explained_max())
            }
        } @else {
            td class="number" data-value="-1" { "no sheet" }
            td class="number" data-value="-1" { "no sheet" }
        }
    }
}

fn points(outcome: &Outcome, kind: Kind) -> Markup {
    let missing = if outcome.is_complete() { "regrade" } else { "incomplete" };
    html! {
        @match outcome.points(kind) {
            Some(points) => td class="number" data-value=(points) { (points) },
            None => td class="number" data-value="-1" { (missing) },
        }
    }
}

fn sign(status: Status) -> (&'static str, &'static str, &'static str) {
    SIGNS[match status {
        Status::Pass => 0,
        Status::Fail => 1,
        Status::DidNotStart => 2,
        Status::Timeout => 3,
        Status::Crash => 4,
        Status::NotWritten => 5,
        Status::Skipped => 6,
        Status::NotTried(_) => 7,
        Status::NotRun => 8,
        Status::GraderError => 9,
    }]
}

#[cfg(test)]
mod tests {
    use super::sign;
    use crate::outcome::{Reason, Status};

    #[test]
    fn gives_each_status_the_sign_of_its_name() {
        for status in [
            Status::Pass,
            Status::Fail,
            Status::DidNotStart,
            Status::Timeout,
            Status::Crash,
            Status::NotWritten,
            Status::Skipped,
            Status::NotTried(Reason::NoClient),
            Status::NotRun,
            Status::GraderError,
        ] {
            assert_eq!(sign(status).2, status.to_string());
        }
    }
}
