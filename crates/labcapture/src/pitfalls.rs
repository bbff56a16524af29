//! Pitfalls: features of a capture that are easily misread. Each has a name, a sentence, and the frames that show it.

use crate::capture::Capture;
use crate::conversation::{Close, Conversation, Protocol, Side};
use crate::formatting::{count, list};
use crate::link::LinkType;
use crate::occurrences::Occurrences;
use serde::{Serialize, Serializer};
use std::ops::RangeInclusive;

/// The MSS of loopback: the largest IP packet without 40 bytes of headers.
const LOOPBACK_MSS: u16 = 65_495;

/// The UDP ports whose datagrams Wireshark shows as LLC, whatever they carry. For some other ports, such as UDP 8000 and
/// 5000, it has dissectors that decline text.
const MISREAD_PORTS: RangeInclusive<u16> = 12_000..=12_004;

/// The minimum number of segments of one byte in a row that are reported.
const SINGLE_BYTES_MIN: u64 = 5;

/// The maximum number of frames that one pitfall names.
const FRAMES_MAX: usize = 8;

/// A pitfall of a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pitfall {
    /// What was found.
    pub finding: Finding,
    /// The first frames that show it.
    pub frames: Vec<u64>,
}

/// A feature of a capture that is easily misread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// A checksum was captured before the network card completed it.
    PartialChecksum,
    /// Segments were captured before the network card split them, or after it joined them.
    LargerThanMss,
    /// The MSS is that of loopback.
    LoopbackMss,
    /// The hardware addresses are zero, as on loopback.
    LoopbackAddresses,
    /// One endpoint sends its payload byte by byte.
    OneByteSegments(Side),
    /// Wireshark shows the text of datagrams on a port as another protocol.
    MisreadPort {
        /// The UDP port.
        port: u16,
    },
    /// The capture comes from Linux's interface `any`.
    AnyInterface(LinkType),
    /// The capture holds only the start of this many frames.
    TruncatedFrames(u64),
    /// The file is incomplete.
    TruncatedFile,
    /// Connections were open when the capture began.
    BeganLate(Conversations),
    /// Without a SYN, relative sequence numbers start at the first captured segment.
    RelativeNumbers,
    /// Connections were open when the capture ended.
    EndedOpen(Conversations),
    /// Connections were closing when the capture ended.
    EndedClosing(Conversations),
}

/// Conversations that share a pitfall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversations {
    /// How many there are.
    pub count: u64,
    /// The numbers of the first ones.
    pub numbers: Vec<u64>,
}

