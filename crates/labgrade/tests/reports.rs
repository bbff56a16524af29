//! All reports of one run, read back by the parsers that others use.

#![allow(clippy::unwrap_used)]

use chrono::{DateTime, Duration, Utc};
use labgrade::outcome::{Build, Checked, FORMAT, Outcome, Status};
use labgrade::report;
use labgrade::rubric::{Check, Kind};
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Parser, Tag, TagEnd};
use roxmltree::{Document, Node, ParsingOptions};
use std::fs;
use std::path::Path;

const STORY: &str = "client 127.0.0.1:50960 got the wrong answer
expected 6 bytes: \"HELLO\\n\"
received 5 bytes: \"HELLO\", then the end of the stream
  first difference at byte 5:
    expected 48 45 4c 4c 4f 0a
    received 48 45 4c 4c 4f
                            ^
likely cause: the newline was swallowed: send back every byte that came

steps:
   1. start `python3 server.py 23867`
   2. python3 listens on 127.0.0.1:23867
   3. client 127.0.0.1:50960 is connected to 127.0.0.1:23867
   4. client 127.0.0.1:50960 sends 6 bytes: \"hello\\n\"
   5. client 127.0.0.1:50960 receives 5 bytes: \"HELLO\"

python3 printed: nothing
";

/// Breaks out of whatever does not escape it.
const HOSTILE: &str = "</pre></script><script>alert(1)</script>\n````\n# a heading\n<img src=x onerror=alert(1)>\n\
                       ]]> &amp; \"quoted\" 'too' \u{1b}[31mred\u{0}\u{7}\u{fffe}\u{202e}\r\n=1+1\n[link](http://x)\n~~~\n";

const HOSTILE_NAMES: [&str; 7] = [
    "=HYPERLINK(\"http://x\",\"a\")",
    "<b>bold</b>&co",
    "Zoë, \"the\" second",
    "a\nb`c``d",
    "*star*_under_ [x](y)",
    "100%#? done",
    "-1+2",
];

fn check(test: &str, kind: Kind, points: u32) -> Check {
    Check {
        test: test.to_owned(),
        kind,
        points,
        shows: format!("The server passes `{test}`."),
        hint: "Read on until the stream ends; a `Vec<u8>` holds any bytes.".to_owned(),
        needs: Vec::new(),
        hidden: false,
    }
}

fn checked(check: Check, status: Status) -> Checked {
    let failed = status != Status::Pass && status != Status::Skipped;
    Checked {
        diagnosis: failed.then(|| "the newline was swallowed: send back every byte that came".to_owned()),
        report: match status {
            Status::Pass => String::new(),
            Status::Skipped => "it needs `core::first`, which did not pass".to_owned(),
            _ => STORY.to_owned(),
        },
        check,
        status,
        seconds: 0.25,
    }
}

fn rows() -> Vec<Check> {
    let mut rows = vec![
        check("core::first", Kind::Core, 40),
        check("core::second", Kind::Core, 30),
        check("core::third", Kind::Core, 20),
        check("hidden::fourth", Kind::Core, 10),
        check("server::rude", Kind::Robust, 15),
        check("server::rare", Kind::Robust, 5),
        check("server::words", Kind::Advice, 0),
    ];
    rows[2].needs = vec!["core::first".to_owned()];
    rows[3].hidden = true;
    rows
}

fn outcome(name: &str, statuses: [Status; 7]) -> Outcome {
    let submitted = DateTime::parse_from_rfc3339("2026-03-01T12:00:00Z").unwrap().with_timezone(&Utc);
    Outcome {
        format: FORMAT,
        lab: "tcp-echo".to_owned(),
        submission: name.to_owned(),
        submitted: Some(submitted),
        graded: submitted + Duration::hours(10),
        seed: 7,
        isolated: true,
        remarks: Vec::new(),
        build: None,
        answers: None,
        checks: rows().into_iter().zip(statuses).map(|(check, status)| checked(check, status)).collect(),
        seconds: 1.75,
    }
}

const ALL: [Status; 7] = [
    Status::Pass,
    Status::Fail,
    Status::DidNotStart,
    Status::Timeout,
    Status::Crash,
    Status::Skipped,
    Status::GraderError,
];

