//! The *user* that runs what is not trusted.

use anyhow::Context;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;

/// The first user number that root may take. Service managers hand out numbers of this range for a while, too.
const NUMBER_MIN: u32 = 61_184;

/// Numbers in that range.
const NUMBERS: u32 = 4_000;

/// The user that runs what is not trusted.
#[derive(Clone, Copy, Debug)]
pub struct User {
    /// The number that root changes to. `None` for an ordinary user, which stays the same.
    number: Option<u32>,
}

impl User {
    /// The user for submissions. An ordinary user runs them as itself. Root changes to a number that belongs to nobody:
    /// limits on processes do not hold for root, and files of root must stay out of reach.
    pub fn for_submissions() -> User {
        let is_root = rustix::process::geteuid().is_root();
        User { number: is_root.then(|| NUMBER_MIN + std::process::id() % NUMBERS) }
    }

    /// The user that runs this program, for what is trusted.
    pub fn current() -> User {
        User { number: None }
    }

    /// The user whose [number](User::number) another process of this run has reported.
    pub fn with_number(number: Option<u32>) -> User {
        User { number }
    }

    /// The number that root changes to, if this program runs as root.
    pub fn number(self) -> Option<u32> {
        self.number
    }

    /// The beginning of a command line. The command runs as this user, and ends with its parent.
    pub fn command_prefix(self) -> Vec<String> {
        let mut words = vec!["setpriv".to_owned()];
        if let Some(number) = self.number {
            words.extend([
                format!("--reuid={number}"),
                format!("--regid={number}"),
                "--clear-groups".to_owned(),
            ]);
        }
        words.extend(["--pdeathsig=KILL".to_owned(), "--".to_owned()]);
        words
    }

    /// Makes this user the owner of a file, or of a folder with everything in it.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn take_ownership(self, path: &Path) -> anyhow::Result<()> {
        let Some(number) = self.number else { return Ok(()) };
        chown(path, Some(number), Some(number))
            .with_context(|| format!("failed to make user {number} the owner of `{}`", path.display()))?;
        if path.is_dir() && !path.is_symlink() {
            for entry in fs::read_dir(path).with_context(|| format!("failed to read `{}`", path.display()))? {
                let path = entry?.path();
                if !path.is_symlink() {
                    self.take_ownership(&path)?;
                }
            }
        }
        Ok(())
    }

    /// Creates a folder that this user can read but not change.
    ///
    /// # Errors
    /// If it cannot be created.
    pub fn create_readable_folder(self, path: &Path) -> anyhow::Result<()> {
        let failed = || format!("failed to create `{}`", path.display());
        fs::create_dir_all(path).with_context(failed)?;
        let mode = if self.number.is_some() { 0o750 } else { 0o700 };
        chown(path, None, self.number)
            .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(mode)))
            .with_context(failed)
    }

    /// Creates a folder that this user can change.
    ///
    /// # Errors
    /// If it cannot be created.
    pub fn create_writable_folder(self, path: &Path) -> anyhow::Result<()> {
        fs::create_dir_all(path).with_context(|| format!("failed to create `{}`", path.display()))?;
        match self.number {
            Some(_) => self.take_ownership(path),
            None => self.create_readable_folder(path),
        }
    }
}
