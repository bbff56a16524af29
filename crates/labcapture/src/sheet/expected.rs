//! What is right in a field.

use crate::formatting::list;
use crate::packet::Flags;
use crate::sheet::counts::differs_from_counts;
use crate::sheet::duration::differs_from_durations;
use crate::sheet::flags::{differs_from_each_of, differs_in_order};
use crate::sheet::number::Numbers;
use crate::sheet::value::{SHOWN_MAX, shown, words};
use std::collections::BTreeSet;
use toml::Value;

/// What is right in a field.
#[derive(Clone, Debug)]
pub enum Expected {
    /// Numbers.
    Number(Numbers),
    /// The flags of several segments, in their order.
    FlagsInOrder(Vec<Flags>),
    /// The flags of one segment: any of these.
    OneOfFlags(Vec<Flags>),
    /// A duration in nanoseconds: any of these.
    Milliseconds(Vec<u64>),
    /// A number for each of several computers, in any order: any of these lists.
    Counts(Vec<Vec<u64>>),
    /// A word, in upper or lower case.
    Word(String),
    /// A word whose case matters.
    ExactWord(String),
    /// One of the two endpoints.
    Endpoint {
        /// The names of the right one; the first one is shown.
        right: Vec<String>,
        /// The names of the other one.
        wrong: Vec<String>,
    },
    /// All of these words, in any order.
    Words {
        /// The words that must be there.
        required: BTreeSet<String>,
        /// The words that may be there, too.
        allowed: BTreeSet<String>,
    },
}

impl Expected {
    /// Expects this number.
    pub fn number(number: u64) -> Expected {
        Expected::any_of(vec![number])
    }

    /// Expects one of these numbers.
    pub fn any_of(right: Vec<u64>) -> Expected {
        Expected::Number(Numbers::one_of(right))
    }

    /// Expects one or more of these numbers.
    pub fn each_of(right: Vec<u64>) -> Expected {
        Expected::Number(Numbers::one_of(right).several())
    }

    /// Expects hexadecimal digits, with or without `0x`.
    pub fn hexadecimal(self) -> Expected {
        self.map_numbers(Numbers::hexadecimal)
    }

    /// Adds a number that is easily mistaken for the right one, with the reason.
    pub fn but(self, wrong: u64, why: &'static str) -> Expected {
        self.map_numbers(|numbers| numbers.but(wrong, why))
    }

    fn map_numbers(self, map: impl FnOnce(Numbers) -> Numbers) -> Expected {
        match self {
            Expected::Number(numbers) => Expected::Number(map(numbers)),
            other => other,
        }
    }

    /// Returns why an answer is wrong, or `None` if it is right.
    pub fn differs(&self, value: &Value) -> Option<String> {
        match self {
            Expected::Number(expected) => expected.differs(value),
            Expected::FlagsInOrder(expected) => differs_in_order(expected, value),
            Expected::OneOfFlags(expected) => differs_from_each_of(expected, value),
            Expected::Milliseconds(expected) => differs_from_durations(expected, value),
            Expected::Word(expected) => {
                let is_right = expected.eq_ignore_ascii_case(shown(value).trim());
                (!is_right).then(|| format!("it is {expected}"))
            }
            Expected::ExactWord(expected) => {
                (shown(value).trim() != expected).then(|| format!("it is {expected}"))
            }
            Expected::Endpoint { right, wrong } => {
                let given = shown(value).to_ascii_lowercase();
                let has_one_of =
                    |names: &[String]| words(&given).any(|word| names.iter().any(|name| name == word));
                (!has_one_of(right) || has_one_of(wrong))
                    .then(|| format!("it is {}", right.first().map_or("", String::as_str)))
            }
            Expected::Counts(expected) => differs_from_counts(expected, value),
            Expected::Words { required, allowed } => differs_from_words(required, allowed, value),
        }
    }

    /// Tells whether a wrong answer is a known mistake, such as the server's port instead of the client's.
    pub fn is_explained(&self, value: &Value) -> bool {
        matches!(self, Expected::Number(expected) if expected.is_explained(value))
    }
}

fn differs_from_words(
    required: &BTreeSet<String>,
    allowed: &BTreeSet<String>,
    value: &Value,
) -> Option<String> {
    let given = shown(value);
    let given = given.split([',', ' ', ';']).filter(|word| !word.is_empty());
    let given: BTreeSet<String> = given.map(str::to_owned).collect();
    let missing: Vec<&String> = required.difference(&given).take(SHOWN_MAX).collect();
    let surplus: Vec<&String> =
        given.difference(required).filter(|word| !allowed.contains(*word)).take(SHOWN_MAX).collect();
    match (missing.is_empty(), surplus.is_empty()) {
        (true, true) => None,
        (false, _) => Some(format!("{} is missing", list(missing))),
        (true, false) => Some(format!("{} is not in the capture", list(surplus))),
    }
}

#[cfg(test)]
mod tests {
    use super::Expected;
    use crate::packet::Flags;
    use crate::sheet::checking::check;
    use proptest::prelude::*;
    use toml::Value;

    fn differs(expected: &Expected) -> impl Fn(&Value) -> Option<String> {
        |value| expected.differs(value)
    }

    #[test]
    fn compares_words_and_lists() {
        check(differs(&Expected::Word("client".into())), &["\"Client\""], &[("\"server\"", "it is client")]);
        check(
            differs(&Expected::ExactWord("/a.txt".into())),
            &["\"/a.txt\"", "\" /a.txt\""],
            &[("\"/A.txt\"", "it is /a.txt")],
        );
        let end = Expected::Endpoint {
            right: ["client", "10.0.3.2"].map(String::from).into(),
            wrong: ["server", "10.0.3.1"].map(String::from).into(),
        };
        check(
            differs(&end),
            &["\"client\"", "\"the client\"", "\"Client (B)\"", "\"10.0.3.2\""],
            &[
                ("\"server\"", "it is client"),
                ("\"client and server\"", ""),
                ("\"10.0.3.22\"", ""),
                ("\"B\"", ""),
            ],
        );
        let addresses = Expected::Words {
            required: ["10.0.3.1:25000", "10.0.3.2:42170"].map(String::from).into(),
            allowed: ["10.0.3.1:25001".to_owned()].into(),
        };
        check(
            differs(&addresses),
            &[
                "[\"10.0.3.2:42170\", \"10.0.3.1:25000\"]",
                "\"10.0.3.1:25000, 10.0.3.2:42170\"",
                "\"10.0.3.1:25000 10.0.3.2:42170 10.0.3.1:25001\"",
            ],
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
                Expected::each_of(vec![40, 32]), Expected::Counts(vec![vec![2, 2]]), Expected::Endpoint { right: vec!["a".into()], wrong: vec!["b".into()] },
            ] {
                let _ = expected.differs(&value);
            }
        }
    }
}
