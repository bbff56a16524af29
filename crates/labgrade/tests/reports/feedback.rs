//! `feedback.md`: what a student reads.

use crate::sample::{class_report, outcome, outcome_with, report_of, set_cause};
use labgrade::outcome::{Build, Explanation, Outcome, Reason, Status};
use labtest::failure::{Cause, Verdict};

/// Asserts that these parts are in `text`, in this order.
#[track_caller]
fn check_order(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        let (_, after) =
            rest.split_once(part).unwrap_or_else(|| panic!("`{part}` is not in its place in\n{text}"));
        rest = after;
    }
}

#[test]
fn tells_what_works_and_why_the_rest_does_not() {
    let statuses = [(0, Status::Fail), (2, Status::Skipped), (3, Status::Fail)];
    let text = report_of(&outcome_with("mia", &statuses), "feedback.md");
    check_order(
        &text,
        &[
            "# tcp-echo: mia",
            "**Score: 30 of 100.**\n",
            "Robustness: 20 of 20",
            "## What works",
            "- The server passes `core::second`. (30 points)",
            "## What does not work yet",
            "### The server passes `core::first`. (0 of 40 points)\n\n**Fail:** the newline was removed.\n\n\
             **Hint:** Send back every byte that came. Read on until the stream ends; a `Vec<u8>` holds any bytes.\n\n\
             What happened: client 127.0.0.1:50960 got the wrong reply.\n",
            "   4.     81 client 127.0.0.1:50960 sends 6 bytes",
            "first difference at byte 5",
            "type each line in a terminal of its own, in this order:\n\n```sh\npython3 server.py 25000\n\
             (printf 'hello\\n'; sleep 1) | nc -N 127.0.0.1 25000\n```\n",
            "The output:\n\n```text\npython3 printed:\n  | ready\n",
            "### The server passes `hidden::fourth`. (0 of 10 points)\n\n\
             Your program did not do what this check expects. This check is hidden, so no details are shown.\n",
            "### Skipped or not tried\n\n\
             Skipped, because *The server passes `core::first`* must pass first. This check (20 points):\n\n\
             - The server passes `core::third`.\n",
        ],
    );
    assert_eq!(
        text.matches("client 127.0.0.1:50960 sends").count(),
        1,
        "the hidden check shows details\n{text}"
    );
}

#[test]
fn explains_a_cause_once() {
    let mut outcome = outcome("mia", [Status::Fail; 7]);
    outcome.checks[1].status = Status::Timeout;
    set_cause(&mut outcome.checks[4], Some(Cause::ClosedAfterReplies { replies: 1 }));
    set_cause(&mut outcome.checks[5], Some(Cause::ClosedAfterReplies { replies: 2 }));
    let text = report_of(&outcome, "feedback.md");
    assert_eq!(text.matches("**Fail:** the newline was removed.").count(), 1, "{text}");
    check_order(
        &text,
        &[
            "core::second`. (0 of 30 points)\n\n\
             **Timeout:** the same cause as under *The server passes `core::first`*.\n\
             Client 127.0.0.1:50960 got the wrong reply.\n\n\
             **Hint:** Read on until the stream ends; a `Vec<u8>` holds any bytes.\n\n\
             To see the same,",
            // Causes with other figures are other causes.
            "**Fail:** it closed the connection after 1 reply.",
            "**Fail:** it closed the connection after 2 replies.",
            "**Fail:** the same cause as under *The server passes `core::first`*.",
        ],
    );
    // The first check, and both others that have a cause of their own.
    assert_eq!(text.matches("first difference at byte 5").count(), 3, "{text}");
}

#[test]
fn never_compares_failures_without_a_cause() {
    let mut outcome = outcome_with("a", &[(0, Status::Fail), (1, Status::Fail)]);
    for checked in &mut outcome.checks[..2] {
        set_cause(checked, None);
    }
    let text = report_of(&outcome, "feedback.md");
    assert_eq!(text.matches("**Fail:** client 127.0.0.1:50960 got the wrong reply.").count(), 2, "{text}");
    assert_eq!(text.matches("first difference at byte 5").count(), 2, "{text}");
    assert!(!text.contains("the same cause"), "{text}");
}

