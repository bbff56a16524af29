//! `class.html`: what staff read of a class, on one page that needs nothing else.
//!
//! From the top: what must be known before any number is believed (no isolation, checks to regrade), how the scores are
//! distributed, which checks the class failed and with which causes, who was slow or hung, and a row per submission.
//!
//! The page is well-formed XML, so that a strict parser can prove in a test that nothing in it goes unescaped. Without
//! JavaScript everything is there; with it, the table sorts.

use super::text::{self, escaped};
use super::{NOT_ISOLATED, in_points};
use crate::outcome::{Checked, Outcome, Status};
use crate::rubric::Kind;
use std::collections::BTreeMap;
use std::fmt::Write;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Longer lists are cut, and say so: the table below has everything.
const DIAGNOSES_MAX: usize = 12;
const SLOW_MAX: usize = 8;
const REGRADE_MAX: usize = 50;
const INCOMPLETE_MAX: usize = 50;

/// Words of a diagnosis that point to the story below it.
const BELOW: [&str; 3] = [" (below)", " (its errors are below)", " (its last words are below)"];

/// The file's text. `not_begun` names the submissions that grading has not come to.
pub fn text_of(outcomes: &[Outcome], not_begun: &[&str]) -> String {
    let lab = outcomes.first().map_or("no submissions", |outcome| &outcome.lab);
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'\"/>\n\
         <title>{lab}: the class</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n",
        lab = escaped(&text::line(lab)),
    );
    head(&mut html, lab, outcomes);
    interrupted(&mut html, outcomes, not_begun);
    warnings(&mut html, outcomes);
    html.push_str("<div class=\"two\">\n");
    histogram(&mut html, outcomes);
    slowest(&mut html, outcomes);
    html.push_str("</div>\n");
    failed_checks(&mut html, outcomes);
    diagnoses(&mut html, outcomes);
    table(&mut html, outcomes);
    let _ = write!(html, "<script>\n{SCRIPT}</script>\n</body>\n</html>\n");
    html
}

fn head(html: &mut String, lab: &str, outcomes: &[Outcome]) {
    let complete = outcomes.iter().filter(|outcome| outcome.is_complete());
    let mut scores: Vec<u32> = complete.filter_map(Outcome::score).collect();
    scores.sort_unstable();
    let possible = outcomes.first().map_or(0, |outcome| outcome.points_possible(Kind::Core));
    let _ = writeln!(html, "<header>\n<h1>{}</h1>", escaped(&text::line(lab)));
    if let Some(graded) = outcomes.iter().map(|outcome| outcome.graded).max() {
        let mut seeds: Vec<u64> = outcomes.iter().map(|outcome| outcome.seed).collect();
        seeds.sort_unstable();
        seeds.dedup();
        let seeds: Vec<String> = seeds.iter().take(3).map(u64::to_string).collect();
        let _ = writeln!(
            html,
            "<p>graded until {}, seed {}</p>",
            graded.format("%Y-%m-%d %H:%M UTC"),
            seeds.join(", ")
        );
    }
    html.push_str("</header>\n<dl class=\"figures\">\n");
    let mut figure = |name: &str, value: String| {
        let _ = writeln!(html, "<div><dt>{name}</dt><dd>{value}</dd></div>");
    };
    figure(if outcomes.len() == 1 { "submission" } else { "submissions" }, outcomes.len().to_string());
    if let Some(mean) = mean(&scores) {
        figure("mean score", format!("{mean:.1}"));
        figure("median", format!("{:.1}", median(&scores)));
        figure("full marks", scores.iter().filter(|&&score| score == possible).count().to_string());
        figure("zero", scores.iter().filter(|&&score| score == 0).count().to_string());
    }
    if scores.len() < outcomes.len() {
        figure("without a score", (outcomes.len() - scores.len()).to_string());
    }
    html.push_str("</dl>\n");
}

#[allow(clippy::cast_precision_loss)]
fn mean(scores: &[u32]) -> Option<f64> {
    let sum: u32 = scores.iter().sum();
    (!scores.is_empty()).then(|| f64::from(sum) / scores.len() as f64)
}

