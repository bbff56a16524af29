//! Programs as students write them, right and wrong: each gets the score that it deserves, and the wrong ones are told why.
//!
//! `submissions/<lab>/{right,wrong}/NAME/expect.toml` says what is wrong, and what must come of it:
//!
//! ```toml
//! # Keeps the first client's address, and sends it everybody's answers.
//! score = 80                            # or the lowest and the highest, as in `[60, 80]`
//! diagnosis = "went to another client"  # a part of one diagnosis
//! robust = "less"                       # right by the textbook; only points for robustness are missing
//! ```
//!
//! `LABGRADE_ROUNDS=20` has the right ones graded 20 times, each time with other texts: none may ever lose a point.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod support;

use labgrade::outcome::{Outcome, Status};
use labgrade::rubric::Kind;
use serde::Deserialize;
use std::fs;
use std::path::Path;
use std::process::Command;
use support::{Folder, copy, copy_changed};

/// Wrong programs, and right ones, that each lab has at least.
const COUNTS_MIN: [(&str, usize); 2] = [("right", 3), ("wrong", 10)];

/// What the texts of the first round are drawn with.
const SEED: u64 = 7;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    score: Score,
    diagnosis: Option<String>,
    robust: Option<Less>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
enum Score {
    Exact(u32),
    Between(u32, u32),
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Less {
    Less,
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// How often the right submissions are graded.
fn rounds() -> u64 {
    let Ok(word) = std::env::var("LABGRADE_ROUNDS") else { return 1 };
    word.parse().ok().filter(|rounds| *rounds > 0).expect("`LABGRADE_ROUNDS` is a number from 1 on")
}

/// Grades the folder `class` by the rubric in a file, or else by the lab's own, into the folder `results`.
#[track_caller]
fn grade(lab: &str, class: &Path, results: &Path, rubric: Option<&Path>, seed: u64) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_labgrade"));
    command.arg("--workspace").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
    command.args(["run", lab]).arg(class).arg("--out").arg(results).args(["--seed", &seed.to_string()]);
    if let Some(rubric) = rubric {
        command.arg("--rubric").arg(rubric);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn outcome(results: &Path, submission: &str) -> Outcome {
    let outcome = fs::read_to_string(results.join(submission).join("outcome.json")).unwrap();
    serde_json::from_str(&outcome).unwrap()
}

/// What is not as expected of one outcome.
fn faults(kind: &str, expected: &Expected, outcome: &Outcome) -> Vec<String> {
    let mut faults = Vec::new();
    let (low, high) = match expected.score {
        Score::Exact(score) => (score, score),
        Score::Between(low, high) => (low, high),
    };
    match outcome.score() {
        Some(score) if (low..=high).contains(&score) => {}
        score => faults.push(format!("the score is {score:?}, and should be {low} to {high}")),
    }
    let of_robust = outcome.checks.iter().filter(|checked| checked.check.kind == Kind::Robust);
    let robust_max: u32 = of_robust.map(|checked| checked.check.points).sum();
    if expected.robust.is_some() && outcome.points(Kind::Robust).is_none_or(|points| points >= robust_max) {
        faults.push("no point for robustness is missing".to_owned());
    }
    let diagnoses = || outcome.checks.iter().filter_map(|checked| checked.diagnosis.as_deref());
    if let Some(phrase) = expected
        .diagnosis
        .as_deref()
        .filter(|phrase| !diagnoses().any(|diagnosis| diagnosis.contains(phrase)))
    {
        faults.push(format!("no diagnosis says `{phrase}`"));
    }
    if kind == "right" && low != 100 {
        faults.push("it is called right, and 100 is not expected".to_owned());
    }
    if kind == "wrong" && high == 100 && expected.robust.is_none() {
        faults.push("it is called wrong, and may get all points".to_owned());
    }
    if !faults.is_empty() {
        for checked in outcome.checks.iter().filter(|checked| checked.check.kind == Kind::Core) {
            if checked.status != Status::Pass {
                let diagnosis = checked.diagnosis.as_deref().unwrap_or("no diagnosis");
                faults.push(format!("  {}: {} ({diagnosis})", checked.check.test, checked.status));
            }
        }
    }
    faults
}

/// The part of a lab's rubric that is about the score.
fn core_of(rubric: &Path) -> String {
    let rubric = fs::read_to_string(rubric).unwrap();
    let rows = rubric.split("[[check]]").skip(1).filter(|row| row.contains("\nkind = \"core\"\n"));
    rows.map(|row| format!("[[check]]{row}")).collect()
}

/// Grades all submissions for `lab`, as a class. What is beyond the core is checked only where it is asked for.
#[track_caller]
fn check(lab: &str) {
    if !support::can_grade() {
        return;
    }
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/submissions").join(lab);
    let folder = Folder::new(lab);
    let mut submissions = Vec::new();
    for (kind, count_min) in COUNTS_MIN {
        let names = names(&corpus.join(kind));
        assert!(names.len() >= count_min, "only {} of {lab} are {kind}", names.len());
        for name in names {
            let from = corpus.join(kind).join(&name);
            let expected = fs::read_to_string(from.join("expect.toml")).unwrap();
            assert!(expected.starts_with("# "), "{kind}/{name}/expect.toml does not say what it is");
            let expected: Expected = toml::from_str(&expected).unwrap();
            let class = if expected.robust.is_some() { "robust" } else { "core" };
            copy_changed(&from, &folder.join(class).join(format!("{kind}-{name}")), &|file, text| {
                (file != "expect.toml").then_some(text)
            });
            submissions.push((kind, name, class, expected));
        }
    }
    let core_rubric = folder.join("core.toml");
    fs::write(&core_rubric, core_of(&top.join("labs").join(lab).join("rubric.toml"))).unwrap();
    for class in ["core", "robust"].into_iter().filter(|class| folder.join(class).is_dir()) {
        let rubric = (class == "core").then_some(&*core_rubric);
        grade(lab, &folder.join(class), &folder.join(format!("results-{class}")), rubric, SEED);
    }

    let mut wrong = String::new();
    for (kind, name, class, expected) in submissions {
        let results = folder.join(format!("results-{class}"));
        let outcome = outcome(&results, &format!("{kind}-{name}"));
        println!("{lab} {kind} {name}: {:?} of 100", outcome.score());
        let faults = faults(kind, &expected, &outcome);
        if !faults.is_empty() {
            wrong += &format!("{kind}/{name}: {}\n", faults.join("\n  "));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    let right = folder.join("right");
    for name in names(&corpus.join("right")) {
        copy(&corpus.join("right").join(&name), &right.join(name));
    }
    check_again(lab, &right, &core_rubric);
}

/// Grades right submissions for as many rounds as are asked for; the first one is behind them.
#[track_caller]
fn check_again(lab: &str, right: &Path, rubric: &Path) {
    let mut lost = String::new();
    for round in 2..=rounds() {
        let results = right.with_file_name(format!("results-{round}"));
        grade(lab, right, &results, Some(rubric), SEED + round);
        for name in names(right) {
            let outcome = outcome(&results, &name);
            if outcome.score() != Some(100) {
                let failed = outcome.checks.iter().filter(|checked| checked.status != Status::Pass);
                let failed: Vec<String> = failed
                    .map(|checked| format!("{}: {}\n{}", checked.check.test, checked.status, checked.report))
                    .collect();
                lost += &format!("round {round}, {name}: {:?}\n{}\n", outcome.score(), failed.join("\n"));
            }
        }
        println!("{lab}: round {round} of {}, {} submissions", rounds(), names(right).len());
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
