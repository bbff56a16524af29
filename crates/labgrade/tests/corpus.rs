//! All programs of the corpus: each gets the score that it deserves, and each wrong one its cause.
//!
//! `LABGRADE_ROUNDS=20` grades the right ones 20 times, each time with other texts. None of them may ever lose a point.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod support;

use labgrade::outcome::Status;
use std::path::Path;
use support::corpus::{
    Expected, KINDS, SEED, Sample, grade, names, write_core_rubric, write_two_hosts_rubric,
};
use support::{Folder, labgrade, outcome};

/// Programs of each kind that every lab has at least.
const COUNTS_MIN: [usize; 2] = [3, 10];

/// How many times to grade the right programs.
fn rounds() -> u64 {
    let Ok(word) = std::env::var("LABGRADE_ROUNDS") else { return 1 };
    word.parse().ok().filter(|rounds| *rounds > 0).expect("`LABGRADE_ROUNDS` is a number from 1 on")
}

/// Grades all programs for `lab`. Only programs of which points for robustness are expected run checks for it.
#[track_caller]
fn check(lab: &str) {
    if !support::can_grade() {
        return;
    }
    let folder = Folder::new(lab);
    let mut samples = Vec::new();
    for (kind, count_min) in KINDS.into_iter().zip(COUNTS_MIN) {
        let names = names(lab, kind);
        assert!(names.len() >= count_min, "only {} programs for {lab} are {kind}", names.len());
        samples.extend(names.iter().map(|name| Sample::read(lab, kind, name)));
    }
    let class = |sample: &Sample| match sample.expected {
        Expected { robust: Some(_), .. } => "robust",
        Expected { two_hosts: Some(_), .. } => "two-hosts",
        _ => "core",
    };
    for sample in &samples {
        sample.copy(&folder.join(class(sample)));
    }
    let core_rubric = folder.join("core.toml");
    write_core_rubric(&support::workspace(), lab, &core_rubric);
    let two_hosts_rubric = folder.join("two-hosts.toml");
    write_two_hosts_rubric(&support::workspace(), lab, &two_hosts_rubric);
    let classes = [("core", Some(&*core_rubric)), ("two-hosts", Some(&*two_hosts_rubric)), ("robust", None)];
    for (class, rubric) in classes.into_iter().filter(|(class, _)| folder.join(class).is_dir()) {
        grade(labgrade(), lab, &folder.join(class), &folder.join(format!("results-{class}")), rubric, SEED);
    }

    let mut wrong = String::new();
    for sample in &samples {
        let results = folder.join(format!("results-{}", class(sample)));
        let outcome = outcome(&results, &sample.submission()).unwrap();
        println!("{lab} {}: {:?} of 100", sample.submission(), outcome.score());
        let differences = sample.differences(&outcome);
        if !differences.is_empty() {
            wrong += &format!("{}: {}\n", sample.submission(), differences.join("\n  "));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    let right = folder.join("right");
    let right_samples: Vec<Sample> =
        names(lab, "right").iter().map(|name| Sample::read(lab, "right", name)).collect();
    for sample in &right_samples {
        sample.copy(&right);
    }
    check_again(lab, &right, &right_samples, &core_rubric);
}

/// Grades the right programs for the rounds after the first.
#[track_caller]
fn check_again(lab: &str, right: &Path, samples: &[Sample], rubric: &Path) {
    let mut lost = String::new();
    for round in 2..=rounds() {
        let results = right.with_file_name(format!("results-{round}"));
        grade(labgrade(), lab, right, &results, Some(rubric), SEED + round);
        for sample in samples {
            let outcome = outcome(&results, &sample.submission()).unwrap();
            if outcome.score() != Some(100) {
                lost += &format!("round {round}, {}: {:?}\n", sample.submission(), outcome.score());
                for checked in outcome.checks.iter().filter(|checked| checked.status != Status::Pass) {
                    let failure = checked.failure.as_ref().map(ToString::to_string).unwrap_or_default();
                    lost += &format!("{}: {}\n{failure}\n", checked.check.test, checked.status);
                }
            }
        }
        println!("{lab}: round {round} of {}, {} programs", rounds(), samples.len());
    }
    assert!(lost.is_empty(), "\n{lost}");
}

#[test]
fn udp_echo_programs_get_what_they_deserve() {
    check("udp-echo");
}

#[test]
fn tcp_echo_programs_get_what_they_deserve() {
    check("tcp-echo");
}

#[test]
fn threaded_servers_get_what_they_deserve() {
    check("tcp-threaded");
}

#[test]
fn rtt_clients_get_what_they_deserve() {
    check("rtt-client");
}

#[test]
fn web_servers_get_what_they_deserve() {
    check("http-file-server");
}
