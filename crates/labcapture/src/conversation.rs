//! A conversation: what two socket addresses say to each other, over UDP or over one TCP connection.
//!
//! Frames go in one by one ([`Conversation::udp`], [`Conversation::tcp`]); what is kept of them has bounds.

use crate::checksum::Status;
use crate::packet::{Flags, Packet, Segment, Tcp, Udp, Unreachable};
use crate::stream::{Novelty, Stream};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::ops::{Index, IndexMut, Range};

/// Packets that are kept of one conversation; the rest are counted.
const ENTRIES_MAX: usize = 1000;

/// Text that is kept of one packet.
const TEXT_BYTES_MAX: usize = 160;

/// Turns, requests and ICMP errors that are kept of one conversation.
const EVENTS_MAX: usize = 1000;

/// Resets that are kept of one conversation: the first tells what happened.
const RESETS_MAX: usize = 16;

/// Datagrams that wait for a reply.
const UNANSWERED_MAX: usize = 256;

/// UDP or TCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// Datagrams.
    Udp,
    /// A stream of bytes.
    Tcp,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Protocol::Udp => "UDP",
            Protocol::Tcp => "TCP",
        })
    }
}

/// One of the two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The end that began.
    Client,
    /// The end that was called.
    Server,
}

impl Side {
    /// Both ends.
    pub const BOTH: [Side; 2] = [Side::Client, Side::Server];

    /// The other end.
    #[must_use]
    pub fn other(self) -> Side {
        match self {
            Side::Client => Side::Server,
            Side::Server => Side::Client,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Side::Client => "client",
            Side::Server => "server",
        })
    }
}

/// Something for each of the two ends.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Both<T> {
    client: T,
    server: T,
}

impl<T> Index<Side> for Both<T> {
    type Output = T;
    fn index(&self, side: Side) -> &T {
        match side {
            Side::Client => &self.client,
            Side::Server => &self.server,
        }
    }
}

impl<T> IndexMut<Side> for Both<T> {
    fn index_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }
}

/// A frame that something happened in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The frame's number.
    pub frame: u64,
    /// When it was captured; 0 if the file does not say.
    pub time_ns: u64,
}

impl Mark {
    /// The time from `earlier` to this one; none where the file has no times.
    fn since(self, earlier: Mark) -> Option<u64> {
        (earlier.time_ns > 0).then(|| self.time_ns.saturating_sub(earlier.time_ns))
    }
}

/// One packet of a conversation.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The frame that carried it, or its last fragment.
    pub at: Mark,
    /// Who sent it.
    pub from: Side,
    /// Bytes of the IP header.
    pub ip_header_length: u16,
    /// Bytes of the header of UDP or TCP.
    pub header_length: u16,
    /// The checksum field.
    pub checksum: u16,
    /// What it proves.
    pub checksum_status: Status,
    /// Bytes of text.
    pub text_length: u32,
    /// The first of them.
    pub text: Box<[u8]>,
    /// What its protocol adds.
    pub detail: Detail,
}

/// What UDP or TCP adds to an entry.
#[derive(Clone, Copy, Debug)]
pub enum Detail {
    /// A datagram, with its Length field.
    Udp(u16),
    /// A segment.
    Tcp(SegmentDetail),
}

/// What only a segment has.
#[derive(Clone, Copy, Debug)]
pub struct SegmentDetail {
    /// The flags.
    pub flags: Flags,
    /// The sequence number in the header.
    pub sequence: u32,
    /// The same, counted from the start of the direction.
    pub relative_sequence: u32,
    /// The acknowledgment number in the header.
    pub acknowledgment: u32,
    /// The same, counted from the start of the other direction; none without the flag ACK.
    pub relative_acknowledgment: Option<u32>,
    /// The window, not scaled.
    pub window: u16,
    /// The maximum segment size in the options.
    pub mss: Option<u16>,
    /// Whether it was sent before.
    pub repeat: Repeat,
}

