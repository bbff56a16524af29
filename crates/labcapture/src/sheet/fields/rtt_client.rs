//! The fields of lab 4, which are about all conversations together.

use crate::conversation::{Conversation, Protocol};
use crate::sheet::expected::Expected;
use crate::sheet::fields::field::Field;
use crate::sheet::fields::shared::{handshake_times, one_of_times, round_trip_times};

pub const FIELDS: &[Field] = &[
    Field::of_capture("1.rtt_ms", "the time from the frame of a request to the frame of its reply", |all| {
        one_of_times(round_trip_times(all))
    }),
    Field::of_capture("2.higher", "the protocol with the higher median, udp or tcp", higher),
    Field::of_capture("4.handshake_ms", "the time from SYN to SYN, ACK", |all| {
        one_of_times(all.iter().flat_map(|conversation| handshake_times(conversation)).collect())
    }),
];

fn higher(all: &[&Conversation]) -> Option<Expected> {
    let median = |protocol: Protocol| {
        let chosen = all.iter().copied().filter(|conversation| conversation.protocol() == protocol);
        let mut times = round_trip_times(&chosen.collect::<Vec<_>>());
        times.sort_unstable();
        times.get(times.len() / 2).copied()
    };
    let higher = if median(Protocol::Udp)? > median(Protocol::Tcp)? { "udp" } else { "tcp" };
    Some(Expected::Word(higher.to_owned()))
}