/// A class of all sorts, the same each time.
fn class(size: usize) -> Vec<Outcome> {
    let mut state = 12345_usize;
    let mut next = move || {
        state = (state * 48271) % 0x7fff_ffff;
        state / 8
    };
    let class = (0..size).map(|number| {
        // Some know their trade better than others.
        let skill = 45 + next() % 55;
        let statuses = std::array::from_fn(|_| match (next() % 100, next() % 300) {
            (_, 0) => Status::GraderError,
            (luck, _) if luck < skill => Status::Pass,
            (_, 1..=190) => Status::Fail,
            (_, 191..=215) => Status::DidNotStart,
            (_, 216..=250) => Status::Timeout,
            (_, 251..=265) => Status::Crash,
            _ => Status::Skipped,
        });
        let name =
            HOSTILE_NAMES.get(number).map_or_else(|| format!("student-{number:03}"), |&name| name.to_owned());
        let mut outcome = outcome(&name, statuses);
        outcome.seconds += f64::from(u32::try_from(next() % 70).unwrap()) / 10.0;
        let later = Duration::seconds(i64::try_from(next() % 100_000).unwrap());
        outcome.submitted = outcome.submitted.map(|time| time + later);
        outcome.isolated = number % 50 != 1;
        if number % 9 == 0 {
            outcome.remarks = vec!["`tests/server.rs` was changed: <ignored>".to_owned()];
        }
        let causes = [
            "the newline was swallowed: send back every byte that came",
            "one read was taken for one message: read on",
            "the server ended after its first client",
            "`</td>` was sent & not escaped",
        ];
        for checked in &mut outcome.checks {
            let cause = causes.get(next() % 6).map(|&cause| cause.to_owned());
            checked.diagnosis = cause.filter(|_| checked.diagnosis.is_some());
            if checked.status == Status::Timeout {
                outcome.seconds += 10.0;
            }
        }
        outcome
    });
    class.collect()
}

fn report_of(outcome: &Outcome, name: &str) -> String {
    let reports = report::of_submission(outcome);
    reports.into_iter().find(|(file, _)| *file == name).unwrap().1
}

fn class_report(outcomes: &[Outcome], name: &str) -> String {
    let reports = report::of_class(outcomes, &[]);
    reports.into_iter().find(|(file, _)| *file == name).unwrap().1
}

/// Score and robust points, as one report tells them.
type Totals = (Option<u32>, Option<u32>);

fn totals_of_gradescope(text: &str) -> Totals {
    let results: serde_json::Value = serde_json::from_str(text).unwrap();
    let number = |value: &serde_json::Value| value.as_u64().map(|number| u32::try_from(number).unwrap());
    let score = number(&results["score"]);
    let tests = results["tests"].as_array().unwrap();
    // What Gradescope would add up says the same as the total above it.
    let scores: Vec<u32> = tests.iter().filter_map(|test| number(&test["score"])).collect();
    match score {
        Some(score) => assert_eq!((scores.len(), scores.iter().sum::<u32>()), (tests.len(), score)),
        None => assert_eq!(scores, [0; 0]),
    }
    assert_eq!(tests.iter().map(|test| number(&test["max_score"]).unwrap()).sum::<u32>(), 100);
    (score, number(&results["extra_data"]["robust_score"]))
}

fn property(node: Node<'_, '_>, name: &str) -> Option<String> {
    let properties = node.children().find(|child| child.has_tag_name("properties"))?;
    let property = properties.children().find(|child| child.attribute("name") == Some(name))?;
    property.attribute("value").map(str::to_owned)
}

fn totals_of_junit(text: &str) -> Totals {
    let document = Document::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let suite = document.descendants().find(|node| node.has_tag_name("testsuite")).unwrap();
    let number = |name| property(suite, name).map(|value| value.parse::<u32>().unwrap());
    let points = |kind: &str| {
        let cases = suite.children().filter(|node| node.has_tag_name("testcase"));
        let of_kind = cases.filter(|case| property(*case, "kind").as_deref() == Some(kind));
        of_kind.map(|case| property(case, "points")?.parse::<u32>().ok()).sum::<Option<u32>>()
    };
    assert_eq!((number("score"), number("robust")), (points("core"), points("robust")));
    (number("score"), number("robust"))
}

fn totals_of_feedback(text: &str) -> Totals {
    let number = |before: &str| text.split_once(before).unwrap().1.split(' ').next().unwrap().parse().ok();
    (number("\n**Score: "), number("\nRobustness: "))
}

