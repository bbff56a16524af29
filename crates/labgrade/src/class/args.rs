//! The *command line*: which tests are used, and how a class is graded.

use super::screen::print_line;
use crate::prepared_suite::PreparedSuite;
use crate::{interrupt, limits};
use anyhow::{Context, bail, ensure};
use labrubric::{CORE_POINTS, Rubric, Workspace};
use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::BuildHasher;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The longest time for a build that can be asked for.
const BUILD_SECONDS_MAX: u64 = 3600;

/// Every reader of JSON represents integers below this exactly.
const SEED_MAX: u64 = 1 << 53;

/// Seeds that are drawn are below this, short enough to type.
const DRAWN_SEED_MAX: u64 = 1_000_000;

/// The tests to grade with.
#[derive(clap::Args, Debug)]
pub struct SuiteArgs {
    /// Seed for the texts of the tests; the same seed gives the same texts [default: a new one]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Use another rubric than the lab's own
    #[arg(long, value_name = "FILE")]
    pub rubric: Option<PathBuf>,
    /// Time limit for building one submission
    #[arg(long, value_name = "SECONDS", default_value_t = limits::BUILD.as_secs())]
    pub build_limit: u64,
}

/// How a class is graded.
#[derive(clap::Args, Debug)]
pub struct ClassArgs {
    /// The folder for the results; submissions with results in it are not graded again
    #[arg(long, value_name = "RESULTS")]
    pub out: PathBuf,
    /// Number of submissions to grade at the same time [default: two per processor]
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
    /// Grade these students again, or all if no name is given; the time of handing in is kept
    #[arg(long, value_name = "NAME", num_args = 0..)]
    pub again: Option<Vec<String>>,
}

impl SuiteArgs {
    /// Prepares the tests of a lab. The seed must be known by now.
    pub(super) fn prepare(
        &self,
        workspace: &Workspace,
        lab: &str,
        rubric: Rubric,
        seed: u64,
    ) -> anyhow::Result<PreparedSuite> {
        print_line(&format!("preparing the tests of {lab}"));
        let prepared = PreparedSuite::new(workspace, lab, rubric, seed % SEED_MAX);
        // Ctrl+C also ends the compiler, whose error would mislead.
        ensure!(!interrupt::requested(), "interrupted");
        let mut suite = prepared?;
        suite.build.time_max = Duration::from_secs(self.build_limit.clamp(1, BUILD_SECONDS_MAX));
        if let Some(reason) = &suite.no_sandbox {
            print_line(&format!("warning: without a sandbox: {reason}"));
        }
        Ok(suite)
    }

    /// Reads the rubric.
    pub(super) fn rubric(&self, workspace: &Workspace, lab: &str) -> anyhow::Result<Rubric> {
        let Some(path) = &self.rubric else { return Rubric::read(workspace, lab) };
        let text =
            fs::read_to_string(path).with_context(|| format!("failed to read `{}`", path.display()))?;
        let rubric: Rubric = toml::from_str(&text)
            .map_err(|error| anyhow::anyhow!("`{}`: {}", path.display(), error.message()))?;
        let points: u32 = rubric.stages().map(|check| check.points).sum();
        if points != CORE_POINTS {
            print_line(&format!(
                "warning: the core checks of `{}` are worth {points} points, not {CORE_POINTS}",
                path.display()
            ));
        }
        Ok(rubric)
    }
}

impl ClassArgs {
    /// True if a student is to be graded again.
    pub(super) fn is_again(&self, student: &String) -> bool {
        self.again.as_ref().is_some_and(|names| names.is_empty() || names.contains(student))
    }
}

/// Draws a seed.
pub(super) fn draw_seed() -> u64 {
    RandomState::new().hash_one(std::process::id()) % DRAWN_SEED_MAX
}

/// An error if lab and folder were given in the wrong order.
pub(super) fn ensure_order(
    workspace: &Workspace,
    command: &str,
    lab: &str,
    folder: &Path,
) -> anyhow::Result<()> {
    let labs = workspace.labs()?;
    let is_lab = |name: &str| labs.iter().any(|lab| lab == name);
    if let Some(second) = folder.to_str().filter(|second| is_lab(second) && !is_lab(lab)) {
        bail!("`{lab}` is not a lab; the lab comes first: `labgrade {command} {second} {lab}`");
    }
    Ok(())
}
