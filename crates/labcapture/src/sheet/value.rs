//! One answer against what is right.

use crate::packet::Flags;
use crate::words::{list, milliseconds};
use std::collections::BTreeSet;
use toml::Value;

/// Values that one answer may list, and that an explanation names.
const VALUES_MAX: usize = 1000;
const SHOWN_MAX: usize = 4;

/// What is right in a field.
#[derive(Clone, Debug)]
pub enum Expected {
    /// Numbers.
    Number(Numbers),
    /// The flags of several segments, in their order.
    FlagsInOrder(Vec<Flags>),
    /// The flags of one segment, any of these.
    OneOfFlags(Vec<Flags>),
    /// A duration, any of these in nanoseconds.
    Milliseconds(Vec<u64>),
    /// A word, any of these.
    Word(Vec<String>),
    /// A word whose letters' case counts.
    ExactWord(String),
    /// One of the two ends.
    End {
        /// What stands for it.
        right: Vec<String>,
        /// What stands for the other one.
        wrong: Vec<String>,
    },
    /// All of these words, in any order.
    Words(BTreeSet<String>),
}

/// Which numbers are right.
#[derive(Clone, Debug)]
pub struct Numbers {
    right: Vec<u64>,
    /// An answer may list several, of which each must be right.
    several: bool,
    /// Written in hexadecimal, with or without `0x`.
    hexadecimal: bool,
    /// Numbers that people take for it, with the reason why they are not.
    but: Vec<(u64, &'static str)>,
}

impl Expected {
    /// This number.
    pub fn number(number: u64) -> Expected {
        Expected::any_of(vec![number])
    }

    /// Any of these numbers.
    pub fn any_of(right: Vec<u64>) -> Expected {
        Expected::Number(Numbers { right, several: false, hexadecimal: false, but: Vec::new() })
    }

    /// One or more of these numbers.
    pub fn each_of(right: Vec<u64>) -> Expected {
        Expected::Number(Numbers { right, several: true, hexadecimal: false, but: Vec::new() })
    }

    pub(super) fn hexadecimal(mut self) -> Expected {
        if let Expected::Number(numbers) = &mut self {
            numbers.hexadecimal = true;
        }
        self
    }

    pub(super) fn but(mut self, wrong: u64, why: &'static str) -> Expected {
        if let Expected::Number(numbers) = &mut self {
            if !numbers.right.contains(&wrong) {
                numbers.but.push((wrong, why));
            }
        }
        self
    }

    /// Why an answer is wrong; none if it is right.
    pub fn differs(&self, value: &Value) -> Option<String> {
        match self {
            Expected::Number(expected) => expected.differs(value),
            Expected::FlagsInOrder(expected) => (!flags_in_order(value, expected)).then(|| {
                let expected = expected.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
                format!("the flags are {expected}")
            }),
            Expected::OneOfFlags(expected) => {
                let given = match value {
                    // `0x018` without quotes.
                    Value::Integer(number) => u16::try_from(*number).ok().map(Flags),
                    _ => flags(&shown(value)),
                };
                (!given.is_some_and(|given| expected.contains(&given))).then(|| {
                    let expected = expected.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
                    format!("the flags are {expected}")
                })
            }
            Expected::Milliseconds(expected) => duration(expected, value),
            Expected::Word(expected) => {
                let given = shown(value);
                let right = expected.iter().any(|word| word.eq_ignore_ascii_case(given.trim()));
                (!right).then(|| format!("it is {}", expected.first().map_or("", String::as_str)))
            }
            Expected::ExactWord(expected) => {
                (shown(value).trim() != expected).then(|| format!("it is {expected}"))
            }
            Expected::End { right, wrong } => {
                let given = shown(value).to_ascii_lowercase();
                let names = |ends: &[String]| words(&given).any(|word| ends.iter().any(|end| end == word));
                (!names(right) || names(wrong))
                    .then(|| format!("it is {}", right.first().map_or("", String::as_str)))
            }
            Expected::Words(expected) => {
                let given: BTreeSet<String> = shown(value)
                    .split([',', ' ', ';'])
                    .filter(|word| !word.is_empty())
                    .map(str::to_owned)
                    .collect();
                let missing: Vec<&String> = expected.difference(&given).take(SHOWN_MAX).collect();
                let surplus: Vec<&String> = given.difference(expected).take(SHOWN_MAX).collect();
                match (missing.is_empty(), surplus.is_empty()) {
                    (true, true) => None,
                    (false, _) => Some(format!("{} is missing", list(missing))),
                    (true, false) => Some(format!("{} is not in the capture", list(surplus))),
                }
            }
        }
    }

