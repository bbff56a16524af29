//! `feedback.md`: what a student reads. What works comes first, then every failed check with its story.
//!
//! Markdown that also reads well as plain text. What a program printed stands in fences longer than any run of backticks in
//! it; what else is not ours has its markup escaped, so nothing in a submission turns into a heading, a link or HTML.

use super::{NOT_ISOLATED, in_points, points_of, repeat, text, why_skipped};
use crate::outcome::{Checked, Outcome, Status};
use crate::rubric::Kind;
use std::fmt::Write;

/// The file's text.
pub fn text_of(outcome: &Outcome) -> String {
    let mut markdown = String::new();
    head(&mut markdown, outcome);
    if outcome.nothing_found().is_some() {
        // All checks failed for the one reason that the head gives.
        capture_questions(&mut markdown, outcome);
        return markdown;
    }
    passed(&mut markdown, outcome);
    let mut told = Vec::new();
    for (title, kind) in [
        ("What does not work yet", Kind::Core),
        ("Robustness: unpleasant clients and rare bytes", Kind::Robust),
        ("Advice, worth no points", Kind::Advice),
    ] {
        section(&mut markdown, outcome, title, kind, &mut told);
    }
    not_graded(&mut markdown, &of(outcome, |checked| checked.status == Status::GraderError));
    not_run(&mut markdown, of(outcome, |checked| !checked.is_over()));
    capture_questions(&mut markdown, outcome);
    markdown
}

fn of(outcome: &Outcome, wanted: impl Fn(&Checked) -> bool) -> Vec<&Checked> {
    outcome.checks.iter().filter(|checked| wanted(checked)).collect()
}

fn head(markdown: &mut String, outcome: &Outcome) {
    let _ = writeln!(markdown, "# {}: {}\n", inline(&outcome.lab), inline(&outcome.submission));
    let score = points_of(outcome.score(), outcome.points_possible(Kind::Core));
    let _ = writeln!(markdown, "**Score: {score}.**");
    let robust = outcome.points_possible(Kind::Robust);
    if robust > 0 {
        let earned = points_of(outcome.points(Kind::Robust), robust);
        let _ = writeln!(markdown, "Robustness: {earned}, counted apart from the score.");
    }
    let submitted = outcome.submitted.map(|time| time.format("Handed in %Y-%m-%d %H:%M UTC").to_string());
    let submitted = submitted.unwrap_or_else(|| "Nothing handed in".to_owned());
    let _ = writeln!(markdown, "{submitted}, graded in {:.1} s.", outcome.seconds);
    if !outcome.isolated {
        let _ = writeln!(markdown, "\n> {NOT_ISOLATED}");
    }
    if !outcome.remarks.is_empty() {
        markdown.push_str("\nNoticed:\n\n");
        for remark in &outcome.remarks {
            let _ = writeln!(markdown, "- {}", inline(remark));
        }
    }
    if let Some(build) = outcome.build.as_ref().filter(|build| !build.ok) {
        let _ = writeln!(
            markdown,
            "\n## It did not build\n\nWhat was not built could not run. What the build said, after {:.1} s:\n",
            build.seconds
        );
        fenced(markdown, "text", &text::lines(&build.output));
    }
}

fn passed(markdown: &mut String, outcome: &Outcome) {
    let passed = of(outcome, |checked| checked.status == Status::Pass);
    if passed.is_empty() {
        return;
    }
    markdown.push_str("\n## What works\n\n");
    for checked in passed {
        let points = match (checked.check.kind, checked.check.points) {
            (Kind::Core, points) => format!(" ({})", in_points(points)),
            (Kind::Robust, points) => format!(" (robustness, {})", in_points(points)),
            (Kind::Advice, _) => String::new(),
        };
        let _ = writeln!(markdown, "- {}{points}", inline(&checked.check.shows));
    }
}

/// A story that was told already is not told again: when a server never starts, every check fails alike.
type Told<'a> = Vec<(Status, &'a str, String)>;

/// What earned no points of one kind: what was not tried, what was skipped, and then each failure.
fn section<'a>(markdown: &mut String, outcome: &'a Outcome, title: &str, kind: Kind, told: &mut Told<'a>) {
    let failed = of(outcome, |checked| checked.status.is_failure() && checked.check.kind == kind);
    let skipped = of(outcome, |checked| {
        checked.status == Status::Skipped && checked.is_over() && checked.check.kind == kind
    });
    if failed.is_empty() && skipped.is_empty() {
        return;
    }
    let _ = writeln!(markdown, "\n## {title}");
    let (not_tried, failed): (Vec<&Checked>, Vec<&Checked>) =
        failed.iter().partition(|checked| checked.not_tried().is_some());
    grouped(markdown, not_tried, |checked| {
        format!("Not tried: {}.", checked.not_tried().unwrap_or_default())
    });
    grouped(markdown, skipped, |checked| format!("Skipped: {}.", why_not_run(outcome, checked)));
    for checked in failed {
        let check = &checked.check;
        let points =
            if check.points > 0 { format!(" (0 of {})", in_points(check.points)) } else { String::new() };
        let _ = writeln!(markdown, "\n### {}{points}\n", inline(&check.shows));
        if check.hidden {
            let _ = writeln!(
                markdown,
                "{} This check is hidden: it has no more to say.",
                in_a_sentence(checked.status)
            );
            continue;
        }
        let diagnosis = checked.diagnosis.as_deref().unwrap_or_default();
        if let Some((_, _, where_told)) = told.iter().find(|(status, known, _)| {
            *status == Status::DidNotStart && checked.status == *status && diagnosis == *known
        }) {
            let _ = writeln!(markdown, "{} See above, under *{where_told}*.", in_a_sentence(checked.status));
            continue;
        }
        told.push((checked.status, diagnosis, inline(&check.shows)));
        let _ = writeln!(markdown, "{}\n", in_a_sentence(checked.status));
        if !diagnosis.is_empty() {
            let _ = writeln!(markdown, "**Most likely cause:** {}\n", inline(diagnosis));
        }
        let _ = writeln!(markdown, "**Hint:** {}\n\nWhat happened:\n", inline(&check.hint));
        let mut story = text::lines(&checked.report);
        // It stands below, ready to be copied.
        story.retain(|line| !line.starts_with(repeat::OF_LABTEST));
        fenced(markdown, "text", &story);
        if let Some(repeat) = repeat::by_hand(&checked.report) {
            let _ = writeln!(markdown, "\n{}\n", repeat.how);
            fenced(markdown, "sh", &repeat.commands);
        }
    }
}

