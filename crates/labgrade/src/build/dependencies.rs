//! The *dependencies* of submissions, compiled once.

use super::copy::copy;
use super::env::{BuildEnv, unprotected};
use super::limited_run;
use crate::interrupt;
use crate::sandbox::{BuildSandbox, User};
use anyhow::{Context, bail, ensure};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Time for compiling all dependencies from scratch.
const TIME_MAX: Duration = Duration::from_secs(600);

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

/// Compiles what submissions depend on, in the folder `kept`, which stays from run to run.
///
/// The lab's own programs are removed again: those of a submission come from its own source or not at all.
///
/// # Errors
/// If a dependency does not compile.
pub fn compile_dependencies(env: &BuildEnv, kept: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(kept).with_context(|| format!("failed to create `{}`", kept.display()))?;
    for words in [
        &["cargo", "build", "--offline", "--locked", "--bins", "--package", &env.lab][..],
        &["cargo", "clean", "--offline", "--locked", "--package", &env.lab],
    ] {
        // No code of a submission is involved yet.
        let command = if env.isolated {
            BuildSandbox { target: Some(kept), ..env.sandbox() }.command(User::current(), words)
        } else {
            unprotected(&env.tree, kept, words)
        };
        let ended = limited_run::run(command, TIME_MAX, kept).context("failed to start a build")?;
        ensure!(!interrupt::requested(), "interrupted while the dependencies were compiled");
        if !ended.success() {
            let error =
                ended.output.lines().find(|line| line.starts_with("error")).unwrap_or(ended.output.trim());
            bail!("failed to compile the dependencies of `{}`: {error}", env.lab);
        }
    }
    copy(kept, &env.dependencies)
}
