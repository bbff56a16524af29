//! Explanations: from the answer sheets of a class to `explain.html`, and from `explained.toml` to the reports.

use crate::class::{Class, ENDING, screen};
use std::fs;

fn sheet(explanation: &str) -> String {
    format!("lab = \"tcp-echo\"\n7.explain = '''\n{explanation}\n'''\n")
}

/// The digest of a student's answer to question 7.
fn digest(class: &Class, student: &str) -> String {
    let answers = class.outcome(student).unwrap().answers.unwrap();
    answers.explained.into_iter().find(|explained| explained.question == 7).unwrap().digest
}

fn entry(student: &str, question: u32, digest: &str, points: u32) -> String {
    format!(
        "[[explained]]\nsubmission = \"{student}\"\nquestion = {question}\nanswer = \"{digest}\"\npoints = {points}\n\
         comment = \"Well said.\"\n"
    )
}

#[test]
fn get_their_points_from_a_file_that_a_person_saves() {
    let Some(class) = Class::new() else { return };
    let hostile = "</script><script>alert(1)</script> \u{202e} \"\"\" [[explained]]\nsecond line";
    for (student, text) in [("anna", "The port is taken."), ("berta", hostile), ("clara", "")] {
        class.with_python(student, ENDING).with(&format!("{student}/answers.toml"), &sheet(text));
    }
    let first = class.run(&[]);
    assert!(screen(&first).contains("2 explanations to grade in `"), "{}", screen(&first));
    let results = class.results();
    let read = |file: &str| fs::read_to_string(results.join(file)).unwrap();
    let page = read("explain.html");
    assert!(page.contains("The port is taken.") && !page.contains("alert(1)</script>"), "{page}");
    assert!(class.outcome("clara").unwrap().answers.is_none(), "nothing is filled in");

    let save = |entries: &[String]| {
        let text = format!("lab = \"tcp-echo\"\n{}", entries.concat());
        fs::write(results.join("explained.toml"), text).unwrap();
        screen(&class.run(&[]))
    };
    let [anna, berta] = ["anna", "berta"].map(|student| digest(&class, student));
    let seen = save(&[entry("anna", 7, &anna, 2), entry("berta", 7, &berta, 3), entry("dora", 7, "0", 1)]);
    for line in [
        "explained.toml: `berta`, question 7: 3 points are more than the 2 that it is worth; the entry is left out\n",
        "explained.toml: `dora`, question 7: there is no such submission; the entry is left out\n",
        "1 explanation to grade in `",
    ] {
        assert!(seen.contains(line), "{seen}");
    }
    assert!(read("anna/feedback.md").contains("- Question 7: 2 of 2. Well said.\n"));
    assert!(read("berta/feedback.md").contains("- Question 7: not graded yet, of 2\n"));
    assert!(read("explain.html").contains("Well said."), "a later run loads the points");

    // An answer that is not the one that was graded has no points.
    class.with("anna/answers.toml", &sheet("The port is in use."));
    let again = screen(&class.run(&["--again", "anna"]));
    let line = "explained.toml: `anna`, question 7: answer changed since it was graded: grade it again\n";
    assert!(again.contains(line), "{again}");
    assert!(read("anna/feedback.md").contains("- Question 7: not graded yet, of 2\n"));

    fs::write(results.join("explained.toml"), "lab = \"tcp-echo\"\n[[explained]\n").unwrap();
    let broken = class.run(&[]);
    assert_eq!(broken.status.code(), Some(1));
    assert!(screen(&broken).contains("explained.toml`: line 2: "), "{}", screen(&broken));
}
