//! The *workspace*: the folder that holds the labs, their tests and the crates that they share.

use anyhow::{Context, bail, ensure};
use std::fs;
use std::path::{Path, PathBuf};

/// A workspace, of staff or of a student.
#[derive(Clone, Debug)]
pub struct Workspace {
    top: PathBuf,
}

impl Workspace {
    /// Finds the workspace around `folder`, which may be nested at any depth.
    ///
    /// # Errors
    /// If neither `folder` nor any folder above it has `Cargo.toml`, `labs/` and `crates/`.
    pub fn around(folder: &Path) -> anyhow::Result<Workspace> {
        let start =
            folder.canonicalize().with_context(|| format!("failed to open `{}`", folder.display()))?;
        for top in start.ancestors() {
            if top.join("Cargo.toml").is_file() && top.join("labs").is_dir() && top.join("crates").is_dir() {
                return Ok(Workspace { top: top.to_owned() });
            }
        }
        bail!(
            "`{}` is not in a workspace with `labs/` and `crates/`; name one with `--workspace DIR`",
            start.display()
        )
    }

    /// Its top folder, absolute.
    pub fn top(&self) -> &Path {
        &self.top
    }

    /// The names of its labs, sorted.
    ///
    /// # Errors
    /// If `labs/` cannot be read.
    pub fn labs(&self) -> anyhow::Result<Vec<String>> {
        let folder = self.top.join("labs");
        let entries =
            fs::read_dir(&folder).with_context(|| format!("failed to read `{}`", folder.display()))?;
        let mut labs = Vec::new();
        for entry in entries {
            let entry = entry.with_context(|| format!("failed to read `{}`", folder.display()))?;
            if entry.path().join("Cargo.toml").is_file() {
                labs.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        labs.sort();
        Ok(labs)
    }

    /// The folder of the lab `name`.
    ///
    /// # Errors
    /// If there is no such lab. The message lists the existing ones.
    pub fn lab(&self, name: &str) -> anyhow::Result<PathBuf> {
        let labs = self.labs()?;
        ensure!(
            labs.iter().any(|lab| lab == name),
            "`{name}` is not a lab; the labs are {}",
            labs.join(", ")
        );
        Ok(self.top.join("labs").join(name))
    }
}
