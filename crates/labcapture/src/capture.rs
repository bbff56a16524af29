//! A capture: its conversations, and the frames that belong to none.

use crate::capture_file::{self, Frame};
use crate::conversation::{Conversation, Protocol};
use crate::link::LinkType;
use crate::neighbours::Neighbours;
use crate::occurrences::Occurrences;
use crate::packet::{Content, Decoder, Packet, Tcp, Udp, Unreachable};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::SocketAddr;
use std::path::Path;

/// The maximum number of conversations. The packets of further ones are only counted.
const CONVERSATIONS_MAX: usize = 1 << 16;

/// The maximum number of packets of all conversations whose details are kept.
const DETAILS_MAX: usize = 1 << 18;

/// The maximum number of bytes of payload of all conversations that are kept.
const PAYLOAD_BYTES_MAX: usize = 1 << 25;

/// What a capture holds.
#[derive(Default)]
pub struct Capture {
    /// The number of frames.
    pub frames: u64,
    /// The times of the first and the last frame, in nanoseconds since 1970.
    pub times_ns: Option<(u64, u64)>,
    /// The kinds of interface.
    pub links: BTreeSet<LinkType>,
    /// The conversations in the order of their first frames.
    pub conversations: Vec<Conversation>,
    /// The hosts that were asked for their hardware address.
    pub neighbours: Neighbours,
    /// The frames that belong to no conversation, by their kind.
    pub others: BTreeMap<&'static str, Occurrences>,
    /// The frames of which the capture holds only the start.
    pub truncated: Occurrences,
    /// The frames whose hardware addresses are zero, as on loopback.
    pub zero_addresses: Occurrences,
}

/// Collects frames into a [`Capture`].
#[derive(Default)]
pub struct Collector {
    decoder: Decoder,
    table: Table,
}

#[derive(Default)]
struct Table {
    capture: Capture,
    /// The index of the latest conversation between two socket addresses.
    indices: HashMap<Key, usize>,
    udp_streams: usize,
    tcp_streams: usize,
    details: usize,
    payload_bytes: usize,
}

/// The protocol and the two socket addresses, the smaller address first.
type Key = (Protocol, SocketAddr, SocketAddr);

/// Reads the capture at `path`. If the file is damaged or incomplete, the capture holds what is readable.
pub fn read_file(path: &Path) -> (Capture, anyhow::Result<()>) {
    let mut collector = Collector::default();
    let result = capture_file::read_file(path, |frame| collector.take(&frame));
    (collector.finish(), result)
}

/// Reads a capture from memory, as [`read_file`] does.
pub fn read_bytes(bytes: &[u8]) -> (Capture, anyhow::Result<()>) {
    let mut collector = Collector::default();
    let result = capture_file::read(bytes, |frame| collector.take(&frame));
    (collector.finish(), result)
}

impl Collector {
    /// Adds the next frame.
    pub fn take(&mut self, frame: &Frame<'_>) {
        let packet = self.decoder.decode(frame);
        self.table.take(&packet);
    }

    /// Completes the capture after the last frame.
    pub fn finish(mut self) -> Capture {
        for conversation in &mut self.table.capture.conversations {
            conversation.finish();
        }
        self.table.capture
    }
}

impl Table {
    fn take(&mut self, packet: &Packet<'_>) {
        let capture = &mut self.capture;
        capture.frames += 1;
        capture.links.insert(packet.link);
        let (first, last) = capture.times_ns.unwrap_or((packet.time_ns, packet.time_ns));
        capture.times_ns = Some((first.min(packet.time_ns), last.max(packet.time_ns)));
        if packet.truncated {
            capture.truncated.add(packet.frame);
        }
        if packet.zero_addresses {
            capture.zero_addresses.add(packet.frame);
        }
        if let Content::Udp(Udp { transport, .. }) | Content::Tcp(Tcp { transport, .. }) = packet.content {
            capture.neighbours.hear_from(transport.source.ip());
        }
        let keep = self.details < DETAILS_MAX && self.payload_bytes < PAYLOAD_BYTES_MAX;
        let other = match packet.content {
            Content::Udp(udp) if self.take_datagram(packet, &udp, keep) => return,
            Content::Tcp(tcp) if self.take_segment(packet, &tcp, keep) => return,
            Content::Udp(_) | Content::Tcp(_) => "further conversations",
            Content::Unreachable(unreachable) => {
                if keep {
                    self.take_icmp_error(packet, &unreachable);
                }
                "ICMP unreachable"
            }
            Content::NeighbourDiscovery(resolution) => {
                self.capture.neighbours.take(packet.frame, packet.time_ns, &resolution);
                "other ICMP"
            }
            Content::Icmp => "other ICMP",
            Content::Fragment => "fragment of a datagram",
            Content::Arp(resolution) => {
                if let Some(resolution) = resolution {
                    self.capture.neighbours.take(packet.frame, packet.time_ns, &resolution);
                }
                "ARP"
            }
            Content::Other => "other",
        };
        self.capture.others.entry(other).or_default().add(packet.frame);
    }

