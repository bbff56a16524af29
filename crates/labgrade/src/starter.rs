//! The *starter*: the workspace that students get, made from this one.
//!
//! It holds the labs with stubs in place of the solutions, the tests and handouts of the labs, and the crates that they
//! share. A list names everything that goes into it, so a new file for staff stays out unless it is added to the list.
//! Each lab also gets an empty answer sheet and report, which are made from its handout.

use crate::answers::SHEET;
use crate::sheet::{Contents, answer_sheet, report_template};
use crate::solution_markers::students_version;
use anyhow::{Context, bail, ensure};
use labrubric::{Rubric, Workspace, test_files};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command};

/// Files and folders that students get, unchanged apart from marked parts. `LAB` stands for the folder of each lab.
///
/// A lab's test files go in whatever their names are, except those whose tests the rubric hides.
const KEPT: [&str; 18] = [
    ".clippy.toml",
    ".gitignore",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "rustfmt.toml",
    "crates/labcore",
    "crates/labrelay",
    "crates/labtest",
    "scripts/demo.svg",
    "scripts/topology.sh",
    "labs/README.md",
    "labs/LAB/Cargo.toml",
    "labs/LAB/README.md",
    "labs/LAB/flow.svg",
    "labs/LAB/src",
    "labs/LAB/tests",
];

/// Parts of a lab that stay with staff, although [`KEPT`] has the folder around them: the reference program, and the tests
/// of what only this program has.
pub(crate) const REFERENCE: [&str; 3] = ["src/full", "tests/full", "tests/full.rs"];

/// The deepest nesting of folders.
const DEPTH_MAX: usize = 16;

/// Writes the starter to the folder `out`, which must be new or empty.
///
/// The files are written to a folder beside `out`, which is then renamed. So either the whole starter exists or none of it.
///
/// # Errors
/// If `out` is not empty or cannot be written, if a solution marker is wrong, or if a lab's rubric cannot be read.
pub fn write(workspace: &Workspace, out: &Path) -> anyhow::Result<()> {
    let out = std::path::absolute(out)
        .with_context(|| format!("`{}` is not the name of a folder", out.display()))?;
    ensure_free(&out)?;
    let (Some(parent), Some(name)) = (out.parent(), out.file_name()) else {
        bail!("`{}` cannot be the name of a new folder", out.display());
    };
    ensure!(
        !KEPT
            .iter()
            .any(|kept| out.starts_with(workspace.top().join(kept.split("/LAB").next().unwrap_or(kept)))),
        "`{}` is inside a folder that students get; choose another",
        out.display()
    );
    fs::create_dir_all(parent).with_context(|| format!("failed to create `{}`", parent.display()))?;
    let beside = parent.join(format!(".{}.{}", name.to_string_lossy(), process::id()));
    let written = fill(workspace, &beside).and_then(|()| {
        // Renaming a folder replaces an empty folder, except on Windows.
        if cfg!(windows) && out.exists() {
            fs::remove_dir(&out).with_context(|| format!("failed to replace `{}`", out.display()))?;
        }
        fs::rename(&beside, &out).with_context(|| format!("failed to create `{}`", out.display()))
    });
    if written.is_err() {
        let _ = fs::remove_dir_all(&beside);
    }
    written
}

fn ensure_free(out: &Path) -> anyhow::Result<()> {
    match fs::read_dir(out) {
        Ok(mut entries) => {
            ensure!(
                entries.next().is_none(),
                "`{}` is not empty; name a new folder, or empty this one",
                out.display()
            );
            Ok(())
        }
        Err(_) if !out.exists() => Ok(()),
        Err(error) => Err(error).with_context(|| format!("failed to open `{}`", out.display())),
    }
}

fn fill(workspace: &Workspace, out: &Path) -> anyhow::Result<()> {
    for file in files(workspace)? {
        let from = workspace.top().join(&file);
        let to = out.join(&file);
        let folder = to.parent().unwrap_or(out);
        fs::create_dir_all(folder).with_context(|| format!("failed to create `{}`", folder.display()))?;
        let bytes = fs::read(&from).with_context(|| format!("failed to read `{}`", from.display()))?;
        let bytes = match std::str::from_utf8(&bytes) {
            Ok(text) if may_have_markers(&file) => students_version(&file, text)?.into_bytes(),
            _ => bytes,
        };
        let permissions = fs::metadata(&from).map(|metadata| metadata.permissions());
        fs::write(&to, bytes)
            .and_then(|()| fs::set_permissions(&to, permissions?)) // scripts stay executable
            .with_context(|| format!("failed to write `{}`", to.display()))?;
    }
    for lab in workspace.labs()? {
        let contents = Contents::read(workspace, &lab)?;
        for (name, text) in [(SHEET, answer_sheet(&contents)), ("report.md", report_template(&contents))] {
            let to = out.join("labs").join(&lab).join(name);
            fs::write(&to, text).with_context(|| format!("failed to write `{}`", to.display()))?;
        }
    }
    prune_lock_file(out)
}