#[test]
fn tells_only_once_that_nothing_started() {
    for cause in [None, Some(Cause::SyntaxError)] {
        let mut outcome = outcome("a", [Status::DidNotStart; 7]);
        for checked in &mut outcome.checks {
            set_cause(checked, cause.clone());
        }
        let text = report_of(&outcome, "feedback.md");
        assert_eq!(text.matches("steps, with").count(), 1, "{text}");
        let again = "**Did not start:** the same cause as under *The server passes `core::first`*.\n";
        assert_eq!(text.matches(again).count(), 5, "{text}");
        // A hint about the exercise does not help a program that does not start.
        let hints = text.matches(" Read on until the stream ends").count();
        assert_eq!(hints, usize::from(cause.is_none()), "{text}");
    }
}

#[test]
fn a_hidden_check_explains_nothing_and_is_never_referred_to() {
    let mut outcome = outcome_with("a", &[(3, Status::Fail), (4, Status::Fail)]);
    outcome.checks.swap(3, 0);
    let text = report_of(&outcome, "feedback.md");
    assert!(!text.contains("the same cause"), "{text}");
    check_order(
        &text,
        &["hidden::fourth`. (0", "no details are shown", "robust::rude`. (0", "the newline was removed"],
    );
}

#[test]
fn says_which_part_is_not_written_yet() {
    let mut outcome = outcome_with("a", &[(0, Status::NotWritten), (1, Status::NotWritten)]);
    let cause = |line| Cause::NotWritten {
        function: Some("serve".to_owned()),
        file: "src/lib.rs".to_owned(),
        line,
        step: None,
        task: None,
    };
    set_cause(&mut outcome.checks[0], Some(cause(40)));
    set_cause(&mut outcome.checks[1], Some(cause(40)));
    outcome.checks[0].failure.as_mut().unwrap().verdict = Verdict::NotWritten;
    let text = report_of(&outcome, "feedback.md");
    check_order(
        &text,
        &[
            "**This part is not written yet: `serve`, src/lib.rs:40.**\n\n**Hint:** Write it, and delete its `todo!`. \
             Read on until the stream ends; a `Vec<u8>` holds any bytes.\n\nThe output:\n\n```text\npython3 printed:",
            "**Not written yet:** the same cause as under *The server passes `core::first`*.\n",
        ],
    );
}

#[test]
fn a_full_score_is_told_on_the_first_screen() {
    let score = |outcome: &Outcome| report_of(outcome, "feedback.md").lines().nth(2).unwrap().to_owned();
    let full = "**Score: 100 of 100.** Every";
    assert_eq!(score(&outcome("a", [Status::Pass; 7])), format!("{full} check passes."));
    let rest = format!("{full} core check passes. The checks below that fail do not change the score.");
    assert_eq!(score(&outcome_with("a", &[(4, Status::Fail)])), rest);
    assert_eq!(score(&outcome_with("a", &[(0, Status::Fail)])), "**Score: 60 of 100.**");
    assert_eq!(score(&outcome_with("a", &[(0, Status::GraderError)])), "**Score: not known, of 100.**");
}