/// Whether a segment brings something new.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Repeat {
    /// It does, or only acknowledges.
    No,
    /// All of it was captured before.
    Retransmission,
    /// It asks whether the other end is still there.
    KeepAlive,
    /// It asks whether the other end, which had no room left, takes more.
    WindowProbe,
    /// A segment before it is missing, or comes later.
    Ahead,
    /// It comes after segments that follow it: sent again, or overtaken.
    Late,
}

impl Entry {
    /// The segment's detail, for TCP.
    pub fn segment(&self) -> Option<&SegmentDetail> {
        match &self.detail {
            Detail::Tcp(detail) => Some(detail),
            Detail::Udp(_) => None,
        }
    }
}

/// What one end has sent.
#[derive(Debug, Default)]
pub struct Sent {
    /// Its packets.
    pub packets: u64,
    /// Its text in bytes, repeated text included.
    pub text_bytes: u64,
    /// Packets by the length of their header: 8 for UDP.
    pub header_lengths: BTreeMap<u16, u64>,
    /// Packets whose checksum is wrong, and the first of them.
    pub wrong_checksums: Count,
    /// Packets with a partial checksum.
    pub partial_checksums: Count,
    /// Segments that were captured before.
    pub retransmissions: Count,
    /// Segments that are larger than the other end's MSS allows.
    pub oversized: Count,
    /// The most segments of one byte in a row.
    pub single_bytes: Count,
    single_bytes_run: Count,
    /// The maximum segment size that it announced.
    pub mss: Option<u16>,
    /// The window of its last segment: 0 where it has no room.
    window: Option<u16>,
    /// The position up to which the other end has acknowledged.
    acknowledged: u64,
    /// Its text, for TCP.
    pub stream: Stream,
    /// Its initial sequence number: that of its SYN, or one that fits what was captured.
    pub initial_sequence: Option<u32>,
    /// It was seen to send a SYN.
    pub syn: bool,
    /// Its FIN, and the position after it.
    pub fin: Option<(Mark, u64)>,
    /// The first frame of the other end that acknowledges that.
    pub fin_acknowledged: Option<Mark>,
    /// Text in bytes that it sent after the other end's FIN.
    pub after_fin_bytes: u64,
}

/// How often, and the first frames.
#[derive(Clone, Debug, Default)]
pub struct Count {
    /// How often.
    pub count: u64,
    /// The first few frames.
    pub frames: Vec<u64>,
}

impl Count {
    const FRAMES_MAX: usize = 8;

    /// Counts one more.
    pub fn add(&mut self, frame: u64) {
        self.count += 1;
        if self.frames.len() < Count::FRAMES_MAX {
            self.frames.push(frame);
        }
    }
}

/// The three segments that open a connection.
#[derive(Clone, Copy, Debug, Default)]
pub struct Handshake {
    /// The client's SYN, the first if it was repeated.
    pub syn: Option<Mark>,
    /// The last SYN before the server's answer.
    pub last_syn: Option<Mark>,
    /// The server's SYN, ACK.
    pub syn_ack: Option<Mark>,
    /// The client's ACK.
    pub ack: Option<Mark>,
    /// The reset that refuses the SYN.
    pub refusal: Option<Mark>,
}

impl Handshake {
    /// From the SYN to its acknowledgment by the server, as Wireshark's `tcp.analysis.ack_rtt` counts it.
    pub fn rtt_ns(&self) -> Option<u64> {
        self.syn_ack?.since(self.last_syn?)
    }

    /// From the SYN to the client's ACK, or to the reset that refuses it: Wireshark's `tcp.analysis.initial_rtt`.
    pub fn initial_rtt_ns(&self) -> Option<u64> {
        let end = self.refusal.or(self.ack)?;
        end.since(self.last_syn?)
    }
}

/// What one end says until the other one answers.
#[derive(Clone, Debug)]
pub struct Turn {
    /// Who speaks.
    pub from: Side,
    /// Its first segment.
    pub first: Mark,
    /// Its last.
    pub last: Mark,
    /// The second segment, where there is one.
    pub second: Option<Mark>,
    /// Its segments.
    pub segments: u64,
    /// Bytes of text.
    pub length: u64,
    /// Where its text is kept in the stream.
    pub text: Range<usize>,
}

