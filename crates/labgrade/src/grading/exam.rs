//! An *exam*: the tests of one lab, compiled once, and all else that grading its submissions shares.

use super::building;
use super::limits;
use super::sandbox::{self, Runner, Scratch};
use crate::rubric::Rubric;
use crate::workspace::Workspace;
use anyhow::{Context, bail, ensure};
use rustix::fs::{FlockOperation, flock};
use serde_json::Value;
use std::collections::HashSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

/// The tests of a lab, ready to judge submissions.
pub struct Exam {
    /// The lab's folder name.
    pub lab: String,
    /// What is checked.
    pub rubric: Rubric,
    /// What the tests' texts are drawn with.
    pub seed: u64,
    /// What building a submission takes at most.
    pub build_limit: Duration,
    /// Who runs the submissions.
    pub runner: Runner,
    /// Why there is no sandbox, if there is none.
    pub no_sandbox: Option<String>,
    /// True if each check has a network of its own: in a sandbox, and where the system can make one without it.
    pub own_networks: bool,
    /// The workspace without the lab's solution, where tests and builds run.
    pub tree: PathBuf,
    /// The extracted nextest archive.
    pub tests: PathBuf,
    /// What every build of a submission begins with: its dependencies, compiled.
    pub warm: PathBuf,
    /// The names of the lab's programs.
    pub programs: Vec<String>,
    /// Rust's own files.
    pub toolchain: PathBuf,
    /// The packages that Cargo has downloaded.
    pub registry: PathBuf,
    /// This program, as nextest is to start it.
    pub runner_program: PathBuf,
    /// The student's workspace, to find out what a submission changed.
    pub workspace: Workspace,
    etc: PathBuf,
    issued: OnceLock<PathBuf>,
    scratch: Scratch,
}

impl Exam {
    /// Compiles the tests of `lab`, and what its submissions depend on; what is kept from the last time is quick.
    ///
    /// # Errors
    /// If a tool is missing, the lab's own tests do not compile, or the rubric speaks of tests that are not there.
    pub fn prepare(workspace: &Workspace, lab: &str, rubric: Rubric, seed: u64) -> anyhow::Result<Exam> {
        let lab_folder = workspace.lab(lab)?;
        ensure_tools()?;
        let runner = Runner::of_this_run();
        let scratch = Scratch::new(runner)?;
        let kept = kept_folder(workspace);
        fs::create_dir_all(&kept).with_context(|| format!("failed to create `{}`", kept.display()))?;
        let lock = File::create(kept.join("lock"))
            .with_context(|| format!("failed to write to `{}`", kept.display()))?;
        flock(&lock, FlockOperation::LockExclusive).context("failed to wait for another `labgrade`")?;

        let tests = scratch.path().join("tests");
        let tree = scratch.path().join("tree");
        runner.folder(&tree, false)?;
        compile_tests(workspace, lab, &kept, scratch.path())?;
        copy_tree(workspace, lab, &tree)?;
        let programs = program_names(&lab_folder)?;
        building::write_stubs(&tree.join("labs").join(lab), &programs)?;
        // Leaves packages that this lab does not use out of the lock file, so that builds need not change it.
        cargo(&tree, &["update", "--workspace", "--offline"])?;
        let found = extract_tests(scratch.path(), &tree, &tests)?;
        let missing: Vec<&str> = rubric
            .checks
            .iter()
            .map(|check| check.test.as_str())
            .filter(|test| !found.contains(*test))
            .collect();
        ensure!(
            missing.is_empty(),
            "the rubric of `{lab}` names tests that do not exist: {}",
            missing.join(", ")
        );

        let runner_program = scratch.path().join("labgrade");
        let own = std::env::current_exe().context("failed to find this program's file")?;
        fs::copy(&own, &runner_program).with_context(|| format!("failed to copy `{}`", own.display()))?;
        let (toolchain, registry) = (toolchain()?, registry()?);
        for folder in ["toolchain", "registry"] {
            runner.folder(&scratch.path().join(folder), false)?;
        }
        let no_sandbox = sandbox::available(runner).err();
        let exam = Exam {
            lab: lab.to_owned(),
            rubric,
            seed,
            build_limit: limits::BUILD,
            runner,
            own_networks: no_sandbox.is_none() || sandbox::networks_available(runner),
            no_sandbox,
            tree,
            tests,
            warm: scratch.path().join("warm"),
            programs,
            toolchain,
            registry,
            runner_program,
            workspace: workspace.clone(),
            etc: scratch.path().join("etc"),
            issued: OnceLock::new(),
            scratch,
        };
        exam.make_readable()?;
        sandbox::write_etc(exam.etc(), runner, &[])?;
        // Cargo tells builds with and without a sandbox apart, and would do all of it again after each change.
        let kind = if exam.no_sandbox.is_none() { "warm" } else { "warm-without-sandbox" };
        building::warm(&exam, &kept.join(kind).join(lab))?;
        // From here on, another `labgrade` may change what is kept.
        drop(lock);
        Ok(exam)
    }