    /// A wrong answer that has its explanation within this capture.
    pub(super) fn is_explained(&self, value: &Value) -> bool {
        match self {
            Expected::Number(expected) => {
                let given = numbers(value, expected.hexadecimal);
                expected.but.iter().any(|(wrong, _)| given.iter().any(|readings| readings.contains(wrong)))
            }
            _ => false,
        }
    }
}

impl Numbers {
    fn differs(&self, value: &Value) -> Option<String> {
        let given = numbers(value, self.hexadecimal);
        let is_right = |readings: &Vec<u64>| readings.iter().any(|number| self.right.contains(number));
        let amount_fits = if self.several { !given.is_empty() } else { given.len() == 1 };
        if amount_fits && given.iter().all(is_right) {
            return None;
        }
        let write =
            |number: &u64| if self.hexadecimal { format!("0x{number:04x}") } else { number.to_string() };
        let right: Vec<String> = self.right.iter().take(SHOWN_MAX).map(write).collect();
        let right = format!("it is {}", right.join(" or "));
        let why = self.but.iter().find(|(wrong, _)| given.iter().any(|readings| readings.contains(wrong)));
        match why {
            Some((_, why)) => Some(format!("{why}; {right}")),
            None if given.is_empty() || given.iter().any(Vec::is_empty) => {
                Some(format!("that is no number; {right}"))
            }
            None => Some(right),
        }
    }
}

/// An answer as it was written.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().take(VALUES_MAX).map(shown).collect::<Vec<_>>().join(", "),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Boolean(_) | Value::Datetime(_) | Value::Table(_) => "a value of another kind".to_owned(),
    }
}

/// The numbers of an answer, each with all ways to read it.
fn numbers(value: &Value, hexadecimal: bool) -> Vec<Vec<u64>> {
    match value {
        Value::Integer(number) => {
            let mut readings: Vec<u64> = u64::try_from(*number).into_iter().collect();
            // `1234` without quotes may be meant as the hexadecimal digits that Wireshark shows.
            readings.extend(u64::from_str_radix(&number.to_string(), 16).ok().filter(|_| hexadecimal));
            vec![readings]
        }
        Value::Float(number) if number.fract() == 0.0 => {
            vec![number.to_string().parse().into_iter().collect()]
        }
        Value::String(text) => {
            let text = without_remarks(text);
            if let Some(number) = without_separators(&text) {
                return vec![vec![number]];
            }
            let words = words(&text).filter(|word| !is_unit(word));
            words.take(VALUES_MAX).map(|word| readings(word, hexadecimal)).collect()
        }
        Value::Array(values) => {
            values.iter().take(VALUES_MAX).flat_map(|value| numbers(value, hexadecimal)).collect()
        }
        _ => vec![Vec::new()],
    }
}

/// The words of a text, whatever stands between them.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ' ', ';', '/', '(', ')', '[', ']', '\t', '\n']).filter(|word| !word.is_empty())
}

/// The text without what Wireshark and people say in brackets: `40 bytes (10)`, `0x1a21 [correct]`.
fn without_remarks(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(['(', '[']) {
        let close = if rest[start..].starts_with('(') { ')' } else { ']' };
        let Some(length) = rest[start..].find(close) else { break };
        let remark = &rest[start + 1..start + length];
        shown.push_str(&rest[..start]);
        // `[40, 32]` is a list, and no remark.
        if close == ']' && remark.contains(|character: char| character.is_ascii_digit()) {
            shown.push_str(remark);
        }
        shown.push(' ');
        rest = &rest[start + length + 1..];
    }
    shown + rest
}

