//! `class.html`: what staff read about a class, on one page without any other files.
//!
//! From the top: warnings that concern all numbers below them (no isolation, checks to regrade), the distribution of the
//! scores, the slow submissions, the checks that the class failed, the most frequent causes, the explanations to grade, and a row
//! per submission.
//!
//! The page is well-formed XML, so that a test with a strict parser can prove that all text in it is escaped. JavaScript
//! only makes the table sortable.

use super::html::{and_more, inline, link, links, submissions};
use super::phrases::{NOT_ISOLATED, in_points};
use super::{class_table, explain_page, histogram, text};
use crate::outcome::{Answers, Checked, Explanation, Outcome, Status};
use labrubric::Kind;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use std::cmp::Reverse;
use std::collections::BTreeMap;

const STYLE: &str = include_str!("class_page.css");
const SCRIPT: &str = include_str!("class_page.js");

/// Written by hand, since a template does not close these elements, as XML demands.
const META: &str = r#"<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"/>
"#;

// Longer lists are cut, and say so: the table at the end is complete.
const CAUSES_MAX: usize = 12;
const VARIANTS_MAX: usize = 6;
const SLOW_MAX: usize = 8;
const REGRADE_MAX: usize = 50;
const INCOMPLETE_MAX: usize = 50;

/// The text of the file. `not_begun` names the submissions that were still to be graded when grading was interrupted.
pub fn text_of(outcomes: &[Outcome], not_begun: &[&str]) -> String {
    let lab = outcomes.first().map_or("no submissions".to_owned(), |outcome| text::line(&outcome.lab));
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                (PreEscaped(META))
                title { (lab) ": the class" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (head(&lab, outcomes))
                (interrupted(outcomes, not_begun))
                (warnings(outcomes))
                div class="two" {
                    section { h2 { "Scores" } (histogram::picture(outcomes)) }
                    (slowest(outcomes))
                }
                (failed_checks(outcomes))
                (causes(outcomes))
                (explanations(outcomes))
                (class_table::section(outcomes))
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string() + "\n"
}

fn head(lab: &str, outcomes: &[Outcome]) -> Markup {
    let complete = outcomes.iter().filter(|outcome| outcome.is_complete());
    let mut scores: Vec<u32> = complete.filter_map(Outcome::score).collect();
    scores.sort_unstable();
    let possible = outcomes.first().map_or(0, |outcome| outcome.points_possible(Kind::Core));
    let count = |score| scores.iter().filter(|&&other| other == score).count();
    let graded = outcomes.iter().map(|outcome| outcome.graded).max();
    let mut seeds: Vec<u64> = outcomes.iter().map(|outcome| outcome.seed).collect();
    seeds.sort_unstable();
    seeds.dedup();
    let seeds: Vec<String> = seeds.iter().take(3).map(u64::to_string).collect();
    html! {
        header {
            h1 { (lab) }
            @if let Some(graded) = graded {
                p { "graded until " (graded.format("%Y-%m-%d %H:%M UTC")) ", seed " (seeds.join(", ")) }
            }
        }
        dl class="figures" {
            (figure(if outcomes.len() == 1 { "submission" } else { "submissions" }, outcomes.len()))
            @if !scores.is_empty() {
                (figure("mean score", format!("{:.1}", mean(&scores))))
                (figure("median", format!("{:.1}", median(&scores))))
                (figure("full score", count(possible)))
                (figure("zero", count(0)))
            }
            @if scores.len() < outcomes.len() {
                (figure("without a score", outcomes.len() - scores.len()))
            }
        }
    }
}

fn figure(name: &str, value: impl std::fmt::Display) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}

#[allow(clippy::cast_precision_loss)] // a class is small
fn mean(scores: &[u32]) -> f64 {
    f64::from(scores.iter().sum::<u32>()) / scores.len() as f64
}

/// The median of scores that are sorted.
fn median(scores: &[u32]) -> f64 {
    let (below, above) = (scores[(scores.len() - 1) / 2], scores[scores.len() / 2]);
    f64::from(below + above) / 2.0
}

/// Names the submissions that are not complete. They count in no figure.
fn interrupted(outcomes: &[Outcome], not_begun: &[&str]) -> Markup {
    let begun = outcomes.iter().filter(|outcome| !outcome.is_complete()).map(|outcome| &*outcome.submission);
    let mut names: Vec<&str> = begun.chain(not_begun.iter().copied()).collect();
    names.sort_unstable();
    let mut shown: Vec<String> = names.iter().take(INCOMPLETE_MAX).map(|name| text::line(name)).collect();
    if names.len() > INCOMPLETE_MAX {
        shown.push(format!("and {} more", names.len() - INCOMPLETE_MAX));
    }
    html! {
        @if !names.is_empty() {
            p class="warning" {
                strong {
                    "Interrupted: " (names.len()) " of " (submissions(outcomes.len() + not_begun.len()))
                    (if names.len() == 1 { " is" } else { " are" }) " incomplete"
                }
                " (" (shown.join(", ")) "). Run the same command without " code { "--again" }
                " to finish grading."
            }
        }
    }
}

