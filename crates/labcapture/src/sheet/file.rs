//! Reads and writes answer sheets.

use crate::lab::Lab;
use crate::sheet::fields::{FactField, fact_fields, fields};
use crate::sheet::recovery::{Entry, entries};
use crate::sheet::value::{is_explanation, shown};
use anyhow::{Context, ensure};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use toml::{Table, Value};

/// The largest sheet in bytes. Most of it is room for explanations.
const SHEET_BYTES_MAX: usize = 1 << 18;

/// The maximum number of notes about a sheet.
const NOTES_MAX: usize = 20;

const TWICE: &str = "it is filled in twice, and the first one counts; remove one of them";

/// A filled-in sheet.
#[derive(Debug)]
pub struct Sheet {
    lab: Lab,
    answers: BTreeMap<String, Value>,
    /// The explanations, by the numbers of their questions.
    explanations: BTreeMap<u32, String>,
    notes: Vec<Note>,
}

impl Sheet {
    fn new(lab: Lab) -> Sheet {
        Sheet { lab, answers: BTreeMap::new(), explanations: BTreeMap::new(), notes: Vec::new() }
    }

    /// Adds a field, if it is filled in.
    fn add(&mut self, name: &str, value: Value, lines: impl Fn() -> Option<(usize, usize)>) {
        if value.as_str().is_some_and(|text| text.trim().is_empty()) {
            return;
        }
        let question = name.split_once('.').and_then(|(question, _)| question.parse().ok());
        let problem = match question.filter(|_| is_explanation(name)) {
            Some(question) if self.explanations.contains_key(&question) => Some(TWICE),
            Some(question) => {
                self.explanations.insert(question, shown(&value).trim().to_owned());
                None
            }
            None if self.answers.contains_key(name) => Some(TWICE),
            None if fields(self.lab).iter().any(|field| field.name == name) => {
                self.answers.insert(name.to_owned(), value);
                None
            }
            None => Some("this lab's sheet has no such field; write its name as the sheet has it"),
        };
        let note = |text: &str| {
            let field = Some(name.to_owned());
            Note { lines: lines(), field, text: text.to_owned(), is_unreadable: true }
        };
        self.notes.extend(problem.map(note));
    }

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

    /// Returns the numbers of the questions that have an explanation.
    pub fn explained(&self) -> impl Iterator<Item = u32> {
        self.explanations.keys().copied()
    }

    /// Returns why a field could not be read, or `None` if it was read or is empty.
    pub fn unreadable(&self, field: &str) -> Option<String> {
        let is_about = |note: &&Note| note.is_unreadable && note.field.as_deref() == Some(field);
        self.notes.iter().find(is_about).filter(|_| !self.answers.contains_key(field)).map(Note::to_string)
    }

    /// Returns what the student should know about how the sheet was read: what could not be read, and what was read
    /// although it is not TOML.
    pub fn notes(&self) -> Vec<String> {
        let mut notes: Vec<String> = self.notes.iter().take(NOTES_MAX).map(Note::to_string).collect();
        let more = self.notes.len().saturating_sub(NOTES_MAX);
        notes.extend((more > 0).then(|| format!("{more} more fields or lines like these")));
        notes
    }
}

/// What the student should know about how a sheet was read.
#[derive(Debug)]
struct Note {
    /// The first and the last line, if they are known.
    lines: Option<(usize, usize)>,
    field: Option<String>,
    text: String,
    /// Whether the field could not be read.
    is_unreadable: bool,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.lines {
            Some((first, last)) if first < last => write!(f, "lines {first} to {last}: ")?,
            Some((line, _)) => write!(f, "line {line}: ")?,
            None => {}
        }
        if let Some(field) = &self.field {
            write!(f, "`{field}` ")?;
        }
        f.write_str(if self.is_unreadable { "could not be read: " } else { "" })?;
        f.write_str(&self.text)
    }
}

/// Reads a sheet from a file or another source.
///
/// # Errors
/// Fails if the source can't be read, is too long, is neither UTF-8 nor UTF-16 with a byte order mark, or is not a sheet
/// (see [`parse`]).
pub fn read(from: impl Read) -> anyhow::Result<Sheet> {
    let mut bytes = Vec::new();
    from.take(SHEET_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    ensure!(
        bytes.len() <= SHEET_BYTES_MAX,
        "it has more than {SHEET_BYTES_MAX} bytes, too many for a filled-in sheet"
    );
    parse(&decoded(&bytes)?)
}

/// Decodes a text. Some programs of Windows write UTF-16, with a byte order mark.
fn decoded(bytes: &[u8]) -> anyhow::Result<Cow<'_, str>> {
    let from_bytes = match bytes {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return Ok(std::str::from_utf8(bytes).context("it is no text in UTF-8")?.into()),
    };
    let units = bytes[2..].chunks(2).map(|pair| pair.try_into().map(from_bytes));
    let units = units.collect::<Result<Vec<u16>, _>>().context("it is no text in UTF-16")?;
    Ok(String::from_utf16(&units).context("it is no text in UTF-16")?.into())
}

