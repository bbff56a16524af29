//! Results of a class: reports, grading again, errors of several runs at once.

use crate::class::{Class, ENDING, HANGING, SERVER, errors, screen};
use labgrade::outcome::{Explanation, Outcome, Status};
use rustix::fs::{FlockOperation, flock};
use std::fs;
use std::time::{Duration, SystemTime};

#[test]
fn grades_a_class_and_writes_all_reports() {
    let Some(class) = Class::new() else { return };
    class.with_python("anna", SERVER).with_python("berta", ENDING).with("clara/notes.txt", "sorry");
    fs::create_dir(class.students().join("dora")).unwrap();
    class.with("emil.zip", "PK").with("__MACOSX/._emil", "");
    let output = class.run(&["--seed", "42"]);
    assert!(output.status.success(), "{}", screen(&output));
    let warning = "warning: `emil.zip` is not a folder, so it is not graded; unpack or remove it\n";
    assert!(
        screen(&output).contains(warning) && !screen(&output).contains("__MACOSX"),
        "{}",
        screen(&output)
    );
    let page = class.page_head();
    assert!(page.contains("Nothing to grade was found in 2 of 4 submissions."), "{page}");
    assert_eq!(
        (class.score("anna"), class.score("berta"), class.score("clara")),
        (Some(100), Some(0), Some(0))
    );
    for report in ["anna/feedback.md", "anna/results.json", "anna/junit.xml", "class.csv", "class.html"] {
        assert!(class.results().join(report).is_file(), "{report}");
    }
    let raw = fs::read_to_string(class.results().join("anna/nextest/nextest-1.xml")).unwrap();
    assert!(raw.contains("server_answers_in_upper_case"), "{raw}");
    let (anna, berta, clara) =
        (class.outcome("anna").unwrap(), class.outcome("berta").unwrap(), class.outcome("clara").unwrap());
    assert_eq!((anna.seed, anna.isolated, anna.is_complete()), (42, true, true));
    assert_eq!(berta.checks[0].status, Status::DidNotStart);
    assert_eq!(berta.checks[1].status, Status::Skipped);
    let test = "core::server_answers_in_upper_case".to_owned();
    assert_eq!(berta.checks[1].explanation, Some(Explanation::Needs { test }));
    let nothing = "it has neither `run.toml` nor `src/` nor `labs/tcp-echo/src/`, but `notes.txt`";
    assert_eq!(clara.nothing_found.as_deref(), Some(nothing));
    assert_eq!(clara.checks.iter().filter(|checked| checked.is_over()).count(), 2);
    let feedback = class.feedback("clara");
    assert!(feedback.contains(nothing) && !feedback.contains("did not start"), "{feedback}");
    let nobody = class.outcome("dora").unwrap();
    assert_eq!((nobody.submitted, nobody.score()), (None, Some(0)));
    // The same seed gives the same results.
    let output = class.run(&["--seed", "42", "--again"]);
    assert!(output.status.success(), "{}", screen(&output));
    assert_eq!(
        (class.score("anna"), class.score("berta"), class.score("clara")),
        (Some(100), Some(0), Some(0))
    );
}

#[test]
fn keeps_the_time_of_handing_in_when_it_grades_again() {
    let Some(class) = Class::new() else { return };
    class.with_python("anna", ENDING).with_python("berta", SERVER);
    let early = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    for file in ["server.py", "run.toml"] {
        let file = fs::File::options().write(true).open(class.students().join("anna").join(file)).unwrap();
        file.set_modified(early).unwrap();
    }
    assert!(class.run(&[]).status.success());
    let first = class.outcome("anna").unwrap();
    assert_eq!((first.score(), first.submitted.map(|time| time.timestamp())), (Some(0), Some(1_700_000_000)));
    let berta = class.outcome("berta").unwrap();
    // Staff correct a file for a student.
    class.with_python("anna", SERVER);
    let told = screen(&class.run(&[]));
    let results = format!("results in `{}`\n", class.results().join("class.html").display());
    let expected = "2 of 2 are already graded\n\
                    `anna` has changed since it was graded; to grade it again: --again anna\n";
    assert_eq!(told, format!("{expected}{results}"));
    let output = class.run(&["--again", "anna"]);
    assert!(output.status.success(), "{}", screen(&output));
    let told = screen(&class.run(&[]));
    assert_eq!(told, format!("2 of 2 are already graded\n{results}"));
    let second = class.outcome("anna").unwrap();
    assert_eq!((second.score(), second.submitted), (Some(100), first.submitted));
    let remarks = |outcome: &Outcome| {
        outcome.remarks.iter().any(|remark| remark.ends_with("is newer than what was graded first"))
    };
    assert_eq!((remarks(&first), remarks(&second)), (false, true), "{:?}", second.remarks);
    assert_eq!(class.outcome("berta").unwrap(), berta);
    // This one has not changed.
    assert!(class.run(&["--again", "berta"]).status.success());
    let again = class.outcome("berta").unwrap();
    assert_eq!((again.submitted, remarks(&again)), (berta.submitted, false), "{:?}", again.remarks);
    let output = class.run(&["--again", "nobody"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        errors(&output).starts_with("error: `nobody` of `--again` is not a folder in `"),
        "{}",
        errors(&output)
    );
}

#[test]
fn one_run_at_a_time_writes_to_a_folder() {
    let Some(class) = Class::new() else { return };
    class.with_python("anna", SERVER);
    fs::create_dir_all(class.results()).unwrap();
    let lock = fs::File::create(class.results().join(".lock")).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    let output = class.run(&[]);
    assert_eq!(output.status.code(), Some(1));
    let expected = format!(
        "error: another `labgrade run` is writing to `{}`; wait until it has ended\n",
        class.results().display()
    );
    assert_eq!(errors(&output), expected);
}

#[test]
fn prints_one_submission_as_it_goes() {
    let Some(class) = Class::new() else { return };
    class.with_python("anna", HANGING);
    let screen = class.check("anna");
    let line =
        screen.lines().find(|line| line.starts_with("did not start: core::server_answers_in_upper_case in "));
    assert!(line.is_some(), "{screen}");
    assert!(screen.contains("has no listening socket"), "{screen}");
    assert_eq!(screen.lines().last(), Some("score: 0 of 100"), "{screen}");
}
