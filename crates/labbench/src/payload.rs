//! The payload that is sent, and what must come back.
//!
//! It repeats every 251 bytes. That is a prime number, so a reply that is shifted, doubled or mixed with another
//! differs from the expected one, whatever the size of the messages. Half of its bytes are not letters and must come
//! back unchanged.

use labcore::uppercase;

/// The longest slice that one call returns.
pub const SLICE_BYTES_MAX: usize = 65_536;

const PERIOD: usize = 251;

/// An endless payload, as it is sent and as it must come back.
pub struct Payload {
    sent: Vec<u8>,
    expected: Vec<u8>,
}

impl Payload {
    /// Makes a payload with lower-case letters. With `capitals` there are none, so that a server that only echoes is
    /// right too.
    pub fn new(capitals: bool) -> Payload {
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
        Payload { sent, expected }
    }

    /// Returns the bytes to send from `position` on: `size` bytes, but at most [`SLICE_BYTES_MAX`].
    pub fn to_send(&self, position: u64, size: usize) -> &[u8] {
        slice(&self.sent, position, size)
    }

    /// Returns the bytes that must come back for them.
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
    use super::{Payload, SLICE_BYTES_MAX};

    #[test]
    fn continues_where_the_last_slice_ended() {
        let payload = Payload::new(false);
        let whole = payload.to_send(1000, 600);
        assert_eq!([payload.to_send(1000, 350), payload.to_send(1350, 250)].concat(), whole);
        assert_eq!(payload.to_expect(1000, 600), whole.to_ascii_uppercase());
        assert_ne!(payload.to_expect(1000, 600), whole);
        assert_eq!(payload.to_send(u64::MAX, usize::MAX).len(), SLICE_BYTES_MAX);
    }

    #[test]
    fn differs_when_it_is_shifted() {
        let payload = Payload::new(false);
        for shift in 1..251 {
            assert_ne!(payload.to_expect(0, 32), payload.to_expect(shift, 32), "by {shift}");
        }
    }

    #[test]
    fn comes_back_unchanged_if_it_is_in_capitals() {
        let (payload, capitals) = (Payload::new(false), Payload::new(true));
        assert_eq!(capitals.to_send(7, 500), capitals.to_expect(7, 500));
        assert_eq!(capitals.to_expect(7, 500), payload.to_expect(7, 500));
    }
}