/// A number with a sign between its groups of three digits: `2,798,347,315`.
fn without_separators(text: &str) -> Option<u64> {
    let text = text.trim();
    let separator = text.chars().find(|character| !character.is_ascii_digit())?;
    let mut groups = text.split(separator);
    let first = groups.next()?.len();
    let are_groups = groups.all(|group| group.len() == 3 && group.bytes().all(|byte| byte.is_ascii_digit()));
    let is_number = [',', '.', '\'', '_', ' ', '\u{a0}', '\u{202f}'].contains(&separator)
        && (1..=3).contains(&first)
        && are_groups;
    // One group alone may as well be a list or a fraction.
    let many = text.matches(separator).count() > 1;
    (is_number && many).then(|| text.replace(separator, "").parse().ok())?
}

fn is_unit(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    let word = word.strip_suffix('s').unwrap_or(&word);
    ["byte", "segment", "frame", "packet", "datagram", "port", "and", "or"].contains(&word)
}

fn readings(word: &str, hexadecimal: bool) -> Vec<u64> {
    let word = word.to_ascii_lowercase();
    if let Some(digits) = word.strip_prefix("0x") {
        return u64::from_str_radix(digits, 16).into_iter().collect();
    }
    let named = ["zero", "one", "two", "three", "four", "five", "six"].iter().position(|name| *name == word);
    let decimal = word.parse().ok().or(named.map(|number| number as u64));
    let hexadecimal = if hexadecimal { u64::from_str_radix(&word, 16).ok() } else { None };
    decimal.into_iter().chain(hexadecimal).collect()
}

/// Whether an answer names the flags of several segments, in their order.
fn flags_in_order(value: &Value, expected: &[Flags]) -> bool {
    let fits = |parts: Vec<String>| {
        let is_named = |part: &&String| part.contains(|character: char| character.is_ascii_alphanumeric());
        let given: Option<Vec<Flags>> = parts.iter().filter(is_named).map(|part| flags(part)).collect();
        given.is_some_and(|given| given == expected)
    };
    match value {
        Value::Array(values) => {
            let number = |value: &Value| match value {
                Value::Integer(number) => format!("{number:#x}"),
                other => shown(other),
            };
            fits(values.iter().take(VALUES_MAX).map(number).collect())
        }
        other => {
            let text = shown(other).replace("->", ";").replace('→', ";");
            // `SYN; SYN, ACK; ACK` and `[SYN] [SYN, ACK] [ACK]` and `SYN, SYN-ACK, ACK`.
            [';', ']', ',']
                .into_iter()
                .any(|between| fits(text.split(between).take(VALUES_MAX).map(str::to_owned).collect()))
        }
    }
}

/// The flags that a text names, in any order, or as a number.
fn flags(text: &str) -> Option<Flags> {
    let mut found = 0;
    for word in
        text.split(|character: char| !character.is_ascii_alphanumeric()).filter(|word| !word.is_empty())
    {
        let word = word.to_ascii_uppercase();
        let word = match word.as_str() {
            "PUSH" => "PSH",
            "RESET" => "RST",
            other => other,
        };
        let named = Flags::NAMES.iter().find(|(name, _)| *name == word).map(|(_, bit)| *bit);
        let number = || u16::from_str_radix(word.strip_prefix("0X")?, 16).ok();
        found |= named.or_else(number)?;
    }
    (found != 0).then_some(Flags(found))
}