/// The median of sorted scores.
fn median(scores: &[u32]) -> f64 {
    let (below, above) = (scores[(scores.len() - 1) / 2], scores[scores.len() / 2]);
    f64::from(below + above) / 2.0
}

/// What is missing, if grading was interrupted: it counts in no figure.
fn interrupted(html: &mut String, outcomes: &[Outcome], not_begun: &[&str]) {
    let begun = outcomes.iter().filter(|outcome| !outcome.is_complete()).map(|outcome| &*outcome.submission);
    let mut names: Vec<&str> = begun.chain(not_begun.iter().copied()).collect();
    if names.is_empty() {
        return;
    }
    names.sort_unstable();
    let mut shown: Vec<String> =
        names.iter().take(INCOMPLETE_MAX).map(|name| escaped(&text::line(name))).collect();
    if names.len() > INCOMPLETE_MAX {
        shown.push(format!("and {} more", names.len() - INCOMPLETE_MAX));
    }
    let _ = writeln!(
        html,
        "<p class=\"warning\"><strong>interrupted: {} of {} {} incomplete</strong> ({}); the same command, without <code>--again</code>, finishes them</p>",
        names.len(),
        of_submissions(outcomes.len() + not_begun.len()),
        if names.len() == 1 { "is" } else { "are" },
        shown.join(", ")
    );
}

fn warnings(html: &mut String, outcomes: &[Outcome]) {
    let bare = outcomes.iter().filter(|outcome| !outcome.isolated).count();
    if bare > 0 {
        let _ = writeln!(
            html,
            "<p class=\"warning\"><strong>{}</strong> {bare} of {} were graded so.</p>",
            inline(NOT_ISOLATED),
            of_submissions(outcomes.len())
        );
    }
    let empty: Vec<String> =
        outcomes.iter().filter(|outcome| outcome.nothing_found().is_some()).map(link).collect();
    if !empty.is_empty() {
        let _ = writeln!(
            html,
            "<p class=\"warning\"><strong>Nothing was found to grade of {} of {}</strong>, so 0 points each; \
             look at what was handed in: {}</p>",
            empty.len(),
            of_submissions(outcomes.len()),
            empty.join(", ")
        );
    }
    let broken: Vec<(&Outcome, Vec<&Checked>)> = outcomes
        .iter()
        .map(|outcome| (outcome, with_status(outcome, |status| status == Status::GraderError)))
        .filter(|(_, checks)| !checks.is_empty())
        .collect();
    if broken.is_empty() {
        return;
    }
    let _ = writeln!(
        html,
        "<section class=\"warning\"><h2>To regrade: {}</h2>\n<p>Here the grader failed, not the submission. Where that hit a \
         core check there is no score.</p>\n<ul>",
        of_submissions(broken.len())
    );
    for (outcome, checks) in broken.iter().take(REGRADE_MAX) {
        let tests: Vec<String> = checks.iter().map(|checked| escaped(&checked.check.test)).collect();
        let _ = writeln!(html, "<li>{}: <code>{}</code></li>", link(outcome), tests.join("</code>, <code>"));
    }
    and_more(html, broken.len(), REGRADE_MAX);
    html.push_str("</ul>\n</section>\n");
}

