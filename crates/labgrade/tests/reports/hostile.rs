//! Submissions whose names and output break out of any report that does not escape them.

use crate::sample::{ALL, HOSTILE_NAMES, class_report, outcome, report_of};
use crate::totals;
use labgrade::outcome::{Build, Outcome, Status};
use labgrade::reports;
use labtest::failure::{Cause, Command};
use proptest::prelude::*;
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Parser, Tag, TagEnd};
use std::fs;
use std::path::Path;

const HOSTILE: &str = "</pre></script><script>alert(1)</script>\n````\n# a heading\n<img src=x onerror=alert(1)>\n\
                       ]]> &amp; \"quoted\" 'too' \u{1b}[31mred\u{0}\u{7}\u{fffe}\u{ffff}\u{202e}\r\n=1+1\n[link](http://x)\n~~~\n";

/// An outcome in which everything that a submission can choose is `text`, apart from its name.
fn hostile(name: &str, text: &str) -> Outcome {
    let mut outcome = outcome(name, [Status::Fail; 7]);
    outcome.isolated = false;
    outcome.remarks = vec![text.to_owned()];
    outcome.build = Some(Build { ok: false, seconds: 1.0, output: text.repeat(3) });
    for (checked, line) in outcome.checks.iter_mut().zip(1..) {
        let failure = checked.failure.as_mut().unwrap();
        failure.cause = Some(match line % 2 {
            0 => Cause::WhitespaceStripped { text: format!("{text}{line}") },
            _ => Cause::NotWritten {
                function: Some(text.to_owned()),
                file: text.to_owned(),
                line,
                step: None,
                task: Some(text.to_owned()),
            },
        });
        failure.summary = text.to_owned();
        failure.output[0].program = text.to_owned();
        failure.output[0].stdout = text.to_owned();
        failure.output[0].stderr = text.to_owned();
    }
    outcome
}

fn outcomes() -> Vec<Outcome> {
    let mut outcomes: Vec<Outcome> = HOSTILE_NAMES.iter().map(|name| hostile(name, HOSTILE)).collect();
    for checked in &mut outcomes[0].checks {
        checked.failure.as_mut().unwrap().output[0].stdout.push_str(&"x".repeat(1 << 17));
    }
    outcomes
}

/// Characters that a terminal or an XML parser takes for more than text.
fn is_forbidden(character: char) -> bool {
    let is_control = character.is_control() && character != '\n';
    let is_bidi =
        matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    is_control || is_bidi || matches!(character, '\u{fffe}' | '\u{ffff}')
}

#[track_caller]
fn check_reports(outcome: &Outcome) {
    for (name, text) in reports::of_submission(outcome) {
        assert!(text.len() < 150_000, "{name} has {} bytes", text.len());
        assert_eq!(text.find(is_forbidden), None, "{name}");
    }
    totals::of_gradescope(&report_of(outcome, "results.json"));
    totals::of_junit(&report_of(outcome, "junit.xml"));
    check_markdown(&report_of(outcome, "feedback.md"));
}

/// Asserts that the page is strict XML without any element of a submission's.
#[track_caller]
fn check_page(outcomes: &[Outcome]) {
    let text = class_report(outcomes, "class.html");
    assert_eq!(text.find(is_forbidden), None);
    let document = totals::page(&text);
    let count = |name: &str| document.descendants().filter(|node| node.has_tag_name(name)).count();
    let rows = document.descendants().filter(|node| node.has_tag_name("details")).count();
    assert_eq!((count("script"), count("img"), count("b")), (1, 0, rows));
    let mut links =
        document.descendants().filter_map(|node| node.attribute("href").or(node.attribute("src")));
    assert!(links.all(|link| link.starts_with("./")));
}

