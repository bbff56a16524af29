//! How times, payloads, numbers and frames are written for people.

use labcore::printable;
use std::fmt::{self, Display};

/// Writes a duration in milliseconds, to the microsecond, with its unit.
pub fn milliseconds(ns: u64) -> String {
    format!("{} ms", milliseconds_without_unit(ns))
}

/// Writes a duration in milliseconds, to the microsecond.
pub fn milliseconds_without_unit(ns: u64) -> String {
    format!("{}.{:03}", ns / 1_000_000, ns / 1000 % 1000)
}

/// Writes a time in seconds, to the microsecond.
pub fn seconds(ns: u64) -> String {
    format!("{}.{:06}", ns / 1_000_000_000, ns / 1000 % 1_000_000)
}

/// Writes the start of a payload in quotes, escaped, with at most `characters` characters.
pub fn quoted(payload: &[u8], characters: usize) -> String {
    let shown = printable(&payload[..payload.len().min(characters * 4)]).to_string();
    if shown.chars().count() <= characters && payload.len() <= characters * 4 {
        return format!("\"{shown}\"");
    }
    let start: String = shown.chars().take(characters).collect();
    format!("\"{start}…\"")
}

/// Writes a number with its noun, as in `1 byte` and `2 bytes`.
pub fn count(number: u64, noun: &str) -> String {
    count_of(number, noun, &format!("{noun}s"))
}

/// Writes a number with its noun, for nouns with an irregular plural.
pub fn count_of(number: u64, singular: &str, plural: &str) -> String {
    format!("{number} {}", if number == 1 { singular } else { plural })
}

/// Writes `frame 4` or `frames 4, 5, 6`. Of many frames, only the first ones are written.
pub fn frames(numbers: &[u64]) -> String {
    const SHOWN_MAX: usize = 12;
    let mut text = list(numbers.iter().take(SHOWN_MAX));
    if numbers.len() > SHOWN_MAX {
        text.push_str(&format!(" and {} more", numbers.len() - SHOWN_MAX));
    }
    format!("frame{} {text}", if numbers.len() == 1 { "" } else { "s" })
}

/// Joins items with commas.
pub fn list<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    let texts: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    texts.join(", ")
}

/// A checksum, written as in Wireshark.
pub struct Hex(pub u16);

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("0x{:04x}", self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::{count, frames, milliseconds, quoted, seconds};

    #[test]
    fn writes_for_people() {
        assert_eq!(milliseconds(1_234_567), "1.234 ms");
        assert_eq!(seconds(1_000_001_000), "1.000001");
        assert_eq!(quoted(b"hello\n", 40), "\"hello\\n\"");
        assert_eq!(quoted(&[b'x'; 50], 4), "\"xxxx…\"");
        assert_eq!((count(1, "byte"), count(2, "byte")), ("1 byte".to_owned(), "2 bytes".to_owned()));
        assert_eq!(frames(&[4]), "frame 4");
        assert_eq!(frames(&[4, 5]), "frames 4, 5");
    }
}
