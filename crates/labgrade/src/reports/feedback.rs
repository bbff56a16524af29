//! `feedback.md`: the report for the student. What works comes first, then each failed check.
//!
//! A failed check is shown in this order: verdict and cause, hints, steps and bytes, commands that show the same, output.
//! A cause is explained once: later checks with the same cause refer to that place.
//!
//! The file is Markdown that also reads well as plain text. A program's output stands in code blocks whose fences are
//! longer than any run of backticks in them. All other text from outside has its markup escaped, so nothing in a submission
//! becomes a heading, a link or HTML.

use super::markdown::{fenced, inline};
use super::phrases::{NOT_ISOLATED, explained_result, hints, in_points, points_of, reason, sentence};
use super::text;
use crate::outcome::{Checked, Explanation, Outcome, Status};
use labrubric::Kind;
use labtest::failure::{Cause, Failure, Verdict};
use std::fmt::Write;

/// The text of the file.
pub fn text_of(outcome: &Outcome) -> String {
    let mut markdown = String::new();
    head(&mut markdown, outcome);
    // Otherwise all checks have 0 points for the one reason that the head gives.
    if outcome.nothing_found.is_none() && !nothing_was_built(outcome) {
        passed(&mut markdown, outcome);
        let mut explained = Vec::new();
        for (title, kind) in [
            ("What does not work yet", Kind::Core),
            ("Robustness: difficult clients and unusual bytes", Kind::Robust),
            ("Extra, worth no points", Kind::Extra),
        ] {
            section(&mut markdown, outcome, title, kind, &mut explained);
        }
        not_graded(&mut markdown, &of(outcome, |checked| checked.status == Status::GraderError));
        not_run(&mut markdown, of(outcome, |checked| checked.status == Status::NotRun));
    }
    capture_questions(&mut markdown, outcome);
    markdown
}

fn of(outcome: &Outcome, wanted: impl Fn(&Checked) -> bool) -> Vec<&Checked> {
    outcome.checks.iter().filter(|checked| wanted(checked)).collect()
}

fn head(markdown: &mut String, outcome: &Outcome) {
    let _ = writeln!(markdown, "# {}: {}\n", inline(&outcome.lab), inline(&outcome.submission));
    let score = points_of(outcome.score(), outcome.points_possible(Kind::Core));
    let _ = writeln!(markdown, "**Score: {score}.**{}", full_score(outcome));
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
    if let Some(why) = &outcome.nothing_found {
        let _ = writeln!(markdown, "\n**Nothing was found to grade:** {}", inline(&end_sentence(why)));
    }
    if !outcome.remarks.is_empty() {
        markdown.push_str("\nRemarks:\n\n");
        for remark in &outcome.remarks {
            let _ = writeln!(markdown, "- {}", inline(remark));
        }
    }
    if let Some(build) = outcome.build.as_ref().filter(|build| !build.ok) {
        let effect = match nothing_was_built(outcome) {
            true => "No program was built, so no check could run.",
            false => "Programs that were not built could not be tested.",
        };
        let _ = writeln!(
            markdown,
            "\n## The build failed\n\n{effect} The build took {:.1} s and printed this:\n",
            build.seconds
        );
        fenced(markdown, "text", &text::lines(&build.output));
    }
}

fn nothing_was_built(outcome: &Outcome) -> bool {
    outcome.checks.iter().any(|checked| checked.explanation == Some(Explanation::NotBuilt))
}

/// Tells a student who has all core points so at once. Empty for all others.
fn full_score(outcome: &Outcome) -> &'static str {
    if outcome.score() != Some(outcome.points_possible(Kind::Core)) {
        ""
    } else if outcome.checks.iter().all(|checked| checked.status == Status::Pass) {
        " Every check passes."
    } else {
        " Every core check passes. The checks below that fail do not change the score."
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
            (Kind::Extra, _) => String::new(),
        };
        let _ = writeln!(markdown, "- {}{points}", inline(&checked.check.shows));
    }
}

/// The causes explained so far, each with the check under which its explanation stands. The cause is `None`
/// for a program that did not start for an unknown reason: that looks the same in every check.
type Explained<'a> = Vec<(Option<&'a Cause>, &'a Checked)>;