fn may_have_markers(file: &Path) -> bool {
    file.extension().is_some_and(|extension| ["rs", "md", "toml"].iter().any(|marked| extension == *marked))
}

/// Lists the files that students get, as sorted paths in the workspace.
fn files(workspace: &Workspace) -> anyhow::Result<BTreeSet<PathBuf>> {
    let mut files = BTreeSet::new();
    let labs = workspace.labs()?;
    // A workspace has only those crates that its labs use, and a lab need not have a picture.
    let is_optional = |kept: &str| kept.starts_with("crates/") || kept.ends_with(".svg");
    for kept in KEPT {
        let for_lab = |lab: &String| kept.replace("LAB", lab);
        let paths =
            if kept.contains("LAB") { labs.iter().map(for_lab).collect() } else { vec![kept.to_owned()] };
        for path in paths {
            if !is_optional(&path) || workspace.top().join(&path).exists() {
                collect(workspace.top(), Path::new(&path), DEPTH_MAX, &mut files)?;
            }
        }
    }
    for lab in &labs {
        let folder = Path::new("labs").join(lab);
        files.retain(|file| !REFERENCE.iter().any(|part| file.starts_with(folder.join(part))));
        for hidden in hidden_files(workspace, lab)? {
            files.remove(hidden.strip_prefix(workspace.top()).unwrap_or(&hidden));
        }
    }
    Ok(files)
}

/// Adds a file, or all files of a folder except hidden and temporary ones.
fn collect(top: &Path, path: &Path, depth: usize, files: &mut BTreeSet<PathBuf>) -> anyhow::Result<()> {
    let full = top.join(path);
    let kind = fs::symlink_metadata(&full).with_context(|| format!("failed to open `{}`", full.display()))?;
    ensure!(!kind.is_symlink(), "`{}` is a link; replace it by the file", full.display());
    if kind.is_file() {
        files.insert(path.to_owned());
        return Ok(());
    }
    ensure!(depth > 0, "`{}` is nested too deeply", full.display());
    for entry in fs::read_dir(&full).with_context(|| format!("failed to read `{}`", full.display()))? {
        let name = entry.with_context(|| format!("failed to read `{}`", full.display()))?.file_name();
        if !is_temporary(&name) {
            collect(top, &path.join(name), depth - 1, files)?;
        }
    }
    Ok(())
}

fn is_temporary(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with('.') || name.ends_with('~') || name == "target" || name == "__pycache__"
}

/// The test files of a lab whose tests are hidden, with those of their modules that no other file uses.
fn hidden_files(workspace: &Workspace, lab: &str) -> anyhow::Result<Vec<PathBuf>> {
    let rubric = Rubric::read(workspace, lab)?;
    let mistakes = Rubric::mistakes(workspace, lab)?;
    ensure!(mistakes.is_empty(), "{}; `labgrade rubric {lab}` lists all mistakes", mistakes[0]);
    let is_hidden = |test: &String| rubric.checks.iter().any(|check| check.hidden && check.test == *test);
    let (hidden, shown): (Vec<_>, Vec<_>) =
        test_files(&workspace.lab(lab)?)?.into_iter().partition(|file| file.tests.iter().any(is_hidden));
    let used = |module: &PathBuf| shown.iter().any(|file| file.modules.contains(module));
    Ok(hidden
        .into_iter()
        .flat_map(|file| [vec![file.path], file.modules].concat())
        .filter(|path| !used(path))
        .collect())
}

/// Removes the packages from `Cargo.lock` that only the crates for staff need, so that `--locked` works for students.
///
/// Cargo itself does this, since it knows which features remain. It changes no version and needs no network.
fn prune_lock_file(out: &Path) -> anyhow::Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let result = Command::new(cargo)
        .args(["update", "--workspace", "--offline", "--quiet"])
        .current_dir(out)
        .env_remove("CARGO_TARGET_DIR")
        .output()
        .context("failed to run `cargo`; is it installed?")?;
    if !result.status.success() {
        let why = String::from_utf8_lossy(&result.stderr);
        let first = why.lines().next().unwrap_or("it printed no error");
        bail!("failed to adapt Cargo.lock: {first}; does `cargo build --offline` work here?");
    }
    Ok(())
}
