//! The *scratch folder* of a run.

use super::user::User;
use anyhow::Context;
use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use tempfile::TempDir;

/// The beginning of the folder's name. The number of the process follows.
const PREFIX: &str = "labgrade-";

/// The file in the folder that is locked.
const LOCK: &str = ".lock";

/// A folder for the files of one run. It is removed with the run, or by the next run if this one is killed.
pub struct Scratch {
    folder: TempDir,
    /// Locked as long as the run lives, however it ends.
    _lock: File,
}

impl Scratch {
    /// Creates a folder in the system's folder for temporary files, after removing what killed runs left there.
    ///
    /// # Errors
    /// If it cannot be created.
    pub fn new(user: User) -> anyhow::Result<Scratch> {
        let base = std::env::temp_dir();
        let base = base.canonicalize().unwrap_or(base);
        remove_abandoned(&base);
        let failed = || format!("failed to create a folder in `{}`", base.display());
        let prefix = format!("{PREFIX}{}-", std::process::id());
        let folder = tempfile::Builder::new().prefix(&prefix).tempdir_in(&base).with_context(failed)?;
        let lock = File::create(folder.path().join(LOCK)).with_context(failed)?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive).with_context(failed)?;
        user.create_readable_folder(folder.path())?;
        Ok(Scratch { folder, _lock: lock })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Removes the scratch folders of this user's runs that were killed.
fn remove_abandoned(base: &Path) {
    let user = rustix::process::geteuid().as_raw();
    for entry in fs::read_dir(base).into_iter().flatten().filter_map(Result::ok) {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split_once('-'));
        let Some(process) = process.and_then(|(process, _)| process.parse::<u32>().ok()) else { continue };
        let is_own = entry.metadata().is_ok_and(|folder| folder.is_dir() && folder.uid() == user);
        // A process of another container is not visible here. Its lock is.
        let is_abandoned = !Path::new("/proc").join(process.to_string()).exists()
            && File::open(entry.path().join(LOCK))
                .map_or(true, |lock| flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok());
        if is_own && is_abandoned {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
