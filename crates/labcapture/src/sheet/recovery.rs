//! Reads a sheet that is not TOML field by field, so that a mistake in one field leaves the others as they are.
//!
//! A field begins at a line such as `4.explain = '''`. What TOML cannot read by itself is read leniently:
//!
//! - An explanation is taken as it is written, up to the line that ends it or to the next field.
//! - Curly quotes around a fact count as straight ones, and a fact without quotes counts as a string.

use crate::sheet::value::is_explanation;
use toml::{Table, Value};

/// A field of a sheet, or lines that belong to no field.
#[derive(Debug)]
pub struct Entry {
    /// The number of its first line.
    pub line: usize,
    /// The number of its last line.
    pub until: usize,
    /// The name, such as `4.explain`. `None` if the lines belong to no field.
    pub name: Option<String>,
    /// The value, or why it could not be read.
    pub value: Result<Value, String>,
    /// What the student should know about a value that was read leniently.
    pub remark: Option<&'static str>,
}

/// Reads the fields of a text.
pub fn entries(text: &str) -> Vec<Entry> {
    let lines: Vec<&str> = text.trim_start_matches('\u{feff}').lines().collect();
    let next = next_fields(&lines);
    let mut entries = Vec::new();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        if is_empty(line) {
            at += 1;
            continue;
        }
        let Some(field) = Field::of(line) else {
            let after = (at..lines.len()).find(|other| is_empty(lines[*other]) || *other == next[at].any);
            let after = after.unwrap_or(lines.len());
            entries.push(no_field(at, after));
            at = after;
            continue;
        };
        let (read, used) = if is_explanation(field.name) {
            explanation(&field, &lines[at..next[at].with_equals])
        } else {
            fact(&field, &lines[at..next[at].any])
        };
        let (value, remark) = match read {
            Ok((value, remark)) => (Ok(value), remark),
            Err(why) => (Err(why), None),
        };
        let name = Some(field.name.to_owned());
        entries.push(Entry { line: at + 1, until: at + used, name, value, remark });
        at += used;
    }
    entries
}

/// The line of the next field after a line, or the number of lines if there is none.
#[derive(Clone, Copy)]
struct Next {
    any: usize,
    /// The next one with an equals sign. Others may be text of an explanation.
    with_equals: usize,
}

/// Returns the next fields after each line.
fn next_fields(lines: &[&str]) -> Vec<Next> {
    let mut next = Next { any: lines.len(), with_equals: lines.len() };
    let mut all = vec![next; lines.len()];
    for (at, line) in lines.iter().enumerate().rev() {
        all[at] = next;
        if let Some(field) = Field::of(line) {
            next.any = at;
            next.with_equals = if field.has_equals { at } else { next.with_equals };
        }
    }
    all
}

fn no_field(at: usize, after: usize) -> Entry {
    let why = "it belongs to no field; an explanation stands between two lines of three apostrophes (''')"
        .to_owned();
    Entry { line: at + 1, until: after, name: None, value: Err(why), remark: None }
}

/// The beginning of a field.
struct Field<'a> {
    name: &'a str,
    has_equals: bool,
    /// What stands after the equals sign in this line.
    value: &'a str,
}

impl Field<'_> {
    fn of(line: &str) -> Option<Field<'_>> {
        let line = line.trim_start();
        let is_of_name = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
        let (name, rest) = line.split_at(line.find(|character| !is_of_name(character)).unwrap_or(line.len()));
        let rest = rest.trim();
        let (value, has_equals) =
            rest.strip_prefix('=').map_or((rest, false), |value| (value.trim_start(), true));
        let is_name = match name.split_once('.') {
            Some((question, part)) => {
                let begins_with_letter = part.starts_with(|character: char| character.is_ascii_alphabetic());
                !question.is_empty()
                    && question.bytes().all(|byte| byte.is_ascii_digit())
                    && begins_with_letter
            }
            None => name == "lab" && has_equals,
        };
        is_name.then_some(Field { name, has_equals, value })
    }
}