fn totals_of_csv(text: &str) -> Vec<Totals> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let heads = reader.headers().unwrap().clone();
    let column = |name: &str| heads.iter().position(|head| head == name).unwrap();
    let rows = reader.records().map(Result::unwrap);
    rows.map(|row| (row[column("score")].parse().ok(), row[column("robust")].parse().ok())).collect()
}

fn page(text: &str) -> Document<'_> {
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).unwrap_or_else(|error| panic!("{error}"))
}

/// In the order of the page's rows.
fn totals_of_page(text: &str) -> Vec<Totals> {
    let document = page(text);
    let table = document.descendants().find(|node| node.attribute("id") == Some("all")).unwrap();
    let body = table.children().find(|node| node.has_tag_name("tbody")).unwrap();
    let rows = body.children().filter(|node| node.has_tag_name("tr"));
    let number = |cell: Node<'_, '_>| cell.text().unwrap().parse().ok();
    rows.map(|row| {
        let cells: Vec<Node<'_, '_>> = row.children().filter(|node| node.has_tag_name("td")).collect();
        (number(cells[1]), number(cells[2]))
    })
    .collect()
}

#[test]
fn all_reports_of_a_run_have_equal_totals() {
    let mut outcomes = class(300);
    outcomes.sort_by(|a, b| a.submission.cmp(&b.submission));
    let expected: Vec<Totals> =
        outcomes.iter().map(|outcome| (outcome.score(), outcome.points(Kind::Robust))).collect();
    assert!(expected.iter().any(|(score, _)| score.is_none()), "no grader error in the sample");
    let each = |name: &str, totals: fn(&str) -> Totals| -> Vec<Totals> {
        outcomes.iter().map(|outcome| totals(&report_of(outcome, name))).collect()
    };
    assert_eq!(each("results.json", totals_of_gradescope), expected);
    assert_eq!(each("junit.xml", totals_of_junit), expected);
    assert_eq!(each("feedback.md", totals_of_feedback), expected);
    assert_eq!(totals_of_csv(&class_report(&outcomes, "class.csv")), expected);
    assert_eq!(totals_of_page(&class_report(&outcomes, "class.html")), expected);
}

#[test]
fn a_grader_error_is_never_a_zero() {
    let mut statuses = [Status::Pass; 7];
    statuses[1] = Status::GraderError;
    let outcome = outcome("a", statuses);
    let results: serde_json::Value = serde_json::from_str(&report_of(&outcome, "results.json")).unwrap();
    assert_eq!(results.get("score"), None);
    assert!(results["tests"].as_array().unwrap().iter().all(|test| test.get("score").is_none()));
    assert_eq!(results["tests"][1].get("status"), None);
    assert!(results["output"].as_str().unwrap().starts_with("Score: not known, of 100"));
    assert!(report_of(&outcome, "junit.xml").contains("<error type=\"grader error\""));
    assert!(report_of(&outcome, "feedback.md").contains("**Score: not known, of 100.**"));
    assert!(report_of(&outcome, "feedback.md").contains("## Not graded yet"));
    let of_class = [outcome];
    assert!(class_report(&of_class, "class.csv").contains("\r\na,,100,20,20,"));
    assert!(class_report(&of_class, "class.html").contains("To regrade: 1 submission"));
}

#[test]
fn gradescope_gets_the_fields_of_its_specification() {
    let outcome = outcome("a", ALL);
    let results: serde_json::Value = serde_json::from_str(&report_of(&outcome, "results.json")).unwrap();
    assert_eq!(results["score"], 40);
    assert_eq!(results["execution_time"], 1.8);
    assert_eq!(results["output_format"], "text");
    assert_eq!(results["stdout_visibility"], "hidden");
    let test = &results["tests"][1];
    assert_eq!(test["name"], "The server passes `core::second`.");
    assert_eq!(test["number"], "2");
    assert_eq!((&test["score"], &test["max_score"]), (&0.into(), &30.into()));
    assert_eq!(test["status"], "failed");
    assert_eq!(test["tags"], serde_json::json!(["core", "fail"]));
    assert_eq!(test["visibility"], "visible");
    assert!(test["output"].as_str().unwrap().contains("steps:\n   1. start"));
    assert_eq!(results["tests"][3]["visibility"], "after_published");
    for test in results["tests"].as_array().unwrap() {
        let status = test.get("status").map(|status| status.as_str().unwrap());
        assert!(matches!(status, Some("passed" | "failed") | None), "{test}");
    }
}

