//! Scores, statuses and causes do not depend on the wording of any sentence.
//!
//! A copy of the workspace has the sentence `x` for every cause. Tests and grader are compiled from that copy, which takes
//! minutes, so this test runs only if it is asked for.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use labgrade::outcome::{Checked, Outcome, Status};
use labtest::Cause;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::corpus::{SMOKE, check_smoke};

/// The same words for every cause.
const SENTENCES: &str = r#"//! The same words for every cause.

use super::Cause;

impl Cause {
    /// The sentence.
    pub fn sentence(&self) -> String {
        "x".to_owned()
    }

    /// The hint.
    pub fn hint(&self, _has_run_file: bool) -> String {
        "x".to_owned()
    }
}
"#;

/// Copies the sources of the workspace.
fn copy_workspace(to: &Path) {
    let from = support::workspace();
    fs::create_dir_all(to).unwrap();
    for file in ["Cargo.toml", "Cargo.lock"] {
        fs::copy(from.join(file), to.join(file)).unwrap();
    }
    for folder in [".cargo", "vendor", "crates", "labs", "scripts"] {
        if from.join(folder).is_dir() {
            let status = Command::new("cp").arg("-a").arg(from.join(folder)).arg(to).status().unwrap();
            assert!(status.success(), "failed to copy `{folder}`");
        }
    }
}

/// Builds `labgrade` from a workspace.
fn build(workspace: &Path, target: &Path) -> PathBuf {
    let status = Command::new("cargo")
        .args(["build", "--quiet", "--locked", "--offline", "--package", "labgrade", "--target-dir"])
        .arg(target)
        .current_dir(workspace)
        .status()
        .unwrap();
    assert!(status.success(), "labgrade does not compile with other sentences");
    target.join("debug/labgrade")
}

/// The name, the status and the cause of a check.
fn result(checked: &Checked) -> (&str, Status, Option<&Cause>) {
    let cause = checked.failure.as_ref().and_then(|failure| failure.cause.as_ref());
    (&checked.check.test, checked.status, cause)
}

fn results(outcome: &Outcome) -> Vec<(&str, Status, Option<&Cause>)> {
    outcome.checks.iter().map(result).collect()
}

#[test]
fn scores_do_not_depend_on_the_wording() {
    if !support::can_grade() {
        return;
    }
    // Always the same folders, so that Cargo compiles only what has changed since the last time.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wording");
    let (copy, target) = (folder.join("workspace"), folder.join("target"));
    let _ = fs::remove_dir_all(&copy);
    copy_workspace(&copy);
    let sentences = copy.join("crates/labtest/src/failure/sentences.rs");
    assert!(sentences.is_file());
    fs::write(sentences, SENTENCES).unwrap();
    let other = build(&copy, &target);
    for (lab, _) in SMOKE {
        let outcomes = check_smoke(support::labgrade(), &support::workspace(), lab);
        let mut labgrade = Command::new(&other);
        labgrade.arg("--workspace").arg(&copy).env("CARGO_TARGET_DIR", &target);
        let other_outcomes = check_smoke(labgrade, &copy, lab);
        for (outcome, other) in outcomes.iter().zip(&other_outcomes) {
            assert_eq!(outcome.score(), other.score());
            assert_eq!(results(outcome), results(other), "{}", outcome.submission);
        }
        let mut causes = outcomes.iter().flat_map(results).filter_map(|(_, _, cause)| cause);
        assert!(causes.next().is_some(), "no program for {lab} has a cause");
    }
}