/// Scores in tens, and full marks apart, as an inline picture. Units of length are those of its `viewBox`.
fn histogram(html: &mut String, outcomes: &[Outcome]) {
    const SLOT_WIDTH: u32 = 56;
    const BAR_WIDTH: u32 = 46;
    const BAR_HEIGHT_MAX: u32 = 150;
    const FLOOR: u32 = 180;
    let mut counts = [0_u32; 11];
    for outcome in outcomes.iter().filter(|outcome| outcome.is_complete()) {
        let possible = outcome.points_possible(Kind::Core).max(1);
        if let Some(score) = outcome.score() {
            let tenth = usize::try_from(score * 10 / possible).unwrap_or(0);
            counts[tenth.min(10)] += 1;
        }
    }
    let highest = counts.iter().copied().max().unwrap_or(0).max(1);
    let width = SLOT_WIDTH * 11;
    let _ = writeln!(
        html,
        "<section>\n<h2>Scores</h2>\n<svg viewBox=\"0 0 {width} {}\" role=\"img\" aria-label=\"How many submissions have which score\">",
        FLOOR + 44
    );
    for (bin, count) in (0..).zip(counts) {
        let (left, middle) =
            (bin * SLOT_WIDTH + (SLOT_WIDTH - BAR_WIDTH) / 2, bin * SLOT_WIDTH + SLOT_WIDTH / 2);
        // Even one among hundreds is seen.
        let height = if count == 0 { 0 } else { (count * BAR_HEIGHT_MAX / highest).max(2) };
        let range = if bin == 10 { "100".to_owned() } else { format!("{}–{}", 10 * bin, 10 * bin + 9) };
        let _ = writeln!(
            html,
            "<g><title>{range}: {}</title><rect class=\"bar\" x=\"{left}\" y=\"{}\" width=\"{BAR_WIDTH}\" height=\"{height}\" rx=\"2\"/>\
             <text class=\"label\" x=\"{middle}\" y=\"{}\">{range}</text>",
            of_submissions(count as usize),
            FLOOR - height,
            FLOOR + 20
        );
        if count > 0 {
            let _ = writeln!(html, "<text x=\"{middle}\" y=\"{}\">{count}</text>", FLOOR - height - 7);
        }
        html.push_str("</g>\n");
    }
    let _ = writeln!(
        html,
        "<line x1=\"0\" x2=\"{width}\" y1=\"{FLOOR}\" y2=\"{FLOOR}\"/>\
         <text class=\"label\" x=\"{}\" y=\"{}\">score, in percent of the core points</text>\n</svg>\n</section>",
        width / 2,
        FLOOR + 40
    );
}

fn slowest(html: &mut String, outcomes: &[Outcome]) {
    let mut slow: Vec<(&Outcome, Vec<&Checked>)> = outcomes
        .iter()
        .map(|outcome| {
            let mut hung = with_status(outcome, |status| status == Status::Timeout);
            // Advice is worth nothing, and tells of the reference's own options and words.
            hung.retain(|checked| checked.check.kind != Kind::Advice);
            (outcome, hung)
        })
        .collect();
    // Those that hung first, then by time.
    slow.sort_by(|(a, a_hung), (b, b_hung)| {
        a_hung.is_empty().cmp(&b_hung.is_empty()).then(b.seconds.total_cmp(&a.seconds))
    });
    let hung = slow.iter().filter(|(_, checks)| !checks.is_empty()).count();
    slow.truncate(hung.max(SLOW_MAX));
    let _ = writeln!(
        html,
        "<section>\n<h2>Hanging and slowest</h2>\n<p>{} ran out of time in a check that has points.</p>\n<div class=\"scroll\"><table>\n\
         <thead><tr><th>submission</th><th class=\"number\">seconds</th><th class=\"number\">timeouts</th><th>first of them</th></tr></thead>\n<tbody>",
        if hung == 0 { "None".to_owned() } else { hung.to_string() }
    );
    for (outcome, checks) in slow.iter().take(SLOW_MAX) {
        let first = checks.first().map(|checked| escaped(&checked.check.test)).unwrap_or_default();
        let _ = writeln!(
            html,
            "<tr><td>{}</td><td class=\"number\">{:.1}</td><td class=\"number\">{}</td><td><code>{first}</code></td></tr>",
            link(outcome),
            outcome.seconds,
            checks.len()
        );
    }
    html.push_str("</tbody>\n</table></div>\n");
    if slow.len() > SLOW_MAX {
        let _ = writeln!(html, "<p>and {} more: sort the table below by seconds</p>", slow.len() - SLOW_MAX);
    }
    html.push_str("</section>\n");
}

/// How a check went in the class.
struct Tally<'a> {
    checked: &'a Checked,
    failed: usize,
    skipped: usize,
}

