//! The fields of lab 2.

use crate::conversation::{Close, Conversation, Side};
use crate::packet::Flags;
use crate::sheet::expected::Expected;
use crate::sheet::fields::field::Field;
use crate::sheet::fields::shared::{
    client_port, first_to_close, handshake_times, one_of_times, round_trip_times,
};
use std::collections::BTreeSet;

pub const FIELDS: &[Field] = &[
    Field::of_conversation(
        "1.flags",
        "the flags of each segment that opens the connection, as in [\"FIN\", \"FIN, ACK\"]",
        opening_flags,
    ),
    Field::of_conversation(
        "1.client_sequence",
        "the client's initial sequence number, raw",
        |conversation| initial_sequence(conversation, Side::Client),
    )
    .identifying(),
    Field::of_conversation(
        "1.server_sequence",
        "the server's initial sequence number, raw",
        |conversation| initial_sequence(conversation, Side::Server),
    )
    .identifying(),
    Field::of_conversation("2.client_port", "the client's port", client_port).identifying(),
    Field::of_conversation(
        "3.header_length",
        "in bytes; both if there are two, as in [60, 24]",
        header_lengths,
    ),
    Field::of_conversation("4.segments", "how many segments close the connection", closing_segments),
    Field::of_conversation("4.began", "which side sent the first of them, client or server", first_to_close),
    Field::of_conversation("5.flags", "the flags of the segments with payload", other_flags),
    Field::of_conversation("6.handshake_ms", "the time from SYN to SYN, ACK", |conversation| {
        one_of_times(handshake_times(conversation))
    }),
    Field::of_conversation("6.line_ms", "the time from a line to its reply", |conversation| {
        one_of_times(round_trip_times(&[conversation]))
    }),
];

fn opening_flags(conversation: &Conversation) -> Option<Expected> {
    let handshake = conversation.tcp()?.handshake;
    let flags = [handshake.syn?, handshake.syn_ack?, handshake.ack?].into_iter().filter_map(|at| {
        let packet = conversation.common.packets.iter().find(|packet| packet.at.frame == at.frame);
        Some(packet?.segment()?.flags)
    });
    let flags: Vec<Flags> = flags.collect();
    (flags.len() == 3).then_some(Expected::FlagsInOrder(flags))
}

fn initial_sequence(conversation: &Conversation, side: Side) -> Option<Expected> {
    let direction = &conversation.tcp()?.directions[side];
    let raw = direction.initial_sequence.filter(|_| direction.has_syn)?;
    let relative = "that is the relative number; Wireshark shows the raw one below it in the packet details";
    Some(Expected::number(u64::from(raw)).but(0, relative).but(1, relative))
}

fn header_lengths(conversation: &Conversation) -> Option<Expected> {
    let lengths = conversation.common.header_lengths();
    let lengths: Vec<u64> = lengths.iter().map(|(length, _)| u64::from(*length)).collect();
    let words = "that is the number of 4-byte words; Wireshark shows the number of bytes before it";
    let expected = Expected::each_of(lengths.clone());
    Some(lengths.iter().fold(expected, |expected, length| expected.but(length / 4, words)))
}

fn closing_segments(conversation: &Conversation) -> Option<Expected> {
    match conversation.tcp()?.close() {
        Close::Complete { frames, .. } => Some(Expected::number(frames.len() as u64)),
        // An ACK of a FIN before the reset may be counted or not.
        Close::FinThenReset { fins, frames, .. } => {
            let mut numbers = vec![fins.len() as u64 + 1, frames.len() as u64];
            numbers.dedup();
            Some(Expected::any_of(numbers))
        }
        Close::Reset { .. } if !conversation.is_refused() => Some(Expected::number(1)),
        _ => None,
    }
}

fn other_flags(conversation: &Conversation) -> Option<Expected> {
    let opens_or_closes = [Flags::SYN, Flags::FIN, Flags::RST];
    let others = conversation.common.packets.iter().filter(|packet| {
        packet.payload_length > 0 && !opens_or_closes.into_iter().any(|flag| packet.has(flag))
    });
    let flags: BTreeSet<Flags> = others.filter_map(|packet| Some(packet.segment()?.flags)).collect();
    (!flags.is_empty()).then(|| Expected::OneOfFlags(flags.into_iter().collect()))
}
