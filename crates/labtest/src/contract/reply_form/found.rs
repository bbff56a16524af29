//! What a reply holds: its text, and the numbers beside it.

use super::numbers::numbers;

/// Numbers that a reply may hold beside its text: the number of characters, and a few such as those of a client and a
/// thread. With more of them, a reply could list all numbers that a check may expect.
pub(super) const NUMBERS_MAX: usize = 5;

/// Where a reply has a number: before or after its text, and how many numbers are between the two.
///
/// What is left of the reply before does not change it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Place {
    Before(usize),
    After(usize),
}

/// A number of a reply.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Number {
    pub(super) place: Place,
    pub(super) value: usize,
}

/// What a reply holds.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Found {
    /// The text, and these numbers beside it.
    Count(Vec<Number>),
    /// The text, and as many numbers beside it, which are too many.
    Crowd(usize),
    /// Something else.
    Neither,
}

impl Found {
    pub(super) fn of(text: &str, reply: &[u8]) -> Found {
        let reply = String::from_utf8_lossy(reply);
        let Some(at) = reply.rfind(text) else { return Found::Neither };
        let (before, after) = (&reply[..at], &reply[at + text.len()..]);
        // The rest of an older message is no word of its own.
        if before.ends_with(char::is_alphanumeric) || after.starts_with(char::is_alphanumeric) {
            return Found::Neither;
        }
        let (before, after) = (numbers(before), numbers(after));
        let last = before.len().saturating_sub(1);
        let before = before.into_iter().enumerate().map(|(at, value)| (Place::Before(last - at), value));
        let after = after.into_iter().enumerate().map(|(at, value)| (Place::After(at), value));
        let numbers: Vec<_> = before.chain(after).map(|(place, value)| Number { place, value }).collect();
        match numbers.len() {
            0 => Found::Neither,
            1..=NUMBERS_MAX => Found::Count(numbers),
            count => Found::Crowd(count),
        }
    }
}

/// True if one of the numbers is this one, wherever it is.
pub(super) fn has(numbers: &[Number], wanted: usize) -> bool {
    numbers.iter().any(|number| number.value == wanted)
}

#[cfg(test)]
mod tests {
    use super::{Found, Place};

    /// The values of the numbers beside the text.
    fn values(text: &str, reply: &str) -> Option<Vec<usize>> {
        match Found::of(text, reply.as_bytes()) {
            Found::Count(numbers) => Some(numbers.iter().map(|number| number.value).collect()),
            Found::Crowd(_) | Found::Neither => None,
        }
    }

    #[test]
    fn finds_number_and_text_in_any_wording() {
        let check = |reply: &str, expected: &[usize]| {
            assert_eq!(values("hello", reply).as_deref(), Some(expected), "{reply}");
        };
        check("I received 5 chars: hello\n", &[5]);
        check("I received 5 chars: hello", &[5]);
        check("hello (5 characters)", &[5]);
        check("client 1, thread 2: \"hello\" has 5 letters\r\n", &[1, 2, 5]);
        check("('127.0.0.1', 40000): I received 5 chars: hello", &[5]);
        check("[11:50:48] Client 2 (thread 3): I received 5 chars: hello", &[2, 3, 5]);
        check("I received 6 chars: hello\n\n", &[6]);
        assert_eq!(values("client 3 round 1", "I received 16 chars: client 3 round 1"), Some(vec![16]));
    }

    #[test]
    fn takes_no_other_reply_for_a_count() {
        for reply in ["HELLO", "hello", "I received 5 chars", "5 HELLO", "", "5: helloworld"] {
            assert_eq!(Found::of("hello", reply.as_bytes()), Found::Neither, "{reply}");
        }
        assert_eq!(Found::of("hello", b"1 2 3 4 5 6: hello"), Found::Crowd(6));
    }

    #[test]
    fn places_count_from_the_text() {
        let Found::Count(numbers) = Found::of("x", b"7, 1 x 2") else { panic!("no numbers found") };
        let places: Vec<_> = numbers.iter().map(|number| number.place).collect();
        assert_eq!(places, [Place::Before(1), Place::Before(0), Place::After(0)]);
    }
}