/// The checks of one kind that earned no points: each failure, and then what was skipped or could not be tried.
fn section<'a>(
    markdown: &mut String,
    outcome: &'a Outcome,
    title: &str,
    kind: Kind,
    explained: &mut Explained<'a>,
) {
    let not_passed = of(outcome, |checked| {
        checked.check.kind == kind
            && !matches!(checked.status, Status::Pass | Status::GraderError | Status::NotRun)
    });
    if not_passed.is_empty() {
        return;
    }
    let _ = writeln!(markdown, "\n## {title}");
    let (grouped, failed): (Vec<&Checked>, Vec<&Checked>) =
        not_passed.into_iter().partition(|checked| has_no_details(checked));
    for checked in failed {
        let points = match checked.check.points {
            0 => String::new(),
            points => format!(" (0 of {})", in_points(points)),
        };
        let _ = writeln!(markdown, "\n### {}{points}\n", inline(&checked.check.shows));
        failure(markdown, outcome, checked, explained);
    }
    if !grouped.is_empty() {
        markdown.push_str("\n### Skipped or not tried\n");
    }
    groups(markdown, grouped, |checked| match needed(outcome, checked) {
        Some(needed) => {
            let title = inline(without_stop(&needed.check.shows));
            format!("Skipped, because *{title}* must pass first.")
        }
        None => {
            let reason = inline(&reason(outcome, checked).unwrap_or_default());
            format!("{}: {reason}.", capitalised(&checked.status.to_string()))
        }
    });
}

/// True if there is nothing to say about a check apart from the reason, which it often shares with others.
fn has_no_details(checked: &Checked) -> bool {
    matches!(checked.status, Status::NotTried(_) | Status::Skipped)
        || matches!(checked.explanation, Some(Explanation::ChecksTooLong { .. }))
}

/// The check that `checked` needs and that did not pass. Students know it by its title: test names mean nothing to them.
fn needed<'a>(outcome: &'a Outcome, checked: &Checked) -> Option<&'a Checked> {
    let Some(Explanation::Needs { test }) = &checked.explanation else { return None };
    outcome.checks.iter().find(|other| other.check.test == *test)
}

/// Checks without details: each reason is given once.
fn groups(markdown: &mut String, mut checks: Vec<&Checked>, why: impl Fn(&Checked) -> String) {
    while let Some(first) = checks.first().map(|checked| why(checked)) {
        let (alike, others): (Vec<&Checked>, Vec<&Checked>) =
            checks.iter().partition(|checked| why(checked) == first);
        checks = others;
        let points: u32 = alike.iter().map(|checked| checked.check.points).sum();
        let points = if points > 0 { format!(" ({})", in_points(points)) } else { String::new() };
        let checks = if alike.len() == 1 { "This check" } else { "These checks" };
        let _ = writeln!(markdown, "\n{first} {checks}{points}:\n");
        for checked in alike {
            let _ = writeln!(markdown, "- {}", inline(&checked.check.shows));
        }
    }
}

/// One failed check, below its heading.
fn failure<'a>(
    markdown: &mut String,
    outcome: &Outcome,
    checked: &'a Checked,
    explained: &mut Explained<'a>,
) {
    if checked.check.hidden {
        let _ =
            writeln!(markdown, "{} This check is hidden, so no details are shown.", verdict(checked.status));
        return;
    }
    let failure = checked.failure.as_deref().filter(|_| checked.explanation.is_none());
    let cause = failure.and_then(|failure| failure.cause.as_ref());
    let is_known = failure.is_some() && (cause.is_some() || checked.status == Status::DidNotStart);
    let before =
        explained.iter().find(|(known, other)| is_known && *known == cause && is_alike(other, checked));
    if let Some((_, other)) = before {
        same_cause(markdown, checked, failure, &other.check.shows);
        return;
    }
    if is_known {
        explained.push((cause, checked));
    }
    let reason = reason(outcome, checked);
    let _ = match (reason, checked.status) {
        // The cause says itself that this part is not written yet.
        (Some(reason), Status::NotWritten) => writeln!(markdown, "**{}**", inline(&sentence(&reason))),
        (Some(reason), status) => {
            writeln!(markdown, "**{}:** {}", capitalised(&status.to_string()), inline(&end_sentence(&reason)))
        }
        (None, status) => writeln!(markdown, "{}", verdict(status)),
    };
    let hints: Vec<String> = hints(checked).iter().map(|hint| inline(hint)).collect();
    let _ = writeln!(markdown, "\n**Hint:** {}", hints.join(" "));
    if let Some(failure) = failure {
        details(markdown, failure);
    }
}

/// True if two checks with the same cause failed alike. A crash has a message of its own, so crashes with different
/// messages are explained one by one.
fn is_alike(one: &Checked, other: &Checked) -> bool {
    let last_errors = |checked: &Checked| {
        let output = checked.failure.iter().flat_map(|failure| &failure.output);
        output.filter_map(|output| output.stderr.lines().last().map(str::to_owned)).collect::<Vec<_>>()
    };
    match [one, other].map(|checked| checked.status == Status::Crash) {
        [false, false] => true,
        [true, true] => last_errors(one) == last_errors(other),
        _ => false,
    }
}

