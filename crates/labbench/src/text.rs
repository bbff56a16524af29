//! The *text* that is sent, and what must come back.
//!
//! It repeats itself every 251 bytes. That is a prime number, so a reply that is shifted, doubled or mixed with another
//! differs whatever the size of the messages. Half of its bytes are no letters: they must come back as they went.

use labcore::uppercase;

/// The most that one call asks for.
pub const SLICE_BYTES_MAX: usize = 65_536;

const PERIOD: usize = 251;

/// An endless text, lower case and upper case.
pub struct Text {
    sent: Vec<u8>,
    expected: Vec<u8>,
}

impl Text {
    /// The text with lower case letters, or with none, which also a server that only echoes returns as it must be.
    pub fn new(capitals: bool) -> Text {
        #[allow(clippy::cast_possible_truncation)] // below 251
        let byte = |at: usize| match at % PERIOD {
            at if at % 2 == 0 => b'a' + (at / 2 % 26) as u8,
            at => at as u8,
        };
        let mut sent: Vec<u8> = (0..PERIOD + SLICE_BYTES_MAX).map(byte).collect();
        if capitals {
            uppercase(&mut sent);
        }
        let mut expected = sent.clone();
        uppercase(&mut expected);
        Text { sent, expected }
    }

    /// The bytes to send from `position` of the endless text on: `size`, or [`SLICE_BYTES_MAX`] if that is less.
    pub fn to_send(&self, position: u64, size: usize) -> &[u8] {
        slice(&self.sent, position, size)
    }

    /// What must come back for them.
    pub fn to_expect(&self, position: u64, size: usize) -> &[u8] {
        slice(&self.expected, position, size)
    }
}

fn slice(bytes: &[u8], position: u64, size: usize) -> &[u8] {
    #[allow(clippy::cast_possible_truncation)] // below the period
    let from = (position % PERIOD as u64) as usize;
    &bytes[from..from + size.min(SLICE_BYTES_MAX)]
}

#[cfg(test)]
mod tests {
    use super::{SLICE_BYTES_MAX, Text};

    #[test]
    fn goes_on_where_the_last_slice_ended() {
        let text = Text::new(false);
        let whole = text.to_send(1000, 600);
        assert_eq!([text.to_send(1000, 350), text.to_send(1350, 250)].concat(), whole);
        assert_eq!(text.to_expect(1000, 600), whole.to_ascii_uppercase());
        assert_ne!(text.to_expect(1000, 600), whole);
        assert_eq!(text.to_send(u64::MAX, usize::MAX).len(), SLICE_BYTES_MAX);
    }

    #[test]
    fn differs_when_it_is_shifted() {
        let text = Text::new(false);
        for shift in 1..251 {
            assert_ne!(text.to_expect(0, 32), text.to_expect(shift, 32), "by {shift}");
        }
    }

    #[test]
    fn comes_back_as_it_went_if_it_is_in_capitals() {
        let (text, capitals) = (Text::new(false), Text::new(true));
        assert_eq!(capitals.to_send(7, 500), capitals.to_expect(7, 500));
        assert_eq!(capitals.to_expect(7, 500), text.to_expect(7, 500));
    }
}
