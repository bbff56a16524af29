//! A *rubric*: what each black-box test of a lab is worth, and what its result tells a student.
//!
//! `labs/<lab>/rubric.toml` has one row per test:
//!
//! ```toml
//! [[check]]
//! test = "server::answers_in_upper_case" # the file in tests/, then the function
//! kind = "core"
//! step = 1                               # the step of the handout
//! points = 20
//! shows = "The server returns a to z as A to Z."
//! hint = "Receive into a buffer, change the bytes that came, and send back just as many."
//! needs = []                             # tests without which this one proves nothing
//! hidden = false                         # a hidden test stays out of the students' workspace
//! ```

use crate::workspace::Workspace;
use anyhow::Context;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs;

/// The points of all core checks of a lab together.
pub const CORE_POINTS: u32 = 100;

/// All checks of one lab, in the order of its `rubric.toml`. A check comes after those that it needs.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Rubric {
    /// One row per test.
    #[serde(rename = "check")]
    pub checks: Vec<Check>,
}

/// One row of a rubric.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Test file and function, such as `server::answers_in_upper_case`.
    pub test: String,
    /// What the check is about.
    pub kind: Kind,
    /// The step of the handout that it belongs to. Hidden checks and those that go with no step have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u32>,
    /// What it is worth. The points of a lab's core checks add up to [`CORE_POINTS`]. Extra checks are worth nothing.
    #[serde(default)]
    pub points: u32,
    /// What a pass shows, in a student's words.
    pub shows: String,
    /// What to look at after a failure.
    pub hint: String,
    /// Tests that must pass first. Without them this one proves nothing and is skipped.
    #[serde(default)]
    pub needs: Vec<String>,
    /// True if students do not see the test before they hand in.
    #[serde(default)]
    pub hidden: bool,
}

/// What a check is about.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The exercise itself. Any program that is right by the textbook passes; these points are the score.
    Core,
    /// Edge cases: clients that misbehave, unusual bytes. These points are totalled apart from the score.
    Robust,
    /// Options, messages and limits of the reference program. Worth no points.
    Extra,
}

/// As in `rubric.toml`.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Kind::Core => "core",
            Kind::Robust => "robust",
            Kind::Extra => "extra",
        })
    }
}

impl Rubric {
    /// Reads the rubric of a lab without checking it.
    ///
    /// # Errors
    /// If there is none, or if a row has an unknown or missing field.
    pub fn read(workspace: &Workspace, lab: &str) -> anyhow::Result<Rubric> {
        let path = workspace.lab(lab)?.join("rubric.toml");
        let text =
            fs::read_to_string(&path).with_context(|| format!("failed to read `{}`", path.display()))?;
        toml::from_str(&text).map_err(|error| {
            let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
            anyhow::anyhow!("{}:{line}: {}", path.display(), error.message())
        })
    }

    /// The stages of the exercise: the core checks, in order.
    pub fn stages(&self) -> impl Iterator<Item = &Check> {
        self.of_kind(Kind::Core)
    }

    /// The checks of one kind, in order.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(move |check| check.kind == kind)
    }
}
