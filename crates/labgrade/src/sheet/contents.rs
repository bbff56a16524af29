//! The *contents* of a sheet.

use crate::solution_markers::students_version;
use anyhow::Context;
use labcapture::lab::Lab;
use labcapture::sheet::{FactField, fact_fields};
use labrubric::{Question, Workspace};
use std::fs;
use std::path::Path;

/// What a lab asks its students.
pub struct Contents {
    /// The lab's folder name, such as `udp-echo`.
    pub lab: String,
    /// The title of its handout, such as `Lab 1 · UDP echo`.
    pub title: String,
    /// The questions, in order.
    pub questions: Vec<Question>,
    /// The facts that the sheet asks for, in the order of the questions.
    pub facts: Vec<FactField>,
    /// The handout, as students get it.
    pub handout: String,
}

impl Contents {
    /// Reads the questions of a lab.
    ///
    /// # Errors
    /// If the handout or `questions.toml` cannot be read.
    pub fn read(workspace: &Workspace, lab: &str) -> anyhow::Result<Contents> {
        let questions = Question::read(workspace, lab)?;
        let path = Path::new("labs").join(lab).join("README.md");
        let handout = fs::read_to_string(workspace.top().join(&path))
            .with_context(|| format!("failed to read `{}`", path.display()))?;
        let handout = students_version(&path, &handout)?;
        let title = handout.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or(lab).to_owned();
        Ok(Contents { lab: lab.to_owned(), title, questions, facts: facts(lab), handout })
    }

    /// The facts of one question.
    pub fn facts_of(&self, number: u32) -> impl Iterator<Item = &FactField> {
        self.facts.iter().filter(move |fact| fact.question == number)
    }
}

/// The facts that the sheet of a lab asks for. A lab that `labcapture` does not know has none.
pub fn facts(lab: &str) -> Vec<FactField> {
    lab.parse::<Lab>().map(|lab| fact_fields(lab).collect()).unwrap_or_default()
}
