//! Answers that are a number for each of several computers, in any order.

use crate::formatting::list;
use crate::sheet::value::{SHOWN_MAX, VALUES_MAX, shown, words};
use std::net::IpAddr;
use toml::Value;

/// Returns why an answer is none of these lists of numbers, or `None` if it is right. The numbers may be in any order,
/// and the names of the computers may stand beside them, as in `10.0.3.2: 2, 10.0.3.3: 1`.
pub fn differs_from_counts(expected: &[Vec<u64>], value: &Value) -> Option<String> {
    let given = counts(value);
    let is_right = |right: &Vec<u64>| given.as_ref().is_some_and(|given| *given == sorted(right.clone()));
    if expected.iter().any(is_right) {
        return None;
    }
    let right = expected.first()?;
    let total: u64 = right.iter().sum();
    let each = format!("it is {} for the computers, in any order", list(right.iter().take(SHOWN_MAX)));
    Some(match given.as_deref() {
        None | Some([]) => format!("that is not a number for each computer; {each}"),
        Some([given]) if right.len() > 1 && *given == total => {
            format!("that is the number of all computers together; {each}")
        }
        Some(_) => each,
    })
}

fn sorted(mut numbers: Vec<u64>) -> Vec<u64> {
    numbers.sort_unstable();
    numbers
}

/// Returns the numbers of an answer in ascending order, or `None` if a part of it is neither a number nor a name.
fn counts(value: &Value) -> Option<Vec<u64>> {
    let text = shown(value);
    let words = words(&text).flat_map(|word| word.split('=')).map(|word| word.trim_end_matches(':'));
    let words = words.filter(|word| !word.is_empty()).take(VALUES_MAX);
    let numbers: Option<Vec<u64>> =
        words.filter(|word| !is_name(word)).map(|word| word.parse().ok()).collect();
    numbers.map(sorted)
}

/// Tells whether a word names a computer, or joins two parts of an answer.
fn is_name(word: &str) -> bool {
    let is_letter = word.len() == 1 && word.bytes().all(|byte| byte.is_ascii_alphabetic());
    is_letter || word.eq_ignore_ascii_case("and") || word.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::differs_from_counts;
    use crate::sheet::checking::check;

    #[test]
    fn reads_a_number_for_each_computer() {
        check(
            |value| differs_from_counts(&[vec![2, 1], vec![1, 1]], value),
            &[
                "[2, 1]",
                "[1, 2]",
                "\"2, 1\"",
                "\"1 and 2\"",
                "\"B: 2, C: 1\"",
                "\"B=2 C=1\"",
                "[\"10.0.3.2: 2\", \"10.0.3.3: 1\"]",
                "\"fd00::2: 2; fd00::3: 1\"",
                "[1, 1]",
            ],
            &[
                ("3", "all computers together; it is 2, 1"),
                ("[2, 2]", "it is 2, 1"),
                ("[2, 1, 1]", "it is 2, 1"),
                ("2", "it is 2, 1"),
                ("\"two\"", "not a number"),
                ("[]", "not a number"),
                ("\"B\"", "not a number"),
            ],
        );
    }
}