#[test]
fn junit_tells_every_status_apart() {
    let text = report_of(&outcome("a", ALL), "junit.xml");
    let document = Document::parse(&text).unwrap();
    let suite = document.descendants().find(|node| node.has_tag_name("testsuite")).unwrap();
    let counts = ["tests", "failures", "errors", "skipped"].map(|name| suite.attribute(name).unwrap());
    assert_eq!(counts, ["7", "4", "1", "1"]);
    let cases = suite.children().filter(|node| node.has_tag_name("testcase"));
    let told: Vec<String> = cases
        .map(|case| {
            let result =
                case.children().filter(Node::is_element).find(|node| !node.has_tag_name("properties"));
            result.map_or("pass".to_owned(), |node| {
                format!("{} {}", node.tag_name().name(), node.attribute("type").unwrap_or_default())
            })
        })
        .collect();
    let expected = [
        "pass",
        "failure fail",
        "failure did not start",
        "failure timeout",
        "failure crash",
        "skipped ",
        "error grader error",
    ];
    assert_eq!(told, expected);
}

/// Outcomes in which everything that a submission can choose is hostile.
fn hostile() -> Vec<Outcome> {
    let outcomes = HOSTILE_NAMES.into_iter().map(|name| {
        let mut outcome = outcome(name, [Status::Fail; 7]);
        outcome.isolated = false;
        outcome.remarks = vec![HOSTILE.to_owned()];
        outcome.build = Some(Build { ok: false, seconds: 1.0, output: HOSTILE.repeat(3) });
        for checked in &mut outcome.checks {
            checked.report = format!("{STORY}{HOSTILE}{}", "x".repeat(1 << 20));
            checked.diagnosis = Some(HOSTILE.to_owned());
        }
        outcome
    });
    outcomes.collect()
}

#[test]
fn no_report_is_broken_by_what_a_submission_prints() {
    let outcomes = hostile();
    for outcome in &outcomes {
        for (name, text) in report::of_submission(outcome) {
            assert!(text.len() < 100_000, "{name} has {} bytes", text.len());
            let control = |character: char| character.is_control() && character != '\n';
            assert!(!text.contains(control) && !text.contains('\u{202e}'), "{name}");
        }
        totals_of_gradescope(&report_of(outcome, "results.json"));
        totals_of_junit(&report_of(outcome, "junit.xml"));
    }
    // The page is strict XML: a tag of a submission's would be seen as one.
    let text = class_report(&outcomes, "class.html");
    let document = page(&text);
    let of_ours = |name: &str| document.descendants().filter(|node| node.has_tag_name(name)).count();
    assert_eq!((of_ours("script"), of_ours("img"), of_ours("b")), (1, 0, 1));
    let mut links =
        document.descendants().filter_map(|node| node.attribute("href").or(node.attribute("src")));
    assert!(links.all(|link| link.starts_with("./")));
}

#[test]
fn markdown_shows_a_programs_output_as_it_is() {
    for outcome in hostile() {
        let text = report_of(&outcome, "feedback.md");
        let mut code = 0;
        let mut inside = false;
        for event in Parser::new(&text) {
            match event {
                Event::Html(html) | Event::InlineHtml(html) => panic!("HTML: {html}"),
                Event::Start(Tag::Link { dest_url, .. }) => panic!("a link to {dest_url}"),
                Event::Start(Tag::Image { .. }) => panic!("an image"),
                Event::Start(Tag::Heading { level, .. }) => assert!(level <= HeadingLevel::H3),
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                    assert!(matches!(&*language, "text" | "sh"), "{language}");
                    inside = true;
                    code += 1;
                }
                Event::End(TagEnd::CodeBlock) => inside = false,
                Event::Text(words) => assert!(inside || !words.starts_with("a heading"), "{words}"),
                _ => {}
            }
        }
        // The compiler's words, six stories, and six commands: the hidden check tells no story.
        assert_eq!(code, 13, "{text}");
    }
}

