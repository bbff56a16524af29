//! The reports that other programs read: Gradescope, JUnit and CSV.

use crate::sample::{ALL, class_report, outcome, outcome_with, report_of};
use labgrade::outcome::{Reason, Status};
use roxmltree::{Document, Node};

/// The result of each test case: its element and type.
fn junit_results(text: &str) -> Vec<String> {
    let document = Document::parse(text).unwrap();
    let cases = document.descendants().filter(|node| node.has_tag_name("testcase"));
    cases
        .map(|case| {
            let result =
                case.children().filter(Node::is_element).find(|node| !node.has_tag_name("properties"));
            result.map_or("pass".to_owned(), |node| {
                format!("{} {}", node.tag_name().name(), node.attribute("type").unwrap_or_default())
            })
        })
        .collect()
}

/// The counts of tests, failures, errors and skipped tests.
fn junit_counts(text: &str) -> [String; 4] {
    let document = Document::parse(text).unwrap();
    let [suites, suite] = ["testsuites", "testsuite"].map(|name| {
        let node = document.descendants().find(|node| node.has_tag_name(name)).unwrap();
        ["tests", "failures", "errors", "skipped"].map(|name| node.attribute(name).unwrap().to_owned())
    });
    assert_eq!(suites, suite);
    suite
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
    assert_eq!(test["extra_data"]["cause"], "newline-removed");
    let output = test["output"].as_str().unwrap();
    assert!(
        output.starts_with("fail: the newline was removed\nhint: Send back every byte that came."),
        "{output}"
    );
    assert!(output.contains("\n   1.      0 start `python3 server.py 23867`"), "{output}");
    assert_eq!(results["tests"][3]["visibility"], "after_published");
    for test in results["tests"].as_array().unwrap() {
        let status = test.get("status").map(|status| status.as_str().unwrap());
        assert!(matches!(status, Some("passed" | "failed") | None), "{test}");
    }
}

#[test]
fn gradescope_gets_every_status_as_a_string() {
    let rare = [Status::NotWritten, Status::NotTried(Reason::NoOptions), Status::NotRun];
    for status in ALL.into_iter().chain(rare) {
        let report = report_of(&outcome_with("a", &[(0, status)]), "results.json");
        let results: serde_json::Value = serde_json::from_str(&report).unwrap();
        let data = &results["tests"][0]["extra_data"];
        let (name, reason) = match serde_json::to_value(status).unwrap() {
            serde_json::Value::Object(fields) => fields.into_iter().next().unwrap(),
            name => (name.as_str().unwrap().to_owned(), serde_json::Value::Null),
        };
        assert_eq!((data["status"].as_str(), &data["reason"]), (Some(&*name), &reason));
    }
}

#[test]
fn junit_distinguishes_every_status() {
    let text = report_of(&outcome("a", ALL), "junit.xml");
    assert_eq!(junit_counts(&text), ["7", "4", "1", "1"]);
    let expected = [
        "pass",
        "failure fail",
        "failure did not start",
        "failure timeout",
        "failure crash",
        "skipped ",
        "error grader error",
    ];
    assert_eq!(junit_results(&text), expected);
    let statuses = [(0, Status::NotWritten), (1, Status::NotTried(Reason::NoClient)), (2, Status::NotRun)];
    let text = report_of(&outcome_with("a", &statuses), "junit.xml");
    assert_eq!(junit_counts(&text), ["7", "1", "0", "2"]);
    assert_eq!(junit_results(&text)[..3], ["failure not written yet", "skipped ", "skipped "]);
    assert!(text.contains("<skipped message=\"not tried: `run.toml` names no `client`\"/>"), "{text}");
    assert!(
        text.contains("<skipped message=\"not run: grading was interrupted before this check\"/>"),
        "{text}"
    );
}

#[test]
fn csv_has_the_status_of_every_check() {
    let statuses = [(0, Status::NotWritten), (1, Status::NotTried(Reason::NoServer)), (4, Status::Skipped)];
    let text = class_report(&[outcome_with("a", &statuses)], "class.csv");
    let row = text.lines().nth(1).unwrap();
    assert!(row.ends_with(",not written yet,not tried,pass,pass,skipped,pass,pass"), "{text}");
}

#[test]
fn what_was_not_tried_is_failed_in_gradescope_and_says_why() {
    let options = Status::NotTried(Reason::NoOptions);
    let outcome = outcome_with("a", &[(1, options), (2, options), (4, Status::Fail)]);
    let junit = report_of(&outcome, "junit.xml");
    assert_eq!(junit.matches("<skipped message=\"not tried: the command line").count(), 2, "{junit}");
    assert_eq!(junit_counts(&junit)[1..], ["1", "0", "2"]);
    let results: serde_json::Value = serde_json::from_str(&report_of(&outcome, "results.json")).unwrap();
    for test in results["tests"].as_array().unwrap()[1..3].iter() {
        assert_eq!((test["status"].as_str(), test["score"].as_u64()), (Some("failed"), Some(0)));
        assert!(test["name"].as_str().unwrap().ends_with(" (not tried)"), "{test}");
        let output = test["output"].as_str().unwrap();
        assert_eq!(output, format!("not tried: {}", Reason::NoOptions));
    }
}
