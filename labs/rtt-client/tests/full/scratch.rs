//! A file for one test, removed at its end.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::{fs, process};

/// The path of a file that a program under test writes.
pub struct Scratch(PathBuf);

/// Names a file. Another process that runs the same tests uses another name.
pub fn scratch(name: &str) -> Scratch {
    Scratch(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{name}", process::id())))
}

impl Deref for Scratch {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
