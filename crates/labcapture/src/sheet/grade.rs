//! Grades a sheet.
//!
//! A capture may hold several conversations. The sheet is graded against the one that it fits best.

use crate::capture::Capture;
use crate::sheet::fields::{Candidate, candidates};
use crate::sheet::file::Sheet;
use crate::sheet::value::shown;
use anyhow::Context;
use serde::Serialize;
use std::io::{self, Write};

/// The version of the JSON fields.
const VERSION: u32 = 1;

/// The grade of a sheet.
#[derive(Debug, Serialize)]
pub struct Grade {
    /// The version of these fields.
    pub version: u32,
    /// The number of right answers.
    pub right: usize,
    /// The number of fields.
    pub of: usize,
    /// The number of the conversation that the sheet was compared with, or `None` for the whole capture.
    pub conversation: Option<usize>,
    /// Whether no port, sequence number or checksum fits, so that the answers are probably about another capture.
    pub other_capture: bool,
    /// The verdict on each field.
    pub answers: Vec<Verdict>,
    /// What the student should know about how the sheet was read, such as fields that could not be read.
    pub notes: Vec<String>,
}

/// The verdict on one field.
#[derive(Debug, Serialize)]
pub struct Verdict {
    /// The field's name, such as `2.length`.
    pub field: String,
    /// The answer, or `None` if the field is empty.
    pub given: Option<String>,
    /// Whether the answer is right.
    pub right: bool,
    /// Whether the field could not be read. A person should look at it.
    pub unreadable: bool,
    /// Why the answer is not right.
    pub why: Option<String>,
}

/// Grades a sheet against a capture.
///
/// # Errors
/// Fails if the capture holds nothing that the lab asks about.
pub fn grade(sheet: &Sheet, capture: &Capture) -> anyhow::Result<Grade> {
    let candidates = candidates(sheet.lab(), capture);
    let graded = candidates.iter().map(|candidate| compare(sheet, candidate));
    // Of equally good candidates, the first one is taken. `max_by_key` would take the last one.
    let best = graded.reduce(|best, next| if next.right > best.right { next } else { best });
    let mut grade = best.with_context(|| {
        let lab = sheet.lab();
        format!(
            "the capture holds no conversation of lab `{lab}`; did the capture run on the right interface, \
             and at the right time?"
        )
    })?;
    grade.other_capture = is_about_another_capture(sheet, &candidates);
    Ok(grade)
}

fn compare(sheet: &Sheet, candidate: &Candidate) -> Grade {
    let verdicts = candidate.expected.iter().map(|(field, expected)| {
        let Some(value) = sheet.answer(field.name) else {
            let unreadable = sheet.unreadable(field.name);
            return Verdict {
                field: field.name.to_owned(),
                given: None,
                right: false,
                unreadable: unreadable.is_some(),
                why: Some(unreadable.unwrap_or_else(|| "no answer".to_owned())),
            };
        };
        let why = expected.differs(value);
        let (field, given) = (field.name.to_owned(), Some(shown(value)));
        Verdict { field, given, right: why.is_none(), unreadable: false, why }
    });
    let answers: Vec<Verdict> = verdicts.collect();
    let right = answers.iter().filter(|verdict| verdict.right).count();
    Grade {
        version: VERSION,
        right,
        of: answers.len(),
        conversation: candidate.conversation,
        other_capture: false,
        answers,
        notes: sheet.notes(),
    }
}

/// Tells whether the sheet has two or more answers that identify a conversation, none of which fits any conversation of
/// this capture. An answer that is a known mistake about this capture counts as fitting.
fn is_about_another_capture(sheet: &Sheet, candidates: &[Candidate]) -> bool {
    candidates.iter().all(|candidate| {
        let identifying = candidate.expected.iter().filter(|(field, _)| field.identifies_conversation);
        let differ = identifying.filter_map(|(field, expected)| {
            let value = sheet.answer(field.name)?;
            Some(expected.differs(value).is_some() && !expected.is_explained(value))
        });
        let differ: Vec<bool> = differ.collect();
        differ.len() >= 2 && differ.iter().all(|differs| *differs)
    })
}

/// Writes a grade as text.
///
/// # Errors
/// Fails if writing to `output` fails.
pub fn write(grade: &Grade, output: &mut dyn Write) -> io::Result<()> {
    for verdict in &grade.answers {
        let word = match (verdict.right, &verdict.given) {
            (true, _) => "right",
            (false, Some(_)) => "WRONG",
            (false, None) if verdict.unreadable => "UNREADABLE",
            (false, None) => "empty",
        };
        let given = verdict.given.as_deref().unwrap_or("");
        let why = verdict.why.as_deref().filter(|_| verdict.given.is_some()).map(|why| format!(": {why}"));
        let line = format!("{:<20} {word}  {given}{}", verdict.field, why.unwrap_or_default());
        writeln!(output, "{}", line.trim_end())?;
    }
    let compared = match grade.conversation {
        Some(number) => format!("conversation {number}"),
        None => "the whole capture".to_owned(),
    };
    let unreadable = match grade.answers.iter().filter(|verdict| verdict.unreadable).count() {
        0 => String::new(),
        count => format!(", {count} could not be read"),
    };
    let Grade { right, of, .. } = grade;
    writeln!(output, "{right} of {of} answers are right{unreadable}, compared with {compared}")?;
    for note in &grade.notes {
        writeln!(output, "note: {note}")?;
    }
    if grade.other_capture {
        writeln!(
            output,
            "note: no port, sequence number or checksum fits; are these answers about another capture?"
        )?;
    }
    Ok(())
}
