//! Building *programs* in any language, by the `build` line of a run file.

use super::env::BuildEnv;
use crate::limits;
use crate::outcome::Build;
use crate::sandbox::BuildSandbox;
use std::path::Path;
use std::process::Command;

/// Runs a `build` line in the submission's folder.
///
/// # Errors
/// If the machine fails, not the submission.
pub fn build_programs(env: &BuildEnv, folder: &Path, line: &str) -> anyhow::Result<Build> {
    env.user.take_ownership(folder)?;
    let words = ["/bin/sh", "-c", line];
    let command = if env.isolated {
        BuildSandbox { folder: Some(folder), ..env.sandbox() }.command(env.user, &words)
    } else {
        // Even without a sandbox, it must not run as root.
        let prefix = env.user.command_prefix();
        let mut command = Command::new(&prefix[0]);
        command.args(&prefix[1..]).arg("prlimit").arg(format!("--fsize={}", limits::BUILT_FILE_BYTES_MAX));
        command.arg("--").args(words).current_dir(folder).env("HOME", folder);
        command
    };
    env.run(command, folder)
}
