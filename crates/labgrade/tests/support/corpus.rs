//! The *corpus*: programs as students write them, right and wrong, with the result that each must get.
//!
//! `submissions/<lab>/{right,wrong}/NAME/expect.toml` says what is wrong with a program, and what grading must find:
//!
//! ```toml
//! # Keeps the first client's address and sends all replies to it.
//! score = 80                    # or the lowest and the highest, as in `[60, 80]`
//! cause = "sent-to-other-client" # the code of a cause, or a table with some of its fields
//! robust = "less"               # right by the textbook; only points for robustness are missing
//! two_hosts = "missed"          # or "reached": what the checks on two hosts find, the only ones for robustness then
//! ```

use super::{Folder, copy_changed, outcome};
use labgrade::outcome::{Outcome, Status};
use labrubric::Kind;
use labtest::Cause;
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Seed of the first round.
pub const SEED: u64 = 7;

/// The kinds of programs.
pub const KINDS: [&str; 2] = ["right", "wrong"];

/// An `expect.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    score: Score,
    cause: Option<serde_json::Value>,
    pub robust: Option<Less>,
    pub two_hosts: Option<TwoHosts>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
enum Score {
    Exact(u32),
    Between(u32, u32),
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Less {
    Less,
}

#[derive(Clone, Copy, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum TwoHosts {
    Reached,
    Missed,
}

/// A program of the corpus.
pub struct Sample {
    lab: String,
    kind: &'static str,
    name: String,
    pub expected: Expected,
}

impl Sample {
    /// Reads `expect.toml`.
    pub fn read(lab: &str, kind: &'static str, name: &str) -> Sample {
        let path = folder(lab).join(kind).join(name).join("expect.toml");
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(text.starts_with("# "), "{} does not say what the program is", path.display());
        let expected = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Sample { lab: lab.to_owned(), kind, name: name.to_owned(), expected }
    }

    /// The name of its folder among the submissions.
    pub fn submission(&self) -> String {
        format!("{}-{}", self.kind, self.name)
    }

    /// Copies the program into a folder of submissions.
    pub fn copy(&self, submissions: &Path) {
        let from = folder(&self.lab).join(self.kind).join(&self.name);
        copy_changed(&from, &submissions.join(self.submission()), &|file, text| {
            (file != "expect.toml").then_some(text)
        });
    }

    /// The differences between an outcome and the expected one.
    pub fn differences(&self, outcome: &Outcome) -> Vec<String> {
        let (low, high) = match self.expected.score {
            Score::Exact(score) => (score, score),
            Score::Between(low, high) => (low, high),
        };
        let mut differences = Vec::new();
        match outcome.score() {
            Some(score) if (low..=high).contains(&score) => {}
            score => differences.push(format!("the score is {score:?}, expected {low} to {high}")),
        }
        let robust_max = outcome.points_possible(Kind::Robust);
        let is_less = outcome.points(Kind::Robust).is_some_and(|points| points < robust_max);
        if self.expected.robust.is_some() && !is_less {
            differences.push("no point for robustness is missing".to_owned());
        }
        match self.expected.two_hosts {
            Some(TwoHosts::Reached) if outcome.points(Kind::Robust) != Some(robust_max) => {
                differences.push("it does not work on two hosts".to_owned());
            }
            Some(TwoHosts::Missed) if !is_less => {
                differences.push("it works on two hosts".to_owned());
            }
            _ => {}
        }
        if let Some(expected) = &self.expected.cause {
            if !causes(outcome).any(|cause| is_cause(expected, cause)) {
                differences.push(format!("no check failed with the cause {expected}"));
            }
        }
        if self.kind == "right" && low != 100 {
            differences.push("it is called right, and 100 is not expected".to_owned());
        }
        let loses_other_points =
            self.expected.robust.is_some() || self.expected.two_hosts == Some(TwoHosts::Missed);
        if self.kind == "wrong" && high == 100 && !loses_other_points {
            differences.push("it is called wrong, and may get all points".to_owned());
        }
        if !differences.is_empty() {
            let kinds = outcome
                .checks
                .iter()
                .filter(|checked| checked.check.kind == Kind::Core || self.expected.two_hosts.is_some());
            for checked in kinds.filter(|checked| checked.status != Status::Pass) {
                let failure = checked.failure.as_ref().map(ToString::to_string).unwrap_or_default();
                differences.push(format!("  {}: {}\n{failure}", checked.check.test, checked.status));
            }
        }
        differences
    }
}

