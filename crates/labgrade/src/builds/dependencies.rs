//! The *dependencies* of submissions, compiled once.

use super::copy::copy;
use super::limited_run;
use crate::interrupt;
use crate::kept::Kept;
use anyhow::{Context, bail, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Time for compiling all dependencies from scratch.
const TIME_MAX: Duration = Duration::from_secs(600);

/// The compiled dependencies of the submissions for one lab.
#[derive(Debug)]
pub struct Dependencies {
    /// Where they stay between runs.
    kept: Kept,
    /// The copy for this run, which every build begins with.
    copy: PathBuf,
    is_copied: Mutex<bool>,
}

impl Dependencies {
    /// Dependencies that stay in `kept`, and are copied to the folder `copy` when the first submission needs them.
    pub fn new(kept: Kept, copy: PathBuf) -> Dependencies {
        Dependencies { kept, copy, is_copied: Mutex::new(false) }
    }

    /// The folder with the compiled dependencies. Compiles them first if no submission has needed them before.
    ///
    /// `command` is how Cargo runs with these words, and with this target folder. The lab's own programs are removed
    /// again: those of a submission come from its own source or not at all.
    pub(super) fn folder(
        &self,
        lab: &str,
        isolated: bool,
        command: impl Fn(&[&str], &Path) -> Command,
    ) -> anyhow::Result<&Path> {
        let mut is_copied = self.is_copied.lock().unwrap_or_else(PoisonError::into_inner);
        if *is_copied {
            return Ok(&self.copy);
        }
        let _lock = self.kept.lock()?;
        // The paths differ with and without a sandbox, and Cargo would compile everything again after each change.
        let kind = if isolated { "dependencies" } else { "dependencies-without-sandbox" };
        let target = self.kept.folder().join(kind).join(lab);
        fs::create_dir_all(&target).with_context(|| format!("failed to create `{}`", target.display()))?;
        for words in [
            &["cargo", "build", "--offline", "--locked", "--bins", "--package", lab][..],
            &["cargo", "clean", "--offline", "--locked", "--package", lab],
        ] {
            let ended = limited_run::run(command(words, &target), TIME_MAX, &target)
                .context("failed to start a build")?;
            ensure!(!interrupt::requested(), "interrupted while the dependencies were compiled");
            if !ended.success() {
                let output = ended.output.trim();
                let error = output.lines().find(|line| line.starts_with("error")).unwrap_or(output);
                bail!("failed to compile the dependencies of `{lab}`: {error}");
            }
        }
        copy(&target, &self.copy)?;
        *is_copied = true;
        Ok(&self.copy)
    }
}

/// Replaces the source of a lab by programs that do nothing.
pub fn write_stubs(lab: &Path, programs: &[String]) -> anyhow::Result<()> {
    let source = lab.join("src");
    let failed = || format!("failed to write to `{}`", source.display());
    let _ = fs::remove_dir_all(&source);
    fs::create_dir_all(source.join("bin")).with_context(failed)?;
    fs::write(source.join("lib.rs"), "").with_context(failed)?;
    for program in programs {
        fs::write(source.join(format!("bin/{program}.rs")), "fn main() {}\n").with_context(failed)?;
    }
    Ok(())
}