fn warnings(outcomes: &[Outcome]) -> Markup {
    let all = submissions(outcomes.len());
    let bare = outcomes.iter().filter(|outcome| !outcome.isolated).count();
    let empty: Vec<&Outcome> = outcomes.iter().filter(|outcome| outcome.nothing_found.is_some()).collect();
    let broken: Vec<(&Outcome, Vec<&Checked>)> = outcomes
        .iter()
        .map(|outcome| (outcome, with_status(outcome, Status::GraderError)))
        .filter(|(_, checks)| !checks.is_empty())
        .collect();
    html! {
        @if bare > 0 {
            p class="warning" {
                strong { (inline(NOT_ISOLATED)) } " This concerns " (bare) " of " (all) "."
            }
        }
        @if !empty.is_empty() {
            p class="warning" {
                strong { "Nothing to grade was found in " (empty.len()) " of " (all) "." }
                " They have 0 points. Check what was handed in: " (links(&empty))
            }
        }
        @if !broken.is_empty() {
            section class="warning" {
                h2 { "To regrade: " (submissions(broken.len())) }
                p {
                    "Here the grader failed, not the submission. If it failed in a core check, there is no score."
                }
                ul {
                    @for (outcome, checks) in broken.iter().take(REGRADE_MAX) {
                        li { (link(outcome)) ": " (tests(checks)) }
                    }
                    (and_more(broken.len(), REGRADE_MAX))
                }
            }
        }
    }
}

fn tests(checks: &[&Checked]) -> Markup {
    html! {
        @for (number, checked) in checks.iter().enumerate() {
            @if number > 0 { ", " }
            code { (text::line(&checked.check.test)) }
        }
    }
}

fn slowest(outcomes: &[Outcome]) -> Markup {
    let mut slow: Vec<(&Outcome, Vec<&Checked>)> = outcomes
        .iter()
        .map(|outcome| {
            let mut hung = with_status(outcome, Status::Timeout);
            // Extra checks are about the reference program's own options and messages.
            hung.retain(|checked| checked.check.kind != Kind::Extra);
            (outcome, hung)
        })
        .collect();
    slow.sort_by(|(a, a_hung), (b, b_hung)| {
        a_hung.is_empty().cmp(&b_hung.is_empty()).then(b.seconds.total_cmp(&a.seconds))
    });
    let hung = slow.iter().filter(|(_, checks)| !checks.is_empty()).count();
    let listed = slow.len().min(hung.max(SLOW_MAX));
    html! {
        section {
            h2 { "Timeouts and slow submissions" }
            p {
                @if hung == 0 { "No submission" } @else { (submissions(hung)) }
                " timed out in a check that has points."
            }
            div class="scroll" {
                table {
                    thead {
                        tr {
                            th { "submission" }
                            th class="number" { "seconds" }
                            th class="number" { "timeouts" }
                            th { "first timeout" }
                        }
                    }
                    tbody {
                        @for (outcome, checks) in slow.iter().take(SLOW_MAX) {
                            tr {
                                td { (link(outcome)) }
                                td class="number" { (format!("{:.1}", outcome.seconds)) }
                                td class="number" { (checks.len()) }
                                td { (tests(&checks[..checks.len().min(1)])) }
                            }
                        }
                    }
                }
            }
            @if listed > SLOW_MAX {
                p { "and " (listed - SLOW_MAX) " more: sort the table below by seconds" }
            }
        }
    }
}

/// How many explanations are graded, with a link to the page to grade them on.
fn explanations(outcomes: &[Outcome]) -> Markup {
    let answers = || outcomes.iter().filter_map(|outcome| outcome.answers.as_ref());
    let open: usize = answers().map(Answers::open).sum();
    let explained = answers().flat_map(|answers| &answers.explained);
    let given = explained.filter(|explained| !explained.answer.is_empty()).count();
    html! {
        @if given > 0 {
            section {
                h2 { "Explanations" }
                p {
                    (given - open) " of " (given) " are graded. "
                    a href=(format!("./{}", explain_page::NAME)) { "Grade them" }
                    ", save " code { "explained.toml" } " beside this page, and run the same command again."
                }
            }
        }
    }
}

/// The results of one check in the class.
struct Tally<'a> {
    checked: &'a Checked,
    passed: usize,
    failed: usize,
    skipped: usize,
}

