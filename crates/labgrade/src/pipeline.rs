//! The *pipeline* of one submission: it is found, copied, built, and checked.

use crate::builds::{build_programs, build_source};
use crate::checks::{Batches, Conditions, Launch, OnProgress, skip_if_needs_failed};
use crate::outcome::{Build, Checked, Explanation, FORMAT, Outcome, Status};
use crate::prepared_suite::PreparedSuite;
use crate::submission::{RunFile, Submission, changed_files, copy, newest_file_time};
use crate::{interrupt, limits};
use anyhow::ensure;
use chrono::{DateTime, Utc};
use labrubric::Question;
use std::fs;
use std::net::{IpAddr, UdpSocket};
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Held by a submission with a port in its code, if checks have no networks of their own: two of them would clash.
static FIXED_PORTS: Mutex<()> = Mutex::new(());

/// One submission to grade.
pub struct Job<'a> {
    /// The tests.
    pub suite: &'a PreparedSuite,
    /// The questions of the handout.
    pub questions: &'a [Question],
    /// The submission.
    pub folder: &'a Path,
    /// A folder for the files of this job. It must not exist, and is removed at the end.
    pub work: &'a Path,
    /// The folder for nextest's own reports.
    pub raw: Option<&'a Path>,
    /// When it was handed in, if an earlier grading has found that out.
    pub submitted: Option<DateTime<Utc>>,
}

/// How the pipeline goes on after a stage.
enum Next {
    /// Checks can run.
    Check(Launch),
    /// Grading ends here: all checks have their results, or Ctrl+C was pressed.
    End,
}

impl Job<'_> {
    /// Grades the submission.
    ///
    /// # Errors
    /// If the machine fails. A submission cannot cause an error.
    pub fn grade(&self, on_progress: OnProgress<'_>) -> anyhow::Result<Outcome> {
        let started = Instant::now();
        let mut outcome = self.empty_outcome();
        self.suite.user().create_readable_folder(self.work)?;
        let graded = self.run(&mut outcome, started, on_progress);
        let _ = fs::remove_dir_all(self.work);
        graded?;
        outcome.graded = Utc::now();
        outcome.seconds = started.elapsed().as_secs_f64();
        on_progress(&outcome, None)?;
        Ok(outcome)
    }

    fn empty_outcome(&self) -> Outcome {
        let name = self.folder.canonicalize().unwrap_or_else(|_| self.folder.to_owned());
        let checks = self.suite.rubric.checks.iter().map(|check| Checked {
            check: check.clone(),
            status: Status::NotRun,
            failure: None,
            explanation: None,
            seconds: 0.0,
        });
        let mut remarks = Vec::new();
        if let Some(reason) = &self.suite.no_sandbox {
            remarks.push(format!("graded without a sandbox: {reason}"));
        }
        let newest = newest_file_time(self.folder);
        let is_newer = |newest: &DateTime<Utc>| self.submitted.is_some_and(|submitted| *newest > submitted);
        if let Some(newest) = newest.filter(is_newer) {
            let newest = newest.format("%Y-%m-%d %H:%M UTC");
            remarks.push(format!("a file of {newest} is newer than what was graded first"));
        }
        Outcome {
            format: FORMAT,
            lab: self.suite.lab.clone(),
            submission: name.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            submitted: self.submitted.or(newest),
            graded: Utc::now(),
            seed: self.suite.seed,
            isolated: self.suite.no_sandbox.is_none(),
            nothing_found: None,
            remarks,
            build: None,
            answers: crate::answers::grade(self.folder, &self.suite.lab, self.questions),
            checks: checks.collect(),
            seconds: 0.0,
        }
    }

    fn run(
        &self,
        outcome: &mut Outcome,
        started: Instant,
        on_progress: OnProgress<'_>,
    ) -> anyhow::Result<()> {
        let files = self.work.join("files");
        let submission = match self.find_and_copy(&files, outcome) {
            Ok(submission) => submission,
            Err(error) => {
                nothing_found(outcome, &error);
                return on_progress(outcome, None);
            }
        };
        self.make_readable(&files)?;
        let _fixed_ports = match &submission {
            Submission::Programs(_, run_file) if run_file.has_fixed_port() && !self.suite.own_networks => {
                Some(FIXED_PORTS.lock().unwrap_or_else(PoisonError::into_inner))
            }
            _ => None,
        };
        let next = match &submission {
            Submission::Source(_) => self.build_source(&files, outcome)?,
            Submission::Programs(_, run_file) => self.prepare_programs(&files, run_file, outcome)?,
        };
        on_progress(outcome, None)?;
        let Next::Check(launch) = next else { return Ok(()) };
        let conditions = self.conditions(launch)?;
        let Job { suite, work, raw, .. } = *self;
        Batches { suite, work, raw, conditions: &conditions, started }.run(outcome, on_progress)
    }

    fn find_and_copy(&self, files: &Path, outcome: &mut Outcome) -> anyhow::Result<Submission> {
        let submission = Submission::find(self.folder, &self.suite.lab)?;
        let (Submission::Source(place) | Submission::Programs(place, _)) = &submission;
        outcome.remarks.extend(copy(place, files)?);
        if let Submission::Source(source) = &submission {
            let changed = changed_files(self.folder, source, &self.suite.lab, self.suite.issued());
            outcome.remarks.extend(changed);
        }
        Ok(submission)
    }

    /// Lets the user of submissions read the copied files.
    fn make_readable(&self, files: &Path) -> anyhow::Result<()> {
        if let Some(user) = self.suite.user().number() {
            let status = Command::new("chgrp").arg("-R").arg(user.to_string()).arg(files).status();
            ensure!(
                status.is_ok_and(|status| status.success()),
                "failed to make `{}` readable",
                files.display()
            );
        }
        Ok(())
    }

    fn build_source(&self, files: &Path, outcome: &mut Outcome) -> anyhow::Result<Next> {
        let programs = self.work.join("programs");
        let build = build_source(&self.suite.build, files, self.work, &programs)?;
        let is_built = |name: &&String| programs.join(name).is_file();
        let (built, absent): (Vec<_>, Vec<_>) = self.suite.build.programs.iter().partition(is_built);
        if !build.ok && !built.is_empty() {
            let absent: Vec<&str> = absent.into_iter().map(String::as_str).collect();
            outcome.remarks.push(format!("not built: `{}`", absent.join("`, `")));
        }
        if take_over_build(outcome, build, !built.is_empty()) {
            return Ok(Next::Check(Launch::compiled(self.suite, self.work, &programs)?));
        }
        Ok(Next::End)
    }

    fn prepare_programs(
        &self,
        files: &Path,
        run_file: &RunFile,
        outcome: &mut Outcome,
    ) -> anyhow::Result<Next> {
        if let Some(address) = run_file.foreign_address().filter(|address| !self.has_address(*address)) {
            let error = format!(
                "`run.toml` names the address {address}, which only a sandbox has here; install `bubblewrap`"
            );
            outcome.remarks.push(error.clone());
            nothing_known(outcome, &error);
            return Ok(Next::End);
        }
        if let Some(line) = &run_file.build {
            let build = build_programs(&self.suite.build, files, line)?;
            let ok = build.ok;
            if !take_over_build(outcome, build, ok) {
                return Ok(Next::End);
            }
        }
        if !outcome.isolated && !run_file.hosts.is_empty() {
            outcome.remarks.push("without a sandbox, `hosts` in `run.toml` has no effect".to_owned());
        }
        Ok(Next::Check(Launch::by_run_file(self.suite, self.work, files, run_file)?))
    }

    /// True if programs can listen at an address on this machine.
    fn has_address(&self, address: IpAddr) -> bool {
        self.suite.own_networks || UdpSocket::bind((address, 0)).is_ok()
    }

    fn conditions(&self, launch: Launch) -> anyhow::Result<Conditions> {
        let checks = self.work.join("checks");
        self.suite.user().create_readable_folder(&checks)?;
        let Launch { mut environment, address, has_fixed_port } = launch;
        environment.extend([
            ("LAB_SEED".to_owned(), self.suite.seed.to_string()),
            ("LAB_PATIENCE".to_owned(), limits::PATIENCE.as_secs().to_string()),
        ]);
        let own_network = self.suite.own_networks;
        if own_network {
            environment.push(("LAB_OWN_NETWORK".to_owned(), "1".to_owned()));
        }
        let user = self.suite.user().number();
        Ok(Conditions { checks, environment, address, own_network, has_fixed_port, user })
    }
}