/// The folder with the programs for a lab.
pub fn folder(lab: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/submissions").join(lab)
}

/// The names of the programs of one kind for a lab.
pub fn names(lab: &str, kind: &str) -> Vec<String> {
    let entries = fs::read_dir(folder(lab).join(kind)).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn causes(outcome: &Outcome) -> impl Iterator<Item = &Cause> {
    outcome.checks.iter().filter_map(|checked| checked.failure.as_ref()?.cause.as_ref())
}

/// True if `cause` has the expected code, or all of the expected fields.
fn is_cause(expected: &serde_json::Value, cause: &Cause) -> bool {
    match expected {
        serde_json::Value::Object(fields) => {
            let cause = serde_json::to_value(cause).unwrap();
            fields.iter().all(|(name, value)| cause[name] == *value)
        }
        code => *code == cause.code(),
    }
}

/// Writes the part of a lab's rubric that makes the score to a file.
pub fn write_core_rubric(workspace: &Path, lab: &str, path: &Path) {
    write_rubric(workspace, lab, path, |_| false);
}

/// Writes the part of a lab's rubric that makes the score to a file, and the checks on two hosts.
pub fn write_two_hosts_rubric(workspace: &Path, lab: &str, path: &Path) {
    write_rubric(workspace, lab, path, |row| row.contains("::two_hosts::"));
}

fn write_rubric(workspace: &Path, lab: &str, path: &Path, has_more: impl Fn(&str) -> bool) {
    let rubric = fs::read_to_string(workspace.join("labs").join(lab).join("rubric.toml")).unwrap();
    let is_kept = |row: &&str| row.contains("\nkind = \"core\"\n") || has_more(row);
    let rows = rubric.split("[[check]]").skip(1).filter(is_kept);
    fs::write(path, rows.map(|row| format!("[[check]]{row}")).collect::<String>()).unwrap();
}

/// Grades the folder `class` into the folder `results`, with the lab's own rubric or another one.
#[track_caller]
pub fn grade(
    mut labgrade: Command,
    lab: &str,
    class: &Path,
    results: &Path,
    rubric: Option<&Path>,
    seed: u64,
) {
    labgrade.args(["run", lab]).arg(class).arg("--out").arg(results).args(["--seed", &seed.to_string()]);
    if let Some(rubric) = rubric {
        labgrade.arg("--rubric").arg(rubric);
    }
    let output = labgrade.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// One right and one wrong program for each lab, all of them in Python and quick to grade.
pub const SMOKE: [(&str, [&str; 2]); 5] = [
    ("udp-echo", ["python-textbook", "whole-buffer-sent"]),
    ("tcp-echo", ["python-textbook", "reads-two-bytes"]),
    ("tcp-threaded", ["python-per-chunk", "one-line-per-client"]),
    ("rtt-client", ["python-per-line", "wrong-unit"]),
    ("http-file-server", ["python-textbook", "always-200"]),
];

/// Grades the programs of [`SMOKE`] for one lab in a workspace, compares them with what is expected, and returns their
/// outcomes.
#[track_caller]
pub fn check_smoke(labgrade: Command, workspace: &Path, lab: &str) -> Vec<Outcome> {
    let (_, programs) = SMOKE.into_iter().find(|(name, _)| *name == lab).unwrap();
    let folder = Folder::new(lab);
    let (class, results, rubric) = (folder.join("class"), folder.join("results"), folder.join("rubric.toml"));
    let samples: Vec<Sample> =
        KINDS.into_iter().zip(programs).map(|(kind, name)| Sample::read(lab, kind, name)).collect();
    for sample in &samples {
        sample.copy(&class);
    }
    write_two_hosts_rubric(workspace, lab, &rubric);
    grade(labgrade, lab, &class, &results, Some(&rubric), SEED);
    let outcomes: Vec<Outcome> =
        samples.iter().map(|sample| outcome(&results, &sample.submission()).unwrap()).collect();
    for (sample, outcome) in samples.iter().zip(&outcomes) {
        let differences = sample.differences(outcome);
        assert!(differences.is_empty(), "{}: {}", sample.submission(), differences.join("\n"));
    }
    outcomes
}