    /// The folder for the files of this run.
    pub fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    /// The `etc` of builds.
    pub fn etc(&self) -> &Path {
        &self.etc
    }

    /// The students' workspace as they got it, or else the staff's.
    pub fn issued(&self) -> &Path {
        self.issued.get_or_init(|| {
            let folder = self.scratch.path().join("issued");
            match crate::starter::write(&self.workspace, &folder) {
                Ok(()) => folder,
                Err(_) => self.workspace.top().to_owned(),
            }
        })
    }

    /// Lets whoever runs the tests read what belongs to root.
    fn make_readable(&self) -> anyhow::Result<()> {
        if self.runner.user().is_some() {
            let status = Command::new("chmod").args(["-R", "a+rX"]).args([&self.tests, &self.tree]).status();
            ensure!(status.is_ok_and(|status| status.success()), "failed to make the tests readable");
            let program = Command::new("chmod").arg("755").arg(&self.runner_program).status();
            ensure!(
                program.is_ok_and(|status| status.success()),
                "failed to make this program's copy readable"
            );
        }
        Ok(())
    }
}

/// What grading needs besides itself.
fn ensure_tools() -> anyhow::Result<()> {
    let nextest = Command::new("cargo").args(["nextest", "--version"]).stderr(Stdio::null()).output();
    match nextest {
        Err(error) => bail!("`cargo` can't be started: {error}; install Rust from https://rustup.rs"),
        Ok(output) if !output.status.success() => {
            bail!("`cargo-nextest` is not installed; get it with `cargo install --locked cargo-nextest`")
        }
        Ok(_) => {}
    }
    for (tool, package) in
        [("setpriv", "util-linux"), ("prlimit", "util-linux"), ("unshare", "util-linux"), ("ip", "iproute2")]
    {
        ensure!(sandbox::is_installed(tool), "`{tool}` is not installed; install the package `{package}`");
    }
    Ok(())
}

/// Where compiled tests and dependencies are kept between runs.
fn kept_folder(workspace: &Workspace) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    workspace.top().join(target.unwrap_or_else(|| PathBuf::from("target"))).join("labgrade")
}

/// A `cargo` whose settings are its own, whatever the caller's are.
fn cargo_command(folder: &Path) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(folder).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if ["LAB_", "NEXTEST", "CARGO_PROFILE", "CARGO_BUILD", "RUSTFLAGS"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
            || name.ends_with("_RUNNER")
        {
            command.env_remove(name);
        }
    }
    // No debug information: a third of the size, and no test looks at it.
    command
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_TERM_COLOR", "never")
        .env("NEXTEST_USER_CONFIG_FILE", "none");
    command
}

