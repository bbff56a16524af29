//! Pitfalls: what is easily misread in a capture. Each has a name, a sentence, and the frames that show it.

use crate::capture::Capture;
use crate::conversation::{Close, Conversation, Protocol, Side};
use crate::formatting::{count, list};
use crate::link::Kind;
use crate::occurrences::Occurrences;
use serde::{Serialize, Serializer};

/// The MSS of loopback: the largest IP packet without 40 bytes of headers.
const LOOPBACK_MSS: u16 = 65_495;

/// The fewest segments of one byte in a row that are reported.
const SINGLE_BYTES_MIN: u64 = 5;

/// The most frames that one pitfall names.
const FRAMES_MAX: usize = 8;

/// A pitfall of a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pitfall {
    /// What is easily misread.
    pub cause: Cause,
    /// The first frames that show it.
    pub frames: Vec<u64>,
}

/// What is easily misread, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
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
    /// Wireshark has a dissector of another protocol for a port.
    MisreadPort {
        /// The transport protocol.
        protocol: Protocol,
        /// The port.
        port: u16,
        /// The protocol that Wireshark shows.
        shown_as: &'static str,
    },
    /// The capture comes from Linux's interface `any`.
    AnyInterface(Kind),
    /// The capture holds only the start of this many frames.
    TruncatedFrames(u64),
    /// The file is incomplete.
    TruncatedFile,
    /// Connections were open when the capture began.
    BeganLate(Conversations),
    /// Without a SYN, relative sequence numbers have another origin.
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
    /// Returns the name, which stays the same in every version.
    pub fn name(&self) -> &'static str {
        match self.cause {
            Cause::PartialChecksum => "partial-checksum",
            Cause::LargerThanMss => "larger-than-mss",
            Cause::LoopbackMss | Cause::LoopbackAddresses => "loopback",
            Cause::OneByteSegments(_) => "one-byte-segments",
            Cause::MisreadPort { .. } => "misread-port",
            Cause::AnyInterface(_) => "any-interface",
            Cause::TruncatedFrames(_) => "cut-frames",
            Cause::BeganLate(_) => "began-late",
            Cause::RelativeNumbers => "relative-numbers",
            Cause::TruncatedFile | Cause::EndedOpen(_) | Cause::EndedClosing(_) => "ended-early",
        }
    }

    /// Returns what a person should know.
    pub fn sentence(&self) -> String {
        match &self.cause {
            Cause::PartialChecksum => {
                "the checksum holds only the sum over the addresses, because the network card was to fill in the rest after \
                 the capture (checksum offload); on the wire it is another one, and not wrong."
                    .to_owned()
            }
            Cause::LargerThanMss => {
                "these segments are larger than the MSS that the other end announced: the network card cuts or joins them \
                 (segmentation offload), and on the wire there are more and smaller ones."
                    .to_owned()
            }
            Cause::LoopbackMss => format!(
                "the MSS of {LOOPBACK_MSS} is that of loopback; between two hosts on Ethernet it is 1460."
            ),
            Cause::LoopbackAddresses => {
                "these frames never left the computer: loopback has no hardware addresses, so Wireshark shows zeros.".to_owned()
            }
            Cause::OneByteSegments(side) => format!(
                "the {side} sends its text one byte per segment: each byte travels with at least 40 bytes of headers; write the \
                 text with one call."
            ),
            Cause::MisreadPort { protocol, port, shown_as } => format!(
                "Wireshark takes {protocol} port {port} for {shown_as}: right-click, Decode As, and choose `(none)` or `DATA` to see the \
                 text; port 25000 is free of this."
            ),
            Cause::AnyInterface(kind) => format!(
                "captured on the interface `any` ({kind}): there is no Ethernet header, only one hardware address, and a \
                 packet that crosses two interfaces of this computer is shown twice."
            ),
            Cause::TruncatedFrames(number) => format!(
                "of {}, only the start is in the file (a snapshot length was set): what is missing can't be shown, nor its checksum \
                 verified.",
                count(*number, "frame")
            ),
            Cause::TruncatedFile => "the file itself is cut off: what followed is not in it.".to_owned(),
            Cause::BeganLate(conversations) => {
                let (names, were, their) = conversations.named();
                format!("{names} {were} open when the capture began: {their} handshake is not there.")
            }
            Cause::RelativeNumbers => {
                "without a SYN, the relative sequence numbers count from the first segment that was captured, not from the \
                 initial sequence number; only the raw ones are true."
                    .to_owned()
            }
            Cause::EndedOpen(conversations) => {
                let (names, were, _) = conversations.named();
                format!("{names} {were} still open when the capture ended: the close is not there.")
            }
            Cause::EndedClosing(conversations) => {
                let (names, were, _) = conversations.named();
                format!("{names} {were} being closed when the capture ended: a segment of the close is not there.")
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

/// Finds the pitfalls of a capture. `file_is_truncated` tells that the file ended too early.
pub fn find(capture: &Capture, file_is_truncated: bool) -> Vec<Pitfall> {
    let mut found = Found(Vec::new());
    for conversation in &capture.conversations {
        examine_conversation(conversation, &mut found);
    }
    examine_connections(capture, &mut found);
    if !capture.zero_addresses.frames.is_empty() {
        found.add(Cause::LoopbackAddresses, &capture.zero_addresses.frames);
    }
    for kind in &capture.links {
        if matches!(kind, Kind::Sll | Kind::Sll2) {
            found.add(Cause::AnyInterface(*kind), &[]);
        }
    }
    if capture.truncated.count > 0 {
        found.add(Cause::TruncatedFrames(capture.truncated.count), &capture.truncated.frames);
    }
    if file_is_truncated {
        found.add(Cause::TruncatedFile, &[]);
    }
    found.0
}

struct Found(Vec<Pitfall>);

impl Found {
    /// Adds a pitfall, or adds frames to a pitfall with the same cause: one sentence covers all conversations.
    fn add(&mut self, cause: Cause, frames: &[u64]) {
        let known = self.0.iter().position(|known| known.cause == cause);
        let index = known.unwrap_or_else(|| {
            self.0.push(Pitfall { cause, frames: Vec::new() });
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
            found.add(Cause::PartialChecksum, &partial.frames);
        }
        let Some(direction) = conversation.tcp().map(|tcp| &tcp.directions[side]) else { continue };
        if direction.oversized.count > 0 {
            found.add(Cause::LargerThanMss, &direction.oversized.frames);
        }
        if direction.mss == Some(LOOPBACK_MSS) {
            found.add(Cause::LoopbackMss, &first);
        }
        if direction.single_bytes.count >= SINGLE_BYTES_MIN {
            found.add(Cause::OneByteSegments(side), &direction.single_bytes.frames);
        }
    }
    let protocol = conversation.protocol();
    for port in [conversation.client().port(), conversation.server().port()] {
        if let Some(shown_as) = misread_as(protocol, port) {
            found.add(Cause::MisreadPort { protocol, port, shown_as }, &first);
        }
    }
}

/// Conversations with the same gap in the capture, and the frames next to the gap.
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

/// Finds handshakes and closes that the capture lacks. One sentence names all connections, however many they are.
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
            Close::Complete { .. } | Close::Reset { .. } => {}
        }
    }
    if let Some(conversations) = late.conversations() {
        found.add(Cause::BeganLate(conversations), &late.frames.frames);
        found.add(Cause::RelativeNumbers, &late.frames.frames);
    }
    if let Some(conversations) = open.conversations() {
        found.add(Cause::EndedOpen(conversations), &open.frames.frames);
    }
    if let Some(conversations) = closing.conversations() {
        found.add(Cause::EndedClosing(conversations), &closing.frames.frames);
    }
}

/// Returns the protocol whose dissector Wireshark uses for a port.
fn misread_as(protocol: Protocol, port: u16) -> Option<&'static str> {
    match (protocol, port) {
        (Protocol::Udp, 12_000..=12_004) => Some("LLC"),
        (Protocol::Udp, 8000) => Some("OICQ"),
        (Protocol::Udp, 5000) => Some("TAPA"),
        (Protocol::Tcp, 5000) => Some("GSM-IPA"),
        _ => None,
    }
}
