//! One direction of a TCP connection as a stream of bytes: segments in, in any order and with repetitions; text out,
//! in order, once.

use std::collections::BTreeMap;
use std::ops::Range;

/// Text that is kept of one direction. The positions of what follows are still known.
const TEXT_BYTES_MAX: usize = 1 << 18;

/// Segments that wait for one before them. When more do, the missing one counts as lost.
const WAITING_MAX: usize = 256;

/// The same where the text is not kept.
const WAITING_UNKEPT_MAX: usize = 4;

/// One direction's text.
#[derive(Debug, Default)]
pub struct Stream {
    /// The text so far, up to a limit. Where the capture lacks some, a remark in square brackets stands instead.
    pub text: Vec<u8>,
    /// The relative sequence number of the byte that comes next.
    pub next: u64,
    /// Bytes that the capture lacks.
    pub missing: u64,
    /// Bytes that were not kept.
    pub left_out: u64,
    waiting: BTreeMap<u64, Waiting>,
    waiting_bytes: usize,
}

/// A segment that waits for one before it.
#[derive(Debug)]
struct Waiting {
    end: u64,
    captured: usize,
    text: Box<[u8]>,
}

/// What is new in a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Novelty {
    /// All that it holds comes next.
    Next,
    /// Nothing: it was sent before.
    Again,
    /// It comes after bytes that are not there yet.
    Ahead,
    /// It brings bytes that others came before.
    Late,
}

impl Stream {
    /// Takes a segment whose text has `length` bytes from position `start`, of which `text` was captured. Without `keep`,
    /// the text is not kept.
    pub fn take(&mut self, start: u64, text: &[u8], length: u32, keep: bool) -> Novelty {
        let end = start + u64::from(length);
        if end <= self.next {
            return if length == 0 { Novelty::Next } else { Novelty::Again };
        }
        if start > self.next {
            if self.waiting.range(..=start).next_back().is_some_and(|(_, waiting)| waiting.end >= end) {
                return Novelty::Again;
            }
            let kept = if keep && self.waiting_bytes + text.len() <= TEXT_BYTES_MAX { text } else { &[] };
            self.waiting_bytes += kept.len();
            let waiting = Waiting { end, captured: text.len(), text: kept.into() };
            if let Some(replaced) = self.waiting.insert(start, waiting) {
                self.waiting_bytes -= replaced.text.len();
            }
            if self.waiting.len() > if keep { WAITING_MAX } else { WAITING_UNKEPT_MAX } {
                self.skip_gap();
            }
            return Novelty::Ahead;
        }
        let late = !self.waiting.is_empty();
        self.deliver(start, end, text.len(), if keep { text } else { &[] });
        self.deliver_waiting();
        if late { Novelty::Late } else { Novelty::Next }
    }

    /// Learns that the receiver has all bytes before `position`: what is missing here was only not captured.
    pub fn acknowledge(&mut self, position: u64) {
        while self.waiting.first_key_value().is_some_and(|(start, _)| *start <= position) {
            self.skip_gap();
        }
    }

    /// Gives up waiting for what never came.
    pub fn finish(&mut self) {
        while !self.waiting.is_empty() {
            self.skip_gap();
        }
    }

    fn skip_gap(&mut self) {
        if let Some((&start, _)) = self.waiting.first_key_value() {
            self.lack(start - self.next);
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
            self.waiting_bytes -= segment.text.len();
            if segment.end > self.next {
                self.deliver(start, segment.end, segment.captured, &segment.text);
            }
        }
    }

    /// Appends what is new in a segment that begins at or before the next byte. `captured` bytes of it were captured,
    /// of which `text` is to be kept.
    fn deliver(&mut self, start: u64, end: u64, captured: usize, text: &[u8]) {
        let known = usize::try_from(self.next - start).unwrap_or(usize::MAX);
        let length = end - self.next;
        let new = text.get(known..).unwrap_or(&[]);
        let kept = new.len().min(TEXT_BYTES_MAX.saturating_sub(self.text.len()));
        self.text.extend_from_slice(&new[..kept]);
        let new_captured = captured.saturating_sub(known);
        self.left_out += (new_captured - kept) as u64;
        self.lack(length.saturating_sub(new_captured as u64));
        self.next = end;
    }

    fn lack(&mut self, length: u64) {
        self.missing += length;
        if length > 0 && self.text.len() < TEXT_BYTES_MAX {
            self.text.extend_from_slice(format!("[{length} bytes not captured]").as_bytes());
        }
    }

    /// The memory that the text takes.
    pub fn kept_bytes(&self) -> usize {
        self.text.len() + self.waiting_bytes
    }

    /// The kept text in `range`.
    pub fn slice(&self, range: &Range<usize>) -> &[u8] {
        let end = range.end.min(self.text.len());
        &self.text[range.start.min(end)..end]
    }
}

#[cfg(test)]
mod tests {
    use super::{Novelty, Stream};
    use proptest::prelude::*;

    #[test]
    fn tells_new_segments_from_repeated_and_late_ones() {
        let mut stream = Stream { next: 1, ..Stream::default() };
        assert_eq!(stream.take(1, b"ab", 2, true), Novelty::Next);
        assert_eq!(stream.take(1, b"ab", 2, true), Novelty::Again);
        assert_eq!(stream.take(5, b"ef", 2, true), Novelty::Ahead);
        assert_eq!(stream.take(5, b"ef", 2, true), Novelty::Again);
        assert_eq!(stream.take(2, b"bcd", 3, true), Novelty::Late);
        assert_eq!((stream.text.as_slice(), stream.next, stream.missing), (&b"abcdef"[..], 7, 0));
    }

    #[test]
    fn says_what_was_not_captured() {
        let mut stream = Stream { next: 1, ..Stream::default() };
        stream.take(1, b"ab", 4, true);
        stream.take(9, b"z", 1, true);
        stream.acknowledge(10);
        assert_eq!(stream.text, b"ab[2 bytes not captured][4 bytes not captured]z");
        assert_eq!((stream.next, stream.missing), (10, 6));
    }

    proptest! {
        #[test]
        fn gives_the_text_whatever_the_order_of_the_segments(
            text in prop::collection::vec(any::<u8>(), 1..200),
            cuts in prop::collection::vec((0..200_usize, 1..40_usize), 0..60),
        ) {
            let mut stream = Stream::default();
            for (start, length) in cuts {
                let start = start.min(text.len() - 1);
                let end = (start + length).min(text.len());
                stream.take(start as u64, &text[start..end], u32::try_from(end - start).unwrap(), true);
            }
            stream.take(0, &text, u32::try_from(text.len()).unwrap(), true);
            prop_assert_eq!(&stream.text, &text);
            prop_assert!(stream.waiting.is_empty() && stream.waiting_bytes == 0);
        }
    }
}