fn failed_checks(html: &mut String, outcomes: &[Outcome]) {
    let mut tallies: Vec<Tally<'_>> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for checked in outcomes.iter().flat_map(|outcome| &outcome.checks) {
        let place = *places.entry(&checked.check.test).or_insert_with(|| {
            tallies.push(Tally { checked, failed: 0, skipped: 0 });
            tallies.len() - 1
        });
        tallies[place].failed += usize::from(checked.status.is_failure() && checked.not_tried().is_none());
        tallies[place].skipped += usize::from(checked.status == Status::Skipped && checked.is_over());
    }
    let total = tallies.len();
    tallies.retain(|tally| tally.failed + tally.skipped > 0);
    // Those that cost points of the score come first.
    tallies.sort_by_key(|tally| (tally.checked.check.kind, std::cmp::Reverse((tally.failed, tally.skipped))));
    let _ = writeln!(
        html,
        "<section>\n<h2>Checks that the class failed</h2>\n<p>Of {total} checks, {} passed everywhere. \
         <span class=\"key failed\"></span> failed <span class=\"key skipped\"></span> skipped, because another one failed</p>\n\
         <div class=\"checks\">",
        total - tallies.len()
    );
    for Tally { checked, failed, skipped } in &tallies {
        let check = &checked.check;
        let hidden = if check.hidden { ", hidden" } else { "" };
        let _ = writeln!(
            html,
            "<div class=\"check\"><div>{} <small><code>{}</code> {}{hidden}, {}</small></div>\
             <div class=\"track\"><span class=\"failed\" style=\"width:{}%\"></span><span class=\"skipped\" style=\"width:{}%\"></span></div>\
             <div class=\"number\">{failed}<small> of {}{}</small></div></div>",
            inline(&check.shows),
            escaped(&text::line(&check.test)),
            check.kind,
            in_points(check.points),
            percent(*failed, outcomes.len()),
            percent(*skipped, outcomes.len()),
            outcomes.len(),
            if *skipped > 0 { format!(", {skipped} skipped") } else { String::new() }
        );
    }
    html.push_str("</div>\n</section>\n");
}

/// A share with one digit after the point, for the length of a bar.
fn percent(part: usize, whole: usize) -> String {
    let thousandths = part * 1000 / whole.max(1);
    format!("{}.{}", thousandths / 10, thousandths % 10)
}

fn diagnoses(html: &mut String, outcomes: &[Outcome]) {
    let mut of: BTreeMap<&str, Vec<&Outcome>> = BTreeMap::new();
    for outcome in outcomes {
        let counted = outcome.checks.iter().filter(|checked| checked.check.kind != Kind::Advice);
        for diagnosis in counted.filter_map(|checked| checked.not_tried().or(checked.diagnosis.as_deref())) {
            let whose = of.entry(diagnosis).or_default();
            // A submission counts once, however many of its checks show the same.
            if whose.last().is_none_or(|last| !std::ptr::eq(*last, outcome)) {
                whose.push(outcome);
            }
        }
    }
    if of.is_empty() {
        return;
    }
    let mut sorted: Vec<(&str, Vec<&Outcome>)> = of.into_iter().collect();
    sorted.sort_by_key(|(_, whose)| std::cmp::Reverse(whose.len()));
    html.push_str("<section>\n<h2>Most frequent causes</h2>\n<ol class=\"causes\">\n");
    for (diagnosis, whose) in sorted.iter().take(DIAGNOSES_MAX) {
        let links: Vec<String> = whose.iter().map(|outcome| link(outcome)).collect();
        let _ = writeln!(
            html,
            "<li><details><summary><b>{}</b> {}</summary><p>{}</p></details></li>",
            whose.len(),
            // What stands below in a story does not stand below here.
            inline(&BELOW.iter().fold((*diagnosis).to_owned(), |text, &below| text.replace(below, ""))),
            links.join(", ")
        );
    }
    and_more(html, sorted.len(), DIAGNOSES_MAX);
    html.push_str("</ol>\n</section>\n");
}