    /// Adds a datagram to its conversation; returns false if there are too many conversations.
    fn take_datagram(&mut self, packet: &Packet<'_>, udp: &Udp<'_>, keep: bool) -> bool {
        let key = key(Protocol::Udp, udp.transport.source, udp.transport.destination);
        let index = self.indices.get(&key).copied().or_else(|| {
            let stream = self.udp_streams;
            let number = self.capture.conversations.len() + 1;
            let index = self.begin(key, Conversation::of_datagrams(number, stream, packet, udp))?;
            self.udp_streams += 1;
            Some(index)
        });
        let Some(index) = index else { return false };
        let conversation = &mut self.capture.conversations[index];
        let kept_before = conversation.common.packets.len();
        conversation.take_datagram(packet, udp, keep);
        self.details += conversation.common.packets.len() - kept_before;
        true
    }

    /// Adds a segment to its conversation; returns false if there are too many conversations.
    fn take_segment(&mut self, packet: &Packet<'_>, tcp: &Tcp<'_>, keep: bool) -> bool {
        let key = key(Protocol::Tcp, tcp.transport.source, tcp.transport.destination);
        let conversations = &self.capture.conversations;
        let is_reopened = |index: &usize| {
            let Conversation { common, .. } = &conversations[*index];
            let from = common.side_of(tcp.transport.source);
            conversations[*index].tcp().is_some_and(|flow| flow.is_reopened_by(from, tcp))
        };
        let index = self.indices.get(&key).copied().filter(|index| !is_reopened(index)).or_else(|| {
            let stream = self.tcp_streams;
            let number = self.capture.conversations.len() + 1;
            let index = self.begin(key, Conversation::of_segments(number, stream, packet, tcp))?;
            self.tcp_streams += 1;
            Some(index)
        });
        let Some(index) = index else { return false };
        let conversation = &mut self.capture.conversations[index];
        let kept_before = conversation.common.packets.len();
        let bytes_before = conversation.kept_bytes();
        conversation.take_segment(packet, tcp, keep);
        self.details += conversation.common.packets.len() - kept_before;
        // The number of kept bytes may also decrease: duplicates that waited for a missing segment are dropped.
        self.payload_bytes = self.payload_bytes + conversation.kept_bytes() - bytes_before;
        true
    }

    fn take_icmp_error(&mut self, packet: &Packet<'_>, unreachable: &Unreachable) {
        let protocol = if unreachable.tcp { Protocol::Tcp } else { Protocol::Udp };
        let key = key(protocol, unreachable.source, unreachable.destination);
        if let Some(index) = self.indices.get(&key) {
            self.capture.conversations[*index].common.keep_icmp_error(packet, unreachable);
            self.details += 1;
        }
    }

    /// Adds a conversation and returns its index, or `None` if there are too many.
    fn begin(&mut self, key: Key, conversation: Conversation) -> Option<usize> {
        let index = self.capture.conversations.len();
        if index == CONVERSATIONS_MAX {
            return None;
        }
        self.capture.conversations.push(conversation);
        self.indices.insert(key, index);
        Some(index)
    }
}

fn key(protocol: Protocol, one: SocketAddr, other: SocketAddr) -> Key {
    (protocol, one.min(other), one.max(other))
}