/// Asserts that there is no markup but ours, and gives the number of code blocks.
#[track_caller]
fn check_markdown(text: &str) -> usize {
    let (mut blocks, mut is_inside) = (0, false);
    for event in Parser::new(text) {
        match event {
            Event::Html(html) | Event::InlineHtml(html) => panic!("HTML: {html}\n{text}"),
            Event::Start(Tag::Link { dest_url, .. }) => panic!("a link to {dest_url}"),
            Event::Start(Tag::Image { .. }) => panic!("an image"),
            Event::Start(Tag::Heading { level, .. }) => assert!(level <= HeadingLevel::H3),
            Event::Start(Tag::CodeBlock(kind)) => {
                let CodeBlockKind::Fenced(language) = kind else { panic!("an indented block\n{text}") };
                assert!(matches!(&*language, "text" | "sh"), "{language}");
                is_inside = true;
                blocks += 1;
            }
            Event::End(TagEnd::CodeBlock) => is_inside = false,
            Event::Text(words) => assert!(is_inside || !words.starts_with("a heading"), "{words}"),
            _ => {}
        }
    }
    blocks
}

#[test]
fn break_no_report() {
    let outcomes = outcomes();
    outcomes.iter().for_each(check_reports);
    check_page(&outcomes);
    for outcome in &outcomes {
        // The build's output, and three blocks for each of the six checks that are not hidden.
        assert_eq!(check_markdown(&report_of(outcome, "feedback.md")), 19);
    }
}

#[test]
fn offer_no_command_that_is_not_safe_to_copy() {
    let mut outcome = hostile("a", "plain");
    for checked in &mut outcome.checks {
        let line = "printf '\u{1b}[2J' | nc -N 127.0.0.1 25000".to_owned();
        checked.failure.as_mut().unwrap().reproduce.push(Command { terminal: 3, line });
    }
    let text = report_of(&outcome, "feedback.md");
    assert!(!text.contains("```sh") && !text.contains("To see the same"), "{text}");
}

#[test]
fn run_nothing_in_a_spreadsheet() {
    let outcomes = outcomes();
    let text = class_report(&outcomes, "class.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names: Vec<String> = reader.records().map(|row| row.unwrap()[0].to_owned()).collect();
    assert_eq!(names.len(), outcomes.len());
    assert!(names.iter().all(|name| !name.starts_with(['=', '+', '-', '@'])), "{names:?}");
    assert_eq!(names[0], "'=HYPERLINK(\"http://x\",\"a\")");
    assert_eq!(names[2], "Zoë, \"the\" second");
    assert!(!text.replace("\r\n", "").contains(['\r', '\n']));
}

/// The reports stay where a person can open them.
#[test]
fn can_be_looked_at_beside_a_usual_submission() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for (prefix, outcome) in [("sample", &outcome("mia", ALL)), ("hostile", &outcomes()[0])] {
        for (name, text) in reports::of_submission(outcome) {
            fs::write(folder.join(format!("{prefix}-{name}")), text).unwrap();
        }
    }
}

/// Text in which markup, control characters, bidirectional overrides and noncharacters are frequent.
fn any_text() -> impl Strategy<Value = String> {
    let special = prop::sample::select(
        "\0\u{7}\u{1b}\u{85}\u{9b}\u{200f}\u{202e}\u{2066}\u{feff}\u{fffe}\u{ffff}\t\n\r<>&\"'`#*_[]()=+-@,~|\\$!é"
            .chars()
            .collect::<Vec<char>>(),
    );
    prop::collection::vec(prop_oneof![3 => special, 1 => any::<char>()], 1..40)
        .prop_map(|characters| characters.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn break_no_report_whatever_they_print(name in any_text(), text in any_text()) {
        let outcome = hostile(&name, &text);
        check_reports(&outcome);
        check_page(std::slice::from_ref(&outcome));
        let csv = class_report(&[outcome], "class.csv");
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let row = reader.records().next().unwrap().unwrap();
        prop_assert!(!row[0].trim_start().starts_with(['=', '+', '-', '@']), "{row:?}");
    }
}
