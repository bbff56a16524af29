//! The *questions* of a handout: their text and points from `README.md`, and what staff need to grade explanations from
//! `questions.toml`.
//!
//! The section `## Questions` of `labs/<lab>/README.md` is a numbered list. Each question ends with its points:
//!
//! ```markdown
//! 4. Which frames does the capture show for one line of text? Explain each. *(3 points)*
//! ```
//!
//! A question has one point for each of its facts, which a capture proves, and the points of its explanation.
//! `labs/<lab>/questions.toml` has a row for each question that asks for an explanation. Students do not get this file.
//!
//! ```toml
//! [[question]]
//! number = 4
//! explain = 2                            # the points of the explanation
//! model = """One line takes two frames…"""
//! ```

use crate::workspace::Workspace;
use anyhow::{Context, bail};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fs;

/// The heading of the section.
const HEADING: &str = "## Questions";

/// One question of a handout.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Question {
    /// Its number in the handout.
    pub number: u32,
    /// Its text in one line, with the handout's Markdown, and without its points.
    pub text: String,
    /// All of its points. `None` if the handout does not say.
    pub points: Option<u32>,
    /// The points of its explanation. 0 if the question asks for facts only.
    pub explain: u32,
    /// A model answer. Empty if the question asks for facts only.
    pub model: String,
}

/// A `questions.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "question", default)]
    rows: Vec<Row>,
}

/// One row of a `questions.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    number: u32,
    explain: u32,
    model: String,
}

impl Question {
    /// Reads the questions of a lab, in the order of the handout.
    ///
    /// # Errors
    /// If a file cannot be read, or if a row of `questions.toml` has an unknown or missing field.
    pub fn read(workspace: &Workspace, lab: &str) -> anyhow::Result<Vec<Question>> {
        let (handout, rows) = files(workspace, lab)?;
        Ok(joined(listed(&handout), rows))
    }

    /// Lists the mistakes in the questions of a lab. `facts` has the number of its question for each fact that a sheet
    /// of answers asks for.
    ///
    /// # Errors
    /// If a file cannot be read, or if a row of `questions.toml` has an unknown or missing field.
    pub fn mistakes(workspace: &Workspace, lab: &str, facts: &[u32]) -> anyhow::Result<Vec<String>> {
        let (handout, rows) = files(workspace, lab)?;
        Ok(mistakes(&listed(&handout), &rows, facts)
            .into_iter()
            .map(|(file, mistake)| format!("labs/{lab}/{file}: {mistake}"))
            .collect())
    }
}

fn files(workspace: &Workspace, lab: &str) -> anyhow::Result<(String, Vec<Row>)> {
    let folder = workspace.lab(lab)?;
    let read = |name: &str| {
        let path = folder.join(name);
        fs::read_to_string(&path).with_context(|| format!("failed to read `{}`", path.display()))
    };
    let (handout, text) = (read("README.md")?, read("questions.toml")?);
    match toml::from_str::<File>(&text) {
        Ok(file) => Ok((handout, file.rows)),
        Err(error) => {
            let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
            bail!("{}:{line}: {}", folder.join("questions.toml").display(), error.message())
        }
    }
}

/// The questions of a handout, as they are listed. Nothing is known of explanations yet.
fn listed(handout: &str) -> Vec<Question> {
    let mut texts: Vec<(u32, String)> = Vec::new();
    let section = handout.lines().skip_while(|line| line.trim_end() != HEADING).skip(1);
    for line in section.take_while(|line| !line.starts_with("## ")) {
        let numbered = line.split_once(". ").and_then(|(number, text)| Some((number.parse().ok()?, text)));
        match (numbered, texts.last_mut()) {
            (Some((number, text)), _) => texts.push((number, text.trim().to_owned())),
            (None, Some((_, text))) if line.starts_with(' ') => {
                text.push(' ');
                text.push_str(line.trim());
            }
            _ => {}
        }
    }
    let question = |(number, text): (u32, String)| {
        let (text, points) = match points(&text) {
            Some((before, points)) => (before.to_owned(), Some(points)),
            None => (text, None),
        };
        Question { number, text, points, explain: 0, model: String::new() }
    };
    texts.into_iter().map(question).collect()
}

/// Splits the points off the end of a question: `*(2 points)*`.
fn points(text: &str) -> Option<(&str, u32)> {
    let (before, points) = text.strip_suffix(")*")?.rsplit_once("*(")?;
    let (number, unit) = points.split_once(' ')?;
    let number = number.parse().ok()?;
    let is_right = unit == if number == 1 { "point" } else { "points" };
    is_right.then_some((before.trim_end(), number))
}

fn joined(mut questions: Vec<Question>, rows: Vec<Row>) -> Vec<Question> {
    for row in rows {
        if let Some(question) = questions.iter_mut().find(|question| question.number == row.number) {
            question.explain = row.explain;
            row.model.trim().clone_into(&mut question.model);
        }
    }
    questions
}