fn table(html: &mut String, outcomes: &[Outcome]) {
    html.push_str(
        "<section>\n<h2>All submissions</h2>\n<p class=\"keys\">Core checks: <i class=\"p\">✓</i> pass <i class=\"f\">F</i> fail \
         <i class=\"f\">N</i> did not start <i class=\"f\">T</i> timeout <i class=\"f\">C</i> crash <i>–</i> skipped \
         <i class=\"g\">G</i> grader error</p>\n\
         <div class=\"scroll\"><table id=\"all\">\n<thead><tr>",
    );
    for (head, class) in [
        ("submission", ""),
        ("score", " class=\"number\""),
        ("robust", " class=\"number\""),
        ("core checks", ""),
        ("seconds", " class=\"number\""),
        ("submitted", ""),
        ("remarks", " class=\"number\""),
    ] {
        let _ = write!(html, "<th{class}>{head}</th>");
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    let mut sorted: Vec<&Outcome> = outcomes.iter().collect();
    sorted.sort_by(|a, b| a.submission.cmp(&b.submission));
    for outcome in sorted {
        row(html, outcome);
    }
    html.push_str("</tbody>\n</table></div>\n</section>\n");
}

fn row(html: &mut String, outcome: &Outcome) {
    let points = |kind| match outcome.points(kind) {
        Some(points) => format!("<td class=\"number\" data-value=\"{points}\">{points}</td>"),
        None if !outcome.is_complete() => "<td class=\"number\" data-value=\"-1\">incomplete</td>".to_owned(),
        None => "<td class=\"number\" data-value=\"-1\">regrade</td>".to_owned(),
    };
    let mut strip = String::new();
    for checked in outcome.checks.iter().filter(|checked| checked.check.kind == Kind::Core) {
        let (class, sign) = match checked.status {
            _ if checked.not_tried().is_some() => ("s", '–'),
            Status::Pass => ("p", '✓'),
            Status::Fail => ("f", 'F'),
            Status::DidNotStart => ("f", 'N'),
            Status::Timeout => ("f", 'T'),
            Status::Crash => ("f", 'C'),
            Status::Skipped => ("s", '–'),
            Status::GraderError => ("g", 'G'),
        };
        let title = escaped(&text::line(&checked.check.test));
        let _ = write!(strip, "<i class=\"{class}\" title=\"{title}: {}\">{sign}</i>", checked.status_told());
    }
    let passed = outcome.checks.iter().filter(|checked| checked.status == Status::Pass).count();
    let remarks: Vec<String> = outcome.remarks.iter().map(|remark| escaped(&text::line(remark))).collect();
    let bare = if outcome.isolated { "" } else { " <small>not isolated</small>" };
    let _ = writeln!(
        html,
        "<tr><td>{}{bare}</td>{}{}<td data-value=\"{passed}\" class=\"strip\">{strip}</td>\
         <td class=\"number\" data-value=\"{:.3}\">{:.1}</td><td data-value=\"{}\">{}</td>\
         <td class=\"number\" data-value=\"{}\" title=\"{}\">{}</td></tr>",
        link(outcome),
        points(Kind::Core),
        points(Kind::Robust),
        outcome.seconds,
        outcome.seconds,
        outcome.submitted.map(|time| time.timestamp()).unwrap_or_default(),
        outcome
            .submitted
            .map_or_else(|| "nothing".to_owned(), |time| time.format("%Y-%m-%d %H:%M").to_string()),
        remarks.len(),
        remarks.join(" / "),
        remarks.len()
    );
}

fn with_status(outcome: &Outcome, wanted: impl Fn(Status) -> bool) -> Vec<&Checked> {
    outcome.checks.iter().filter(|checked| wanted(checked.status)).collect()
}

/// The submission's name, leading to its feedback.
fn link(outcome: &Outcome) -> String {
    let mut path = String::new();
    for byte in outcome.submission.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                path.push(char::from(byte));
            }
            _ => {
                let _ = write!(path, "%{byte:02X}");
            }
        }
    }
    format!("<a href=\"./{path}/feedback.md\">{}</a>", escaped(&text::line(&outcome.submission)))
}

/// A line of words and `code`.
fn inline(words: &str) -> String {
    let words = text::line(words);
    let pieces = text::pieces(&words).into_iter().map(|(is_code, piece)| match is_code {
        true => format!("<code>{}</code>", escaped(piece)),
        false => escaped(piece),
    });
    pieces.collect()
}

fn of_submissions(count: usize) -> String {
    match count {
        1 => "1 submission".to_owned(),
        _ => format!("{count} submissions"),
    }
}

fn and_more(html: &mut String, all: usize, shown: usize) {
    if all > shown {
        let _ = writeln!(html, "<li>and {} more</li>", all - shown);
    }
}
