//! What the tests of grading share.

// Each test program uses a part of it.
#![allow(dead_code)]

use labgrade::outcome::Outcome;
use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

pub mod corpus;

/// True if this machine has everything that grading needs. Where `CI` is set, it must.
pub fn can_grade() -> bool {
    ["cargo-nextest", "bwrap", "ip", "prlimit", "unshare", "python3"].into_iter().all(labtest::has_tool)
}

/// The workspace that these tests belong to.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// `labgrade` in the workspace.
pub fn labgrade() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_labgrade"));
    command.arg("--workspace").arg(workspace());
    command
}

/// The outcome of a submission, in a folder of results.
pub fn outcome(results: &Path, submission: &str) -> Option<Outcome> {
    let text = fs::read_to_string(results.join(submission).join("outcome.json")).ok()?;
    Some(serde_json::from_str(&text).expect("an outcome is never written in part"))
}

/// A temporary folder.
pub struct Folder(TempDir);

impl Folder {
    /// Creates an empty one, with `name` in its own name.
    pub fn new(name: &str) -> Folder {
        Folder(tempfile::Builder::new().prefix(&format!("test-{name}-")).tempdir().unwrap())
    }
}

impl Deref for Folder {
    type Target = Path;

    fn deref(&self) -> &Path {
        self.0.path()
    }
}

/// Copies a folder. `change` maps each file's name and contents to the copy's; `None` leaves the file out.
pub fn copy_changed(from: &Path, to: &Path, change: &impl Fn(&str, Vec<u8>) -> Option<Vec<u8>>) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy_changed(&from, &to, change);
        } else if let Some(text) = change(&entry.file_name().to_string_lossy(), fs::read(&from).unwrap()) {
            fs::write(to, text).unwrap();
        }
    }
}

/// Copies a folder.
pub fn copy(from: &Path, to: &Path) {
    copy_changed(from, to, &|_, text| Some(text));
}
