//! The *tools* that grading needs.

use crate::sandbox::{Packages, is_installed};
use anyhow::{Context, bail, ensure};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// An error with the first tool that is missing.
pub(super) fn ensure_tools() -> anyhow::Result<()> {
    let nextest = Command::new("cargo").args(["nextest", "--version"]).stderr(Stdio::null()).output();
    match nextest {
        Err(error) => bail!("failed to start `cargo`: {error}; install Rust from https://rustup.rs"),
        Ok(output) if !output.status.success() => {
            bail!("`cargo-nextest` is not installed; get it with `cargo install --locked cargo-nextest`")
        }
        Ok(_) => {}
    }
    for (tool, package) in
        [("setpriv", "util-linux"), ("prlimit", "util-linux"), ("unshare", "util-linux"), ("ip", "iproute2")]
    {
        ensure!(is_installed(tool), "`{tool}` is not installed; install the package `{package}`");
    }
    Ok(())
}

/// Finds Rust and the packages. `mounts` are two empty folders.
pub(super) fn packages(mounts: [PathBuf; 2]) -> anyhow::Result<Packages> {
    Ok(Packages { toolchain: toolchain()?, registry: registry()?, mounts })
}

fn toolchain() -> anyhow::Result<PathBuf> {
    let output =
        Command::new("rustc").args(["--print", "sysroot"]).output().context("failed to start `rustc`")?;
    let path = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    Path::new(&path).canonicalize().with_context(|| format!("failed to find Rust's files in `{path}`"))
}

fn registry() -> anyhow::Result<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let registry = home.context("neither `CARGO_HOME` nor `HOME` is set")?.join("registry");
    registry
        .canonicalize()
        .with_context(|| format!("failed to find Cargo's packages in `{}`", registry.display()))
}
