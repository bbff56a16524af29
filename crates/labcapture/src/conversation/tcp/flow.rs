//! A connection: both directions, the handshake, the turns and the resets.

use crate::conversation::common::Common;
use crate::conversation::endpoint::{PerSide, Side};
use crate::conversation::exchange::{Exchange, Message};
use crate::conversation::moment::Moment;
use crate::conversation::record::{Analysis, Detail, SegmentDetail};
use crate::conversation::tcp::close::Close;
use crate::conversation::tcp::direction::Direction;
use crate::conversation::tcp::handshake::Handshake;
use crate::conversation::tcp::sequence::position;
use crate::conversation::tcp::turn::{Turn, Turns};
use crate::packet::{Flags, Packet, Tcp};

/// The state of a connection.
#[derive(Debug, Default)]
pub struct TcpFlow {
    /// What each endpoint sent.
    pub directions: PerSide<Direction>,
    /// How the connection was opened.
    pub handshake: Handshake,
    /// The first RST, and its sender.
    pub first_reset: Option<(Side, Moment)>,
    turns: Turns,
}

impl TcpFlow {
    /// Adds a segment. Its details and its payload are kept only with `keep`.
    pub fn take(&mut self, common: &mut Common, packet: &Packet<'_>, tcp: &Tcp<'_>, keep: bool) {
        let (at, from) = common.count(packet, &tcp.transport);
        let is_first = common.traffic[from].packets == 1;
        let detail = self.follow(at, from, tcp, is_first, keep);
        if keep {
            common.keep(at, from, &tcp.transport, Detail::Tcp(detail));
        }
    }

    fn follow(&mut self, at: Moment, from: Side, tcp: &Tcp<'_>, is_first: bool, keep: bool) -> SegmentDetail {
        let flags = tcp.flags;
        let to = from.other();
        self.directions[from].learn_initial_sequence(tcp);
        if flags.has(Flags::ACK) {
            self.directions[to].learn_acknowledged_sequence(tcp.acknowledgment);
        }
        let initial = self.directions[from].initial_sequence.unwrap_or(0);
        let peer_initial = self.directions[to].initial_sequence.unwrap_or(0);
        let start = position(tcp.sequence, initial, self.directions[from].stream.next);
        let peer_next = self.directions[to].stream.next;
        let acknowledged =
            flags.has(Flags::ACK).then(|| position(tcp.acknowledgment, peer_initial, peer_next));

        self.handshake.take(at, from, flags, acknowledged, is_first);
        let peer_is_full = self.directions[to].is_full();
        let (analysis, new) = self.directions[from].take_payload(at, tcp, start, peer_is_full, keep);
        if let Some(new) = new {
            self.turns.add(at, from, new, keep);
        }
        if let Some(acknowledged) = acknowledged.and_then(|position| u64::try_from(position).ok()) {
            self.directions[to].acknowledge(at, acknowledged);
        }
        if flags.has(Flags::RST) {
            self.first_reset.get_or_insert((from, at));
        }
        let length = tcp.transport.payload_length;
        let peer_has_closed = self.directions[to].fin.is_some();
        let peer_mss = self.directions[to].mss;
        let direction = &mut self.directions[from];
        if peer_has_closed {
            direction.after_fin_bytes += u64::from(length);
        }
        direction.take_fin(at, tcp, start);
        direction.take_announcements(tcp);
        if analysis == Analysis::Retransmission {
            direction.retransmissions.add(at.frame);
        }
        if peer_mss.is_some_and(|mss| length > u32::from(mss)) {
            direction.oversized.add(at.frame);
        }
        SegmentDetail {
            flags,
            sequence: tcp.sequence,
            relative_sequence: tcp.sequence.wrapping_sub(initial),
            acknowledgment: tcp.acknowledgment,
            relative_acknowledgment: acknowledged.map(|_| tcp.acknowledgment.wrapping_sub(peer_initial)),
            window: tcp.window,
            mss: tcp.mss,
            analysis,
        }
    }

