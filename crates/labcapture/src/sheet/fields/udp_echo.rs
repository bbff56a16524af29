//! The fields of lab 1.

use crate::checksum::Status;
use crate::conversation::{Conversation, Detail, Side};
use crate::sheet::expected::Expected;
use crate::sheet::fields::field::Field;
use crate::sheet::fields::shared::client_port;

pub const FIELDS: &[Field] = &[
    Field::of_conversation("1.client_port", "the client's port", client_port).identifying(),
    Field::of_conversation("2.length", "the Length field of the client's first datagram", length),
    Field::of_conversation(
        "3.client_checksum",
        "the checksum of one of the client's datagrams",
        |conversation| checksums(conversation, Side::Client),
    )
    .identifying(),
    Field::of_conversation(
        "3.server_checksum",
        "the checksum of one of the server's datagrams",
        |conversation| checksums(conversation, Side::Server),
    )
    .identifying(),
    Field::of_conversation(
        "4.frames",
        "how many frames it takes to send one line and to get the reply",
        frames,
    ),
];

fn length(conversation: &Conversation) -> Option<Expected> {
    let first = conversation.common.packets.iter().find(|packet| packet.from == Side::Client)?;
    let Detail::Udp(length) = first.detail else { return None };
    let ip_length = u64::from(length) + u64::from(first.ip_header_length);
    let payload_alone = "that is the payload alone; Length also counts the 8 bytes of the header";
    let expected = Expected::number(u64::from(length)).but(u64::from(first.payload_length), payload_alone);
    Some(expected.but(ip_length, "that is the length of the IP packet"))
}

fn checksums(conversation: &Conversation, side: Side) -> Option<Expected> {
    let packets = conversation.common.packets.iter().filter(|packet| packet.from == side);
    let known = packets.filter(|packet| packet.checksum_status != Status::Absent || packet.checksum == 0);
    let numbers: Vec<u64> = known.map(|packet| u64::from(packet.checksum)).collect();
    (!numbers.is_empty()).then(|| Expected::any_of(numbers).hexadecimal())
}

fn frames(conversation: &Conversation) -> Option<Expected> {
    let is_answered = conversation.common.exchanges.iter().any(|exchange| exchange.reply.is_some());
    is_answered.then(|| Expected::number(2))
}