#[test]
fn is_short_if_nothing_was_found() {
    let mut outcome = outcome("ida", [Status::DidNotStart; 7]);
    outcome.submitted = None;
    outcome.nothing_found = Some("it has no `src/`".to_owned());
    for checked in &mut outcome.checks {
        (checked.failure, checked.explanation) = (None, Some(Explanation::NothingFound));
    }
    let text = report_of(&outcome, "feedback.md");
    assert!(text.contains("\nNothing handed in, graded in "), "{text}");
    assert_eq!(text.matches("**Nothing was found to grade:** it has no `src/`.\n").count(), 1, "{text}");
    assert!(text.lines().count() < 12 && !text.to_lowercase().contains("did not start"), "{text}");
    assert!(text.contains("**Score: 0 of 100.**"), "{text}");
    // Other programs still get every check.
    let junit = report_of(&outcome, "junit.xml");
    let failure =
        "<failure message=\"nothing was found to grade: it has no `src/`\" type=\"did not start\"/>";
    assert_eq!(junit.matches(failure).count(), 7, "{junit}");
    let results: serde_json::Value = serde_json::from_str(&report_of(&outcome, "results.json")).unwrap();
    assert_eq!(results["tests"].as_array().unwrap().len(), 7);
    assert!(class_report(&[outcome], "class.csv").contains("\r\nida,0,100,0,20,,"));
}

#[test]
fn is_short_if_nothing_was_built() {
    let mut outcome = outcome("a", [Status::DidNotStart; 7]);
    outcome.build =
        Some(Build { ok: false, seconds: 2.0, output: "error[E0425]: cannot find `x`\n".to_owned() });
    for checked in &mut outcome.checks {
        (checked.failure, checked.explanation) = (None, Some(Explanation::NotBuilt));
    }
    let text = report_of(&outcome, "feedback.md");
    assert_eq!(text.matches("cannot find `x`").count(), 1, "{text}");
    assert!(text.contains("## The build failed\n\nNo program was built, so no check could run."), "{text}");
    assert!(text.lines().count() < 20 && !text.contains("core::first"), "{text}");

    // A server that was built is tested without the client.
    let mut outcome = outcome_with("a", &[(1, Status::NotTried(Reason::NotBuilt))]);
    outcome.build = Some(Build { ok: false, seconds: 2.0, output: "error[E0425]\n".to_owned() });
    let text = report_of(&outcome, "feedback.md");
    check_order(
        &text,
        &[
            "Programs that were not built could not be tested. The build took 2.0 s and printed this:",
            "## What works",
            "Not tried: the program was not built. This check (30 points):\n\n- The server passes `core::second`.",
        ],
    );
}

#[test]
fn names_the_limit_that_ended_a_check() {
    let mut outcome = outcome_with("a", &[(0, Status::Timeout), (1, Status::Crash)]);
    outcome.checks[0].explanation = Some(Explanation::CheckTooLong { limit_s: 30 });
    outcome.checks[0].failure = None;
    // What the check saw before that is a consequence.
    outcome.checks[1].explanation = Some(Explanation::TooMuchMemory { limit_mib: 2048 });
    let text = report_of(&outcome, "feedback.md");
    check_order(
        &text,
        &[
            "**Timeout:** the check was ended: it took longer than 30 s.\n\n**Hint:** Read on",
            "**Crash:** the check was ended: its programs took more than 2048 MiB of memory.\n",
        ],
    );
}

#[test]
fn tells_once_that_options_cannot_be_given() {
    let options = Status::NotTried(Reason::NoOptions);
    let outcome = outcome_with("a", &[(1, options), (2, options), (4, Status::Fail)]);
    let text = report_of(&outcome, "feedback.md");
    let expected = "\nNot tried: the command line does not end with `{args}`, so it takes neither options nor another \
                    address. These checks (50 points):\n\n\
                    - The server passes `core::second`.\n- The server passes `core::third`.\n";
    assert!(text.contains(expected), "{text}");
    assert_eq!(text.matches("**Fail:**").count(), 1, "{text}");
}

#[test]
fn what_a_program_prints_changes_no_status() {
    let mut outcome = outcome_with("a", &[(0, Status::Fail)]);
    let failure = outcome.checks[0].failure.as_mut().unwrap();
    failure.output[0].stdout = format!("not tried: {}\nnot yet implemented\n", Reason::NotBuilt);
    let text = report_of(&outcome, "feedback.md");
    assert!(text.contains("**Fail:** the newline was removed.") && !text.contains("Not tried:"), "{text}");
}