#[test]
fn feedback_tells_what_works_and_why_the_rest_does_not() {
    let mut statuses = [Status::Pass; 7];
    statuses[0] = Status::Fail;
    statuses[2] = Status::Skipped;
    statuses[3] = Status::Fail;
    let text = report_of(&outcome("mia", statuses), "feedback.md");
    let places: Vec<usize> = [
        "# tcp-echo: mia",
        "**Score: 30 of 100.**",
        "Robustness: 20 of 20",
        "## What works",
        "- The server passes `core::second`. (30 points)",
        "## What does not work yet",
        "Skipped: *The server passes `core::first`* comes first, and did not pass. This check, 20 points: The server passes \
         `core::third`.",
        "### The server passes `core::first`. (0 of 40 points)",
        "**Most likely cause:** the newline was swallowed",
        "**Hint:** Read on until the stream ends; a `Vec<u8>` holds any bytes.",
        "   4. client 127.0.0.1:50960 sends 6 bytes",
        "printf 'hello\\n' | nc -N 127.0.0.1 25000",
        "This check is hidden",
    ]
    .into_iter()
    .map(|part| text.find(part).unwrap_or_else(|| panic!("`{part}` is not in\n{text}")))
    .collect();
    assert!(places.is_sorted(), "{places:?}\n{text}");
    assert_eq!(
        text.matches("client 127.0.0.1:50960 sends").count(),
        1,
        "the hidden check told its story\n{text}"
    );
}

#[test]
fn the_class_page_counts_no_advice_among_causes_and_timeouts() {
    let mut outcome = outcome("anna", [Status::Pass; 7]);
    outcome.checks[4] = checked(rows().remove(4), Status::Fail);
    outcome.checks[4].report = format!("server printed as errors:\n  | {}\n", Outcome::NO_CLIENT);
    outcome.checks[5].diagnosis =
        Some("it ended early (its last words are below): accept in a loop".to_owned());
    outcome.checks[6] = checked(rows().remove(6), Status::Timeout);
    let text = class_report(&[outcome], "class.html");
    assert!(text.contains("<b>1</b> <code>run.toml</code> names no <code>client</code></summary>"), "{text}");
    assert!(text.contains("<b>1</b> it ended early: accept in a loop</summary>"), "{text}");
    assert!(
        !text.contains("the newline was swallowed") && text.contains("<p>None ran out of time"),
        "{text}"
    );
}

#[test]
fn feedback_takes_only_a_whole_line_for_the_word_that_nothing_was_tried() {
    let mut statuses = [Status::Pass; 7];
    statuses[0] = Status::Fail;
    let mut outcome = outcome("a", statuses);
    outcome.checks[0].report = format!("server printed:\n  | {} haha\n", Outcome::NOT_BUILT);
    let text = report_of(&outcome, "feedback.md");
    assert!(text.contains("it could not be built: haha") && !text.contains("Not tried"), "{text}");
}

#[test]
fn feedback_tells_only_once_that_nothing_started() {
    let text = report_of(&outcome("a", [Status::DidNotStart; 7]), "feedback.md");
    assert_eq!(text.matches("steps:").count(), 1, "{text}");
    assert_eq!(text.matches("See above, under *The server passes `core::first`.*").count(), 5, "{text}");
}

#[test]
fn an_interrupted_class_says_so_on_top_and_leaves_incomplete_scores_out() {
    let mut outcomes: Vec<Outcome> =
        ["anna", "berta", "dora"].map(|name| outcome(name, [Status::Pass; 7])).into();
    outcomes[1].checks[0].status = Status::Fail;
    // All that counts for the score is over, and yet it is not done.
    let last = outcomes[2].checks.last_mut().unwrap();
    (last.status, last.report) = (Status::Skipped, Outcome::NOT_RUN.to_owned());
    let text = class_report(&outcomes, "class.html");
    let warning = "<strong>interrupted: 1 of 3 submissions is incomplete</strong> (dora); the same command, without \
         <code>--again</code>, finishes them</p>";
    let (top, rest) = text.split_once(warning).unwrap_or_else(|| panic!("{text}"));
    assert!(!top.contains("<section>") && rest.contains("<h2>Scores</h2>"), "{text}");
    assert!(text.contains("<dt>mean score</dt><dd>80.0</dd>"), "{text}");
    assert!(text.contains("<title>100: 1 submission</title>"), "{text}");
    assert!(text.contains("6 passed everywhere"), "{text}");

    let reports = report::of_class(&outcomes, &["<clara>"]);
    let warning = "interrupted: 2 of 4 submissions are incomplete</strong> (&lt;clara&gt;, dora); the same";
    assert!(reports[1].1.contains(warning), "{}", reports[1].1);
    outcomes.pop();
    assert!(!class_report(&outcomes, "class.html").contains("interrupted"));
}