impl Pitfall {
    /// Returns the name, which never changes, so that programs can rely on it.
    pub fn name(&self) -> &'static str {
        match self.finding {
            Finding::PartialChecksum => "partial-checksum",
            Finding::LargerThanMss => "larger-than-mss",
            Finding::LoopbackMss | Finding::LoopbackAddresses => "loopback",
            Finding::OneByteSegments(_) => "one-byte-segments",
            Finding::MisreadPort { .. } => "misread-port",
            Finding::AnyInterface(_) => "any-interface",
            Finding::TruncatedFrames(_) => "cut-frames",
            Finding::BeganLate(_) => "began-late",
            Finding::RelativeNumbers => "relative-numbers",
            Finding::TruncatedFile | Finding::EndedOpen(_) | Finding::EndedClosing(_) => "ended-early",
        }
    }

    /// Explains the pitfall.
    pub fn sentence(&self) -> String {
        match &self.finding {
            Finding::PartialChecksum => {
                "the checksum field holds only the sum of the pseudo-header: the network card computes the \
                 complete checksum after the packet is captured (checksum offload), so the wire carries \
                 another checksum."
                    .to_owned()
            }
            Finding::LargerThanMss => {
                "these segments exceed the MSS that the receiver announced: the network card splits or joins \
                 segments (segmentation offload), so the wire carries more and smaller ones."
                    .to_owned()
            }
            Finding::LoopbackMss => format!(
                "an MSS of {LOOPBACK_MSS} is that of loopback; between two hosts on Ethernet, it is 1460."
            ),
            Finding::LoopbackAddresses => {
                "these frames never left the computer: loopback has no hardware addresses, so Wireshark \
                 shows zeros."
                    .to_owned()
            }
            Finding::OneByteSegments(side) => format!(
                "the {side} sends one byte per segment, and each byte travels with at least 40 bytes of \
                 headers; send a line with one call instead."
            ),
            Finding::MisreadPort { port } => format!(
                "Wireshark shows UDP port {port} as LLC: to see the payload, right-click a packet, select \
                 Decode As, and choose `(none)` or `DATA`; port 25000 avoids this."
            ),
            Finding::AnyInterface(kind) => format!(
                "captured on the interface `any` ({kind}): there is no Ethernet header, only one hardware \
                 address, and a packet that crosses two interfaces of this computer appears twice."
            ),
            Finding::TruncatedFrames(number) => format!(
                "only the start of {} is in the file, because a snapshot length was set: the rest can't be \
                 shown, and the checksum can't be verified.",
                count(*number, "frame")
            ),
            Finding::TruncatedFile => "the file is incomplete: later frames are missing.".to_owned(),
            Finding::BeganLate(conversations) => {
                let (names, were, their) = conversations.named();
                format!("{names} {were} open when the capture started: {their} handshake is missing.")
            }
            Finding::RelativeNumbers => {
                "without a SYN, relative sequence numbers count from the first captured segment instead of \
                 the initial sequence number; only the raw numbers are meaningful."
                    .to_owned()
            }
            Finding::EndedOpen(conversations) => {
                let (names, were, their) = conversations.named();
                format!("{names} {were} still open when the capture ended: {their} close is missing.")
            }
            Finding::EndedClosing(conversations) => {
                let (names, were, their) = conversations.named();
                format!("{names} {were} closing when the capture ended: part of {their} close is missing.")
            }
        }
    }
}

impl Serialize for Pitfall {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Fields<'a> {
            name: &'static str,
            sentence: String,
            frames: &'a [u64],
        }
        Fields { name: self.name(), sentence: self.sentence(), frames: &self.frames }.serialize(serializer)
    }
}

impl Conversations {
    /// Returns the names of the conversations, and the verb and the pronoun that agree with their number.
    fn named(&self) -> (String, &'static str, &'static str) {
        let numbers = list(&self.numbers);
        match self.count - self.numbers.len() as u64 {
            0 if self.count == 1 => (format!("conversation {numbers}"), "was", "its"),
            0 => (format!("conversations {numbers}"), "were", "their"),
            more => (format!("conversations {numbers} and {more} more"), "were", "their"),
        }
    }
}

/// Finds the pitfalls of a capture. `file_is_truncated` tells whether the file is incomplete.
pub fn find(capture: &Capture, file_is_truncated: bool) -> Vec<Pitfall> {
    let mut found = Found(Vec::new());
    for conversation in &capture.conversations {
        examine_conversation(conversation, &mut found);
    }
    examine_connections(capture, &mut found);
    if !capture.zero_addresses.frames.is_empty() {
        found.add(Finding::LoopbackAddresses, &capture.zero_addresses.frames);
    }
    for kind in &capture.links {
        if matches!(kind, LinkType::Sll | LinkType::Sll2) {
            found.add(Finding::AnyInterface(*kind), &[]);
        }
    }
    if capture.truncated.count > 0 {
        found.add(Finding::TruncatedFrames(capture.truncated.count), &capture.truncated.frames);
    }
    if file_is_truncated {
        found.add(Finding::TruncatedFile, &[]);
    }
    found.0
}

struct Found(Vec<Pitfall>);

