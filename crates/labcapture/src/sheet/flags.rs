//! Answers that are the flags of segments.

use crate::packet::Flags;
use crate::sheet::value::{VALUES_MAX, shown};
use toml::Value;

/// Returns why an answer does not name the flags of several segments in their order, or `None` if it does.
pub fn differs_in_order(expected: &[Flags], value: &Value) -> Option<String> {
    (!names_in_order(value, expected)).then(|| format!("the flags are {}", joined(expected, "; ")))
}

/// Returns why an answer does not name any of these flags of one segment, or `None` if it does.
pub fn differs_from_each_of(expected: &[Flags], value: &Value) -> Option<String> {
    let given = match value {
        // `0x018` without quotes.
        Value::Integer(number) => u16::try_from(*number).ok().map(Flags),
        _ => flags(&shown(value)),
    };
    (!given.is_some_and(|given| expected.contains(&given)))
        .then(|| format!("the flags are {}", joined(expected, " or ")))
}

fn joined(flags: &[Flags], separator: &str) -> String {
    flags.iter().map(ToString::to_string).collect::<Vec<_>>().join(separator)
}

fn names_in_order(value: &Value, expected: &[Flags]) -> bool {
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

/// Parses flags: names in any order, or a hexadecimal number.
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

#[cfg(test)]
mod tests {
    use super::{differs_from_each_of, differs_in_order};
    use crate::packet::Flags;
    use crate::sheet::checking::check;

    #[test]
    fn reads_flags_in_any_order() {
        check(
            |value| differs_from_each_of(&[Flags(0x18)], value),
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
    }

    #[test]
    fn reads_the_flags_of_several_segments() {
        check(
            |value| differs_in_order(&[Flags(2), Flags(0x12), Flags(0x10)], value),
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
}