/// A value with a remark, or why it could not be read.
type Read = Result<(Value, Option<&'static str>), String>;

/// Reads a fact, and tells how many lines it has.
fn fact(field: &Field<'_>, block: &[&str]) -> (Read, usize) {
    let whole: Vec<&str> = [field.value].into_iter().chain(block[1..].iter().copied()).collect();
    if let Ok(value) = toml_value(&whole.join("\n")) {
        return (Ok((value, None)), block.len());
    }
    let read = toml_value(field.value).or_else(|error| {
        let without_quotes = field.value.split('#').next().unwrap_or_default().trim();
        let is_plain =
            !without_quotes.is_empty() && !without_quotes.contains(['"', '\'', '[', ']', '{', '}', '“', '”']);
        match toml_value(&straight(field.value)) {
            Ok(value) => Ok(value),
            Err(_) if is_plain => Ok(Value::String(without_quotes.to_owned())),
            Err(_) => Err(error),
        }
    });
    let name = field.name;
    let read = read.map(|value| (value, None)).map_err(|error| {
        format!("{error}; write the answer between quotes in one line, as in `{name} = \"51465\"`")
    });
    (read, 1)
}

/// Reads an explanation, and tells how many lines it has.
fn explanation(field: &Field<'_>, block: &[&str]) -> (Read, usize) {
    const REMARK: &str = "is not valid TOML, so its text is taken as it is written; put an explanation between two \
                          lines of three apostrophes ('''), and write no three apostrophes in it";
    let first = straight(field.value);
    let quotes =
        ["'''", "\"\"\"", "'", "\""].into_iter().find(|quotes| first.starts_with(quotes)).unwrap_or("");
    let ends_at_once = first.len() >= 2 * quotes.len() && first.ends_with(quotes);
    // The comments before the next field belong to that field.
    let filled = || block.iter().rposition(|line| !is_empty(line)).unwrap_or(0) + 1;
    let used = match quotes.len() {
        _ if toml_value(field.value).is_ok() => 1,
        3 if ends_at_once => 1,
        3 => {
            let end = block[1..].iter().position(|line| straight(line.trim()) == quotes);
            end.map_or_else(filled, |end| end + 2)
        }
        _ => filled(),
    };
    let lines: Vec<&str> = [field.value].into_iter().chain(block[1..used].iter().copied()).collect();
    let written = lines.join("\n");
    if let Ok(value) = toml_value(&written) {
        return (Ok((value, None)), used);
    }
    let text = without_quotes(written.trim(), quotes).trim();
    let remark = (!text.is_empty()).then_some(REMARK);
    (Ok((Value::String(text.to_owned()), remark)), used)
}

/// Removes quotes, straight or curly, from both ends.
fn without_quotes<'a>(text: &'a str, quotes: &str) -> &'a str {
    let mut text = text;
    // A curly quote has more bytes than a straight one.
    let cut = |text: &str| text.char_indices().nth(quotes.len()).map_or(text.len(), |(at, _)| at);
    if straight(text).starts_with(quotes) {
        text = &text[cut(text)..];
    }
    if straight(text).ends_with(quotes) {
        let kept = text.chars().count() - quotes.len();
        text = &text[..text.char_indices().nth(kept).map_or(text.len(), |(at, _)| at)];
    }
    text
}

/// Reads one TOML value.
fn toml_value(text: &str) -> Result<Value, String> {
    let table: Result<Table, toml::de::Error> = format!("value = {text}").parse();
    let mut table = table.map_err(|error| error.message().lines().next().unwrap_or_default().to_owned())?;
    match (table.remove("value"), table.is_empty()) {
        (Some(value), true) => Ok(value),
        _ => Err("there is more than one value".to_owned()),
    }
}

/// Replaces curly quotes with straight ones.
fn straight(text: &str) -> String {
    text.replace(['“', '”', '„'], "\"").replace(['‘', '’'], "'")
}

/// Tells whether a line holds nothing but space or a comment.
fn is_empty(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::entries;
    use crate::sheet::value::shown;
    use proptest::prelude::*;

    /// The value of each field, or why it could not be read, after the number of its first line.
    fn read(text: &str) -> Vec<String> {
        let entries = entries(text).into_iter().map(|entry| {
            let value = entry.value.map_or_else(
                |why| format!("unreadable: {}", why.split(';').nth(1).unwrap_or_default()),
                |value| format!("{:?}", shown(&value)),
            );
            let remark = if entry.remark.is_some() { " (remark)" } else { "" };
            format!("{} {}: {value}{remark}", entry.line, entry.name.as_deref().unwrap_or("none"))
        });
        entries.collect()
    }

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        assert_eq!(read(text), expected);
    }

    #[test]
    fn takes_an_explanation_as_it_is_written() {
        check(
            "1.explain = '''\n\nIt's '''quoted'''\n'''\n# 2\n2.length = 13\n",
            &["1 1.explain: \"It's '''quoted'''\" (remark)", "6 2.length: \"13\""],
        );
        // The line at the end is missing.
        check(
            "1.explain = '''\nOne\n# two\n\n# Question 2\n2.explain = '''\nthree\n'''\n",
            &["1 1.explain: \"One\" (remark)", "6 2.explain: \"three\\n\""],
        );
        check(
            "1.explain = \"It is \"free\".\"\n2.explain = “two\nlines”\n3.explain = just text\n4.explain = ’’’\na\n’’’",
            &[
                "1 1.explain: \"It is \\\"free\\\".\" (remark)",
                "2 2.explain: \"two\\nlines\" (remark)",
                "4 3.explain: \"just text\" (remark)",
                "5 4.explain: \"a\" (remark)",
            ],
        );
        check("1.explain = \"\"\"\nC:\\dir\n\"\"\"", &["1 1.explain: \"C:\\\\dir\" (remark)"]);
        check("1.explain = '''\n\n'''\n2.explain =\n", &["1 1.explain: \"\\n\"", "4 2.explain: \"\""]);
    }

    #[test]
    fn reads_facts_one_by_one() {
        check(
            "\u{feff}lab = “udp-echo”\n1.flags = [\n\"SYN\",\n]\n2.port = 0x1a [correct]\n3.began = the client # who\n",
            &[
                "1 lab: \"udp-echo\"",
                "2 1.flags: \"SYN\"",
                "5 2.port: unreadable:  write the answer between quotes in one line, as in `2.port = \"51465\"`",
                "6 3.began: \"the client\"",
            ],
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "(1\\.(explain|a) ?=? ?|'''|\"|“|’|\n|#|a|é)*") {
            for entry in entries(&text) {
                prop_assert!(entry.line <= entry.until && entry.until <= text.lines().count());
            }
        }
    }
}
