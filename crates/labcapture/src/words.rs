//! How times, texts and lists of frames are written for people.

use labcore::printable;
use std::fmt::{self, Display};

/// A duration in milliseconds with its unit, to the microsecond.
pub fn milliseconds(ns: u64) -> String {
    format!("{}.{:03} ms", ns / 1_000_000, ns / 1000 % 1000)
}

/// A time in seconds, to the microsecond.
pub fn seconds(ns: u64) -> String {
    format!("{}.{:06}", ns / 1_000_000_000, ns / 1000 % 1_000_000)
}

/// The start of a text, in quotes and printable, of at most `characters`.
pub fn quoted(text: &[u8], characters: usize) -> String {
    let shown = printable(&text[..text.len().min(characters * 4)]).to_string();
    if shown.chars().count() <= characters && text.len() <= characters * 4 {
        return format!("\"{shown}\"");
    }
    let start: String = shown.chars().take(characters).collect();
    format!("\"{start}…\"")
}

/// `1 byte`, `2 bytes`.
pub fn count(number: u64, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// `frame 4` or `frames 4, 5, 6`, shortened where there are many.
pub fn frames(numbers: &[u64]) -> String {
    const SHOWN: usize = 12;
    let mut text = list(numbers.iter().take(SHOWN));
    if numbers.len() > SHOWN {
        text.push_str(&format!(" and {} more", numbers.len() - SHOWN));
    }
    format!("frame{} {text}", if numbers.len() == 1 { "" } else { "s" })
}

/// Things with commas between them.
pub fn list<T: Display>(things: impl IntoIterator<Item = T>) -> String {
    let texts: Vec<String> = things.into_iter().map(|thing| thing.to_string()).collect();
    texts.join(", ")
}

/// A checksum or flags, as Wireshark writes them.
pub struct Hex(pub u16);

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("0x{:04x}", self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::{frames, milliseconds, quoted, seconds};

    #[test]
    fn writes_for_people() {
        assert_eq!(milliseconds(1_234_567), "1.234 ms");
        assert_eq!(seconds(1_000_001_000), "1.000001");
        assert_eq!(quoted(b"hello\n", 40), "\"hello\\n\"");
        assert_eq!(quoted(&[b'x'; 50], 4), "\"xxxx…\"");
        assert_eq!(frames(&[4]), "frame 4");
        assert_eq!(frames(&[4, 5]), "frames 4, 5");
    }
}
