//! The *archive* of compiled tests, which nextest makes, and extracts into the scratch folder.

use super::cargo::cargo;
use anyhow::{Context, ensure};
use labrubric::{Rubric, Workspace, test_files};
use serde_json::Value;
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

fn path(scratch: &Path) -> PathBuf {
    scratch.join("tests.tar.zst")
}

/// Compiles the tests of a lab to an archive in `scratch`. The compiler's files stay in `kept`.
pub(super) fn compile(workspace: &Workspace, lab: &str, kept: &Path, scratch: &Path) -> anyhow::Result<()> {
    let (target, archive) = (kept.join("tests"), path(scratch));
    let (target, archive) = (target.display().to_string(), archive.display().to_string());
    let mut words = vec!["nextest", "archive", "--package", lab, "--target-dir", &target];
    words.extend(["--archive-file", &archive]);
    let files = test_files(&workspace.lab(lab)?)?;
    for file in &files {
        words.extend(["--test", &file.name]);
    }
    cargo(workspace.top(), &words).with_context(|| format!("the tests of `{lab}` do not compile"))?;
    Ok(())
}

/// Extracts the archive to the folder `to`, and returns the names of the tests in it, as in a rubric.
pub(super) fn extract(scratch: &Path, tree: &Path, to: &Path) -> anyhow::Result<HashSet<String>> {
    fs::create_dir_all(to).with_context(|| format!("failed to create `{}`", to.display()))?;
    let archive = path(scratch).display().to_string();
    let (to, remap) = (to.display().to_string(), tree.display().to_string());
    let words = ["nextest", "list", "--archive-file", &archive, "--extract-to", &to];
    let words = [&words[..], &["--workspace-remap", &remap, "--message-format", "json"]].concat();
    let list: Value =
        serde_json::from_str(&cargo(tree, &words)?).context("nextest's list of tests is not JSON")?;
    let mut found = HashSet::new();
    for suite in list["rust-suites"].as_object().into_iter().flat_map(|suites| suites.values()) {
        let binary = suite["binary-name"].as_str().unwrap_or_default();
        for test in suite["testcases"].as_object().into_iter().flat_map(|tests| tests.keys()) {
            found.insert(format!("{binary}::{test}"));
        }
    }
    let _ = fs::remove_file(archive);
    Ok(found)
}

/// An error if a rubric names tests that were not found.
pub(super) fn ensure_found(rubric: &Rubric, lab: &str, found: &HashSet<String>) -> anyhow::Result<()> {
    let tests = rubric.checks.iter().map(|check| check.test.as_str());
    let missing: Vec<&str> = tests.filter(|test| !found.contains(*test)).collect();
    ensure!(
        missing.is_empty(),
        "the rubric of `{lab}` names tests that do not exist: {}",
        missing.join(", ")
    );
    Ok(())
}
