//! The files that connect the pipeline and the check runner, which are two processes.
//!
//! The pipeline writes the [`Conditions`] of all checks, and the check runner writes a [`CheckResult`] for each check.

use crate::outcome::{Explanation, Status};
use anyhow::Context;
use labtest::failure::Failure;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// The variable that names the file with the [`Conditions`].
pub const CONDITIONS: &str = "LABGRADE_CONDITIONS";

/// The file with the [`CheckResult`], in the folder of a check.
pub const RESULT: &str = "result.json";

/// What all checks of one submission have in common.
#[derive(Debug, Deserialize, Serialize)]
pub struct Conditions {
    /// The folder with one folder per check.
    pub checks: PathBuf,
    /// Variables for the tests: which programs they start, and how.
    pub environment: Vec<(String, String)>,
    /// The address in the submission's code, for the network of the check.
    pub address: Option<String>,
    /// True if each check has a network of its own.
    pub own_network: bool,
    /// True if the submission has a port in its code. Without a network of its own, another program may use that port.
    pub has_fixed_port: bool,
    /// The number of the user that runs the test, if it is another one.
    pub user: Option<u32>,
}

impl Conditions {
    /// The folder of a check.
    pub fn folder(&self, test: &str) -> PathBuf {
        self.checks.join(test.replace("::", "--"))
    }

    /// Reads the conditions from a file.
    pub fn read(path: &Path) -> anyhow::Result<Conditions> {
        let text =
            fs::read_to_string(path).with_context(|| format!("failed to read `{}`", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("failed to parse `{}`", path.display()))
    }

    /// Writes the conditions to a file.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_string(self).context("failed to write JSON")?;
        fs::write(path, text).with_context(|| format!("failed to write `{}`", path.display()))
    }
}

/// The result of one check.
#[derive(Debug, Deserialize, Serialize)]
pub struct CheckResult {
    /// The status.
    pub status: Status,
    /// How the check failed, if it did.
    pub failure: Option<Box<Failure>>,
    /// Why it has this status, if no failure shows it.
    pub explanation: Option<Explanation>,
    /// Wall time in seconds.
    pub seconds: f64,
}

impl CheckResult {
    /// A result without a failure of the test.
    pub fn explained(status: Status, explanation: Explanation, seconds: f64) -> CheckResult {
        CheckResult { status, failure: None, explanation: Some(explanation), seconds }
    }
}
