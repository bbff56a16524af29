//! The *environment* of builds: what all submissions for a lab share.

use super::dependencies::Dependencies;
use super::limited_run::{self, Ended, Stopped};
use crate::limits;
use crate::outcome::Build;
use crate::sandbox::{BuildSandbox, Packages, User};
use anyhow::{Context, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// What is needed to build the submissions for one lab.
#[derive(Debug)]
pub struct BuildEnv {
    /// The lab's folder name.
    pub lab: String,
    /// The names of the lab's programs.
    pub programs: Vec<String>,
    /// The workspace without the lab's solution, in which builds run.
    pub tree: PathBuf,
    /// The dependencies, which every build begins with.
    pub dependencies: Dependencies,
    /// The `etc` folder of builds.
    pub etc: PathBuf,
    /// Rust and the packages.
    pub packages: Packages,
    /// The user that builds submissions.
    pub user: User,
    /// True if builds run in a sandbox.
    pub isolated: bool,
    /// Time for building one submission.
    pub time_max: Duration,
}

impl BuildEnv {
    /// The sandbox of a build, apart from what the build is about.
    pub(super) fn sandbox(&self) -> BuildSandbox<'_> {
        BuildSandbox {
            etc: &self.etc,
            tree: &self.tree,
            lab: &self.lab,
            source: None,
            target: None,
            folder: None,
            packages: &self.packages,
        }
    }

    /// The folder with the compiled dependencies.
    ///
    /// # Errors
    /// If they do not compile.
    pub(super) fn dependencies(&self) -> anyhow::Result<&Path> {
        // No code of a submission is involved yet, so the current user compiles them.
        self.dependencies.folder(&self.lab, self.isolated, |words, target| {
            if self.isolated {
                BuildSandbox { target: Some(target), ..self.sandbox() }.command(User::current(), words)
            } else {
                unprotected(&self.tree, target, words)
            }
        })
    }

    /// Runs the command of a build that writes to `folder`.
    ///
    /// # Errors
    /// If the machine fails, not the submission.
    pub(super) fn run(&self, command: Command, folder: &Path) -> anyhow::Result<Build> {
        let started = Instant::now();
        let ended = limited_run::run(command, self.time_max, folder).context("failed to start a build")?;
        ensure_disk_space(&ended, folder)?;
        Ok(Build {
            ok: ended.success(),
            seconds: started.elapsed().as_secs_f64(),
            output: self.output(ended),
        })
    }

    /// The output of a build, with the limit that it reached.
    fn output(&self, ended: Ended) -> String {
        let mut output = ended.output;
        let Err(stopped) = ended.status else { return output };
        let reason = match stopped {
            Stopped::Late => format!("it took longer than {} s", self.time_max.as_secs()),
            Stopped::Memory => format!("it took more than {} MiB of memory", limits::BUILD_BYTES_MAX >> 20),
            Stopped::Files => format!(
                "it wrote more than {} MiB, or {} files",
                limits::BUILT_BYTES_MAX >> 20,
                limits::BUILT_FILES_MAX
            ),
        };
        if !output.is_empty() && !output.ends_with('\n') {
            output.push('\n');
        }
        output + &format!("the build was ended: {reason}\n")
    }
}

/// An error if the disk is full: then nothing can be built, whatever was handed in.
fn ensure_disk_space(ended: &Ended, folder: &Path) -> anyhow::Result<()> {
    let disk = rustix::fs::statvfs(folder)
        .with_context(|| format!("failed to query the disk of `{}`", folder.display()))?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    ensure!(
        ended.success() || ended.status == Err(Stopped::Files) || free >= limits::DISK_BYTES_MIN,
        "the disk of `{}` is full: a build failed, perhaps for that reason; free some space",
        folder.display()
    );
    Ok(())
}

/// A build command without a sandbox: with limits only.
pub(super) fn unprotected(folder: &Path, target: &Path, words: &[&str]) -> Command {
    let mut command = Command::new("prlimit");
    command
        .arg(format!("--fsize={}", limits::BUILT_FILE_BYTES_MAX))
        .arg("--")
        .args(words)
        .current_dir(folder);
    command.env("CARGO_TARGET_DIR", target).env("CARGO_NET_OFFLINE", "true").env("CARGO_INCREMENTAL", "0");
    command.env("CARGO_PROFILE_DEV_DEBUG", "0").env("CARGO_TERM_COLOR", "never");
    command
}
