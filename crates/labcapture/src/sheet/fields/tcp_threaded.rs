//! The fields of lab 3, which are about all conversations together.

use crate::conversation::Conversation;
use crate::sheet::expected::Expected;
use crate::sheet::fields::field::Field;
use std::collections::BTreeSet;

pub const FIELDS: &[Field] = &[
    Field::of_capture(
        "2.addresses",
        "all socket addresses, as in [\"10.0.3.1:80\", \"10.0.3.2:50000\"]",
        addresses,
    ),
    Field::of_capture("3.server_addresses", "how many socket addresses the server has", server_addresses),
    Field::of_capture(
        "4.client_addresses",
        "how many socket addresses the clients have together",
        client_addresses,
    ),
];

fn clients(all: &[&Conversation]) -> BTreeSet<String> {
    all.iter().map(|conversation| conversation.client().to_string()).collect()
}

fn servers(all: &[&Conversation]) -> BTreeSet<String> {
    all.iter().map(|conversation| conversation.server().to_string()).collect()
}

fn addresses(all: &[&Conversation]) -> Option<Expected> {
    Some(Expected::Words(clients(all).union(&servers(all)).cloned().collect()))
}

fn server_addresses(all: &[&Conversation]) -> Option<Expected> {
    let servers = servers(all).len() as u64;
    let sockets = servers + all.len() as u64;
    Some(
        Expected::number(servers)
            .but(sockets, "that is the number of sockets, which all have the same address"),
    )
}

fn client_addresses(all: &[&Conversation]) -> Option<Expected> {
    Some(Expected::number(clients(all).len() as u64))
}
