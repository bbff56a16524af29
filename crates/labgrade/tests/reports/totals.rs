//! All reports name the same totals, as the parsers of their readers find them.

use crate::sample::{class, class_report, outcome_with, report_of};
use labgrade::outcome::{Outcome, Reason, Status};
use labrubric::Kind;
use roxmltree::{Document, Node, ParsingOptions};

/// Score and points for robustness, as one report gives them.
pub type Totals = (Option<u32>, Option<u32>);

pub fn of_gradescope(text: &str) -> Totals {
    let results: serde_json::Value = serde_json::from_str(text).unwrap();
    let number = |value: &serde_json::Value| value.as_u64().map(|number| u32::try_from(number).unwrap());
    let score = number(&results["score"]);
    let tests = results["tests"].as_array().unwrap();
    // Gradescope may add up the tests itself.
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

pub fn of_junit(text: &str) -> Totals {
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

pub fn of_feedback(text: &str) -> Totals {
    let number = |before: &str| text.split_once(before).unwrap().1.split(' ').next().unwrap().parse().ok();
    (number("\n**Score: "), number("\nRobustness: "))
}

pub fn of_csv(text: &str) -> Vec<Totals> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let heads = reader.headers().unwrap().clone();
    let column = |name: &str| heads.iter().position(|head| head == name).unwrap();
    let rows = reader.records().map(Result::unwrap);
    rows.map(|row| (row[column("score")].parse().ok(), row[column("robust")].parse().ok())).collect()
}

/// Parses the class page as strict XML.
pub fn page(text: &str) -> Document<'_> {
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).unwrap_or_else(|error| panic!("{error}"))
}

/// The totals in the order of the page's rows.
pub fn of_page(text: &str) -> Vec<Totals> {
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
fn are_equal_in_all_reports_on_a_class() {
    let mut outcomes = class(300);
    outcomes.sort_by(|a, b| a.submission.cmp(&b.submission));
    let expected: Vec<Totals> =
        outcomes.iter().map(|outcome| (outcome.score(), outcome.points(Kind::Robust))).collect();
    assert!(expected.iter().any(|(score, _)| score.is_none()), "no grader error in the sample");
    let each = |name: &str, totals: fn(&str) -> Totals| -> Vec<Totals> {
        outcomes.iter().map(|outcome| totals(&report_of(outcome, name))).collect()
    };
    assert_eq!(each("results.json", of_gradescope), expected);
    assert_eq!(each("junit.xml", of_junit), expected);
    assert_eq!(each("feedback.md", of_feedback), expected);
    assert_eq!(of_csv(&class_report(&outcomes, "class.csv")), expected);
    assert_eq!(of_page(&class_report(&outcomes, "class.html")), expected);
}

#[test]
fn are_missing_rather_than_zero_after_a_grader_error_or_an_interruption() {
    for status in [Status::GraderError, Status::NotRun] {
        let outcome = outcome_with("a", &[(1, status)]);
        assert_eq!(of_gradescope(&report_of(&outcome, "results.json")), (None, Some(20)));
        assert_eq!(of_junit(&report_of(&outcome, "junit.xml")), (None, Some(20)));
        assert_eq!(of_feedback(&report_of(&outcome, "feedback.md")), (None, Some(20)));
        assert_eq!(of_csv(&class_report(std::slice::from_ref(&outcome), "class.csv")), [(None, Some(20))]);
        assert_eq!(of_page(&class_report(&[outcome], "class.html")).first().unwrap().0, None);
    }
}

#[test]
fn a_grader_error_asks_for_another_run_in_every_report() {
    let outcome: Outcome = outcome_with("a", &[(1, Status::GraderError)]);
    let results: serde_json::Value = serde_json::from_str(&report_of(&outcome, "results.json")).unwrap();
    assert_eq!(results.get("score"), None);
    assert!(results["tests"].as_array().unwrap().iter().all(|test| test.get("score").is_none()));
    assert_eq!(results["tests"][1].get("status"), None);
    assert!(results["output"].as_str().unwrap().starts_with("Score: not known, of 100\nThe grader failed"));
    let junit = report_of(&outcome, "junit.xml");
    assert!(junit.contains("<error message=\"no space left on device\" type=\"grader error\""), "{junit}");
    assert!(report_of(&outcome, "feedback.md").contains("**Score: not known, of 100.**"));
    assert!(report_of(&outcome, "feedback.md").contains("## Not graded yet"));
    let of_class = [outcome];
    assert!(class_report(&of_class, "class.csv").contains("\r\na,,100,20,20,"));
    assert!(class_report(&of_class, "class.html").contains("To regrade: 1 submission"));
}

/// What no submission can reach on this machine is not held against it. What a submission lacks is.
#[test]
fn leaves_out_points_that_only_another_machine_can_give() {
    let possible = |status| outcome_with("ada", &[(4, status)]).points_possible(Kind::Robust);
    let all = possible(Status::Pass);
    assert_eq!(possible(Status::NotTried(Reason::OneHost)), all - 15);
    assert_eq!(possible(Status::NotTried(Reason::NoClient)), all);
}
