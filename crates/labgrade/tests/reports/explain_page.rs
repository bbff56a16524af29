//! `explain.html`, and what a person gave for explanations in the other reports.

use crate::sample::{class_report, outcome_with, report_of};
use labgrade::outcome::{Answers, Explained, Graded, Outcome};
use labgrade::reports::explain_page;
use labrubric::Question;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

const HOSTILE: &str =
    "</script><script>alert(1)</script>\n<!-- ]]> & \u{202e} \u{0} \"\"\" ''' =1+1 `x` [a](b)\u{2028}";

fn question(number: u32) -> Question {
    Question {
        number,
        text: format!("Why {number}?"),
        points: Some(3),
        explain: 2,
        model: "Because of `send`.".to_owned(),
    }
}

fn explained(question: u32, answer: &str, graded: Option<(u32, &str)>) -> Explained {
    Explained {
        question,
        points_max: 2,
        answer: answer.to_owned(),
        digest: format!("digest of {}", answer.len()),
        graded: graded.map(|(points, comment)| Graded { points, comment: comment.to_owned() }),
    }
}

fn outcome(name: &str, explained: Vec<Explained>) -> Outcome {
    let mut outcome = outcome_with(name, &[]);
    outcome.answers =
        Some(Answers { right: 3, of: 5, report: "1.port right 7".to_owned(), explained, unreadable: None });
    outcome
}

fn page(outcomes: &[Outcome], questions: u32) -> Option<String> {
    let questions: Vec<Question> = (1..=questions).map(question).collect();
    explain_page::text_of("tcp-echo", "/results", &questions, outcomes)
}