/// A request and its reply.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The request's first frame.
    pub request: Mark,
    /// Its text.
    pub request_text: Box<[u8]>,
    /// Its length.
    pub request_length: u64,
    /// The reply's first frame.
    pub reply: Option<Mark>,
    /// Its text.
    pub reply_text: Box<[u8]>,
    /// Its length.
    pub reply_length: u64,
}

impl Exchange {
    /// The time from the request's first frame to the reply's first frame.
    pub fn rtt_ns(&self) -> Option<u64> {
        self.reply?.since(self.request)
    }
}

/// An ICMP error about a packet of this conversation.
#[derive(Clone, Copy, Debug)]
pub struct Refusal {
    /// Its frame.
    pub at: Mark,
    /// Who sent it.
    pub from: IpAddr,
    /// It is the port that nobody listens at.
    pub port: bool,
}

/// What two socket addresses say to each other.
#[derive(Debug)]
pub struct Conversation {
    /// Its number in the capture, from 1.
    pub number: usize,
    /// Its number in Wireshark: `udp.stream` or `tcp.stream`.
    pub stream: usize,
    /// UDP or TCP.
    pub protocol: Protocol,
    /// The socket addresses.
    pub addresses: Both<SocketAddr>,
    /// How one knows which of them is the client.
    pub client_is_guessed: bool,
    /// First frame.
    pub first: Mark,
    /// Last frame.
    pub last: Mark,
    /// Its packets in order.
    pub entries: Vec<Entry>,
    /// Packets that were not kept.
    pub left_out: u64,
    /// What each end sent.
    pub sent: Both<Sent>,
    /// How it was opened.
    pub handshake: Handshake,
    /// Segments that break it off.
    pub resets: Vec<(Side, Mark)>,
    /// Who says what, in order; for TCP.
    pub turns: Vec<Turn>,
    /// Requests with their replies.
    pub exchanges: Vec<Exchange>,
    /// Datagrams whose reply has not come, by their place in `exchanges`.
    unanswered: Vec<usize>,
    /// ICMP errors.
    pub refusals: Vec<Refusal>,
}

impl Conversation {
    /// Begins a conversation with its first packet.
    pub fn begin(
        number: usize,
        stream: usize,
        packet: &Packet<'_>,
        tcp: Option<&Tcp<'_>>,
        segment: &Segment<'_>,
    ) -> Conversation {
        let (source, destination) = (segment.source, segment.destination);
        let syn = tcp.is_some_and(|tcp| tcp.flags.has(Flags::SYN));
        let syn_ack = syn && tcp.is_some_and(|tcp| tcp.flags.has(Flags::ACK));
        // Without a SYN: a server's port is below those that systems give to clients (from 32768).
        let well_known = |port: u16| port < 32_768;
        let from_server = well_known(source.port()) && !well_known(destination.port());
        let swap = if syn { syn_ack } else { from_server };
        let (client, server) = if swap { (destination, source) } else { (source, destination) };
        let at = Mark { frame: packet.frame, time_ns: packet.time_ns };
        Conversation {
            number,
            stream,
            protocol: if tcp.is_some() { Protocol::Tcp } else { Protocol::Udp },
            addresses: Both { client, server },
            client_is_guessed: tcp.is_some() && !syn,
            first: at,
            last: at,
            entries: Vec::new(),
            left_out: 0,
            sent: Both::default(),
            handshake: Handshake::default(),
            resets: Vec::new(),
            turns: Vec::new(),
            exchanges: Vec::new(),
            unanswered: Vec::new(),
            refusals: Vec::new(),
        }
    }

    /// The client's socket address.
    pub fn client(&self) -> SocketAddr {
        self.addresses.client
    }

    /// The server's socket address.
    pub fn server(&self) -> SocketAddr {
        self.addresses.server
    }

    fn side(&self, source: SocketAddr) -> Side {
        if source == self.addresses.client { Side::Client } else { Side::Server }
    }

    /// All packets, kept or not.
    pub fn packets(&self) -> u64 {
        self.sent.client.packets + self.sent.server.packets
    }

    /// The text that is kept of both streams, and what waits for text before it.
    pub fn text_bytes(&self) -> usize {
        self.sent.client.stream.kept_bytes() + self.sent.server.stream.kept_bytes()
    }