/// Refers to the place where the cause is explained, and says what differs here.
fn same_cause(markdown: &mut String, checked: &Checked, failure: Option<&Failure>, title: &str) {
    let status = capitalised(&checked.status.to_string());
    let _ = writeln!(markdown, "**{status}:** the same cause as under *{}*.", inline(without_stop(title)));
    // A program that does not get as far as the check does the same in all of them.
    if matches!(checked.status, Status::DidNotStart | Status::NotWritten) {
        return;
    }
    if let Some(failure) = failure {
        let _ = writeln!(markdown, "{}\n", inline(&sentence(&failure.summary)));
        let _ = writeln!(markdown, "**Hint:** {}", inline(&sentence(&checked.check.hint)));
        commands(markdown, failure);
    }
}

fn details(markdown: &mut String, failure: &Failure) {
    // For a part that is not written yet, the output says what to write first, and the rest is no help.
    if failure.verdict != Verdict::NotWritten {
        what_happened(markdown, failure);
        commands(markdown, failure);
    }
    if !failure.output.is_empty() {
        markdown.push_str("\nThe output:\n\n");
        let output: String = failure.output.iter().map(ToString::to_string).collect();
        fenced(markdown, "text", &text::lines(&output));
    }
}

fn what_happened(markdown: &mut String, failure: &Failure) {
    // Without a cause, this sentence stands above already.
    if failure.cause.is_some() {
        let _ = writeln!(markdown, "\nWhat happened: {}\n", inline(&end_sentence(&failure.summary)));
    } else {
        markdown.push_str("\nWhat happened:\n\n");
    }
    fenced(markdown, "text", &text::lines(&failure.steps_and_bytes()));
}

/// The commands that show the same, unless one of them cannot be copied.
fn commands(markdown: &mut String, failure: &Failure) {
    let lines: Option<Vec<String>> =
        failure.reproduce.iter().map(|command| text::command(&command.line).map(str::to_owned)).collect();
    let Some(lines) = lines.filter(|lines| !lines.is_empty()) else { return };
    markdown.push_str(match lines.len() {
        1 => "\nTo see the same, type this:\n\n",
        _ => "\nTo see the same, type each line in a terminal of its own, in this order:\n\n",
    });
    fenced(markdown, "sh", &lines);
}

fn not_graded(markdown: &mut String, checks: &[&Checked]) {
    if checks.is_empty() {
        return;
    }
    markdown.push_str(
        "\n## Not graded yet\n\nHere the grader failed, not your program. You lose no points: these checks will run again.\n\n",
    );
    for checked in checks {
        let _ = writeln!(markdown, "- {}", inline(&checked.check.shows));
    }
}

/// Nothing is known of these checks.
fn not_run(markdown: &mut String, checks: Vec<&Checked>) {
    if !checks.is_empty() {
        markdown.push_str("\n## Not run yet\n");
        groups(markdown, checks, |_| "Grading was interrupted before it was complete.".to_owned());
    }
}

fn capture_questions(markdown: &mut String, outcome: &Outcome) {
    let Some(answers) = &outcome.answers else { return };
    let _ = writeln!(
        markdown,
        "\n## Capture questions\n\n{}, counted apart from the score.\n",
        capitalised(&answers.sum())
    );
    fenced(markdown, "text", &text::lines(&answers.report));
    let Some(sum) = answers.explained_sum() else { return };
    let _ = writeln!(markdown, "\n## Explanations\n\n{sum}, counted apart from the score.\n");
    for explained in &answers.explained {
        let result = inline(&explained_result(explained));
        let _ = writeln!(markdown, "- Question {}: {result}", explained.question);
    }
}

/// What a status means, for a check of which nothing else is shown.
fn verdict(status: Status) -> &'static str {
    match status {
        Status::Pass => "This check passes.",
        Status::Fail => "Your program did not do what this check expects.",
        Status::DidNotStart => "Your program ended, or never listened, before the check could begin.",
        Status::Timeout => "Your program did not do in time what this check expects.",
        Status::Crash => "Your program ended during the check.",
        Status::NotWritten => "Your program reached a part that is not written yet.",
        Status::NotTried(_) => "There was nothing to try this check with.",
        Status::Skipped => "This check was skipped.",
        Status::NotRun => "This check has not run yet.",
        Status::GraderError => "The grader failed, not your program.",
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// A clause as the rest of a sentence that has begun already.
fn end_sentence(clause: &str) -> String {
    format!("{}.", without_stop(clause))
}

fn without_stop(text: &str) -> &str {
    text.trim().trim_end_matches('.')
}