impl Found {
    /// Adds a pitfall. If there is one with the same finding, adds the frames to it instead.
    fn add(&mut self, finding: Finding, frames: &[u64]) {
        let known = self.0.iter().position(|known| known.finding == finding);
        let index = known.unwrap_or_else(|| {
            self.0.push(Pitfall { finding, frames: Vec::new() });
            self.0.len() - 1
        });
        let pitfall = &mut self.0[index];
        for frame in frames.iter().take(FRAMES_MAX) {
            if pitfall.frames.len() < FRAMES_MAX && !pitfall.frames.contains(frame) {
                pitfall.frames.push(*frame);
            }
        }
    }
}

fn examine_conversation(conversation: &Conversation, found: &mut Found) {
    let first = [conversation.common.first.frame];
    for side in Side::BOTH {
        let partial = &conversation.common.traffic[side].partial_checksums;
        if partial.count > 0 {
            found.add(Finding::PartialChecksum, &partial.frames);
        }
        let Some(direction) = conversation.tcp().map(|tcp| &tcp.directions[side]) else { continue };
        if direction.oversized.count > 0 {
            found.add(Finding::LargerThanMss, &direction.oversized.frames);
        }
        if direction.mss == Some(LOOPBACK_MSS) {
            found.add(Finding::LoopbackMss, &first);
        }
        if direction.single_bytes.count >= SINGLE_BYTES_MIN {
            found.add(Finding::OneByteSegments(side), &direction.single_bytes.frames);
        }
    }
    examine_ports(conversation, found);
}

fn examine_ports(conversation: &Conversation, found: &mut Found) {
    let is_misread = |port: &u16| conversation.protocol() == Protocol::Udp && MISREAD_PORTS.contains(port);
    let ports = [conversation.client().port(), conversation.server().port()];
    // An empty datagram has nothing that could be misread.
    let carries_text = conversation.common.packets.iter().find(|packet| packet.payload_length > 0);
    let Some(first) = carries_text else { return };
    for port in ports.into_iter().filter(is_misread) {
        found.add(Finding::MisreadPort { port }, &[first.at.frame]);
    }
}

/// Conversations of which the same part is missing, and the frames next to that part.
#[derive(Default)]
struct Incomplete {
    numbers: Occurrences,
    frames: Occurrences,
}

impl Incomplete {
    fn add(&mut self, conversation: &Conversation, frame: u64) {
        self.numbers.add(conversation.common.number as u64);
        self.frames.add(frame);
    }

    fn conversations(&self) -> Option<Conversations> {
        let Occurrences { count, frames: numbers } = self.numbers.clone();
        (count > 0).then_some(Conversations { count, numbers })
    }
}

/// Finds connections whose handshake or close is not in the capture. One pitfall covers all of them.
fn examine_connections(capture: &Capture, found: &mut Found) {
    let [mut late, mut open, mut closing] = <[Incomplete; 3]>::default();
    for conversation in &capture.conversations {
        let Some(tcp) = conversation.tcp() else { continue };
        if !tcp.directions[Side::Client].has_syn {
            late.add(conversation, conversation.common.first.frame);
        }
        let last = conversation.common.last.frame;
        match tcp.close() {
            // A SYN without an answer opens nothing that could be closed.
            Close::Open if conversation.is_unanswered() => {}
            Close::Open => open.add(conversation, last),
            Close::Incomplete { .. } => closing.add(conversation, last),
            Close::Complete { .. } | Close::FinThenReset { .. } | Close::Reset { .. } => {}
        }
    }
    if let Some(conversations) = late.conversations() {
        found.add(Finding::BeganLate(conversations), &late.frames.frames);
        found.add(Finding::RelativeNumbers, &late.frames.frames);
    }
    if let Some(conversations) = open.conversations() {
        found.add(Finding::EndedOpen(conversations), &open.frames.frames);
    }
    if let Some(conversations) = closing.conversations() {
        found.add(Finding::EndedClosing(conversations), &closing.frames.frames);
    }
}