/// The mistakes, each with the file that it is in.
fn mistakes(questions: &[Question], rows: &[Row], facts: &[u32]) -> Vec<(&'static str, String)> {
    const HANDOUT: &str = "README.md";
    const ROWS: &str = "questions.toml";
    let mut found = Vec::new();
    if questions.is_empty() {
        found.push((HANDOUT, format!("it has no questions under `{HEADING}`")));
    }
    for (question, expected) in questions.iter().zip(1..) {
        if question.number != expected {
            found.push((HANDOUT, format!("question {expected} has the number {}", question.number)));
        }
    }
    let numbers: BTreeSet<u32> = questions.iter().map(|question| question.number).collect();
    let mut before = BTreeSet::new();
    for Row { number, explain, model } in rows {
        if !numbers.contains(number) {
            found.push((ROWS, format!("there is no question {number} in the handout")));
        }
        if !before.insert(*number) {
            found.push((ROWS, format!("question {number} has two rows")));
        }
        if *explain == 0 || model.trim().is_empty() {
            found.push((ROWS, format!("question {number} needs points and a model answer")));
        }
    }
    for number in facts.iter().collect::<BTreeSet<_>>() {
        if !numbers.contains(number) {
            found.push((HANDOUT, format!("the answer sheet has facts of a question {number}")));
        }
    }
    for Question { number, points, .. } in questions {
        let of_facts = facts.iter().filter(|fact| *fact == number).count();
        let explain: u32 =
            rows.iter().filter(|row| row.number == *number).map(|row| row.explain).take(1).sum();
        let sum = u32::try_from(of_facts).unwrap_or(u32::MAX).saturating_add(explain);
        match points {
            _ if sum == 0 => {
                found.push((ROWS, format!("question {number} has neither facts nor an explanation")));
            }
            None => {
                let unit = if sum == 1 { "point" } else { "points" };
                found.push((HANDOUT, format!("question {number} does not end with `*({sum} {unit})*`")));
            }
            Some(points) if *points != sum => found.push((
                HANDOUT,
                format!(
                    "question {number} is worth {points}, but its facts ({of_facts}) and its explanation ({explain}) make {sum}"
                ),
            )),
            Some(_) => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Row, joined, listed, mistakes};

    const HANDOUT: &str = "# Lab\n\n1. no question\n\n## Questions\n\n1. Which *port* does\n   it use? *(2 points)*\n\
                           2. Why? *(1 point)*\n\n## Test it\n\n3. no question\n";

    fn row(number: u32, explain: u32) -> Row {
        Row { number, explain, model: " Because.\n".to_owned() }
    }

    #[track_caller]
    fn check(handout: &str, rows: &[Row], facts: &[u32], expected: &[&str]) {
        let found = mistakes(&listed(handout), rows, facts);
        let found: Vec<String> = found.iter().map(|(file, mistake)| format!("{file}: {mistake}")).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn reads_text_and_points() {
        let questions = joined(listed(HANDOUT), vec![row(2, 1)]);
        let found: Vec<_> = questions
            .iter()
            .map(|question| {
                (question.number, &*question.text, question.points, question.explain, &*question.model)
            })
            .collect();
        assert_eq!(
            found,
            [(1, "Which *port* does it use?", Some(2), 0, ""), (2, "Why?", Some(1), 1, "Because.")]
        );
    }

    #[test]
    fn accepts_points_that_add_up() {
        check(HANDOUT, &[row(2, 1)], &[1, 1], &[]);
        check(HANDOUT, &[row(1, 1), row(2, 1)], &[1], &[]);
    }

    #[test]
    fn finds_mistakes_in_the_handout() {
        check("# Lab\n", &[], &[], &["README.md: it has no questions under `## Questions`"]);
        check(
            &HANDOUT.replace("2. Why?", "3. Why?"),
            &[row(3, 1)],
            &[1, 1],
            &["README.md: question 2 has the number 3"],
        );
        check(
            &HANDOUT.replace(" *(1 point)*", ""),
            &[row(2, 1)],
            &[1, 1],
            &["README.md: question 2 does not end with `*(1 point)*`"],
        );
        check(
            HANDOUT,
            &[row(2, 3)],
            &[1, 1],
            &["README.md: question 2 is worth 1, but its facts (0) and its explanation (3) make 3"],
        );
    }

    #[test]
    fn finds_mistakes_in_the_rows() {
        check(HANDOUT, &[], &[1, 1], &["questions.toml: question 2 has neither facts nor an explanation"]);
        check(
            HANDOUT,
            &[row(2, 1), row(2, 1), row(4, 1)],
            &[1, 1, 5],
            &[
                "questions.toml: question 2 has two rows",
                "questions.toml: there is no question 4 in the handout",
                "README.md: the answer sheet has facts of a question 5",
            ],
        );
        let empty = Row { model: " ".to_owned(), ..row(1, 1) };
        check(
            HANDOUT,
            &[empty, row(2, 1)],
            &[1],
            &["questions.toml: question 1 needs points and a model answer"],
        );
    }
}