fn cargo(folder: &Path, words: &[&str]) -> anyhow::Result<String> {
    let output = cargo_command(folder).args(words).output().context("failed to start `cargo`")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    let first = errors
        .lines()
        .find(|line| line.starts_with("error"))
        .unwrap_or_else(|| errors.lines().last().unwrap_or(""));
    ensure!(output.status.success(), "`cargo {}` failed in `{}`: {first}", words.join(" "), folder.display());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A nextest command, apart from what to run.
pub(super) fn nextest_command(exam: &Exam) -> Command {
    let mut command = cargo_command(&exam.tree);
    let metadata = exam.tests.join("target/nextest");
    command.args(["nextest", "run", "--binaries-metadata"]).arg(metadata.join("binaries-metadata.json"));
    command.arg("--cargo-metadata").arg(metadata.join("cargo-metadata.json"));
    command.arg("--workspace-remap").arg(&exam.tree);
    command.arg("--target-dir-remap").arg(exam.tests.join("target"));
    command
}

fn archive(scratch: &Path) -> PathBuf {
    scratch.join("tests.tar.zst")
}

fn compile_tests(workspace: &Workspace, lab: &str, kept: &Path, scratch: &Path) -> anyhow::Result<()> {
    let (target, archive) = (kept.join("tests"), archive(scratch));
    let words = ["nextest", "archive", "--package", lab, "--test", "*", "--target-dir"];
    let words = words.map(str::to_owned).into_iter().chain([
        target.display().to_string(),
        "--archive-file".to_owned(),
        archive.display().to_string(),
    ]);
    let words: Vec<String> = words.collect();
    cargo(workspace.top(), &words.iter().map(String::as_str).collect::<Vec<_>>())
        .with_context(|| format!("the tests of `{lab}` do not compile"))?;
    Ok(())
}

/// Extracts the archive, and gives the tests in it by the names that a rubric has for them.
fn extract_tests(scratch: &Path, tree: &Path, tests: &Path) -> anyhow::Result<HashSet<String>> {
    fs::create_dir_all(tests).with_context(|| format!("failed to create `{}`", tests.display()))?;
    let archive = archive(scratch).display().to_string();
    let (tests, remap) = (tests.display().to_string(), tree.display().to_string());
    let words = ["nextest", "list", "--archive-file", &archive, "--extract-to", &tests];
    let words = [&words[..], &["--workspace-remap", &remap, "--message-format", "json"]].concat();
    let list: Value =
        serde_json::from_str(&cargo(tree, &words)?).context("nextest's list of tests is no JSON")?;
    let mut found = HashSet::new();
    for suite in list["rust-suites"].as_object().into_iter().flat_map(|suites| suites.values()) {
        let binary = suite["binary-name"].as_str().unwrap_or_default();
        for test in suite["testcases"].as_object().into_iter().flat_map(|tests| tests.keys()) {
            found.insert(format!("{binary}::{test}"));
        }
    }
    let _ = fs::remove_file(archive);
    Ok(found)
}

/// Copies what a build of the lab needs, with the times of its files: Cargo judges by them what is up to date.
fn copy_tree(workspace: &Workspace, lab: &str, tree: &Path) -> anyhow::Result<()> {
    let lab = format!("labs/{lab}");
    for part in ["Cargo.toml", "Cargo.lock", ".cargo", "vendor", "crates/labcore", "crates/labtest", &lab] {
        let from = workspace.top().join(part);
        if !from.exists() {
            continue;
        }
        let into = tree.join(part);
        let into = into.parent().unwrap_or(tree);
        fs::create_dir_all(into).with_context(|| format!("failed to create `{}`", into.display()))?;
        let copied = Command::new("cp").arg("-a").arg(&from).arg(into).status();
        ensure!(copied.is_ok_and(|status| status.success()), "failed to copy `{}`", from.display());
    }
    // Neither what was built there nor a package of its own in there belongs to the lab.
    for part in ["target", "fuzz"] {
        let _ = fs::remove_dir_all(tree.join(&lab).join(part));
    }
    Ok(())
}

/// The programs of a lab, by the files in `src/bin`.
fn program_names(lab: &Path) -> anyhow::Result<Vec<String>> {
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

fn toolchain() -> anyhow::Result<PathBuf> {
    let output =
        Command::new("rustc").args(["--print", "sysroot"]).output().context("failed to start `rustc`")?;
    let path = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    path.canonicalize().with_context(|| format!("failed to find Rust's files in `{}`", path.display()))
}

fn registry() -> anyhow::Result<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let registry = home.context("neither `CARGO_HOME` nor `HOME` is set")?.join("registry");
    registry
        .canonicalize()
        .with_context(|| format!("failed to find Cargo's packages in `{}`", registry.display()))
}
