//! Part of a file, as `Range: bytes=0-499` asks for it (RFC 9110 §14).

use std::ops::Range;

/// What a range means for a file.
#[derive(Debug, PartialEq)]
pub enum Selection {
    /// The whole file: no range was requested, or one that a server ignores.
    Whole,
    /// These bytes of the file, at least one.
    Part(Range<u64>),
    /// Bytes that the file does not have.
    Unsatisfiable,
}

/// Finds what `range` selects of a file of `length` bytes.
///
/// A server may ignore a range. This one ignores other units than bytes, several ranges, and anything that is not a
/// range.
pub fn select(range: &str, length: u64) -> Selection {
    let Some((unit, range)) = range.split_once('=') else { return Selection::Whole };
    let Some((first, last)) = range.trim().split_once('-') else { return Selection::Whole };
    if !unit.eq_ignore_ascii_case("bytes") {
        return Selection::Whole;
    }
    let part = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(length),
        (Some(first), None) if last.is_empty() => first..length,
        (None, Some(0)) if first.is_empty() => return Selection::Unsatisfiable,
        // The last bytes of an empty file are an empty part, which `Content-Range` can't express.
        (None, Some(_)) if first.is_empty() && length == 0 => return Selection::Whole,
        (None, Some(suffix)) if first.is_empty() => length.saturating_sub(suffix)..length,
        _ => return Selection::Whole,
    };
    if part.start < length { Selection::Part(part) } else { Selection::Unsatisfiable }
}

/// Parses digits. A number that does not fit becomes the largest one: no file is so long.
fn number(digits: &str) -> Option<u64> {
    let all_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::{Selection, select};

    #[track_caller]
    fn check(range: &str, length: u64, expected: Selection) {
        assert_eq!(select(range, length), expected, "{range} of {length}");
    }

    #[test]
    fn selects_from_first_to_last() {
        check("bytes=0-0", 10, Selection::Part(0..1));
        check("bytes=2-5", 10, Selection::Part(2..6));
        check("bytes=9-9", 10, Selection::Part(9..10));
        check("Bytes=2-5", 10, Selection::Part(2..6));
        check("bytes= 2-5 ", 10, Selection::Part(2..6));
    }

    #[test]
    fn ends_an_open_or_long_range_at_the_end_of_the_file() {
        check("bytes=2-", 10, Selection::Part(2..10));
        check("bytes=2-10", 10, Selection::Part(2..10));
        check("bytes=0-99999999999999999999999", 10, Selection::Part(0..10));
        check("bytes=0-18446744073709551615", 10, Selection::Part(0..10));
    }

    #[test]
    fn counts_a_suffix_from_the_end() {
        check("bytes=-3", 10, Selection::Part(7..10));
        check("bytes=-10", 10, Selection::Part(0..10));
        check("bytes=-99999999999999999999999", 10, Selection::Part(0..10));
        check("bytes=-3", 0, Selection::Whole);
    }

    #[test]
    fn rejects_what_the_file_does_not_have() {
        check("bytes=10-", 10, Selection::Unsatisfiable);
        check("bytes=10-20", 10, Selection::Unsatisfiable);
        check("bytes=99999999999999999999999-", 10, Selection::Unsatisfiable);
        check("bytes=-0", 10, Selection::Unsatisfiable);
        check("bytes=0-", 0, Selection::Unsatisfiable);
    }

    #[test]
    fn ignores_other_units_several_ranges_and_nonsense() {
        for range in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=5-2",
            "bytes=a-b",
            "bytes=1-b",
            "bytes=+1-2",
            "bytes=1--2",
            "bytes=0-1,3-4",
            "bytes=0-1, 3-4",
            "bytes=,",
            "bytes 0-1",
            "lines=0-1",
            "bytes=1 - 2",
            "bytes=0x1-2",
        ] {
            check(range, 10, Selection::Whole);
        }
    }
}