/// Compares a duration, to 1 % or a microsecond. A number without a unit is in milliseconds; a comma may stand for the
/// point.
fn duration(expected: &[u64], value: &Value) -> Option<String> {
    let text = shown(value).trim().to_ascii_lowercase();
    let digits = text.trim_end_matches(|character: char| character.is_alphabetic()).trim_end();
    let unit_ns = match text[digits.len()..].trim() {
        "" | "ms" | "msec" => Some(1e6),
        "s" | "sec" | "second" | "seconds" => Some(1e9),
        "us" | "µs" | "μs" | "usec" => Some(1e3), // both letters that look like a mu
        "ns" => Some(1.0),
        _ => None,
    };
    let number: Option<f64> = digits.replacen(',', ".", 1).parse().ok();
    let Some(given_ns) = unit_ns.and_then(|unit_ns| Some(number? * unit_ns)) else {
        return Some("that is no duration; write milliseconds as in 0.153".to_owned());
    };
    let is_near = |given: f64| {
        expected.iter().any(|right| (given - *right as f64).abs() <= (*right as f64 * 0.01).max(1e3))
    };
    if is_near(given_ns) {
        return None;
    }
    let right = expected.iter().take(SHOWN_MAX).map(|ns| milliseconds(*ns)).collect::<Vec<_>>().join(" or ");
    let unit = [1e3, 1e-3, 1e6]
        .into_iter()
        .any(|factor| is_near(given_ns * factor) && *expected.iter().min().unwrap_or(&0) > 10_000);
    Some(if unit { format!("the unit is milliseconds; it is {right}") } else { format!("it is {right}") })
}

#[cfg(test)]
mod tests {
    use super::{Expected, Flags};
    use proptest::prelude::*;
    use toml::Value;

    fn value(text: &str) -> Value {
        let table: toml::Table = format!("a = {text}").parse().unwrap();
        table["a"].clone()
    }

    #[track_caller]
    fn check(expected: &Expected, right: &[&str], wrong: &[(&str, &str)]) {
        for text in right {
            assert_eq!(expected.differs(&value(text)), None, "{text}");
        }
        for (text, why) in wrong {
            let given = expected.differs(&value(text)).unwrap_or_else(|| panic!("{text} counts as right"));
            assert!(given.contains(why), "{text}: {given}");
        }
    }

    #[test]
    fn reads_numbers_in_either_base() {
        let length = Expected::number(13).but(5, "the text alone");
        check(
            &length,
            &[
                "13",
                "\"13\"",
                "0xd",
                "\"0x0D\"",
                "\"13 bytes\"",
                "[13]",
                "13.0",
                "\"13 (0x000d)\"",
                "\"port 13\"",
                "\"[13]\"",
            ],
            &[
                ("5", "the text alone"),
                ("14", "it is 13"),
                ("\"many\"", "no number"),
                ("[13, 13]", ""),
                ("[]", "no number"),
                ("1.5", ""),
                ("\"1,3\"", "it is 13"),
                ("\"14 (13)\"", "it is 13"),
                ("\"(13)\"", "no number"),
                ("\"13, 5\"", "the text alone"),
            ],
        );
        let sequence = Expected::number(2_798_347_315);
        check(
            &sequence,
            &["\"2,798,347,315\"", "\"2 798 347 315\"", "\"2'798'347'315\"", "2_798_347_315", "2798347315.0"],
            &[("\"2,798,347,31\"", ""), ("\"2,798,347,316\"", "it is 2798347315"), ("\",,\"", "no number")],
        );
        check(
            &Expected::number(3),
            &["\"three\"", "\"3 segments\""],
            &[("\"four\"", ""), ("\"3 or 4\"", "it is 3")],
        );
        let checksum = Expected::number(0x1a21).hexadecimal();
        check(
            &checksum,
            &[
                "\"0x1a21\"",
                "\"1A21\"",
                "6689",
                "\"6689\"",
                "0x1a21",
                "\"0x1a21 [correct]\"",
                "\"0x1a21 (correct)\"",
            ],
            &[("\"0x211a\"", "0x1a21")],
        );
        let digits = Expected::number(0x1234).hexadecimal();
        check(&digits, &["\"1234\"", "1234", "4660"], &[("1235", "0x1234")]);
    }

    #[test]
    fn takes_one_header_length_or_both() {
        let lengths = Expected::each_of(vec![40, 32]).but(10, "words of 4 bytes");
        check(
            &lengths,
            &[
                "40",
                "32",
                "[32, 40]",
                "\"40 and 32 bytes\"",
                "\"40/32\"",
                "\"40 bytes (10)\"",
                "\"40 (SYN), 32 (text)\"",
                "\"[40, 32]\"",
            ],
            &[("20", "40 or 32"), ("[40, 20]", ""), ("10", "words"), ("\"\"", "")],
        );
    }