    /// A SYN with this sequence number begins another connection between the same addresses. One with the same number is
    /// sent again: when nobody answers, and by Windows also when it was refused.
    pub fn is_reused_by(&self, tcp: &Tcp<'_>) -> bool {
        let sent = &self.sent[self.side(tcp.segment.source)];
        sent.initial_sequence.is_some_and(|initial| initial != tcp.sequence)
    }

    /// Takes a datagram. With `keep` its details are kept.
    pub fn udp(&mut self, packet: &Packet<'_>, udp: &Udp<'_>, keep: bool) {
        let (at, from) = self.count(packet, &udp.segment);
        if keep {
            self.keep(at, from, &udp.segment, Detail::Udp(udp.length));
        }
        let text = udp.segment.text;
        match from {
            Side::Client => {
                if self.exchanges.len() < EVENTS_MAX && self.unanswered.len() < UNANSWERED_MAX && keep {
                    self.unanswered.push(self.exchanges.len());
                    self.exchanges.push(Exchange {
                        request: at,
                        request_text: preview(text),
                        request_length: u64::from(udp.segment.text_length),
                        reply: None,
                        reply_text: Box::default(),
                        reply_length: 0,
                    });
                }
            }
            Side::Server => {
                // An echo names its request; any other reply goes to the oldest one.
                let exchanges = &self.exchanges;
                let start = &text[..text.len().min(TEXT_BYTES_MAX)];
                let echoes = |index: &usize| {
                    exchanges[*index].request_text.eq_ignore_ascii_case(start)
                        && exchanges[*index].request_length == u64::from(udp.segment.text_length)
                };
                let place = self.unanswered.iter().position(echoes).unwrap_or(0);
                if place < self.unanswered.len() {
                    let exchange = &mut self.exchanges[self.unanswered.remove(place)];
                    exchange.reply = Some(at);
                    exchange.reply_text = preview(text);
                    exchange.reply_length = u64::from(udp.segment.text_length);
                }
            }
        }
    }

    /// Takes an ICMP error about one of its packets.
    pub fn refuse(&mut self, packet: &Packet<'_>, unreachable: &Unreachable) {
        if self.refusals.len() < EVENTS_MAX {
            let at = Mark { frame: packet.frame, time_ns: packet.time_ns };
            self.refusals.push(Refusal { at, from: unreachable.from, port: unreachable.port });
        }
    }

    /// Takes a segment. With `keep` its details and its text are kept.
    pub fn tcp(&mut self, packet: &Packet<'_>, tcp: &Tcp<'_>, keep: bool) {
        let (at, from) = self.count(packet, &tcp.segment);
        let flags = tcp.flags;
        let syn = flags.has(Flags::SYN);
        let known_syn = self.sent[from].syn;
        self.number_sequences(from, tcp);
        let base = self.sent[from].initial_sequence.unwrap_or(0);
        let peer_base = self.sent[from.other()].initial_sequence.unwrap_or(0);
        let start = position(tcp.sequence, base, self.sent[from].stream.next);
        let peer_next = self.sent[from.other()].stream.next;
        let acknowledged = flags.has(Flags::ACK).then(|| position(tcp.acknowledgment, peer_base, peer_next));

        self.handshake(at, from, tcp, acknowledged);
        let repeat = self.text(at, from, tcp, start, known_syn, keep);
        if let Some(acknowledged) = acknowledged {
            self.acknowledge(at, from, acknowledged);
        }
        self.close(at, from, tcp, start);
        match repeat {
            Repeat::Retransmission => self.sent[from].retransmissions.add(at.frame),
            Repeat::No | Repeat::KeepAlive | Repeat::WindowProbe | Repeat::Ahead | Repeat::Late => {}
        }
        let sent = &mut self.sent[from];
        sent.window = Some(tcp.window);
        if syn {
            sent.mss = tcp.mss.or(sent.mss);
        }
        let limit = self.sent[from.other()].mss.map_or(u32::MAX, u32::from);
        if tcp.segment.text_length > limit {
            self.sent[from].oversized.add(at.frame);
        }
        if keep {
            let detail = SegmentDetail {
                flags,
                sequence: tcp.sequence,
                relative_sequence: tcp.sequence.wrapping_sub(base),
                acknowledgment: tcp.acknowledgment,
                relative_acknowledgment: acknowledged.map(|_| tcp.acknowledgment.wrapping_sub(peer_base)),
                window: tcp.window,
                mss: tcp.mss,
                repeat,
            };
            self.keep(at, from, &tcp.segment, Detail::Tcp(detail));
        }
    }

