//! The [`PreparedSuite`] itself.

use super::cargo::cargo_command;
use super::{archive, tools, tree};
use crate::builds::{BuildEnv, Dependencies};
use crate::kept::Kept;
use crate::limits;
use crate::sandbox::{self, Scratch, User};
use anyhow::{Context, ensure};
use labrubric::{Rubric, Workspace};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The tests of a lab, ready to run against submissions.
pub struct PreparedSuite {
    /// The lab's folder name.
    pub lab: String,
    /// The checks, in order.
    pub rubric: Rubric,
    /// The seed that the tests draw their texts with.
    pub seed: u64,
    /// Why there is no sandbox, if there is none.
    pub no_sandbox: Option<String>,
    /// True if each check has a network of its own. A machine without sandboxes may still offer that.
    pub own_networks: bool,
    /// What builds of submissions need.
    pub build: BuildEnv,
    /// This program, for nextest to start tests with.
    pub check_runner: PathBuf,
    /// The extracted tests.
    tests: PathBuf,
    workspace: Workspace,
    issued: OnceLock<PathBuf>,
    scratch: Scratch,
}

impl PreparedSuite {
    /// Compiles the tests of `lab`. Compiled files of an earlier run are used again.
    ///
    /// # Errors
    /// If a tool is missing, if the lab's own tests do not compile, or if the rubric names tests that do not exist.
    pub fn new(workspace: &Workspace, lab: &str, rubric: Rubric, seed: u64) -> anyhow::Result<PreparedSuite> {
        let lab_folder = workspace.lab(lab)?;
        tools::ensure_tools()?;
        let user = User::for_submissions();
        let scratch = Scratch::new(user)?;
        let kept = Kept::of(workspace);

        let (tests, tree) = (scratch.path().join("tests"), scratch.path().join("tree"));
        user.create_readable_folder(&tree)?;
        {
            let _lock = kept.lock()?;
            archive::compile(workspace, lab, kept.folder(), scratch.path())?;
        }
        let programs = tree::program_names(&lab_folder)?;
        tree::write(workspace, lab, &programs, &tree)?;
        let found = archive::extract(scratch.path(), &tree, &tests)?;
        archive::ensure_found(&rubric, lab, &found)?;
        let check_runner = copy_of_this_program(scratch.path())?;
        make_readable(user, &["-R", "a+rX"], &[&tests, &tree])?;
        make_readable(user, &["755"], &[&check_runner])?;

        let mounts = ["toolchain", "registry"].map(|name| scratch.path().join(name));
        for mount in &mounts {
            user.create_readable_folder(mount)?;
        }
        let no_sandbox = sandbox::available(user).err();
        let build = BuildEnv {
            lab: lab.to_owned(),
            programs,
            tree,
            dependencies: Dependencies::new(kept, scratch.path().join("dependencies")),
            etc: scratch.path().join("etc"),
            packages: tools::packages(mounts)?,
            user,
            isolated: no_sandbox.is_none(),
            time_max: limits::BUILD,
        };
        sandbox::write_etc(&build.etc, user, &[], None)?;
        Ok(PreparedSuite {
            lab: lab.to_owned(),
            rubric,
            seed,
            own_networks: build.isolated || sandbox::networks_available(user),
            no_sandbox,
            build,
            check_runner,
            tests,
            workspace: workspace.clone(),
            issued: OnceLock::new(),
            scratch,
        })
    }

    /// The folder for the files of this run.
    pub fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    /// The user that runs submissions.
    pub fn user(&self) -> User {
        self.build.user
    }

    /// The students' workspace as it was handed out. If it cannot be made, the staff's.
    pub fn issued(&self) -> &Path {
        self.issued.get_or_init(|| {
            let folder = self.scratch.path().join("issued");
            match crate::starter::write(&self.workspace, &folder) {
                Ok(()) => folder,
                Err(_) => self.workspace.top().to_owned(),
            }
        })
    }

    /// The command that runs tests by nextest. Which ones is for the caller to add.
    pub fn nextest_command(&self) -> Command {
        let mut command = cargo_command(&self.build.tree);
        let metadata = self.tests.join("target/nextest");
        command.args(["nextest", "run", "--binaries-metadata"]).arg(metadata.join("binaries-metadata.json"));
        command.arg("--cargo-metadata").arg(metadata.join("cargo-metadata.json"));
        command.arg("--workspace-remap").arg(&self.build.tree);
        command.arg("--target-dir-remap").arg(self.tests.join("target"));
        command
    }
}

/// Copies this program to where the user of submissions can read it.
fn copy_of_this_program(folder: &Path) -> anyhow::Result<PathBuf> {
    let copy = folder.join("labgrade");
    let own = std::env::current_exe().context("failed to find this program's file")?;
    fs::copy(&own, &copy).with_context(|| format!("failed to copy `{}`", own.display()))?;
    Ok(copy)
}

/// Lets another user read files that belong to root.
fn make_readable(user: User, mode: &[&str], paths: &[&Path]) -> anyhow::Result<()> {
    if user.number().is_some() {
        let status = Command::new("chmod").args(mode).args(paths).status();
        ensure!(
            status.is_ok_and(|status| status.success()),
            "failed to make `{}` readable",
            paths[0].display()
        );
    }
    Ok(())
}