fn failed_checks(outcomes: &[Outcome]) -> Markup {
    let mut tallies: Vec<Tally<'_>> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for checked in outcomes.iter().flat_map(|outcome| &outcome.checks) {
        let place = *places.entry(&checked.check.test).or_insert_with(|| {
            tallies.push(Tally { checked, passed: 0, failed: 0, skipped: 0 });
            tallies.len() - 1
        });
        tallies[place].passed += usize::from(checked.status == Status::Pass);
        tallies[place].failed += usize::from(checked.status.is_failure());
        tallies[place].skipped += usize::from(checked.status == Status::Skipped);
    }
    let total = tallies.len();
    let passed_by_all = tallies.iter().filter(|tally| tally.passed == outcomes.len()).count();
    tallies.retain(|tally| tally.failed + tally.skipped > 0);
    // Checks that cost points of the score come first.
    tallies.sort_by_key(|tally| (tally.checked.check.kind, Reverse((tally.failed, tally.skipped))));
    html! {
        section {
            h2 { "Checks that the class failed" }
            p {
                "Of " (total) " checks, " (passed_by_all) " passed in every submission. "
                span class="key failed" {} " failed "
                span class="key skipped" {} " skipped, because a check that comes first did not pass"
            }
            div class="checks" {
                @for tally in &tallies { (tally_row(tally, outcomes.len())) }
            }
        }
    }
}

fn tally_row(Tally { checked, failed, skipped, .. }: &Tally<'_>, all: usize) -> Markup {
    let check = &checked.check;
    html! {
        div class="check" {
            div {
                (inline(&check.shows)) " "
                small {
                    code { (text::line(&check.test)) } " · " (check.kind)
                    @if check.hidden { ", hidden" }
                    ", " (in_points(check.points))
                }
            }
            div class="track" {
                span class="failed" style=(format!("width:{}%", percent(*failed, all))) {}
                span class="skipped" style=(format!("width:{}%", percent(*skipped, all))) {}
            }
            div class="number" {
                (failed)
                small { " of " (all) @if *skipped > 0 { ", " (skipped) " skipped" } }
            }
        }
    }
}

/// A share with one decimal, for the length of a bar.
fn percent(part: usize, whole: usize) -> String {
    let thousandths = part * 1000 / whole.max(1);
    format!("{}.{}", thousandths / 10, thousandths % 10)
}

/// The submissions in which checks failed for one cause.
#[derive(Default)]
struct CauseGroup<'a> {
    outcomes: Vec<&'a Outcome>,
    /// The sentences for this cause, which may differ in their figures, with the number of checks.
    sentences: BTreeMap<String, usize>,
}

fn causes(outcomes: &[Outcome]) -> Markup {
    let mut groups: BTreeMap<String, CauseGroup<'_>> = BTreeMap::new();
    for outcome in outcomes {
        let counted = outcome.checks.iter().filter(|checked| checked.check.kind != Kind::Extra);
        for (key, sentence) in counted.filter_map(cause) {
            let group = groups.entry(key).or_default();
            *group.sentences.entry(sentence).or_default() += 1;
            // A submission counts once, however many of its checks failed for this cause.
            if group.outcomes.last().is_none_or(|last| !std::ptr::eq(*last, outcome)) {
                group.outcomes.push(outcome);
            }
        }
    }
    let mut groups: Vec<CauseGroup<'_>> = groups.into_values().collect();
    groups.sort_by_key(|group| Reverse(group.outcomes.len()));
    html! {
        @if !groups.is_empty() {
            section {
                h2 { "Most frequent causes" }
                ol class="causes" {
                    @for group in groups.iter().take(CAUSES_MAX) { (cause_row(group)) }
                    (and_more(groups.len(), CAUSES_MAX))
                }
            }
        }
    }
}

/// What a cause is grouped by, and its sentence.
fn cause(checked: &Checked) -> Option<(String, String)> {
    if let Status::NotTried(reason) = checked.status {
        return Some((reason.to_string(), reason.to_string()));
    }
    if !checked.status.is_failure() {
        return None;
    }
    match &checked.explanation {
        // The page says so at its top.
        Some(Explanation::NothingFound) => None,
        Some(explanation) => Some((explanation.to_string(), explanation.to_string())),
        None => {
            let cause = checked.failure.as_ref()?.cause.as_ref()?;
            Some((cause.code(), cause.sentence()))
        }
    }
}

fn cause_row(group: &CauseGroup<'_>) -> Markup {
    let mut sentences: Vec<(&String, &usize)> = group.sentences.iter().collect();
    sentences.sort_by_key(|(_, count)| Reverse(**count));
    let others = sentences.get(1..).unwrap_or_default();
    html! {
        li {
            details {
                summary {
                    b { (group.outcomes.len()) } " "
                    @if let Some((sentence, _)) = sentences.first() { (inline(sentence)) }
                    @if !others.is_empty() { " " small {
                            "and " (others.len()) @if others.len() == 1 { " variant" } @else { " variants" }
                        } }
                }
                @if !others.is_empty() {
                    ul {
                        @for (sentence, _) in others.iter().take(VARIANTS_MAX) { li { (inline(sentence)) } }
                        (and_more(others.len(), VARIANTS_MAX))
                    }
                }
                p { (links(&group.outcomes)) }
            }
        }
    }
}

fn with_status(outcome: &Outcome, status: Status) -> Vec<&Checked> {
    outcome.checks.iter().filter(|checked| checked.status == status).collect()
}
