//! One direction of a connection: everything that one endpoint sends, segment by segment.

use crate::conversation::moment::Moment;
use crate::conversation::record::Analysis;
use crate::conversation::tcp::byte_stream::{ByteStream, Placement};
use crate::occurrences::Occurrences;
use crate::packet::{Flags, Tcp};
use std::ops::Range;

/// What one endpoint sent.
#[derive(Debug, Default)]
pub struct Direction {
    /// The initial sequence number: that of the SYN, or one that fits the first captured segment.
    pub initial_sequence: Option<u32>,
    /// Whether a SYN was captured.
    pub has_syn: bool,
    /// The maximum segment size that the endpoint announced.
    pub mss: Option<u16>,
    /// The payload as a stream of bytes.
    pub stream: ByteStream,
    /// Segments that were captured before.
    pub retransmissions: Occurrences,
    /// Segments that exceed the MSS of the peer.
    pub oversized: Occurrences,
    /// The longest series of segments that carry one byte each.
    pub single_bytes: Occurrences,
    /// The current series of such segments.
    single_bytes_series: Occurrences,
    /// The window of the last segment. A window of 0 stops the peer.
    window: Option<u16>,
    /// The position up to which the peer has acknowledged.
    acknowledged: u64,
    /// The first FIN.
    pub fin: Option<Fin>,
    /// The first segment of the peer that acknowledges the FIN.
    pub fin_acknowledged: Option<Moment>,
    /// Bytes of payload that were sent after the FIN of the peer.
    pub after_fin_bytes: u64,
}

/// The end of a stream.
#[derive(Clone, Copy, Debug)]
pub struct Fin {
    /// The segment with the flag FIN.
    pub at: Moment,
    /// The position after the FIN, which itself takes one sequence number.
    pub end: u64,
}

/// Payload that a segment brings for the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPayload {
    /// Its length in bytes.
    pub length: u64,
    /// Where the stream keeps it.
    pub range: Range<usize>,
}

impl Direction {
    /// Learns the initial sequence number from a segment of this direction. If the SYN was not captured, the first
    /// captured byte gets position 1, as in Wireshark.
    pub fn learn_initial_sequence(&mut self, tcp: &Tcp<'_>) {
        if self.initial_sequence.is_none() {
            let syn = tcp.flags.has(Flags::SYN);
            self.initial_sequence = Some(if syn { tcp.sequence } else { tcp.sequence.wrapping_sub(1) });
            self.stream.next = u64::from(!syn);
        }
    }

    /// Learns the initial sequence number from an acknowledgment of the peer.
    pub fn learn_acknowledged_sequence(&mut self, acknowledgment: u32) {
        if self.initial_sequence.is_none() {
            self.initial_sequence = Some(acknowledgment.wrapping_sub(1));
            self.stream.next = 1;
        }
    }

    /// Tells whether the endpoint has announced that it has no room for more bytes.
    pub fn is_full(&self) -> bool {
        self.window == Some(0)
    }

    /// Adds the payload of a segment that starts at position `start`, and tells how the segment fits into the stream.
    /// The payload is kept only with `keep`.
    pub fn take_payload(
        &mut self,
        at: Moment,
        tcp: &Tcp<'_>,
        start: i64,
        peer_is_full: bool,
        keep: bool,
    ) -> (Analysis, Option<NewPayload>) {
        let (syn, fin) = (tcp.flags.has(Flags::SYN), tcp.flags.has(Flags::FIN));
        let length = tcp.transport.payload_length;
        let next = self.stream.next;
        let has_known_syn = syn && self.has_syn;
        self.count_single_bytes(at, length);
        if syn {
            self.has_syn = true;
            self.stream.next = next.max(1);
        }
        let Ok(payload_start) = u64::try_from(start + i64::from(syn)) else {
            // It lies before the initial sequence number.
            let repeats = length > 0 || fin;
            return (if repeats { Analysis::Retransmission } else { Analysis::InOrder }, None);
        };
        if tcp.flags.has(Flags::RST) {
            // The payload of an RST is not part of the stream (RFC 9293, section 3.5.3).
            return (Analysis::InOrder, None);
        }
        let kept_before = self.stream.bytes.len();
        let placement = self.stream.take(payload_start, tcp.transport.payload, length, keep);
        let range = kept_before..self.stream.bytes.len();
        let end = payload_start + u64::from(length);
        let has_known_fin = fin && self.fin.is_some_and(|known| known.end == end + 1);
        if fin && self.stream.next == end {
            self.stream.next += 1;
        }
        let new = (length > 0 && matches!(placement, Placement::Next | Placement::FillsGap)).then(|| {
            let flags_length = u64::from(fin) + u64::from(syn && next == 0);
            NewPayload { length: self.stream.next.saturating_sub(next) - flags_length, range }
        });
        // A probe goes back by one position, so that the peer has to answer with the number that it expects next. It
        // carries nothing, or one byte that the peer has already.
        let goes_back = !syn && !fin && payload_start + 1 == next && next > 1;
        let probe = if peer_is_full { Analysis::WindowProbe } else { Analysis::KeepAlive };
        let analysis = match placement {
            Placement::Duplicate if goes_back && length == 1 && self.acknowledged >= next => probe,
            Placement::Duplicate => Analysis::Retransmission,
            Placement::AfterGap => Analysis::AfterGap,
            Placement::FillsGap => Analysis::OutOfOrder,
            Placement::Next if length == 0 && (has_known_syn || has_known_fin) => Analysis::Retransmission,
            Placement::Next if length == 0 && goes_back => probe,
            // A retransmission may carry new bytes after the old ones.
            Placement::Next if length > 0 && payload_start < next => Analysis::Retransmission,
            Placement::Next => Analysis::InOrder,
        };
        (analysis, new)
    }