    fn count(&mut self, packet: &Packet<'_>, segment: &Segment<'_>) -> (Mark, Side) {
        let at = Mark { frame: packet.frame, time_ns: packet.time_ns };
        let from = self.side(segment.source);
        self.last = at;
        let sent = &mut self.sent[from];
        sent.packets += 1;
        sent.text_bytes += u64::from(segment.text_length);
        *sent.header_lengths.entry(segment.header_length).or_default() += 1;
        match segment.checksum_status {
            Status::Wrong => sent.wrong_checksums.add(at.frame),
            Status::Partial => sent.partial_checksums.add(at.frame),
            Status::Right | Status::Absent | Status::Unknown => {}
        }
        (at, from)
    }

    fn keep(&mut self, at: Mark, from: Side, segment: &Segment<'_>, detail: Detail) {
        if self.entries.len() == ENTRIES_MAX {
            self.left_out += 1;
            return;
        }
        self.entries.push(Entry {
            at,
            from,
            ip_header_length: segment.ip_header_length,
            header_length: segment.header_length,
            checksum: segment.checksum,
            checksum_status: segment.checksum_status,
            text_length: segment.text_length,
            text: preview(segment.text),
            detail,
        });
    }

    /// Learns the initial sequence numbers. Where the SYN is not there, the numbers begin so that the first segment's
    /// first byte is number 1, as Wireshark does it.
    fn number_sequences(&mut self, from: Side, tcp: &Tcp<'_>) {
        let syn = tcp.flags.has(Flags::SYN);
        let sent = &mut self.sent[from];
        sent.syn |= syn;
        if sent.initial_sequence.is_none() {
            sent.initial_sequence = Some(if syn { tcp.sequence } else { tcp.sequence.wrapping_sub(1) });
            sent.stream.next = u64::from(!syn);
        }
        let peer = &mut self.sent[from.other()];
        if peer.initial_sequence.is_none() && tcp.flags.has(Flags::ACK) {
            peer.initial_sequence = Some(tcp.acknowledgment.wrapping_sub(1));
            peer.stream.next = 1;
        }
    }

    fn handshake(&mut self, at: Mark, from: Side, tcp: &Tcp<'_>, acknowledged: Option<i64>) {
        let handshake = &mut self.handshake;
        match (from, tcp.flags.has(Flags::SYN), acknowledged) {
            (Side::Client, true, None) => {
                handshake.syn.get_or_insert(at);
                if handshake.syn_ack.or(handshake.refusal).is_none() {
                    handshake.last_syn = Some(at);
                }
            }
            (Side::Server, true, Some(_)) if handshake.syn.is_some() => {
                handshake.syn_ack.get_or_insert(at);
            }
            (Side::Client, false, Some(1..)) if handshake.syn.is_some() && !tcp.flags.has(Flags::RST) => {
                handshake.ack.get_or_insert(at);
            }
            // Only the server's first word refuses: later ones break off what the capture did not see opened.
            (Side::Server, false, Some(_)) if tcp.flags.has(Flags::RST) && self.sent.server.packets == 1 => {
                handshake.refusal = handshake.refusal.or(handshake.syn.and(Some(at)));
            }
            _ => {}
        }
    }