    /// Completes the streams at the end of the capture.
    pub fn finish(&mut self) {
        for side in Side::BOTH {
            self.directions[side].stream.finish();
        }
    }

    /// Tells whether a SYN of `from` opens another connection between the same socket addresses. A SYN with the known
    /// sequence number is a retransmission: TCP repeats a SYN without an answer, and Windows also a refused one.
    pub fn is_reopened_by(&self, from: Side, tcp: &Tcp<'_>) -> bool {
        tcp.flags.has(Flags::SYN)
            && !tcp.flags.has(Flags::ACK)
            && self.directions[from].initial_sequence.is_some_and(|initial| initial != tcp.sequence)
    }

    /// Returns how the connection ended.
    pub fn close(&self) -> Close {
        Close::of(&self.directions, self.first_reset)
    }

    /// Returns what the endpoints sent, in order.
    pub fn turns(&self) -> &[Turn] {
        self.turns.all()
    }

    /// Returns the payload of a turn.
    pub fn payload_of(&self, turn: &Turn) -> &[u8] {
        self.directions[turn.from].stream.slice(&turn.payload)
    }

    /// Returns each turn of the client with the server's turn that follows it.
    pub fn requests(&self) -> impl Iterator<Item = (&Turn, Option<&Turn>)> {
        self.turns.requests()
    }

    /// Returns the requests and replies as exchanges.
    pub fn exchanges(&self) -> Vec<Exchange> {
        let message = |turn: &Turn| Message::new(turn.first, self.payload_of(turn), turn.length);
        let exchanges = self
            .requests()
            .map(|(request, reply)| Exchange { request: message(request), reply: reply.map(message) });
        exchanges.collect()
    }

