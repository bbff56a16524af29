//! Answers that are numbers: decimal or hexadecimal, with or without the remarks that Wireshark puts beside them.

use crate::sheet::value::{SHOWN_MAX, VALUES_MAX, words};
use toml::Value;

/// Which numbers are right in a field.
#[derive(Clone, Debug)]
pub struct Numbers {
    right: Vec<u64>,
    /// Whether an answer may list several numbers, each of which must be right.
    several: bool,
    /// Whether Wireshark shows the number in hexadecimal.
    hexadecimal: bool,
    /// Numbers that are easily mistaken for the right one, each with the reason.
    but: Vec<(u64, &'static str)>,
}

impl Numbers {
    /// Expects one of these numbers.
    pub fn one_of(right: Vec<u64>) -> Numbers {
        Numbers { right, several: false, hexadecimal: false, but: Vec::new() }
    }

    /// Allows an answer to list several of the numbers.
    pub fn several(self) -> Numbers {
        Numbers { several: true, ..self }
    }

    /// Expects hexadecimal digits, with or without `0x`.
    pub fn hexadecimal(self) -> Numbers {
        Numbers { hexadecimal: true, ..self }
    }

    /// Adds a number that is easily mistaken for the right one, with the reason.
    pub fn but(mut self, wrong: u64, why: &'static str) -> Numbers {
        if !self.right.contains(&wrong) {
            self.but.push((wrong, why));
        }
        self
    }

    /// Tells whether a wrong answer is a known mistake, such as the server's port instead of the client's.
    pub fn is_explained(&self, value: &Value) -> bool {
        self.explanation(&numbers(value, self.hexadecimal)).is_some()
    }

    fn explanation(&self, given: &[Vec<u64>]) -> Option<&'static str> {
        let is_given = |wrong: &u64| given.iter().any(|readings| readings.contains(wrong));
        self.but.iter().find(|(wrong, _)| is_given(wrong)).map(|(_, why)| *why)
    }

    /// Returns why an answer is wrong, or `None` if it is right.
    pub fn differs(&self, value: &Value) -> Option<String> {
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
        match self.explanation(&given) {
            Some(why) => Some(format!("{why}; {right}")),
            None if given.is_empty() || given.iter().any(Vec::is_empty) => {
                Some(format!("that is not a number; {right}"))
            }
            None => Some(right),
        }
    }
}

/// Returns the numbers of an answer, each with all ways to read it.
fn numbers(value: &Value, hexadecimal: bool) -> Vec<Vec<u64>> {
    match value {
        Value::Integer(number) => {
            let mut readings: Vec<u64> = u64::try_from(*number).into_iter().collect();
            // `1234` without quotes may stand for the hexadecimal digits that Wireshark shows.
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

/// Removes remarks in brackets, as in `40 bytes (10)` and `0x1a21 [correct]`.
fn without_remarks(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(['(', '[']) {
        let close = if rest[start..].starts_with('(') { ')' } else { ']' };
        let Some(length) = rest[start..].find(close) else { break };
        let remark = &rest[start + 1..start + length];
        shown.push_str(&rest[..start]);
        // `[40, 32]` is a list, not a remark.
        if close == ']' && remark.contains(|character: char| character.is_ascii_digit()) {
            shown.push_str(remark);
        }
        shown.push(' ');
        rest = &rest[start + length + 1..];
    }
    shown + rest
}

/// Parses a number with separators between groups of three digits, as in `2,798,347,315`.
fn without_separators(text: &str) -> Option<u64> {
    let text = text.trim();
    let separator = text.chars().find(|character| !character.is_ascii_digit())?;
    let mut groups = text.split(separator);
    let first = groups.next()?.len();
    let are_groups = groups.all(|group| group.len() == 3 && group.bytes().all(|byte| byte.is_ascii_digit()));
    let is_number = [',', '.', '\'', '_', ' ', '\u{a0}', '\u{202f}'].contains(&separator)
        && (1..=3).contains(&first)
        && are_groups;
    // With only one separator, it may be a list or a decimal fraction.
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

#[cfg(test)]
mod tests {
    use super::Numbers;
    use crate::sheet::checking::check;
    use toml::Value;

    fn differs(numbers: &Numbers) -> impl Fn(&Value) -> Option<String> {
        |value| numbers.differs(value)
    }

    #[test]
    fn reads_numbers_in_either_base() {
        let length = Numbers::one_of(vec![13]).but(5, "the text alone");
        check(
            differs(&length),
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
                ("\"many\"", "not a number"),
                ("[13, 13]", ""),
                ("[]", "not a number"),
                ("1.5", ""),
                ("\"1,3\"", "it is 13"),
                ("\"14 (13)\"", "it is 13"),
                ("\"(13)\"", "not a number"),
                ("\"13, 5\"", "the text alone"),
            ],
        );
        let sequence = Numbers::one_of(vec![2_798_347_315]);
        check(
            differs(&sequence),
            &["\"2,798,347,315\"", "\"2 798 347 315\"", "\"2'798'347'315\"", "2_798_347_315", "2798347315.0"],
            &[
                ("\"2,798,347,31\"", ""),
                ("\"2,798,347,316\"", "it is 2798347315"),
                ("\",,\"", "not a number"),
            ],
        );
        check(
            differs(&Numbers::one_of(vec![3])),
            &["\"three\"", "\"3 segments\""],
            &[("\"four\"", ""), ("\"3 or 4\"", "it is 3")],
        );
        let checksum = Numbers::one_of(vec![0x1a21]).hexadecimal();
        check(
            differs(&checksum),
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
        let digits = Numbers::one_of(vec![0x1234]).hexadecimal();
        check(differs(&digits), &["\"1234\"", "1234", "4660"], &[("1235", "0x1234")]);
    }

    #[test]
    fn takes_one_header_length_or_both() {
        let lengths = Numbers::one_of(vec![40, 32]).several().but(10, "words of 4 bytes");
        check(
            differs(&lengths),
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
}
