//! One direction of a TCP connection as a stream of bytes: segments go in, in any order and with retransmissions; each
//! byte comes out once and in order.

use std::collections::BTreeMap;
use std::ops::Range;

/// The maximum number of bytes of one direction that are kept. The positions of later bytes are still tracked.
const BYTES_MAX: usize = 1 << 18;

/// The maximum number of segments that wait for a missing one. If there are more, the missing segment counts as lost.
const WAITING_MAX: usize = 256;

/// The same limit where the payload is not kept.
const WAITING_UNKEPT_MAX: usize = 4;

/// The bytes of one direction.
#[derive(Debug, Default)]
pub struct ByteStream {
    /// The bytes so far, up to a limit. A remark in square brackets replaces bytes that are not in the capture.
    pub bytes: Vec<u8>,
    /// The position of the next byte, relative to the initial sequence number.
    pub next: u64,
    /// How many bytes are not in the capture.
    pub missing: u64,
    waiting: BTreeMap<u64, Waiting>,
    waiting_bytes: usize,
}

/// A segment after a gap.
#[derive(Debug)]
struct Waiting {
    end: u64,
    captured: usize,
    payload: Box<[u8]>,
}

/// Where a segment's payload belongs in the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// It continues the stream.
    Next,
    /// All of it was captured before.
    Duplicate,
    /// It comes after a gap.
    AfterGap,
    /// It continues the stream, and later segments have been waiting for it.
    FillsGap,
}

impl ByteStream {
    /// Adds a segment whose payload has `length` bytes from position `start`, of which `payload` was captured. Without
    /// `keep`, only positions are tracked.
    pub fn take(&mut self, start: u64, payload: &[u8], length: u32, keep: bool) -> Placement {
        let end = start + u64::from(length);
        if end <= self.next {
            return if length == 0 { Placement::Next } else { Placement::Duplicate };
        }
        if start > self.next {
            if self.waiting.range(..=start).next_back().is_some_and(|(_, waiting)| waiting.end >= end) {
                return Placement::Duplicate;
            }
            let kept = if keep && self.waiting_bytes + payload.len() <= BYTES_MAX { payload } else { &[] };
            self.waiting_bytes += kept.len();
            let waiting = Waiting { end, captured: payload.len(), payload: kept.into() };
            if let Some(replaced) = self.waiting.insert(start, waiting) {
                self.waiting_bytes -= replaced.payload.len();
            }
            if self.waiting.len() > if keep { WAITING_MAX } else { WAITING_UNKEPT_MAX } {
                self.skip_gap();
            }
            return Placement::AfterGap;
        }
        let fills_gap = !self.waiting.is_empty();
        self.deliver(start, end, payload.len(), if keep { payload } else { &[] });
        self.deliver_waiting();
        if fills_gap { Placement::FillsGap } else { Placement::Next }
    }

    /// Skips the gaps before `position`, which the receiver has acknowledged: it received those bytes, so they are
    /// missing only in the capture.
    pub fn acknowledge(&mut self, position: u64) {
        while self.waiting.first_key_value().is_some_and(|(start, _)| *start <= position) {
            self.skip_gap();
        }
    }

    /// Skips all gaps at the end of the capture.
    pub fn finish(&mut self) {
        while !self.waiting.is_empty() {
            self.skip_gap();
        }
    }

    fn skip_gap(&mut self) {
        if let Some((&start, _)) = self.waiting.first_key_value() {
            self.add_missing(start - self.next);
            self.next = start;
        }
        self.deliver_waiting();
    }

    fn deliver_waiting(&mut self) {
        while let Some(first) = self.waiting.first_entry() {
            if *first.key() > self.next {
                break;
            }
            let (start, segment) = first.remove_entry();
            self.waiting_bytes -= segment.payload.len();
            if segment.end > self.next {
                self.deliver(start, segment.end, segment.captured, &segment.payload);
            }
        }
    }

    /// Appends the new bytes of a segment that starts at or before the next byte. `captured` counts the captured bytes
    /// of the segment; `payload` holds them, or nothing if they are not kept.
    fn deliver(&mut self, start: u64, end: u64, captured: usize, payload: &[u8]) {
        let known = usize::try_from(self.next - start).unwrap_or(usize::MAX);
        let length = end - self.next;
        let new = payload.get(known..).unwrap_or(&[]);
        let kept = new.len().min(BYTES_MAX.saturating_sub(self.bytes.len()));
        self.bytes.extend_from_slice(&new[..kept]);
        let new_captured = captured.saturating_sub(known);
        self.add_missing(length.saturating_sub(new_captured as u64));
        self.next = end;
    }

    fn add_missing(&mut self, length: u64) {
        self.missing += length;
        if length > 0 && self.bytes.len() < BYTES_MAX {
            self.bytes.extend_from_slice(format!("[{length} bytes not captured]").as_bytes());
        }
    }

    /// Returns how many bytes are kept, including those that wait for a missing segment.
    pub fn kept_bytes(&self) -> usize {
        self.bytes.len() + self.waiting_bytes
    }

    /// Returns the part of the kept bytes that lies in `range`.
    pub fn slice(&self, range: &Range<usize>) -> &[u8] {
        let end = range.end.min(self.bytes.len());
        &self.bytes[range.start.min(end)..end]
    }
}

#[cfg(test)]
mod tests {
    use super::{ByteStream, Placement};
    use proptest::prelude::*;

    #[test]
    fn tells_new_segments_from_duplicates_and_late_ones() {
        let mut stream = ByteStream { next: 1, ..ByteStream::default() };
        assert_eq!(stream.take(1, b"ab", 2, true), Placement::Next);
        assert_eq!(stream.take(1, b"ab", 2, true), Placement::Duplicate);
        assert_eq!(stream.take(5, b"ef", 2, true), Placement::AfterGap);
        assert_eq!(stream.take(5, b"ef", 2, true), Placement::Duplicate);
        assert_eq!(stream.take(2, b"bcd", 3, true), Placement::FillsGap);
        assert_eq!((stream.bytes.as_slice(), stream.next, stream.missing), (&b"abcdef"[..], 7, 0));
    }

    #[test]
    fn says_how_much_was_not_captured() {
        let mut stream = ByteStream { next: 1, ..ByteStream::default() };
        stream.take(1, b"ab", 4, true);
        stream.take(9, b"z", 1, true);
        stream.acknowledge(10);
        assert_eq!(stream.bytes, b"ab[2 bytes not captured][4 bytes not captured]z");
        assert_eq!((stream.next, stream.missing), (10, 6));
    }

    proptest! {
        #[test]
        fn restores_the_order_of_any_segments(
            payload in prop::collection::vec(any::<u8>(), 1..200),
            cuts in prop::collection::vec((0..200_usize, 1..40_usize), 0..60),
        ) {
            let mut stream = ByteStream::default();
            for (start, length) in cuts {
                let start = start.min(payload.len() - 1);
                let end = (start + length).min(payload.len());
                stream.take(start as u64, &payload[start..end], u32::try_from(end - start).unwrap(), true);
            }
            stream.take(0, &payload, u32::try_from(payload.len()).unwrap(), true);
            prop_assert_eq!(&stream.bytes, &payload);
            prop_assert!(stream.waiting.is_empty() && stream.waiting_bytes == 0);
        }
    }
}
