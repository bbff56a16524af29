//! *Batches* of checks: each holds those whose needs have passed, and runs in one call of nextest.

use super::conditions::{CONDITIONS, CheckResult, Conditions, RESULT};
use super::{needs, nextest};
use crate::outcome::{Explanation, Outcome, Status};
use crate::prepared_suite::PreparedSuite;
use crate::{interrupt, limits, processes};
use anyhow::Context;
use chrono::Utc;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How often to look for the results of running checks.
const POLL: Duration = Duration::from_millis(40);

/// What is shown of nextest's output if it fails.
const NEXTEST_OUTPUT_CHARS_MAX: usize = 2000;

/// Called while a submission is graded, with the outcome so far, and the index of the check that was just updated.
pub type OnProgress<'a> = &'a mut dyn FnMut(&Outcome, Option<usize>) -> anyhow::Result<()>;

/// The checks of one submission.
pub struct Batches<'a> {
    /// The compiled tests.
    pub suite: &'a PreparedSuite,
    /// The folder for the files of this submission.
    pub work: &'a Path,
    /// The folder for nextest's own reports.
    pub raw: Option<&'a Path>,
    /// What the checks have in common.
    pub conditions: &'a Conditions,
    /// When grading of the submission began.
    pub started: Instant,
}

/// nextest while it runs a batch.
struct Running {
    nextest: Child,
    /// Checks without a result.
    waiting: Vec<usize>,
    store: PathBuf,
    output: PathBuf,
}

/// Why a batch is over.
enum End {
    /// nextest has ended.
    Done,
    /// All checks together took too long.
    Late,
    /// Ctrl+C was pressed.
    Interrupted,
}

impl Batches<'_> {
    /// Runs all checks, and writes their results into the outcome.
    ///
    /// # Errors
    /// If the machine fails.
    pub fn run(&self, outcome: &mut Outcome, on_progress: OnProgress<'_>) -> anyhow::Result<()> {
        // Building, and waiting for others with the same port, does not count.
        let deadline = Instant::now() + limits::SUBMISSION;
        self.conditions.write(&self.conditions_path())?;
        for batch in 1..=outcome.checks.len() {
            let ready = needs::ready(outcome);
            if ready.is_empty() || interrupt::requested() {
                break;
            }
            let mut running = self.start(batch, ready, outcome)?;
            let end = self.collect(&mut running, deadline, outcome, on_progress);
            processes::end(&mut running.nextest);
            self.keep_report(batch, &running.store);
            let explanation = match end? {
                End::Done => Explanation::Machine { error: nextest_error(&running.output) },
                End::Late => Explanation::ChecksTooLong { limit_s: limits::SUBMISSION.as_secs() },
                End::Interrupted => break,
            };
            let is_late = matches!(explanation, Explanation::ChecksTooLong { .. });
            let status = if is_late { Status::Timeout } else { Status::GraderError };
            for index in running.waiting {
                let checked = &mut outcome.checks[index];
                (checked.status, checked.explanation) = (status, Some(explanation.clone()));
                on_progress(outcome, Some(index))?;
            }
        }
        Ok(())
    }

    fn conditions_path(&self) -> PathBuf {
        self.work.join("conditions.json")
    }

    fn start(&self, batch: usize, ready: Vec<usize>, outcome: &Outcome) -> anyhow::Result<Running> {
        let store = self.work.join(format!("nextest-{batch}"));
        let config = self.work.join(format!("nextest-{batch}.toml"));
        let output_path = self.work.join(format!("nextest-{batch}.txt"));
        // In a network that they share, only one program at a time can have the port.
        let shares_port = self.conditions.has_fixed_port && !self.conditions.own_network;
        let at_once = if shares_port { 1 } else { limits::CHECKS_AT_ONCE };
        fs::write(&config, nextest::config(&store, at_once))
            .with_context(|| format!("failed to write `{}`", config.display()))?;
        let output = fs::File::create(&output_path)
            .with_context(|| format!("failed to write `{}`", output_path.display()))?;
        let checks = ready.iter().map(|index| &outcome.checks[*index].check);
        let mut command = self.suite.nextest_command();
        command.arg("--config-file").arg(&config).args(["--no-tests", "fail", "-E"]);
        command.arg(nextest::filter(checks));
        let runner = format!("{} check-runner", self.suite.check_runner.display());
        command.env(nextest::runner_variable(), runner).env(CONDITIONS, self.conditions_path());
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output).process_group(0);
        let nextest = command.spawn().context("failed to start `cargo nextest`")?;
        Ok(Running { nextest, waiting: ready, store, output: output_path })
    }

    /// Takes over each result as soon as it is there, until nextest has ended or must end.
    fn collect(
        &self,
        running: &mut Running,
        deadline: Instant,
        outcome: &mut Outcome,
        on_progress: OnProgress<'_>,
    ) -> anyhow::Result<End> {
        loop {
            let ended = running.nextest.try_wait().context("failed to wait for `cargo nextest`")?;
            for index in std::mem::take(&mut running.waiting) {
                let checked = &mut outcome.checks[index];
                let Some(result) = self.result(&checked.check.test) else {
                    running.waiting.push(index);
                    continue;
                };
                (checked.status, checked.seconds) = (result.status, result.seconds);
                (checked.failure, checked.explanation) = (result.failure, result.explanation);
                outcome.graded = Utc::now();
                outcome.seconds = self.started.elapsed().as_secs_f64();
                on_progress(outcome, Some(index))?;
            }
            if ended.is_some() {
                return Ok(End::Done);
            }
            if interrupt::requested() {
                return Ok(End::Interrupted);
            }
            if Instant::now() > deadline {
                return Ok(End::Late);
            }
            thread::sleep(POLL);
        }
    }

    fn result(&self, test: &str) -> Option<CheckResult> {
        let path = self.conditions.folder(test).join(RESULT);
        serde_json::from_str(&fs::read_to_string(path).ok()?).ok()
    }

    /// Keeps nextest's own report of a batch beside the results.
    fn keep_report(&self, batch: usize, store: &Path) {
        if let Some(raw) = self.raw {
            let _ = fs::create_dir_all(raw);
            let _ = fs::copy(store.join("default/junit.xml"), raw.join(format!("nextest-{batch}.xml")));
        }
    }
}

/// Why nextest ran none of the checks that are left, by its own output.
fn nextest_error(output: &Path) -> String {
    let output = fs::read_to_string(output).unwrap_or_default();
    let beginning: String = output.trim().chars().take(NEXTEST_OUTPUT_CHARS_MAX).collect();
    format!("cargo-nextest did not run it: {beginning}")
}