    /// Returns how many bytes of the two streams are kept.
    pub fn kept_bytes(&self) -> usize {
        self.directions.client.stream.kept_bytes() + self.directions.server.stream.kept_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::TcpFlow;
    use crate::conversation::common::Common;
    use crate::conversation::endpoint::{PerSide, Side};
    use crate::conversation::moment::Moment;
    use crate::conversation::record::{Analysis, SegmentDetail};
    use crate::conversation::tcp::close::Close;
    use crate::packet::hand_built::{CLIENT, SERVER, packet, segment};
    use crate::packet::{Content, Flags, Tcp};

    const PSH: Flags = Flags::PSH;
    const NONE: Flags = Flags(0);

    /// Follows segments with the frame numbers 1, 2, 3 …
    fn follow(segments: &[Tcp<'_>]) -> (Common, TcpFlow) {
        let addresses = PerSide { client: CLIENT, server: SERVER };
        let mut common = Common::new(1, 0, addresses, false, Moment { frame: 1, time_ns: 1000 });
        let mut flow = TcpFlow::default();
        for (tcp, frame) in segments.iter().zip(1..) {
            flow.take(&mut common, &packet(frame, Content::Tcp(*tcp)), tcp, true);
        }
        flow.finish();
        (common, flow)
    }

    /// A handshake with the initial sequence numbers 100 (client) and 900 (server), then `more`.
    fn opened<'a>(more: &[Tcp<'a>]) -> Vec<Tcp<'a>> {
        let mut segments = vec![
            segment(CLIENT, Flags::SYN, 100, None, b""),
            segment(SERVER, Flags::SYN, 900, Some(101), b""),
            segment(CLIENT, NONE, 101, Some(901), b""),
        ];
        segments.extend_from_slice(more);
        segments
    }

    fn details(common: &Common) -> Vec<SegmentDetail> {
        common.packets.iter().filter_map(|packet| packet.segment().copied()).collect()
    }

    #[test]
    fn follows_a_connection_from_handshake_to_close() {
        let (common, flow) = follow(&opened(&[
            segment(CLIENT, PSH, 101, Some(901), b"hello\n"),
            segment(SERVER, PSH, 901, Some(107), b"HELLO\n"),
            segment(CLIENT, NONE, 107, Some(907), b""),
            segment(CLIENT, Flags::FIN, 107, Some(907), b""),
            segment(SERVER, Flags::FIN, 907, Some(108), b""),
            segment(CLIENT, NONE, 108, Some(908), b""),
        ]));
        assert_eq!(flow.handshake.rtt_ns(), Some(1000));
        assert_eq!(flow.close(), Close::Complete { began: Side::Client, frames: vec![7, 8, 9] });
        let relative: Vec<(u32, Option<u32>)> = details(&common)
            .iter()
            .map(|detail| (detail.relative_sequence, detail.relative_acknowledgment))
            .collect();
        assert_eq!(relative[..5], [(0, None), (0, Some(1)), (1, Some(1)), (1, Some(1)), (1, Some(7))]);
        let exchanges = flow.exchanges();
        assert_eq!(exchanges.len(), 1);
        assert_eq!(exchanges[0].request.payload.as_ref(), b"hello\n");
        assert_eq!(exchanges[0].reply.as_ref().unwrap().payload.as_ref(), b"HELLO\n");
        assert_eq!(exchanges[0].rtt_ns(), Some(1000));
    }

    #[test]
    fn closes_in_four_segments_after_half_closing() {
        let (_, flow) = follow(&opened(&[
            segment(CLIENT, Flags::FIN, 101, Some(901), b""),
            segment(SERVER, NONE, 901, Some(102), b""),
            segment(SERVER, PSH, 901, Some(102), b"still here"),
            segment(SERVER, Flags::FIN, 911, Some(102), b""),
            segment(CLIENT, NONE, 102, Some(912), b""),
        ]));
        assert_eq!(flow.close(), Close::Complete { began: Side::Client, frames: vec![4, 5, 7, 8] });
        assert_eq!(flow.directions[Side::Server].after_fin_bytes, 10);
    }

    #[test]
    fn ends_with_a_reset() {
        let (_, flow) = follow(&opened(&[segment(SERVER, Flags::RST, 901, Some(101), b"")]));
        assert_eq!(flow.close(), Close::Reset { by: Side::Server, at: Moment { frame: 4, time_ns: 4000 } });
        assert!(flow.handshake.refusal.is_none());
    }

    #[test]
    fn counts_retransmissions_and_oversized_segments() {
        let large = vec![b'x'; 2000];
        let (common, flow) = follow(&opened(&[
            segment(CLIENT, PSH, 101, Some(901), &large),
            segment(CLIENT, PSH, 101, Some(901), &large),
        ]));
        let client = &flow.directions[Side::Client];
        assert_eq!((client.retransmissions.frames.as_slice(), client.oversized.count), (&[5][..], 2));
        assert_eq!(details(&common)[4].analysis, Analysis::Retransmission);
    }

    #[test]
    fn continues_after_bytes_that_only_the_capture_lacks() {
        let (_, flow) = follow(&opened(&[
            segment(CLIENT, PSH, 104, Some(901), b"def"),
            segment(SERVER, NONE, 901, Some(107), b""),
        ]));
        let stream = &flow.directions[Side::Client].stream;
        assert_eq!((stream.bytes.as_slice(), stream.missing), (&b"[3 bytes not captured]def"[..], 3));
    }

    #[test]
    fn numbers_both_directions_from_a_segment_without_syn() {
        let (common, flow) = follow(&[segment(CLIENT, PSH, 5000, Some(7000), b"hello")]);
        let detail = details(&common)[0];
        assert_eq!((detail.relative_sequence, detail.relative_acknowledgment), (1, Some(1)));
        assert_eq!(flow.directions[Side::Server].initial_sequence, Some(6999));
        assert_eq!(flow.close(), Close::Open);
    }

    #[test]
    fn is_reopened_by_a_syn_with_another_sequence_number() {
        let (_, flow) = follow(&opened(&[]));
        let is_reopened =
            |flags, sequence| flow.is_reopened_by(Side::Client, &segment(CLIENT, flags, sequence, None, b""));
        assert!(is_reopened(Flags::SYN, 4000));
        assert!(!is_reopened(Flags::SYN, 100), "a retransmission");
        assert!(!is_reopened(PSH, 4000));
    }
}
