//! `cargo`, with settings of its own, whatever the caller's are.

use anyhow::{Context, ensure};
use std::path::Path;
use std::process::{Command, Stdio};

/// Variables that would change what Cargo and nextest do, by the beginnings of their names.
const REMOVED: [&str; 5] = ["LAB_", "NEXTEST", "CARGO_PROFILE", "CARGO_BUILD", "RUSTFLAGS"];

/// The command `cargo` in a folder.
pub(super) fn cargo_command(folder: &Path) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(folder).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if REMOVED.iter().any(|prefix| name.starts_with(prefix)) || name.ends_with("_RUNNER") {
            command.env_remove(name);
        }
    }
    // Without debug information a test is a third of the size, and no test needs it.
    command
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_TERM_COLOR", "never")
        .env("NEXTEST_USER_CONFIG_FILE", "none");
    command
}

/// Runs `cargo`, and returns its standard output.
pub(super) fn cargo(folder: &Path, words: &[&str]) -> anyhow::Result<String> {
    let output = cargo_command(folder).args(words).output().context("failed to start `cargo`")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    let first = errors
        .lines()
        .find(|line| line.starts_with("error"))
        .unwrap_or_else(|| errors.lines().last().unwrap_or(""));
    ensure!(output.status.success(), "`cargo {}` failed in `{}`: {first}", words.join(" "), folder.display());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
