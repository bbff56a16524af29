//! Building the *source* of a lab's crate.

use super::copy::copy;
use super::env::{BuildEnv, unprotected};
use crate::outcome::Build;
use crate::sandbox::BuildSandbox;
use anyhow::Context;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Builds the lab with `source` as its `src/`, and copies the resulting programs to the folder `programs`.
///
/// `work` is a folder for what is built meanwhile.
///
/// # Errors
/// If the machine fails, not the submission.
pub fn build_source(env: &BuildEnv, source: &Path, work: &Path, programs: &Path) -> anyhow::Result<Build> {
    let target = work.join("target");
    copy(env.dependencies()?, &target)?;
    env.user.take_ownership(&target)?;
    let words = ["cargo", "build", "--offline", "--locked", "--bins", "--keep-going", "--package", &env.lab];
    let command = if env.isolated {
        let sandbox = BuildSandbox { source: Some(source), target: Some(&target), ..env.sandbox() };
        sandbox.command(env.user, &words)
    } else {
        // A workspace of its own: without a sandbox, nothing can be mounted over the shared one.
        let tree = work.join("tree");
        copy(&env.tree, &tree)?;
        let own = tree.join("labs").join(&env.lab).join("src");
        let _ = fs::remove_dir_all(&own);
        fs::rename(source, &own).with_context(|| format!("failed to write `{}`", own.display()))?;
        unprotected(&tree, &target, &words)
    };
    let build = env.run(command, &target)?;
    env.user.create_readable_folder(programs)?;
    for name in &env.programs {
        copy_program(&target.join("debug").join(name), &programs.join(name))?;
    }
    let _ = fs::remove_dir_all(&target);
    Ok(build)
}

/// Copies a program that was built, unless it is something else than a plain file.
fn copy_program(from: &Path, to: &Path) -> anyhow::Result<()> {
    if from.symlink_metadata().is_ok_and(|metadata| metadata.is_file()) {
        fs::copy(from, to).with_context(|| format!("failed to copy `{}`", from.display()))?;
        fs::set_permissions(to, fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}
