//! *Building* a submission: its own code only, with dependencies that were compiled before, in a sandbox.

use super::exam::Exam;
use super::processes::{self, Ended, Stopped};
use super::sandbox::{BuildPlace, Runner};
use super::{interrupt, limits};
use crate::outcome::Build;
use anyhow::{Context, bail, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// What building dependencies takes at most, all of them and from nothing.
const WARM: Duration = Duration::from_secs(600);

/// Replaces the source of a lab by programs that do nothing.
pub(super) fn write_stubs(lab: &Path, programs: &[String]) -> anyhow::Result<()> {
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

/// Compiles what submissions depend on, in a folder that is kept from run to run. What they would build themselves is
/// taken away again: a submission's programs come from its own source or not at all.
pub(super) fn warm(exam: &Exam, kept: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(kept).with_context(|| format!("failed to create `{}`", kept.display()))?;
    for words in [
        &["cargo", "build", "--offline", "--locked", "--bins", "--package", &exam.lab][..],
        &["cargo", "clean", "--offline", "--locked", "--package", &exam.lab],
    ] {
        // Nothing of a submission is in this yet.
        let command = if exam.no_sandbox.is_none() {
            place(exam, None, Some(kept)).command(Runner::unchanged(), mounts(exam), words)
        } else {
            unprotected(&exam.tree, kept, words)
        };
        let ended = processes::run(command, WARM, limits::BUILD_OUTPUT_BYTES_MAX, kept)
            .context("failed to start a build")?;
        ensure!(!interrupt::requested(), "interrupted while the dependencies were compiled");
        if !ended.success() {
            let error =
                ended.output.lines().find(|line| line.starts_with("error")).unwrap_or(ended.output.trim());
            bail!("failed to compile what `{}` depends on: {error}", exam.lab);
        }
    }
    copy(kept, &exam.warm)
}

/// Copies a folder with the times of its files: Cargo judges by them what is up to date.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    let copied = Command::new("cp").args(["-a", "--reflink=auto"]).arg(from).arg(to).status();
    ensure!(copied.is_ok_and(|status| status.success()), "failed to copy `{}`", from.display());
    Ok(())
}

fn mounts(exam: &Exam) -> [PathBuf; 2] {
    ["toolchain", "registry"].map(|name| exam.scratch().join(name))
}

fn place<'a>(exam: &'a Exam, source: Option<&'a Path>, target: Option<&'a Path>) -> BuildPlace<'a> {
    let etc = exam.etc();
    BuildPlace {
        etc,
        tree: &exam.tree,
        lab: &exam.lab,
        source,
        target,
        folder: None,
        toolchain: &exam.toolchain,
        registry: &exam.registry,
    }
}

/// Without a sandbox: limits only.
fn unprotected(folder: &Path, target: &Path, words: &[&str]) -> Command {
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

/// Builds the lab with `source` as its `src/`, and puts the programs that come out into the folder `programs`.
///
/// # Errors
/// If the machine fails, not the submission.
pub fn build_source(exam: &Exam, source: &Path, work: &Path, programs: &Path) -> anyhow::Result<Build> {
    let started = Instant::now();
    let target = work.join("target");
    copy(&exam.warm, &target)?;
    exam.runner.give(&target)?;
    let words = ["cargo", "build", "--offline", "--locked", "--bins", "--keep-going", "--package", &exam.lab];
    let command = if exam.no_sandbox.is_none() {
        place(exam, Some(source), Some(&target)).command(exam.runner, mounts(exam), &words)
    } else {
        // A workspace of its own, as nothing can be laid over the shared one.
        let tree = work.join("tree");
        copy(&exam.tree, &tree)?;
        let place = tree.join("labs").join(&exam.lab).join("src");
        let _ = fs::remove_dir_all(&place);
        fs::rename(source, &place).with_context(|| format!("failed to write `{}`", place.display()))?;
        unprotected(&tree, &target, &words)
    };
    let ended = processes::run(command, exam.build_limit, limits::BUILD_OUTPUT_BYTES_MAX, &target)
        .context("failed to start a build")?;
    ensure_disk(&ended, work)?;
    exam.runner.folder(programs, false)?;
    for name in &exam.programs {
        take(&target.join("debug").join(name), &programs.join(name))?;
    }
    let _ = fs::remove_dir_all(&target);
    Ok(told(exam, ended, started))
}

/// Takes over a program that was built: a plain file, nothing that points elsewhere.
fn take(from: &Path, to: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    if from.symlink_metadata().is_ok_and(|metadata| metadata.is_file()) {
        fs::copy(from, to).with_context(|| format!("failed to copy `{}`", from.display()))?;
        fs::set_permissions(to, fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

/// Runs the `build` line of a `run.toml` in the submission's folder.
///
/// # Errors
/// If the machine fails, not the submission.
pub fn build_folder(exam: &Exam, folder: &Path, line: &str) -> anyhow::Result<Build> {
    let started = Instant::now();
    let words = ["/bin/sh", "-c", line];
    let command = if exam.no_sandbox.is_none() {
        let place = BuildPlace { folder: Some(folder), ..place(exam, None, None) };
        place.command(exam.runner, mounts(exam), &words)
    } else {
        // Root's rights are not for this, sandbox or not.
        let runner = exam.runner.words();
        let mut command = Command::new(&runner[0]);
        command.args(&runner[1..]).arg("prlimit").arg(format!("--fsize={}", limits::BUILT_FILE_BYTES_MAX));
        command.arg("--").args(words).current_dir(folder).env("HOME", folder);
        command
    };
    let ended = processes::run(command, exam.build_limit, limits::BUILD_OUTPUT_BYTES_MAX, folder)
        .context("failed to start a build")?;
    ensure_disk(&ended, folder)?;
    Ok(told(exam, ended, started))
}

/// On a full disk nothing can be built, whatever was handed in.
fn ensure_disk(ended: &Ended, folder: &Path) -> anyhow::Result<()> {
    let disk = rustix::fs::statvfs(folder)
        .with_context(|| format!("failed to look at the disk of `{}`", folder.display()))?;
    let room = disk.f_bavail.saturating_mul(disk.f_frsize);
    ensure!(
        ended.success() || ended.status == Err(Stopped::Files) || room >= limits::DISK_BYTES_MIN,
        "the disk of `{}` is full: a build failed, and may not be to blame; make room",
        folder.display()
    );
    Ok(())
}

fn told(exam: &Exam, ended: Ended, started: Instant) -> Build {
    let mut output = ended.output;
    let mut say = |words: String| {
        if !output.is_empty() && !output.ends_with('\n') {
            output.push('\n');
        }
        output.push_str(&words);
    };
    let mib = |bytes: u64| bytes >> 20;
    match ended.status {
        Ok(_) => {}
        Err(Stopped::Late) => {
            say(format!("the build was ended: it took longer than {} s\n", exam.build_limit.as_secs()));
        }
        Err(Stopped::Memory) => say(format!(
            "the build was ended: it took more than {} MiB of memory\n",
            mib(limits::BUILD_BYTES_MAX)
        )),
        Err(Stopped::Files) => say(format!(
            "the build was ended: it wrote more than {} MiB, or {} files\n",
            mib(limits::BUILT_BYTES_MAX),
            limits::BUILT_FILES_MAX
        )),
    }
    Build {
        ok: ended.status.is_ok_and(|status| status.success()),
        seconds: started.elapsed().as_secs_f64(),
        output,
    }
}
