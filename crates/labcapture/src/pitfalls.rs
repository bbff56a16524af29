//! Pitfalls: what misleads a person who reads a capture. Each has a name, one sentence, and the frames where it is seen.

use crate::conversation::{Close, Conversation, Count, Protocol, Side};
use crate::link::Kind;
use crate::report::Report;
use crate::words::{count, list};
use serde::Serialize;

/// The MSS of loopback: the largest IP packet without 40 bytes of headers.
const LOOPBACK_MSS: u16 = 65_495;

/// Segments of one byte in a row that are no accident.
const SINGLE_BYTES_MIN: u64 = 5;

/// Frames and conversations named by one pitfall.
const FRAMES_MAX: usize = 8;

/// Something that misleads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pitfall {
    /// A name that stays the same.
    pub name: &'static str,
    /// What a person should know.
    pub sentence: String,
    /// The first frames where it is seen.
    pub frames: Vec<u64>,
}

/// Finds the pitfalls of a capture. With `cut_off`, the file itself ended too early.
pub fn find(report: &Report, cut_off: bool) -> Vec<Pitfall> {
    let mut found = Found(Vec::new());
    for conversation in &report.conversations {
        of_conversation(conversation, &mut found);
    }
    of_connections(report, &mut found);
    if !report.zero_addresses.frames.is_empty() {
        found.add(
            "loopback",
            &report.zero_addresses.frames,
            "these frames never left the computer: loopback has no hardware addresses, so Wireshark shows zeros.".into(),
        );
    }
    for kind in &report.links {
        if matches!(kind, Kind::Sll | Kind::Sll2) {
            let sentence = format!(
                "captured on the interface `any` ({kind}): there is no Ethernet header, only one hardware address, and a \
                 packet that crosses two interfaces of this computer is shown twice."
            );
            found.add("any-interface", &[], sentence);
        }
    }
    if report.cut.count > 0 {
        let sentence = format!(
            "of {}, only the start is in the file (a snapshot length was set): what is missing can't be shown, nor its checksum \
             verified.",
            count(report.cut.count, "frame")
        );
        found.add("cut-frames", &report.cut.frames, sentence);
    }
    if cut_off {
        found.add("ended-early", &[], "the file itself is cut off: what followed is not in it.".into());
    }
    found.0
}

struct Found(Vec<Pitfall>);

impl Found {
    /// One pitfall of a name and sentence, whichever conversations show it.
    fn add(&mut self, name: &'static str, frames: &[u64], sentence: String) {
        let known = self.0.iter().position(|known| known.name == name && known.sentence == sentence);
        let at = known.unwrap_or_else(|| {
            self.0.push(Pitfall { name, sentence, frames: Vec::new() });
            self.0.len() - 1
        });
        let pitfall = &mut self.0[at];
        for frame in frames.iter().take(FRAMES_MAX) {
            if pitfall.frames.len() < FRAMES_MAX && !pitfall.frames.contains(frame) {
                pitfall.frames.push(*frame);
            }
        }
    }
}

fn of_conversation(conversation: &Conversation, found: &mut Found) {
    let first = [conversation.first.frame];
    for side in Side::BOTH {
        let sent = &conversation.sent[side];
        let partial = &sent.partial_checksums;
        if partial.count > 0 {
            found.add(
                "partial-checksum",
                &partial.frames,
                "the checksum holds only the sum over the addresses, because the network card was to fill in the rest after \
                 the capture (checksum offload); on the wire it is another one, and not wrong."
                    .into(),
            );
        }
        if sent.oversized.count > 0 {
            found.add(
                "larger-than-mss",
                &sent.oversized.frames,
                "these segments are larger than the MSS that the other end announced: the network card cuts or joins them \
                 (segmentation offload), and on the wire there are more and smaller ones."
                    .into(),
            );
        }
        if sent.mss == Some(LOOPBACK_MSS) {
            found.add(
                "loopback",
                &first,
                format!(
                    "the MSS of {LOOPBACK_MSS} is that of loopback; between two hosts on Ethernet it is 1460."
                ),
            );
        }
        if sent.single_bytes.count >= SINGLE_BYTES_MIN {
            let sentence = format!(
                "the {side} sends its text one byte per segment: each byte travels with at least 40 bytes of headers; write the \
                 text with one call."
            );
            found.add("one-byte-segments", &sent.single_bytes.frames, sentence);
        }
    }
    for port in [conversation.client().port(), conversation.server().port()] {
        if let Some(name) = misread_as(conversation.protocol, port) {
            let protocol = conversation.protocol;
            let sentence = format!(
                "Wireshark takes {protocol} port {port} for {name}: right-click, Decode As, and choose `(none)` or `DATA` to see the \
                 text; port 25000 is free of this."
            );
            found.add("misread-port", &first, sentence);
        }
    }
}

/// What is not there of connections. One sentence names them all, however many they are.
fn of_connections(report: &Report, found: &mut Found) {
    // The numbers of the conversations, and the frames where it is seen.
    let [mut late, mut open, mut closing] = <[(Count, Count); 3]>::default();
    let connections =
        report.conversations.iter().filter(|conversation| conversation.protocol == Protocol::Tcp);
    for conversation in connections {
        let number = conversation.number as u64;
        let (first, last) = (conversation.first.frame, conversation.last.frame);
        if !conversation.sent[Side::Client].syn {
            late.0.add(number);
            late.1.add(first);
        }
        match conversation.close_of() {
            // A SYN that nobody answers opens nothing that could be closed.
            Close::Open if conversation.is_unanswered() => {}
            Close::Open => {
                open.0.add(number);
                open.1.add(last);
            }
            Close::Incomplete { .. } => {
                closing.0.add(number);
                closing.1.add(last);
            }
            Close::Complete { .. } | Close::Reset { .. } => {}
        }
    }
    if late.0.count > 0 {
        let (names, were, their) = named(&late.0);
        let sentence = format!("{names} {were} open when the capture began: {their} handshake is not there.");
        found.add("began-late", &late.1.frames, sentence);
        found.add(
            "relative-numbers",
            &late.1.frames,
            "without a SYN, the relative sequence numbers count from the first segment that was captured, not from the \
             initial sequence number; only the raw ones are true."
                .into(),
        );
    }
    if open.0.count > 0 {
        let (names, were, _) = named(&open.0);
        let sentence = format!("{names} {were} still open when the capture ended: the close is not there.");
        found.add("ended-early", &open.1.frames, sentence);
    }
    if closing.0.count > 0 {
        let (names, were, _) = named(&closing.0);
        let sentence = format!(
            "{names} {were} being closed when the capture ended: a segment of the close is not there."
        );
        found.add("ended-early", &closing.1.frames, sentence);
    }
}

/// Conversations with the words that fit their number.
fn named(conversations: &Count) -> (String, &'static str, &'static str) {
    let numbers = list(&conversations.frames);
    match conversations.count - conversations.frames.len() as u64 {
        0 if conversations.count == 1 => (format!("conversation {numbers}"), "was", "its"),
        0 => (format!("conversations {numbers}"), "were", "their"),
        more => (format!("conversations {numbers} and {more} more"), "were", "their"),
    }
}

/// The protocol that Wireshark's decoder for this port expects.
fn misread_as(protocol: Protocol, port: u16) -> Option<&'static str> {
    match (protocol, port) {
        (Protocol::Udp, 12_000..=12_004) => Some("LLC"),
        (Protocol::Udp, 8000) => Some("OICQ"),
        (Protocol::Udp, 5000) => Some("TAPA"),
        (Protocol::Tcp, 5000) => Some("GSM-IPA"),
        _ => None,
    }
}