    /// Gives the text to the stream, and the stream's news to the turns.
    fn text(
        &mut self,
        at: Mark,
        from: Side,
        tcp: &Tcp<'_>,
        start: i64,
        known_syn: bool,
        keep: bool,
    ) -> Repeat {
        let (syn, fin) = (tcp.flags.has(Flags::SYN), tcp.flags.has(Flags::FIN));
        let length = tcp.segment.text_length;
        let is_full = self.sent[from.other()].window == Some(0);
        let sent = &mut self.sent[from];
        let next = sent.stream.next;
        if length == 1 {
            sent.single_bytes_run.add(at.frame);
            if sent.single_bytes_run.count > sent.single_bytes.count {
                sent.single_bytes = sent.single_bytes_run.clone();
            }
        } else if length > 1 {
            sent.single_bytes_run = Count::default();
        }
        if syn {
            sent.stream.next = next.max(1);
        }
        let Ok(text_start) = u64::try_from(start + i64::from(syn)) else {
            return if length > 0 || fin { Repeat::Retransmission } else { Repeat::No };
        };
        if tcp.flags.has(Flags::RST) {
            return Repeat::No; // what a reset carries is no text
        }
        let before = sent.stream.text.len();
        let novelty = sent.stream.take(text_start, tcp.segment.text, length, keep);
        let after = sent.stream.text.len();
        let end = text_start + u64::from(length);
        let known_fin = sent.fin.is_some_and(|(_, position)| position == end + 1);
        if fin && sent.stream.next == end {
            sent.stream.next += 1;
        }
        let acknowledged = sent.acknowledged;
        if length > 0 && matches!(novelty, Novelty::Next | Novelty::Late) {
            let new = sent.stream.next.saturating_sub(next) - u64::from(fin) - u64::from(syn && next == 0);
            self.speak(at, from, new, before..after, keep);
        }
        // A probe goes back by one, to be answered with what the other end expects; it carries nothing, or a byte that the
        // other end has.
        let goes_back = !syn && !fin && text_start + 1 == next && next > 1;
        let probe = if is_full { Repeat::WindowProbe } else { Repeat::KeepAlive };
        match novelty {
            Novelty::Again if goes_back && length == 1 && acknowledged >= next => probe,
            Novelty::Again => Repeat::Retransmission,
            Novelty::Ahead => Repeat::Ahead,
            Novelty::Late => Repeat::Late,
            Novelty::Next if length == 0 && (syn && known_syn || fin && known_fin) => Repeat::Retransmission,
            Novelty::Next if length == 0 && goes_back => probe,
            // Some of it was sent before, and more has joined it since.
            Novelty::Next if length > 0 && text_start < next => Repeat::Retransmission,
            Novelty::Next => Repeat::No,
        }
    }

    fn speak(&mut self, at: Mark, from: Side, length: u64, text: Range<usize>, keep: bool) {
        if let Some(turn) = self.turns.last_mut().filter(|turn| turn.from == from) {
            turn.second.get_or_insert(at);
            turn.last = at;
            turn.segments += 1;
            turn.length += length;
            turn.text.end = text.end;
        } else if keep && self.turns.len() < EVENTS_MAX {
            self.turns.push(Turn { from, first: at, last: at, second: None, segments: 1, length, text });
        }
    }

    fn acknowledge(&mut self, at: Mark, from: Side, acknowledged: i64) {
        let peer = &mut self.sent[from.other()];
        if let Ok(acknowledged) = u64::try_from(acknowledged) {
            peer.stream.acknowledge(acknowledged);
            peer.acknowledged = peer.acknowledged.max(acknowledged);
            if peer.fin.is_some_and(|(_, end)| acknowledged >= end) {
                peer.fin_acknowledged.get_or_insert(at);
            }
        }
    }

    fn close(&mut self, at: Mark, from: Side, tcp: &Tcp<'_>, start: i64) {
        if tcp.flags.has(Flags::RST) && self.resets.len() < RESETS_MAX {
            self.resets.push((from, at));
        }
        let length = tcp.segment.text_length;
        if self.sent[from.other()].fin.is_some() {
            self.sent[from].after_fin_bytes += u64::from(length);
        }
        if tcp.flags.has(Flags::FIN) {
            let end = start + i64::from(tcp.flags.has(Flags::SYN)) + i64::from(length) + 1;
            self.sent[from].fin.get_or_insert((at, u64::try_from(end).unwrap_or(0)));
        }
    }