    fn count_single_bytes(&mut self, at: Moment, length: u32) {
        if length == 1 {
            self.single_bytes_series.add(at.frame);
            if self.single_bytes_series.count > self.single_bytes.count {
                self.single_bytes = self.single_bytes_series.clone();
            }
        } else if length > 1 {
            self.single_bytes_series = Occurrences::default();
        }
    }

    /// Notes that the peer acknowledges everything before `position`.
    pub fn acknowledge(&mut self, at: Moment, position: u64) {
        self.stream.acknowledge(position);
        self.acknowledged = self.acknowledged.max(position);
        if self.fin.is_some_and(|fin| position >= fin.end) {
            self.fin_acknowledged.get_or_insert(at);
        }
    }

    /// Notes the FIN of a segment that starts at position `start`, if it has one.
    pub fn take_fin(&mut self, at: Moment, tcp: &Tcp<'_>, start: i64) {
        if tcp.flags.has(Flags::FIN) {
            let syn = i64::from(tcp.flags.has(Flags::SYN));
            let end = start + syn + i64::from(tcp.transport.payload_length) + 1;
            self.fin.get_or_insert(Fin { at, end: u64::try_from(end).unwrap_or(0) });
        }
    }

    /// Notes the window and the MSS that a segment announces.
    pub fn take_announcements(&mut self, tcp: &Tcp<'_>) {
        self.window = Some(tcp.window);
        if tcp.flags.has(Flags::SYN) {
            self.mss = tcp.mss.or(self.mss);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Direction, NewPayload};
    use crate::conversation::moment::Moment;
    use crate::conversation::record::Analysis;
    use crate::conversation::tcp::sequence::position;
    use crate::packet::hand_built::{CLIENT, segment};
    use crate::packet::{Flags, Tcp};

    const DATA: Flags = Flags::PSH;

    /// A direction that has sent a SYN with sequence number 1000.
    fn opened() -> Direction {
        let mut direction = Direction::default();
        take(&mut direction, &segment(CLIENT, Flags::SYN, 1000, None, b""));
        direction
    }

    fn take(direction: &mut Direction, tcp: &Tcp<'_>) -> (Analysis, Option<NewPayload>) {
        take_probing(direction, tcp, false)
    }

    fn take_probing(
        direction: &mut Direction,
        tcp: &Tcp<'_>,
        peer_is_full: bool,
    ) -> (Analysis, Option<NewPayload>) {
        direction.learn_initial_sequence(tcp);
        let start = position(tcp.sequence, direction.initial_sequence.unwrap(), direction.stream.next);
        let at = Moment { frame: 1, time_ns: 0 };
        let result = direction.take_payload(at, tcp, start, peer_is_full, true);
        direction.take_fin(at, tcp, start);
        result
    }

    #[track_caller]
    fn check(direction: &mut Direction, sequence: u32, payload: &[u8], analysis: Analysis, new: u64) {
        let (found, found_new) = take(direction, &segment(CLIENT, DATA, sequence, Some(1), payload));
        assert_eq!((found, found_new.map_or(0, |new| new.length)), (analysis, new));
    }

    #[test]
    fn follows_segments_in_order() {
        let mut direction = opened();
        check(&mut direction, 1001, b"hello\n", Analysis::InOrder, 6);
        check(&mut direction, 1007, b"", Analysis::InOrder, 0);
        check(&mut direction, 1007, b"again\n", Analysis::InOrder, 6);
        assert_eq!(direction.stream.bytes, b"hello\nagain\n");
    }

    #[test]
    fn recognizes_retransmissions() {
        let mut direction = opened();
        check(&mut direction, 1001, b"hello\n", Analysis::InOrder, 6);
        check(&mut direction, 1001, b"hello\n", Analysis::Retransmission, 0);
        check(&mut direction, 1001, b"hello\nmore\n", Analysis::Retransmission, 5);
        let syn = segment(CLIENT, Flags::SYN, 1000, None, b"");
        assert_eq!(take(&mut direction, &syn), (Analysis::Retransmission, None));
        assert_eq!(direction.stream.bytes, b"hello\nmore\n");
    }

    #[test]
    fn recognizes_a_retransmitted_fin() {
        let mut direction = opened();
        let fin = segment(CLIENT, Flags::FIN, 1001, Some(1), b"");
        assert_eq!(take(&mut direction, &fin).0, Analysis::InOrder);
        assert_eq!(take(&mut direction, &fin).0, Analysis::Retransmission);
        assert_eq!(direction.fin.unwrap().end, 2);
    }

    #[test]
    fn puts_segments_back_into_order() {
        let mut direction = opened();
        check(&mut direction, 1004, b"def", Analysis::AfterGap, 0);
        check(&mut direction, 1001, b"abc", Analysis::OutOfOrder, 6);
        check(&mut direction, 1007, b"ghi", Analysis::InOrder, 3);
        assert_eq!((direction.stream.bytes.as_slice(), direction.stream.missing), (&b"abcdefghi"[..], 0));
    }

    #[test]
    fn follows_sequence_numbers_that_wrap_around() {
        let mut direction = Direction::default();
        take(&mut direction, &segment(CLIENT, Flags::SYN, u32::MAX - 2, None, b""));
        check(&mut direction, u32::MAX - 1, b"abcd", Analysis::InOrder, 4);
        check(&mut direction, 2, b"efg", Analysis::InOrder, 3);
        check(&mut direction, u32::MAX - 1, b"abcd", Analysis::Retransmission, 0);
        assert_eq!(direction.stream.bytes, b"abcdefg");
    }

    #[test]
    fn recognizes_probes() {
        let mut direction = opened();
        check(&mut direction, 1001, b"hello\n", Analysis::InOrder, 6);
        let probe = segment(CLIENT, Flags::default(), 1006, Some(1), b"");
        assert_eq!(take(&mut direction, &probe).0, Analysis::KeepAlive);
        assert_eq!(take_probing(&mut direction, &probe, true).0, Analysis::WindowProbe);
        // With one byte, it is a probe only if the peer has that byte already.
        let byte = segment(CLIENT, Flags::default(), 1006, Some(1), b"\n");
        assert_eq!(take(&mut direction, &byte).0, Analysis::Retransmission);
        direction.acknowledge(Moment { frame: 2, time_ns: 0 }, 7);
        assert_eq!(take(&mut direction, &byte).0, Analysis::KeepAlive);
    }

    #[test]
    fn gives_the_first_captured_byte_position_1() {
        let mut direction = Direction::default();
        check(&mut direction, 5000, b"hello\n", Analysis::InOrder, 6);
        assert_eq!((direction.initial_sequence, direction.stream.next), (Some(4999), 7));
        assert!(!direction.has_syn);
    }

    #[test]
    fn ignores_the_payload_of_a_reset() {
        let mut direction = opened();
        let reset = segment(CLIENT, Flags::RST, 1001, Some(1), b"reason");
        assert_eq!(take(&mut direction, &reset), (Analysis::InOrder, None));
        assert_eq!(direction.stream.bytes, b"");
    }

    #[test]
    fn counts_the_longest_series_of_single_bytes() {
        let mut direction = opened();
        for (payload, sequence) in
            [&b"a"[..], b"b", b"c", b"de", b"f"].into_iter().zip([1001, 1002, 1003, 1004, 1006])
        {
            take(&mut direction, &segment(CLIENT, DATA, sequence, Some(1), payload));
        }
        assert_eq!(direction.single_bytes.count, 3);
    }
}