/// Parses the text of a sheet. A field that can't be read, or that the lab's sheet does not have, costs only itself:
/// [`Sheet::notes`] names it.
///
/// # Errors
/// Fails if the text names no lab.
pub fn parse(text: &str) -> anyhow::Result<Sheet> {
    let mut table: Table = match text.parse() {
        Ok(table) => table,
        Err(error) => return recovered(text).unwrap_or_else(|| Err(not_toml(text, &error))),
    };
    let lab = table.remove("lab").context("it has no line such as `lab = \"udp-echo\"`")?;
    let mut sheet = Sheet::new(lab_of(&lab)?);
    let lines = |name: &str| {
        let line = text.lines().position(|line| line.trim_start().starts_with(name))? + 1;
        Some((line, line))
    };
    for (question, parts) in table {
        match parts {
            Value::Table(parts) => {
                for (part, value) in parts {
                    let name = format!("{question}.{part}");
                    sheet.add(&name, value, || lines(&name));
                }
            }
            value => sheet.add(&question, value, || lines(&question)),
        }
    }
    Ok(sheet)
}

fn not_toml(text: &str, error: &toml::de::Error) -> anyhow::Error {
    let line = error.span().map_or(0, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
    anyhow::anyhow!("line {line}: {}", error.message().trim().replace('\n', ", "))
}

fn lab_of(value: &Value) -> anyhow::Result<Lab> {
    value
        .clone()
        .try_into()
        .map_err(|_| anyhow::anyhow!("`{}` is not a lab; write one such as \"udp-echo\"", shown(value)))
}

/// Reads a sheet that is not TOML. Returns `None` if no line names the lab.
fn recovered(text: &str) -> Option<anyhow::Result<Sheet>> {
    let mut entries = entries(text);
    let lab = entries.iter().position(|entry| entry.name.as_deref() == Some("lab") && entry.value.is_ok())?;
    let mut sheet = match lab_of(&entries.remove(lab).value.ok()?) {
        Ok(lab) => Sheet::new(lab),
        Err(error) => return Some(Err(error)),
    };
    for Entry { line, until, name, value, remark } in entries {
        let lines = Some((line, until));
        match (name, value) {
            (Some(name), Ok(value)) => {
                let remark = remark.map(ToOwned::to_owned);
                sheet.add(&name, value, || lines);
                sheet.notes.extend(remark.map(|text| Note {
                    lines,
                    field: Some(name),
                    text,
                    is_unreadable: false,
                }));
            }
            (field, value) => {
                let text = value.err().unwrap_or_default();
                sheet.notes.push(Note { lines, field, text, is_unreadable: true });
            }
        }
    }
    Some(Ok(sheet))
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
    }

    /// A wrong name costs that field alone. The other fields are read.
    #[test]
    fn names_unknown_fields() {
        let check = |line: &str, note: &str| {
            let sheet = parse(&format!("lab = \"udp-echo\"\n{line}\n2.length = 13\n")).unwrap();
            assert!(sheet.answer("2.length").is_some(), "{line}");
            let notes = sheet.notes();
            assert!(notes.len() == 1 && notes[0].starts_with(note), "{notes:?}");
        };
        check("9.colour = 1", "line 2: `9.colour` could not be read: this lab's sheet has no such field");
        check("one.explain = \"x\"", "line 2: `one.explain` could not be read: ");
        check("1.explanation = \"x\"", "line 2: `1.explanation` could not be read: ");
        check("2.explain.more = \"x\"\nport = 1", "line 3: `port` could not be read: ");
        // Not TOML.
        check("9.colour = red", "line 2: `9.colour` could not be read: this lab's sheet has no such field");
        check(
            "1.client_port = 14\n1.client_port = 13",
            "line 3: `1.client_port` could not be read: it is filled in twice",
        );
        check("Some\ntext", "lines 2 to 3: could not be read: it belongs to no field");
    }

    #[test]
    fn a_mistake_costs_one_field() {
        let text = "lab = \"udp-echo\"\n1.client_port = \"514\n2.length = 13\n\
                    3.explain = '''\nIt's '''quoted'''\n'''\n4.explain = \"two\"\n";
        let sheet = parse(text).unwrap();
        assert_eq!(sheet.answer("2.length").and_then(toml::Value::as_integer), Some(13));
        assert_eq!(sheet.explanation(3), Some("It's '''quoted'''"));
        assert_eq!(sheet.explanation(4), Some("two"));
        let unreadable = sheet.unreadable("1.client_port").unwrap();
        assert!(unreadable.starts_with("line 2: `1.client_port` could not be read: "), "{unreadable}");
        assert!(unreadable.contains("as in `1.client_port = \"51465\"`"), "{unreadable}");
        assert_eq!(sheet.unreadable("2.length"), None);
        let notes = sheet.notes();
        assert_eq!(notes[0], unreadable);
        assert!(
            notes[1].starts_with("lines 4 to 6: `3.explain` is not valid TOML, so its text is taken"),
            "{notes:?}"
        );
        assert_eq!(notes.len(), 2);
    }

    #[test]
    fn decodes_utf_16_with_a_byte_order_mark() {
        let text = "\u{feff}lab = \"udp-echo\"\r\n1.explain = \"é\"\r\n";
        for to_bytes in [u16::to_le_bytes, u16::to_be_bytes] {
            let bytes: Vec<u8> = text.encode_utf16().flat_map(to_bytes).collect();
            assert_eq!(read(&*bytes).unwrap().explanation(1), Some("é"));
            assert!(read(&bytes[..bytes.len() - 1]).unwrap_err().to_string().contains("UTF-16"));
        }
    }
}