    /// Says that no frame follows.
    pub fn finish(&mut self) {
        for side in Side::BOTH {
            self.sent[side].stream.finish();
        }
        let turns = std::mem::take(&mut self.turns);
        for (index, turn) in turns.iter().enumerate().filter(|(_, turn)| turn.from == Side::Client) {
            let reply = turns.get(index + 1);
            let text = |turn: &Turn| preview(self.sent[turn.from].stream.slice(&turn.text));
            self.exchanges.push(Exchange {
                request: turn.first,
                request_text: text(turn),
                request_length: turn.length,
                reply: reply.map(|reply| reply.first),
                reply_text: reply.map(text).unwrap_or_default(),
                reply_length: reply.map_or(0, |reply| reply.length),
            });
        }
        self.turns = turns;
    }

    /// The text of one turn.
    pub fn turn_text(&self, turn: &Turn) -> &[u8] {
        self.sent[turn.from].stream.slice(&turn.text)
    }

    /// The connection was refused: a reset answers the SYN.
    pub fn is_refused(&self) -> bool {
        self.handshake.refusal.is_some()
    }

    /// A SYN that nobody answers.
    pub fn is_unanswered(&self) -> bool {
        self.protocol == Protocol::Tcp && self.sent[Side::Server].packets == 0 && self.handshake.syn.is_some()
    }

    /// How the connection ended.
    pub fn close_of(&self) -> Close {
        let fins = Side::BOTH.map(|side| self.sent[side].fin.map(|(at, _)| (side, at)));
        let mut fins: Vec<(Side, Mark)> = fins.into_iter().flatten().collect();
        fins.sort_by_key(|(_, at)| at.frame);
        if let Some((side, at)) = self.resets.first() {
            // A reset after both ends have said that they have no more to say changes nothing.
            let late = Side::BOTH
                .iter()
                .all(|side| self.sent[*side].fin_acknowledged.is_some_and(|ack| ack.frame < at.frame));
            if !late {
                return Close::Reset { by: *side, at: *at };
            }
        }
        let Some((began, _)) = fins.first() else { return Close::Open };
        let acks = Side::BOTH.map(|side| self.sent[side].fin_acknowledged);
        let complete = fins.len() == 2 && acks.iter().all(Option::is_some);
        let mut frames: Vec<u64> = fins.iter().map(|(_, at)| at.frame).collect();
        frames.extend(acks.iter().flatten().map(|at| at.frame));
        frames.sort_unstable();
        frames.dedup();
        if complete {
            Close::Complete { began: *began, frames }
        } else {
            Close::Incomplete { began: *began, frames }
        }
    }
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Close {
    /// Both ends closed, in three or four segments.
    Complete {
        /// Who sent the first FIN.
        began: Side,
        /// The segments.
        frames: Vec<u64>,
    },
    /// A FIN, or the ACK of one, is not in the capture.
    Incomplete {
        /// Who sent the first FIN.
        began: Side,
        /// The segments.
        frames: Vec<u64>,
    },
    /// One end broke it off.
    Reset {
        /// Which one.
        by: Side,
        /// In which frame.
        at: Mark,
    },
    /// It was open when the capture ended.
    Open,
}

fn preview(text: &[u8]) -> Box<[u8]> {
    text[..text.len().min(TEXT_BYTES_MAX)].into()
}

/// The place of `number` in a direction that begins at `base`: of all that have the same last 32 bits, the one nearest to
/// `next`.
fn position(number: u32, base: u32, next: u64) -> i64 {
    #[allow(clippy::cast_possible_truncation)] // the last 32 bits are meant
    let expected = base.wrapping_add(next as u32);
    let difference = number.wrapping_sub(expected) as i32;
    i64::try_from(next).unwrap_or(i64::MAX).saturating_add(i64::from(difference))
}

#[cfg(test)]
mod tests {
    use super::position;

    #[test]
    fn finds_positions_across_the_wrap_of_the_numbers() {
        assert_eq!(position(1001, 1000, 1), 1);
        assert_eq!(position(4, u32::MAX - 5, 1), 10);
        assert_eq!(position(u32::MAX, 0, 1 << 32), (1 << 32) - 1);
        assert_eq!(position(999, 1000, 1), -1);
    }
}