    #[test]
    fn reads_flags_in_any_order() {
        let flags = Expected::OneOfFlags(vec![Flags(0x18)]);
        check(
            &flags,
            &[
                "\"PSH, ACK\"",
                "\"ack+psh\"",
                "[\"ACK\", \"PUSH\"]",
                "\"[PSH, ACK]\"",
                "\"0x018\"",
                "0x018",
                "\"0x018 (PSH, ACK)\"",
            ],
            &[
                ("\"ACK\"", "PSH, ACK"),
                ("\"PSH\"", ""),
                ("\"SYN, PSH, ACK\"", ""),
                ("\"none\"", ""),
                ("18", ""),
                ("-1", ""),
            ],
        );
        let handshake = Expected::FlagsInOrder(vec![Flags(2), Flags(0x12), Flags(0x10)]);
        check(
            &handshake,
            &[
                "[\"SYN\", \"ACK, SYN\", \"ACK\"]",
                "\"SYN; SYN-ACK; ACK\"",
                "\"SYN, SYN-ACK, ACK\"",
                "\"[SYN], [SYN, ACK], [ACK]\"",
                "\"SYN -> SYN+ACK -> ACK\"",
                "[0x002, 0x012, 0x010]",
            ],
            &[
                ("[\"SYN\", \"ACK\", \"SYN, ACK\"]", "SYN; SYN, ACK; ACK"),
                ("\"SYN\"", ""),
                ("\"SYN, SYN, ACK, ACK\"", ""),
                ("\"SYN, SYN-ACK, ACK, FIN\"", ""),
            ],
        );
    }

    #[test]
    fn reads_durations_words_and_lists() {
        let time = Expected::Milliseconds(vec![153_217]);
        check(
            &time,
            &[
                "0.153",
                "\"0.153 ms\"",
                "\"153 us\"",
                "\"153 \u{b5}s\"",
                "\"153 \u{3bc}s\"",
                "\"0.000153 s\"",
                "0.1532",
                "\"0,153\"",
            ],
            &[
                ("0.16", "0.153 ms"),
                ("153", "unit is milliseconds"),
                ("\"fast\"", "no duration"),
                ("\"nan\"", ""),
            ],
        );
        check(&Expected::Word(vec!["client".into()]), &["\"Client\""], &[("\"server\"", "it is client")]);
        check(
            &Expected::ExactWord("/a.txt".into()),
            &["\"/a.txt\"", "\" /a.txt\""],
            &[("\"/A.txt\"", "it is /a.txt")],
        );
        let end = Expected::End {
            right: ["client", "10.0.3.2"].map(String::from).into(),
            wrong: ["server", "10.0.3.1"].map(String::from).into(),
        };
        check(
            &end,
            &["\"client\"", "\"the client\"", "\"Client (B)\"", "\"10.0.3.2\""],
            &[
                ("\"server\"", "it is client"),
                ("\"client and server\"", ""),
                ("\"10.0.3.22\"", ""),
                ("\"B\"", ""),
            ],
        );
        let addresses = Expected::Words(["10.0.3.1:25000", "10.0.3.2:42170"].map(String::from).into());
        check(
            &addresses,
            &["[\"10.0.3.2:42170\", \"10.0.3.1:25000\"]", "\"10.0.3.1:25000, 10.0.3.2:42170\""],
            &[
                ("\"10.0.3.1:25000\"", "10.0.3.2:42170 is missing"),
                ("\"10.0.3.1:25000 10.0.3.2:42170 x\"", "x is not in the capture"),
            ],
        );
    }

    proptest! {
        #[test]
        fn any_text_is_compared_without_panic(text: String) {
            let value = Value::String(text);
            for expected in [
                Expected::number(13).hexadecimal(), Expected::OneOfFlags(vec![Flags(2)]),
                Expected::Milliseconds(vec![1_000_000]), Expected::FlagsInOrder(vec![Flags(2)]),
                Expected::each_of(vec![40, 32]), Expected::End { right: vec!["a".into()], wrong: vec!["b".into()] },
            ] {
                let _ = expected.differs(&value);
            }
        }
    }
}