#[test]
fn class_page_shows_failed_core_checks_first() {
    let mut outcomes: Vec<Outcome> = ["anna", "berta"].map(|name| outcome(name, [Status::Fail; 7])).into();
    outcomes[0].checks[0].status = Status::Pass;
    outcomes[0].checks[0].check.points = 1;
    for checked in &mut outcomes[1].checks {
        checked.diagnosis = Some("did it end with an error (below)?".to_owned());
    }
    let text = class_report(&outcomes, "class.html");
    let places = ["core::second", "core::third", "core::first", "server::rude", "server::words"]
        .map(|test| text.find(&format!("<small><code>{test}</code>")).unwrap());
    assert!(places.is_sorted(), "{places:?}");
    assert!(text.contains("core, 1 point</small>") && text.contains("core, 30 points</small>"), "{text}");
    assert!(text.contains("did it end with an error?") && !text.contains("(below)"), "{text}");
}

#[test]
fn feedback_is_short_where_nothing_was_found() {
    let mut outcome = outcome("ida", [Status::DidNotStart; 7]);
    outcome.submitted = None;
    outcome.remarks = vec![format!("{}it has no `src/`", Outcome::NOTHING_FOUND)];
    let text = report_of(&outcome, "feedback.md");
    assert!(text.contains("\nNothing handed in, graded in "), "{text}");
    assert_eq!(text.matches("- nothing was found to grade: it has no `src/`\n").count(), 1, "{text}");
    assert!(text.lines().count() < 12 && !text.contains("did not start"), "{text}");
    assert!(text.contains("**Score: 0 of 100.**"), "{text}");
    // Other programs still get every check.
    assert_eq!(report_of(&outcome, "junit.xml").matches("<failure type=\"did not start\"").count(), 7);
    let results: serde_json::Value = serde_json::from_str(&report_of(&outcome, "results.json")).unwrap();
    assert_eq!(results["tests"].as_array().unwrap().len(), 7);
    assert!(class_report(&[outcome], "class.csv").contains("\r\nida,0,100,0,20,,"));
}

#[test]
fn feedback_tells_once_that_options_cannot_be_given() {
    let mut statuses = [Status::Pass; 7];
    (statuses[1], statuses[2], statuses[4]) = (Status::Fail, Status::Crash, Status::Fail);
    let mut outcome = outcome("a", statuses);
    for number in [1, 2] {
        outcome.checks[number].report = format!("python3 printed: the command line {}", Outcome::NO_OPTIONS);
    }
    let text = report_of(&outcome, "feedback.md");
    let expected = "Not tried: the command line in `run.toml` does not end with `{args}`, so neither options nor another \
                    address can be given. These checks, 50 points in all: The server passes `core::second`; The server passes `core::third`.\n";
    assert!(text.contains(expected), "{text}");
    assert_eq!(text.matches("did something else than expected").count(), 1, "{text}");
    let junit = report_of(&outcome, "junit.xml");
    assert_eq!(junit.matches("<skipped message=\"not tried: the command line").count(), 2, "{junit}");
    assert!(junit.contains("failures=\"1\" errors=\"0\" skipped=\"2\""), "{junit}");
    let results = report_of(&outcome, "results.json");
    assert_eq!(results.matches(" (not tried)\"").count(), 2, "{results}");
    assert!(
        !results.contains("did not start") && !results.contains("printed: the command line"),
        "{results}"
    );
}

#[test]
fn a_spreadsheet_runs_no_name() {
    let outcomes = hostile();
    let text = class_report(&outcomes, "class.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names: Vec<String> = reader.records().map(|row| row.unwrap()[0].to_owned()).collect();
    assert_eq!(names.len(), outcomes.len());
    assert!(names.iter().all(|name| !name.starts_with(['=', '+', '-', '@'])), "{names:?}");
    assert_eq!(names[0], "'=HYPERLINK(\"http://x\",\"a\")");
    assert_eq!(names[2], "Zoë, \"the\" second");
    assert!(!text.replace("\r\n", "").contains(['\r', '\n']));
}

/// The files stay where a person, or a browser, can look at them.
#[test]
fn pages_of_any_class_are_well_formed() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for size in [0, 1, 300] {
        let text = class_report(&class(size), "class.html");
        assert_eq!(totals_of_page(&text).len(), size);
        fs::write(folder.join(format!("class-{size}.html")), text).unwrap();
    }
    for (prefix, outcome) in [("sample", &outcome("mia", ALL)), ("hostile", &hostile()[0])] {
        for (name, text) in report::of_submission(outcome) {
            fs::write(folder.join(format!("{prefix}-{name}")), text).unwrap();
        }
    }
}
