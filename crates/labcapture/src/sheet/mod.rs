//! A student's answer sheet, graded against the student's own capture.
//!
//! A sheet is TOML: the lab, and an answer for each field, named by the number of its question.
//!
//! ```toml
//! lab = "udp-echo"
//! 1.client_port = 51465
//! 2.length = 13
//! 3.client_checksum = "0xa1fc"
//! ```
//!
//! [`fields`] says what is right for each conversation of the capture, [`value`] compares. A capture may hold several
//! conversations, so the sheet is graded against the one that it fits best.

mod fields;
mod value;

pub use fields::{Candidate, Field, candidates, names};
pub use value::Expected;

use crate::questions::Lab;
use crate::report::Report;
use anyhow::{Context, bail, ensure};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use toml::{Table, Value};

/// The largest sheet.
const SHEET_BYTES_MAX: usize = 1 << 16;

/// A filled-in sheet.
#[derive(Debug)]
pub struct Sheet {
    lab: Lab,
    answers: BTreeMap<String, Value>,
}

impl Sheet {
    /// The lab that the sheet is about.
    pub fn lab(&self) -> Lab {
        self.lab
    }
}

/// What a sheet is worth.
#[derive(Debug, Serialize)]
pub struct Grade {
    /// Version of these fields.
    pub version: u32,
    /// Right answers.
    pub right: usize,
    /// All fields.
    pub of: usize,
    /// The number of the conversation that the sheet was compared with; none if it was the whole capture.
    pub conversation: Option<usize>,
    /// No port, sequence number or checksum fits: these are answers about another capture.
    pub other_capture: bool,
    /// Each field.
    pub answers: Vec<Verdict>,
}

/// A field, and what its answer is worth.
#[derive(Debug, Serialize)]
pub struct Verdict {
    /// The field's name, such as `2.length`.
    pub field: String,
    /// The answer; none if the field is empty.
    pub given: Option<String>,
    /// It is right.
    pub right: bool,
    /// Why not.
    pub why: Option<String>,
}

/// Reads a sheet from a file, or another source.
///
/// # Errors
/// If it can't be read, is too long or no text, or like [`parse`].
pub fn read(from: impl Read) -> anyhow::Result<Sheet> {
    let mut bytes = Vec::new();
    from.take(SHEET_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    ensure!(
        bytes.len() <= SHEET_BYTES_MAX,
        "it has more than {SHEET_BYTES_MAX} bytes: that is no filled-in sheet"
    );
    parse(std::str::from_utf8(&bytes).context("it is no text in UTF-8")?)
}

/// Reads a sheet's text.
///
/// # Errors
/// If it is no sheet of a lab, or names a field that the lab does not have.
pub fn parse(text: &str) -> anyhow::Result<Sheet> {
    let mut table: Table = text.parse().map_err(|error: toml::de::Error| {
        let line =
            error.span().map_or(0, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        anyhow::anyhow!("line {line}: {}", error.message().trim().replace('\n', ", "))
    })?;
    let lab = table.remove("lab").context("it has no line such as `lab = \"udp-echo\"`")?;
    let lab: Lab = lab
        .clone()
        .try_into()
        .map_err(|_| anyhow::anyhow!("`{}` is no lab; write one such as \"udp-echo\"", value::shown(&lab)))?;
    let mut answers = BTreeMap::new();
    for (question, parts) in table {
        let Value::Table(parts) = parts else {
            bail!("`{question}` names no part of a question; `labcapture sheet` shows the fields");
        };
        answers.extend(parts.into_iter().map(|(part, value)| (format!("{question}.{part}"), value)));
    }
    let known = names(lab);
    if let Some(unknown) = answers.keys().find(|name| !known.iter().any(|(known, _)| known == name)) {
        bail!("this lab's sheet has no field `{unknown}`; `labcapture sheet` shows the fields");
    }
    answers.retain(|_, value| value.as_str().is_none_or(|text| !text.trim().is_empty()));
    Ok(Sheet { lab, answers })
}

/// An empty sheet to fill in.
pub fn blank(lab: Lab) -> String {
    let mut text = format!(
        "# Answer sheet. Numbers are decimal or hexadecimal, as in 0x1a2b; words stand in quotes.\nlab = \"{lab}\"\n"
    );
    let mut last = "";
    for (name, hint) in names(lab) {
        let question = name.split('.').next().unwrap_or("");
        if question != last {
            text.push_str(&format!("\n# Question {question}\n"));
            last = question;
        }
        text.push_str(&format!("{name} = \"\" # {hint}\n"));
    }
    text
}

/// Grades a sheet against a capture.
///
/// # Errors
/// If the capture holds nothing that the lab asks about.
pub fn grade(sheet: &Sheet, report: &Report) -> anyhow::Result<Grade> {
    let candidates = candidates(sheet.lab, report);
    let graded = candidates.iter().map(|candidate| compare(sheet, candidate));
    // The first of the best: `max_by_key` would take the last.
    let best = graded.reduce(|best, next| if next.right > best.right { next } else { best });
    let mut grade = best.with_context(|| {
        let lab = sheet.lab;
        format!("the capture holds no conversation of lab `{lab}`; was it captured on the right interface, and in time?")
    })?;
    grade.other_capture = is_of_another(sheet, &candidates);
    Ok(grade)
}

fn compare(sheet: &Sheet, candidate: &Candidate) -> Grade {
    let verdicts = candidate.fields.iter().map(|field| {
        let Some(value) = sheet.answers.get(field.name) else {
            return Verdict {
                field: field.name.to_owned(),
                given: None,
                right: false,
                why: Some("no answer".to_owned()),
            };
        };
        let why = field.expected.differs(value);
        Verdict { field: field.name.to_owned(), given: Some(value::shown(value)), right: why.is_none(), why }
    });
    let answers: Vec<Verdict> = verdicts.collect();
    let right = answers.iter().filter(|verdict| verdict.right).count();
    Grade {
        version: 1,
        right,
        of: answers.len(),
        conversation: candidate.conversation,
        other_capture: false,
        answers,
    }
}

/// Two or more answers are of the kind that differs from capture to capture, and none of them fits any conversation.
fn is_of_another(sheet: &Sheet, candidates: &[Candidate]) -> bool {
    let differ = |field: &Field, value: &Value| {
        field.expected.differs(value).is_some() && !field.expected.is_explained(value)
    };
    let telling = |candidate: &Candidate| {
        let fields = candidate.fields.iter().filter(|field| field.is_telling);
        fields.filter_map(|field| Some(differ(field, sheet.answers.get(field.name)?))).collect::<Vec<bool>>()
    };
    candidates.iter().all(|candidate| {
        let telling = telling(candidate);
        telling.len() >= 2 && telling.iter().all(|differs| *differs)
    })
}

/// Writes a grade as text.
///
/// # Errors
/// If writing fails.
pub fn write(grade: &Grade, output: &mut dyn Write) -> io::Result<()> {
    for verdict in &grade.answers {
        let word = match (verdict.right, &verdict.given) {
            (true, _) => "right",
            (false, Some(_)) => "WRONG",
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
    writeln!(output, "{} of {} are right, compared with {compared}", grade.right, grade.of)?;
    if grade.other_capture {
        writeln!(
            output,
            "note: no port, sequence number or checksum fits: are these answers about another capture?"
        )?;
    }
    Ok(())
}
