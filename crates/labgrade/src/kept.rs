//! *Kept files*: what is compiled stays between runs, in `target/labgrade`.

use anyhow::Context;
use labrubric::Workspace;
use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// The folder of kept files.
#[derive(Debug)]
pub struct Kept {
    folder: PathBuf,
}

impl Kept {
    /// The folder in a workspace.
    pub fn of(workspace: &Workspace) -> Kept {
        let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
        let target = workspace.top().join(target.unwrap_or_else(|| PathBuf::from("target")));
        Kept { folder: target.join("labgrade") }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Waits until no other `labgrade` uses the folder, and keeps others out until the result is dropped.
    ///
    /// # Errors
    /// If the folder cannot be created.
    pub fn lock(&self) -> anyhow::Result<File> {
        let failed = || format!("failed to write to `{}`", self.folder.display());
        fs::create_dir_all(&self.folder).with_context(failed)?;
        let lock = File::create(self.folder.join("lock")).with_context(failed)?;
        flock(&lock, FlockOperation::LockExclusive).context("failed to wait for another `labgrade`")?;
        Ok(lock)
    }
}