fn data(page: &str) -> Value {
    let (_, rest) = page.split_once("<script id=\"data\" type=\"application/json\">").unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

#[test]
fn holds_questions_answers_and_points() {
    let outcomes = [
        outcome("anna", vec![explained(1, "It is free.", Some((2, "Right."))), explained(2, "", None)]),
        outcome("berta", vec![explained(1, "No idea.", None), explained(2, "Late.", None)]),
    ];
    let data = data(&page(&outcomes, 2).unwrap());
    assert_eq!(data["questions"][1]["text"], "Why 2?");
    assert_eq!(data["questions"][0]["model"], "Because of `send`.");
    let answers = data["answers"].as_array().unwrap();
    let texts: Vec<&str> = answers.iter().map(|answer| answer["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["It is free.", "", "No idea.", "Late."]);
    assert_eq!((&answers[0]["points"], &answers[0]["comment"]), (&2.into(), &"Right.".into()));
    assert_eq!((&answers[2]["points"], &answers[2]["submission"]), (&Value::Null, &"berta".into()));
}

#[test]
fn is_not_written_without_explanations() {
    assert_eq!(page(&[outcome_with("anna", &[])], 2), None);
    assert_eq!(page(&[outcome("anna", vec![explained(1, "", None)])], 2), None);
}

#[test]
fn names_sheets_that_cannot_be_read() {
    let mut berta = outcome("<berta>", Vec::new());
    let answers = berta.answers.as_mut().unwrap();
    answers.unreadable = Some("line 1: <b>".to_owned());
    let expected =
        "answers.toml of <b class=\"name\">&lt;berta&gt;</b> cannot be read: line 1: &lt;b&gt;</p>";
    let text = page(&[outcome("anna", vec![explained(1, "It is free.", None)]), berta.clone()], 1).unwrap();
    assert!(text.contains(expected), "{text}");
    assert!(page(&[berta.clone()], 1).is_some_and(|text| text.contains(expected)), "it is the only sheet");
    assert_eq!(page(&[berta], 0), None, "the lab asks for no explanation");
}

#[test]
fn no_answer_becomes_html() {
    let outcome = outcome(HOSTILE, vec![explained(1, HOSTILE, Some((1, HOSTILE)))]);
    let text = page(&[outcome], 1).unwrap();
    assert_eq!(text.matches("</script>").count(), 2);
    assert!(!text.contains("alert(1)</script>") && !text.contains("<!--"), "{text}");
    let json = text.split("application/json\">").nth(1).unwrap().split("</script>").next().unwrap();
    assert!(!json.contains(['<', '>', '&', '\u{202e}', '\u{2028}', '\u{0}']), "{json}");
    let data = data(&text);
    assert_eq!(data["answers"][0]["submission"], HOSTILE, "the name must lead back to the folder");
    let shown = data["answers"][0]["text"].as_str().unwrap();
    assert!(shown.starts_with("</script><script>alert(1)</script>\n<!-- ]]> & \\u{202e} \\0"), "{shown}");
}

#[test]
fn other_reports_add_the_points_up_apart_from_the_score() {
    let outcome = outcome(
        "anna",
        vec![
            explained(1, "It is free.", Some((2, "*Right* <b>."))),
            explained(2, "Late.", None),
            explained(3, "", None),
        ],
    );
    let feedback = report_of(&outcome, "feedback.md");
    let expected = "## Explanations\n\n2 of 6 points, 1 answer not graded yet, counted apart from the score.\n\n\
                    - Question 1: 2 of 2. \\*Right\\* \\<b\\>.\n- Question 2: not graded yet, of 2\n\
                    - Question 3: 0 of 2, no answer\n";
    assert!(feedback.contains(expected), "{feedback}");
    let results: Value = serde_json::from_str(&report_of(&outcome, "results.json")).unwrap();
    assert_eq!(results["score"], 100);
    assert_eq!(
        (&results["extra_data"]["explained"], &results["extra_data"]["explained_open"]),
        (&2.into(), &1.into())
    );
    assert!(
        results["output"].as_str().unwrap().contains("\nquestion 1: 2 of 2. *Right* <b>.\n"),
        "{results}"
    );
    let csv = class_report(std::slice::from_ref(&outcome), "class.csv");
    assert!(csv.contains(",answers,answers_max,explained,explained_max,explained_open,"), "{csv}");
    assert!(csv.contains(",3,5,2,6,1,pass,"), "{csv}");
    let html = class_report(&[outcome, outcome_with("berta", &[])], "class.html");
    assert!(html.contains("1 of 2 are graded. <a href=\"./explain.html\">Grade them</a>"), "{html}");
    assert!(
        html.contains(">3 of 5</td>") && html.contains(">2+ of 6</td>") && html.contains(">no sheet</td>"),
        "{html}"
    );
}

/// Node runs the part of the script that writes the file. Where it is missing, there is nothing to try this with.
#[test]
fn the_script_writes_toml_that_is_read_back() {
    let script = include_str!("../../src/reports/explain_page/explained_toml.js");
    let entry = serde_json::json!({
        "submission": HOSTILE, "question": 4, "digest": "00ff", "points": 1, "comment": "\t\\ü\u{1f600}\u{7f}",
    });
    let program = format!("{script}\nconsole.log(explainedToml('tcp-echo', [{entry}]));");
    let Ok(output) = Command::new("node").arg("-e").arg(program).output() else { return };
    let text = String::from_utf8(output.stdout).unwrap();
    let table: toml::Table = text.parse().unwrap_or_else(|error| panic!("{error}\n{text}"));
    let read = &table["explained"].as_array().unwrap()[0];
    assert_eq!(read["submission"].as_str(), Some(HOSTILE));
    assert_eq!(read["comment"].as_str(), Some("\t\\ü\u{1f600}\u{7f}"));
    assert_eq!((read["question"].as_integer(), read["points"].as_integer()), (Some(4), Some(1)));
    assert!(!text.contains(['\u{202e}', '\u{2028}', '\u{0}', '\u{7f}']), "{text}");
}

/// The page stays where a person can open it in a browser.
#[test]
fn holds_a_large_class() {
    let words = "The server waits in `recv_from` for a datagram from any client. ".repeat(6);
    let outcomes: Vec<Outcome> = (0..300)
        .map(|student| {
            let answers =
                (1..=12).map(|number| explained(number, &format!("{student} {number}: {words}"), None));
            outcome(&format!("student-{student:03}"), answers.collect())
        })
        .collect();
    let text = page(&outcomes, 12).unwrap();
    assert_eq!(data(&text)["answers"].as_array().unwrap().len(), 3600);
    fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join("explain-300.html"), text).unwrap();
}
