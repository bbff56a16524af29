//! Outcomes to make reports of.

use chrono::{DateTime, Duration, Utc};
use labgrade::outcome::{Checked, Explanation, FORMAT, Outcome, Status};
use labgrade::reports;
use labrubric::{Check, Kind};
use labtest::failure::{self, Cause, End, Excerpt, Failure, Received};
use serde_json::{Value, json};

/// Each of these breaks out of any text that does not escape it.
pub const HOSTILE_NAMES: [&str; 7] = [
    "=HYPERLINK(\"http://x\",\"a\")",
    "<b>bold</b>&co",
    "Zoë, \"the\" second",
    "a\nb`c``d",
    "*star*_under_ [x](y)",
    "100%#? done",
    "-1+2",
];

/// One status of each kind that a check which was tried may have.
pub const ALL: [Status; 7] = [
    Status::Pass,
    Status::Fail,
    Status::DidNotStart,
    Status::Timeout,
    Status::Crash,
    Status::Skipped,
    Status::GraderError,
];

/// The failure of a TCP server that swallows the newline, as the check writes it down.
pub fn failure(test: &str) -> Failure {
    let client = |at_ms: u32, action: Value| {
        let mut step = json!({ "at_ms": at_ms, "actor": { "role": "client", "address": "127.0.0.1:50960" } });
        step.as_object_mut().unwrap().extend(action.as_object().unwrap().clone());
        step
    };
    let failure = json!({
        "format": failure::FORMAT,
        "check": test,
        "verdict": "fail",
        "cause": { "code": "newline-removed" },
        "summary": "client 127.0.0.1:50960 got the wrong reply",
        "steps": [
            { "at_ms": 0, "actor": { "role": "check" }, "action": "start", "command": "python3 server.py 23867" },
            {
                "at_ms": 80, "actor": { "role": "program", "name": "python3" },
                "action": "listen", "address": "127.0.0.1:23867",
            },
            client(81, json!({ "action": "connect", "peer": "127.0.0.1:23867" })),
            client(81, json!({
                "action": "send", "transport": "tcp", "bytes": Excerpt::of(b"hello\n"), "times": 1,
            })),
            client(82, json!({
                "action": "receive", "transport": "tcp", "bytes": Excerpt::of(b"HELLO"), "end": "closed",
            })),
        ],
        "steps_left_out": 0,
        "expected": Excerpt::of(b"HELLO\n"),
        "received": Received { bytes: Excerpt::of(b"HELLO"), end: End::Closed },
        "reproduce": [
            { "terminal": 1, "line": "python3 server.py 25000" },
            { "terminal": 2, "line": "(printf 'hello\\n'; sleep 1) | nc -N 127.0.0.1 25000" },
        ],
        "output": [{ "program": "python3", "stdout": "ready\n", "stderr": "" }],
        "has_run_file": false,
    });
    serde_json::from_value(failure).unwrap()
}

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

pub fn rows() -> [Check; 7] {
    let mut rows = [
        check("core::first", Kind::Core, 40),
        check("core::second", Kind::Core, 30),
        check("core::third", Kind::Core, 20),
        check("hidden::fourth", Kind::Core, 10),
        check("robust::rude", Kind::Robust, 15),
        check("robust::rare", Kind::Robust, 5),
        check("extra::words", Kind::Extra, 0),
    ];
    rows[2].needs = vec!["core::first".to_owned()];
    rows[3].hidden = true;
    rows
}

/// A check with the result that the grader would give it.
pub fn checked(check: Check, status: Status) -> Checked {
    let failure = status.is_failure().then(|| Box::new(failure(&check.test)));
    let explanation = match status {
        Status::Skipped => Some(Explanation::Needs { test: "core::first".to_owned() }),
        Status::GraderError => Some(Explanation::Machine { error: "no space left on device".to_owned() }),
        _ => None,
    };
    Checked { check, status, failure, explanation, seconds: 0.25 }
}

pub fn outcome(name: &str, statuses: [Status; 7]) -> Outcome {
    let submitted = DateTime::parse_from_rfc3339("2026-03-01T12:00:00Z").unwrap().with_timezone(&Utc);
    Outcome {
        format: FORMAT,
        lab: "tcp-echo".to_owned(),
        submission: name.to_owned(),
        submitted: Some(submitted),
        graded: submitted + Duration::hours(10),
        seed: 7,
        isolated: true,
        nothing_found: None,
        remarks: Vec::new(),
        build: None,
        answers: None,
        checks: rows().into_iter().zip(statuses).map(|(check, status)| checked(check, status)).collect(),
        seconds: 1.75,
    }
}

/// An outcome in which all checks pass but those given by number.
pub fn outcome_with(name: &str, statuses: &[(usize, Status)]) -> Outcome {
    let mut all = [Status::Pass; 7];
    for &(number, status) in statuses {
        all[number] = status;
    }
    outcome(name, all)
}

/// Sets the cause of a failed check.
pub fn set_cause(checked: &mut Checked, cause: Option<Cause>) {
    checked.failure.as_mut().unwrap().cause = cause;
}

/// A class with results of all kinds, the same each time.
pub fn class(size: usize) -> Vec<Outcome> {
    let mut state = 12345_usize;
    let mut next = move || {
        state = (state * 48271) % 0x7fff_ffff;
        state / 8
    };
    let class = (0..size).map(|number| {
        let skill = 45 + next() % 55;
        let statuses = std::array::from_fn(|_| match (next() % 100, next() % 300) {
            (_, 0) => Status::GraderError,
            (luck, _) if luck < skill => Status::Pass,
            (_, 1..=170) => Status::Fail,
            (_, 171..=190) => Status::NotWritten,
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
            outcome.remarks = vec!["`tests/core.rs` was changed: <ignored>".to_owned()];
        }
        for checked in &mut outcome.checks {
            if checked.status == Status::Timeout {
                outcome.seconds += 10.0;
            }
            let cause = match (checked.status, next() % 6) {
                (Status::NotWritten, variant) => Some(Cause::NotWritten {
                    function: Some("serve".to_owned()),
                    file: "src/lib.rs".to_owned(),
                    line: 40 + u32::try_from(variant).unwrap(),
                    step: None,
                    task: None,
                }),
                (_, 0) => Some(Cause::NewlineRemoved),
                (_, 1) => Some(Cause::OneReadForAll),
                (_, 2) => Some(Cause::EndedAfterReplies { replies: 1 + next() % 3 }),
                (_, 3) => Some(Cause::WhitespaceStripped { text: "</td> &".to_owned() }),
                _ => None,
            };
            if checked.status.is_failure() {
                set_cause(checked, cause);
            }
        }
        outcome
    });
    class.collect()
}

pub fn report_of(outcome: &Outcome, name: &str) -> String {
    let reports = reports::of_submission(outcome);
    reports.into_iter().find(|(file, _)| *file == name).unwrap().1
}

pub fn class_report(outcomes: &[Outcome], name: &str) -> String {
    let reports = reports::of_class(outcomes, &[]);
    reports.into_iter().find(|(file, _)| *file == name).unwrap().1
}
