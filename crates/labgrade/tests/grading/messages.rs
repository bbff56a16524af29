//! Errors and warnings, word for word.

use crate::class::{Class, RUBRIC, SERVER, errors, screen};
use std::fs;

#[test]
fn says_in_one_line_what_is_wrong() {
    let Some(class) = Class::new() else { return };
    let output = class.run(&[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        errors(&output).ends_with(
            "has no folders; it must have one per student; for one submission: `labgrade check`\n"
        ),
        "{}",
        errors(&output)
    );
    class.with_python("anna\u{1b}[2J", SERVER);
    let inside = class.students().join("results");
    let output = class.command(&["run", "tcp-echo"]).arg(class.students()).arg("--out").arg(&inside).output();
    let expected = format!(
        "error: `{}` is inside the folder of the submissions; use another folder for the results\n",
        inside.display()
    );
    assert_eq!(errors(&output.unwrap()), expected);
    assert!(!inside.exists());
    // A name cannot control the terminal. Later, the points change.
    assert!(screen(&class.run(&[])).contains("1 of 1: `anna\\u{1b}[2J` 100 of 100 in "));
    fs::write(class.folder.join("rubric.toml"), RUBRIC.replace("60", "50").replace("40", "50")).unwrap();
    let output = screen(&class.run(&[]));
    let expected = format!(
        "1 of 1 are already graded\nwarning: 1 of them were graded by another rubric; `--again` grades all by this one\n\
         results in `{}`\n",
        class.results().join("class.html").display()
    );
    assert_eq!(output, expected);
    let output = class.command(&["check", "tcp-ecko", "."]).output().unwrap();
    assert!(
        errors(&output).starts_with("error: `tcp-ecko` is not a lab; the labs are "),
        "{}",
        errors(&output)
    );
    let output = class.command(&["check", "tcp-echo", "no-such-folder"]).output().unwrap();
    assert_eq!(errors(&output), "error: `no-such-folder` is not a folder; name the folder of a submission\n");
    let output = class.command(&["check", "no-such-folder", "tcp-echo"]).output().unwrap();
    assert_eq!(
        errors(&output),
        "error: `no-such-folder` is not a lab; the lab comes first: `labgrade check tcp-echo no-such-folder`\n"
    );
    let output = class.command(&["run", "tcp-echo", "no-such-folder", "--out", "results"]).output().unwrap();
    assert_eq!(
        errors(&output),
        "error: `no-such-folder` is not a folder; name the folder that has one folder per student\n"
    );
    let output = class.command(&["check"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}