/// Adds a build to the outcome. Returns true if programs came out of it that can be checked.
fn take_over_build(outcome: &mut Outcome, build: Build, has_programs: bool) -> bool {
    outcome.build = Some(build);
    if interrupt::requested() {
        return false;
    }
    if !has_programs {
        outcome.remarks.push("nothing could be started, since nothing could be built".to_owned());
        nothing_starts(outcome, &Explanation::NotBuilt);
    }
    has_programs
}

/// Ends a submission in which nothing was found. If this machine could not read it, that is not held against it.
fn nothing_found(outcome: &mut Outcome, error: &anyhow::Error) {
    let reason = format!("{error:#}");
    if error.chain().any(<dyn std::error::Error>::is::<std::io::Error>) {
        outcome.remarks.push(format!("the submission could not be read: {reason}"));
        nothing_known(outcome, &reason);
    } else {
        outcome.nothing_found = Some(reason);
        nothing_starts(outcome, &Explanation::NothingFound);
    }
}

/// Ends a submission that this machine cannot judge.
fn nothing_known(outcome: &mut Outcome, error: &str) {
    for checked in &mut outcome.checks {
        let explanation = Explanation::Machine { error: error.to_owned() };
        (checked.status, checked.explanation) = (Status::GraderError, Some(explanation));
    }
}

/// Gives every check the status of a program that did not start.
fn nothing_starts(outcome: &mut Outcome, explanation: &Explanation) {
    for index in 0..outcome.checks.len() {
        if !skip_if_needs_failed(outcome, index) {
            let checked = &mut outcome.checks[index];
            (checked.status, checked.explanation) = (Status::DidNotStart, Some(explanation.clone()));
        }
    }
}
