//! The *tree*: a copy of the workspace without the lab's solution, in which tests and builds run.
//!
//! Its manifests are those of the students' workspace, so a submission builds here as it does for its student.

use super::cargo::cargo;
use crate::builds::write_stubs;
use crate::solution_markers::students_version;
use crate::starter::REFERENCE;
use anyhow::{Context, ensure};
use labrubric::Workspace;
use std::fs;
use std::path::Path;
use std::process::Command;

/// What a build of a lab needs, besides the lab's own folder.
const PARTS: [&str; 7] =
    ["Cargo.toml", "Cargo.lock", ".cargo", "vendor", "crates/labcore", "crates/labrelay", "crates/labtest"];

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
    for part in ["target", "fuzz"].into_iter().chain(REFERENCE) {
        let part = tree.join(&lab).join(part);
        let _ = if part.is_dir() { fs::remove_dir_all(part) } else { fs::remove_file(part) };
    }
    for folder in ["", &lab, "crates/labcore", "crates/labrelay", "crates/labtest"] {
        let manifest = Path::new(folder).join("Cargo.toml");
        if tree.join(&manifest).exists() {
            replace_by_students_version(tree, &manifest)?;
        }
    }
    Ok(())
}

fn replace_by_students_version(tree: &Path, manifest: &Path) -> anyhow::Result<()> {
    let path = tree.join(manifest);
    let text = fs::read_to_string(&path).with_context(|| format!("failed to read `{}`", path.display()))?;
    let students = students_version(manifest, &text)?;
    fs::write(&path, students).with_context(|| format!("failed to write `{}`", path.display()))
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
