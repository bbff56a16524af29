//! Reads and writes answer sheets.

use crate::lab::Lab;
use crate::sheet::fields::{FactField, fact_fields, fields};
use crate::sheet::value::shown;
use anyhow::{Context, bail, ensure};
use std::collections::BTreeMap;
use std::io::Read;
use toml::{Table, Value};

/// The largest sheet in bytes. Most of it is room for explanations.
const SHEET_BYTES_MAX: usize = 1 << 18;

/// The part of a question that asks for an explanation, as in `4.explain`.
const EXPLANATION: &str = "explain";

/// A filled-in sheet.
#[derive(Debug)]
pub struct Sheet {
    lab: Lab,
    answers: BTreeMap<String, Value>,
    /// The explanations, by the numbers of their questions.
    explanations: BTreeMap<u32, String>,
}

impl Sheet {
    /// Returns the lab that the sheet is about.
    pub fn lab(&self) -> Lab {
        self.lab
    }

    /// Returns the answer in a field, or `None` if the field is empty.
    pub fn answer(&self, field: &str) -> Option<&Value> {
        self.answers.get(field)
    }

    /// Returns the explanation that answers a question, or `None` if the sheet has none. A capture can't prove it, so
    /// it is not graded here.
    pub fn explanation(&self, question: u32) -> Option<&str> {
        self.explanations.get(&question).map(String::as_str)
    }
}

/// Reads a sheet from a file or another source.
///
/// # Errors
/// Fails if the source can't be read, is too long, is not UTF-8, or is not a sheet (see [`parse`]).
pub fn read(from: impl Read) -> anyhow::Result<Sheet> {
    let mut bytes = Vec::new();
    from.take(SHEET_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    ensure!(
        bytes.len() <= SHEET_BYTES_MAX,
        "it has more than {SHEET_BYTES_MAX} bytes, too many for a filled-in sheet"
    );
    parse(std::str::from_utf8(&bytes).context("it is no text in UTF-8")?)
}

/// Parses the text of a sheet.
///
/// # Errors
/// Fails if the text is not TOML, names no lab, or has a field that the lab's sheet does not have.
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
        .map_err(|_| anyhow::anyhow!("`{}` is not a lab; write one such as \"udp-echo\"", shown(&lab)))?;
    let mut answers = BTreeMap::new();
    let mut explanations = BTreeMap::new();
    for (question, parts) in table {
        let Value::Table(mut parts) = parts else {
            bail!("`{question}` is not a field; `labcapture sheet` shows the fields");
        };
        if let Ok(number) = question.parse() {
            let explanation = parts.remove(EXPLANATION).map(|text| shown(&text).trim().to_owned());
            explanations.extend(explanation.filter(|text| !text.is_empty()).map(|text| (number, text)));
        }
        answers.extend(parts.into_iter().map(|(part, value)| (format!("{question}.{part}"), value)));
    }
    let is_known = |name: &String| fields(lab).iter().any(|field| field.name == name);
    if let Some(unknown) = answers.keys().find(|name| !is_known(name)) {
        bail!("this lab's sheet has no field `{unknown}`; `labcapture sheet` shows the fields");
    }
    answers.retain(|_, value| value.as_str().is_none_or(|text| !text.trim().is_empty()));
    Ok(Sheet { lab, answers, explanations })
}

/// Returns an empty sheet to fill in.
pub fn blank(lab: Lab) -> String {
    let mut text = format!(
        "# Answer sheet. Write numbers in decimal or in hexadecimal (0x1a2b), and words in quotes.\nlab = \"{lab}\"\n"
    );
    let mut last = 0;
    for FactField { question, name, asks } in fact_fields(lab) {
        if question != last {
            text.push_str(&format!("\n# Question {question}\n"));
            last = question;
        }
        text.push_str(&format!("{name} = \"\" # {asks}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{SHEET_BYTES_MAX, blank, parse, read};
    use crate::lab::Lab;

    #[test]
    fn ignores_empty_fields() {
        for lab in Lab::ALL {
            let sheet = parse(&blank(lab)).unwrap();
            assert_eq!(sheet.lab(), lab);
            assert!(sheet.answers.is_empty());
        }
    }

    #[test]
    fn keeps_explanations_apart() {
        let text = "lab = \"udp-echo\"\n1.client_port = 5\n4.explain = \"\"\"\n two\nlines \"\"\"\n\
                    10.explain = \"of a question without fields\"\n5.explain = \" \"\n";
        let sheet = parse(text).unwrap();
        assert_eq!(sheet.explanation(4), Some("two\nlines"));
        assert_eq!(sheet.explanation(10), Some("of a question without fields"));
        assert_eq!((sheet.explanation(5), sheet.explanation(1)), (None, None));
        assert_eq!(sheet.answers.keys().collect::<Vec<_>>(), ["1.client_port"]);
    }

    #[test]
    fn has_room_for_explanations() {
        let sheet = |bytes: usize| {
            let explanation = "x".repeat(bytes);
            read(format!("lab = \"udp-echo\"\n1.explain = \"{explanation}\"\n").as_bytes())
        };
        assert!(sheet(SHEET_BYTES_MAX - 1000).is_ok());
        assert!(sheet(SHEET_BYTES_MAX).unwrap_err().to_string().contains("too many"));
    }

    #[test]
    fn explains_what_is_wrong() {
        let error = |text: &str| parse(text).unwrap_err().to_string();
        assert!(error("lab = ").starts_with("line 1: "));
        assert!(error("").contains("lab = "));
        assert!(error("lab = \"none\"").contains("`none`"));
        assert!(error("lab = \"udp-echo\"\n9.colour = 1").contains("`9.colour`"));
        assert!(error("lab = \"udp-echo\"\none.explain = \"x\"").contains("`one.explain`"));
        assert!(error("lab = \"udp-echo\"\nport = 1").contains("`port`"));
    }
}