/// Checks that did not run: each reason is told once.
fn grouped(markdown: &mut String, mut checks: Vec<&Checked>, why: impl Fn(&Checked) -> String) {
    while let Some(first) = checks.first().map(|checked| why(checked)) {
        let (alike, others): (Vec<&Checked>, Vec<&Checked>) =
            checks.iter().partition(|checked| why(checked) == first);
        checks = others;
        let points: u32 = alike.iter().map(|checked| checked.check.points).sum();
        let points = if points > 0 { format!(", {}", in_points(points)) } else { String::new() };
        let these = match alike.len() {
            1 => format!("This check{points}"),
            _ if points.is_empty() => "These checks".to_owned(),
            _ => format!("These checks{points} in all"),
        };
        let shows: Vec<String> =
            alike.iter().map(|checked| inline(checked.check.shows.trim_end_matches('.'))).collect();
        let _ = writeln!(markdown, "\n{first} {these}: {}.", shows.join("; "));
    }
}

/// Why a check was skipped. A check that it needs is named by what it shows: its name says nothing to a student.
fn why_not_run(outcome: &Outcome, checked: &Checked) -> String {
    let mut others = outcome.checks.iter();
    match others.find(|other| checked.check.needs.contains(&other.check.test) && other.status != Status::Pass)
    {
        Some(needed) => {
            format!("*{}* comes first, and did not pass", inline(needed.check.shows.trim_end_matches('.')))
        }
        None => inline(why_skipped(checked)),
    }
}

fn not_graded(markdown: &mut String, checks: &[&Checked]) {
    if checks.is_empty() {
        return;
    }
    markdown.push_str("\n## Not graded yet\n\nHere the grader failed, not your program. You lose nothing: it will be graded again.\n\n");
    for checked in checks {
        let _ = writeln!(markdown, "- {}", inline(&checked.check.shows));
    }
}

/// Grading was interrupted before these: nothing is known of them.
fn not_run(markdown: &mut String, checks: Vec<&Checked>) {
    if !checks.is_empty() {
        markdown.push_str("\n## Not run yet\n");
        grouped(markdown, checks, |_| "Grading was interrupted before.".to_owned());
    }
}

fn capture_questions(markdown: &mut String, outcome: &Outcome) {
    let Some(answers) = &outcome.answers else { return };
    let _ = writeln!(
        markdown,
        "\n## Capture questions\n\n{}, counted apart from the score.\n",
        sentence(&answers.sum())
    );
    fenced(markdown, "text", &text::lines(&answers.report));
}

/// The same, beginning with a capital letter.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

fn in_a_sentence(status: Status) -> &'static str {
    match status {
        Status::Pass => "It passed.",
        Status::Fail => "Your program did something else than expected.",
        Status::DidNotStart => {
            "Your program did not start: it ended, or never listened, before the check could begin."
        }
        Status::Timeout => {
            "Your program did nothing where something was expected, or was too slow, until the time was up."
        }
        Status::Crash => "Your program ended in the middle of the check.",
        Status::Skipped => "Skipped.",
        Status::GraderError => "The grader failed, not your program.",
    }
}

/// `lines` as a block of code.
fn fenced(markdown: &mut String, language: &str, lines: &[String]) {
    let run_max = lines.iter().flat_map(|line| line.split(|character| character != '`')).map(str::len).max();
    let fence = "`".repeat(run_max.map_or(3, |run| 3.max(run + 1)));
    let _ = writeln!(markdown, "{fence}{language}");
    for line in lines {
        let _ = writeln!(markdown, "{line}");
    }
    let _ = writeln!(markdown, "{fence}");
}

/// `words` as text within a line, whose only markup is `code` in pairs of single backticks.
fn inline(words: &str) -> String {
    let words = text::line(words);
    let pieces = text::pieces(&words).into_iter().map(|(is_code, piece)| match is_code {
        true => format!("`{piece}`"),
        false => markup_escaped(piece),
    });
    pieces.collect()
}

fn markup_escaped(text: &str) -> String {
    let mut escaped = String::new();
    for (index, character) in text.char_indices() {
        let at_the_beginning = index == 0 && matches!(character, '#' | '-' | '+' | '=' | '>' | '~');
        if at_the_beginning
            || matches!(character, '\\' | '`' | '*' | '_' | '<' | '>' | '&' | '[' | ']' | '|' | '~' | '$')
        {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}
