//! The *tree*: a copy of the workspace without the lab's solution, in which tests and builds run.

use super::cargo::cargo;
use crate::builds::write_stubs;
use anyhow::{Context, ensure};
use labrubric::Workspace;
use std::fs;
use std::path::Path;
use std::process::Command;

/// What a build of a lab needs, besides the lab's own folder.
const PARTS: [&str; 6] = ["Cargo.toml", "Cargo.lock", ".cargo", "vendor", "crates/labcore", "crates/labtest"];

/// Writes the tree to a folder, with programs that do nothing in place of the lab's.
pub(super) fn write(
    workspace: &Workspace,
    lab: &str,
    programs: &[String],
    tree: &Path,
) -> anyhow::Result<()> {
    copy_parts(workspace, lab, tree)?;
    write_stubs(&tree.join("labs").join(lab), programs)?;
    // Removes packages that this lab does not use from the lock file, so that builds need not change it.
    cargo(tree, &["update", "--workspace", "--offline"])?;
    Ok(())
}

/// Copies what a build of the lab needs, with the times of the files: Cargo judges by them what is up to date.
fn copy_parts(workspace: &Workspace, lab: &str, tree: &Path) -> anyhow::Result<()> {
    let lab = format!("labs/{lab}");
    for part in PARTS.into_iter().chain([&*lab]) {
        let from = workspace.top().join(part);
        if !from.exists() {
            continue;
        }
        let to = tree.join(part);
        let to = to.parent().unwrap_or(tree);
        fs::create_dir_all(to).with_context(|| format!("failed to create `{}`", to.display()))?;
        let copied = Command::new("cp").arg("-a").arg(&from).arg(to).status();
        ensure!(copied.is_ok_and(|status| status.success()), "failed to copy `{}`", from.display());
    }
    // Build products, and a package of its own.
    for part in ["target", "fuzz"] {
        let _ = fs::remove_dir_all(tree.join(&lab).join(part));
    }
    Ok(())
}

/// The names of a lab's programs, which are the files in `src/bin`.
pub(super) fn program_names(lab: &Path) -> anyhow::Result<Vec<String>> {
    let folder = lab.join("src/bin");
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("failed to read `{}`", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            names.push(path.file_stem().unwrap_or_default().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}
