//! `class.html`: what staff read.

use crate::sample::{checked, class, class_report, outcome, outcome_with, rows, set_cause};
use crate::totals;
use labgrade::outcome::{Explanation, Outcome, Reason, Status};
use labgrade::reports;
use labtest::failure::Cause;
use std::fs;
use std::path::Path;

/// The list of causes, as the counts and sentences that are always visible.
fn causes(text: &str) -> Vec<String> {
    let document = totals::page(text);
    let summaries = document.descendants().filter(|node| node.has_tag_name("summary"));
    summaries
        .map(|summary| {
            summary.descendants().filter_map(|node| node.text().filter(|_| node.is_text())).collect()
        })
        .collect()
}

#[test]
fn counts_causes_by_their_code() {
    let mut outcomes = Vec::from(["anna", "berta"].map(|name| outcome(name, [Status::Fail; 7])));
    for (number, replies) in [(0, 1), (1, 2), (2, 2)] {
        set_cause(&mut outcomes[0].checks[number], Some(Cause::EndedAfterReplies { replies }));
    }
    set_cause(&mut outcomes[1].checks[0], None);
    let text = class_report(&outcomes, "class.html");
    // A submission counts once, the most frequent sentence stands for the others, and extra checks do not count.
    assert_eq!(
        causes(&text),
        ["2 the newline was removed", "1 the program ended after 2 replies and 1 variant"],
        "{text}"
    );
}

#[test]
fn counts_what_was_not_tried_or_not_built_among_the_causes() {
    let mut outcomes = vec![outcome_with("anna", &[(4, Status::NotTried(Reason::NoClient))])];
    outcomes.push(outcome("berta", [Status::DidNotStart; 7]));
    for checked in &mut outcomes[1].checks {
        (checked.failure, checked.explanation) = (None, Some(Explanation::NotBuilt));
    }
    let text = class_report(&outcomes, "class.html");
    assert_eq!(causes(&text), ["1 run.toml names no client", "1 the program could not be built"], "{text}");
    // What was not tried did not fail.
    assert!(text.contains("0 passed in every submission"), "{text}");
    assert!(!text.contains("2<small> of 2"), "{text}");
}

#[test]
fn counts_no_extra_checks_among_causes_and_timeouts() {
    let mut outcome = outcome("anna", [Status::Pass; 7]);
    outcome.checks[6] = checked(rows()[6].clone(), Status::Timeout);
    let text = class_report(&[outcome], "class.html");
    assert!(!text.contains("the newline was removed"), "{text}");
    assert!(text.contains("<p>No submission timed out in a check that has points.</p>"), "{text}");
}

#[test]
fn has_a_sign_for_every_status_of_a_core_check() {
    let statuses = [
        (0, Status::NotWritten),
        (1, Status::NotTried(Reason::NoServer)),
        (2, Status::Skipped),
        (3, Status::Crash),
    ];
    let text = class_report(&[outcome_with("anna", &statuses)], "class.html");
    let strip = "<i class=\"w\" title=\"core::first: not written yet\">W</i>\
                 <i class=\"s\" title=\"core::second: not tried\">/</i>\
                 <i class=\"s\" title=\"core::third: skipped\">–</i>\
                 <i class=\"f\" title=\"hidden::fourth: crash\">C</i>";
    assert!(text.contains(strip), "{text}");
    assert!(text.contains("<i class=\"w\">W</i> not written yet"), "{text}");
}

#[test]
fn an_interrupted_class_says_so_on_top_and_leaves_incomplete_scores_out() {
    let mut outcomes: Vec<Outcome> =
        ["anna", "berta", "dora"].map(|name| outcome(name, [Status::Pass; 7])).into();
    outcomes[1].checks[0].status = Status::Fail;
    // All core checks are over, and yet the outcome is incomplete.
    outcomes[2].checks.last_mut().unwrap().status = Status::NotRun;
    let text = class_report(&outcomes, "class.html");
    let warning = "<strong>Interrupted: 1 of 3 submissions is incomplete</strong> (dora). Run the same command without \
         <code>--again</code> to finish grading.</p>";
    let (top, rest) = text.split_once(warning).unwrap_or_else(|| panic!("{text}"));
    assert!(!top.contains("<section>") && rest.contains("<h2>Scores</h2>"), "{text}");
    assert!(text.contains("<dt>mean score</dt><dd>80.0</dd>"), "{text}");
    assert!(text.contains("<title>100: 1 submission</title>"), "{text}");
    // The check that has not run in one of them has not passed there.
    assert!(text.contains("Of 7 checks, 5 passed in every submission"), "{text}");

    let reports = reports::of_class(&outcomes, &["<clara>"]);
    let warning = "Interrupted: 2 of 4 submissions are incomplete</strong> (&lt;clara&gt;, dora). Run";
    assert!(reports[1].1.contains(warning), "{}", reports[1].1);
    outcomes.pop();
    assert!(!class_report(&outcomes, "class.html").contains("Interrupted"));
}

#[test]
fn counts_only_what_passed_as_passed_in_every_submission() {
    let others = [
        (0, Status::NotTried(Reason::NoClient)),
        (1, Status::NotRun),
        (2, Status::GraderError),
        (3, Status::Skipped),
        (4, Status::Fail),
    ];
    let text = class_report(&[outcome_with("anna", &others), outcome_with("berta", &[])], "class.html");
    assert!(text.contains("Of 7 checks, 2 passed in every submission"), "{text}");
}

#[test]
fn shows_failed_core_checks_first() {
    let mut outcomes: Vec<Outcome> = ["anna", "berta"].map(|name| outcome(name, [Status::Fail; 7])).into();
    outcomes[0].checks[0].status = Status::Pass;
    outcomes[0].checks[0].check.points = 1;
    let text = class_report(&outcomes, "class.html");
    let places = ["core::second", "core::third", "core::first", "robust::rude", "extra::words"]
        .map(|test| text.find(&format!("<small><code>{test}</code>")).unwrap());
    assert!(places.is_sorted(), "{places:?}");
    assert!(text.contains("core, 1 point</small>") && text.contains("core, 30 points</small>"), "{text}");
}

/// The pages stay where a person can open them in a browser.
#[test]
fn is_well_formed_for_any_class() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for size in [0, 1, 300] {
        let text = class_report(&class(size), "class.html");
        assert_eq!(totals::of_page(&text).len(), size);
        fs::write(folder.join(format!("class-{size}.html")), text).unwrap();
    }
}
