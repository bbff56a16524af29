//! All that a capture holds: its conversations, and the frames that belong to none.

use crate::capture::{self, Frame};
use crate::conversation::{Conversation, Count, Protocol};
use crate::link::Kind;
use crate::packet::{Content, Decoder, Flags, Packet, Segment, Tcp};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::SocketAddr;
use std::path::Path;

/// Conversations that are told apart; frames of further ones are counted.
const CONVERSATIONS_MAX: usize = 1 << 16;

/// Packets whose details are kept, of all conversations together.
const DETAILS_MAX: usize = 1 << 18;

/// Text that is kept of all conversations together.
const TEXT_BYTES_MAX: usize = 1 << 25;

/// What a capture holds.
#[derive(Default)]
pub struct Report {
    /// Its frames.
    pub frames: u64,
    /// Times of the first and the last frame.
    pub times_ns: Option<(u64, u64)>,
    /// Its kinds of interface.
    pub links: BTreeSet<Kind>,
    /// The conversations, in the order of their first frames.
    pub conversations: Vec<Conversation>,
    /// Frames that belong to none, by what they are.
    pub others: BTreeMap<&'static str, Count>,
    /// Frames that are not in the file as a whole.
    pub cut: Count,
    /// Frames without hardware addresses, as on loopback.
    pub zero_addresses: Count,
}

/// Reads frames into a [`Report`].
#[derive(Default)]
pub struct Reader {
    decoder: Decoder,
    table: Table,
}

#[derive(Default)]
struct Table {
    report: Report,
    /// The latest conversation between two addresses.
    places: HashMap<Key, usize>,
    streams: [usize; 2],
    details: usize,
    text_bytes: usize,
}

type Key = (Protocol, SocketAddr, SocketAddr);

/// Reads the capture at `path`. Where the file is cut off or broken, the report holds what was readable.
pub fn read_file(path: &Path) -> (Report, anyhow::Result<()>) {
    let mut reader = Reader::default();
    let result = capture::read_file(path, |frame| reader.take(&frame));
    (reader.finish(), result)
}

/// Reads a capture from memory, as [`read_file`] does.
pub fn read_bytes(bytes: &[u8]) -> (Report, anyhow::Result<()>) {
    let mut reader = Reader::default();
    let result = capture::read(bytes, |frame| reader.take(&frame));
    (reader.finish(), result)
}

impl Reader {
    /// Takes the next frame.
    pub fn take(&mut self, frame: &Frame<'_>) {
        let packet = self.decoder.decode(frame);
        self.table.take(&packet);
    }

    /// Says that no frame follows.
    pub fn finish(mut self) -> Report {
        for conversation in &mut self.table.report.conversations {
            conversation.finish();
        }
        self.table.report
    }
}

impl Table {
    fn take(&mut self, packet: &Packet<'_>) {
        let report = &mut self.report;
        report.frames += 1;
        report.links.insert(packet.link);
        let (first, last) = report.times_ns.unwrap_or((packet.time_ns, packet.time_ns));
        report.times_ns = Some((first.min(packet.time_ns), last.max(packet.time_ns)));
        if packet.cut {
            report.cut.add(packet.frame);
        }
        if packet.zero_addresses {
            report.zero_addresses.add(packet.frame);
        }
        let keep = self.details < DETAILS_MAX && self.text_bytes < TEXT_BYTES_MAX;
        match packet.content {
            Content::Udp(udp) => {
                if let Some(place) = self.place(packet, None, &udp.segment) {
                    let conversation = &mut self.report.conversations[place];
                    let before = conversation.entries.len();
                    conversation.udp(packet, &udp, keep);
                    self.details += conversation.entries.len() - before;
                    return;
                }
            }
            Content::Tcp(tcp) => {
                if let Some(place) = self.place(packet, Some(&tcp), &tcp.segment) {
                    let conversation = &mut self.report.conversations[place];
                    let (before, text_before) = (conversation.entries.len(), conversation.text_bytes());
                    conversation.tcp(packet, &tcp, keep);
                    self.details += conversation.entries.len() - before;
                    self.text_bytes = self.text_bytes + conversation.text_bytes() - text_before;
                    return;
                }
            }
            Content::Unreachable(unreachable) => {
                let protocol = if unreachable.tcp { Protocol::Tcp } else { Protocol::Udp };
                let key = key(protocol, unreachable.source, unreachable.destination);
                if let Some(place) = self.places.get(&key).filter(|_| keep) {
                    self.report.conversations[*place].refuse(packet, &unreachable);
                    self.details += 1;
                }
            }
            _ => {}
        }
        let name = match packet.content {
            Content::Udp(_) | Content::Tcp(_) => "further conversations",
            Content::Unreachable(_) => "ICMP unreachable",
            Content::Icmp => "other ICMP",
            Content::Fragment => "fragment of a datagram",
            Content::Arp => "ARP",
            Content::Other => "other",
        };
        self.report.others.entry(name).or_default().add(packet.frame);
    }

    /// The conversation of a packet, begun if there is none; or none if there are too many.
    fn place(&mut self, packet: &Packet<'_>, tcp: Option<&Tcp<'_>>, segment: &Segment<'_>) -> Option<usize> {
        let protocol = if tcp.is_some() { Protocol::Tcp } else { Protocol::Udp };
        let key = key(protocol, segment.source, segment.destination);
        let known = self.places.get(&key).copied();
        let conversations = &mut self.report.conversations;
        let begins = tcp.filter(|tcp| tcp.flags.has(Flags::SYN) && !tcp.flags.has(Flags::ACK));
        let reused = |place: usize| begins.is_some_and(|tcp| conversations[place].is_reused_by(tcp));
        if let Some(place) = known.filter(|place| !reused(*place)) {
            return Some(place);
        }
        if conversations.len() == CONVERSATIONS_MAX {
            return None;
        }
        let place = conversations.len();
        let stream = &mut self.streams[usize::from(tcp.is_some())];
        conversations.push(Conversation::begin(place + 1, *stream, packet, tcp, segment));
        *stream += 1;
        self.places.insert(key, place);
        Some(place)
    }
}

fn key(protocol: Protocol, one: SocketAddr, other: SocketAddr) -> Key {
    (protocol, one.min(other), one.max(other))
}
