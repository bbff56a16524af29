//! The fields of lab 3, which are about all conversations together.

use crate::conversation::Conversation;
use crate::sheet::expected::Expected;
use crate::sheet::fields::field::Field;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

pub const FIELDS: &[Field] = &[
    Field::of_capture(
        "2.addresses",
        "all socket addresses, as in [\"10.0.3.1:80\", \"10.0.3.2:50000\"]",
        addresses,
    ),
    Field::of_capture("3.server_addresses", "how many socket addresses the server has", server_addresses),
    Field::of_capture(
        "4.per_computer",
        "how many socket addresses each client computer has, in any order, as in [3, 5]",
        per_computer,
    ),
    Field::of_capture(
        "4.client_addresses",
        "how many socket addresses the clients have together",
        client_addresses,
    ),
];

/// The addresses of the clients.
fn clients<'a>(all: impl IntoIterator<Item = &'a Conversation>) -> BTreeSet<SocketAddr> {
    all.into_iter().map(Conversation::client).collect()
}

/// The addresses of the clients that reached a server.
fn served_clients(all: &[&Conversation]) -> BTreeSet<SocketAddr> {
    clients(all.iter().copied().filter(|conversation| !conversation.has_no_server()))
}

/// The addresses at which a server is seen.
fn servers(all: &[&Conversation]) -> BTreeSet<SocketAddr> {
    let served = all.iter().filter(|conversation| !conversation.has_no_server());
    served.map(|conversation| conversation.server()).collect()
}

/// A client that reached no server has an address, too, but a list without it is right as well.
fn addresses(all: &[&Conversation]) -> Option<Expected> {
    let words = |addresses: BTreeSet<SocketAddr>| addresses.iter().map(SocketAddr::to_string).collect();
    let served: BTreeSet<SocketAddr> = served_clients(all).union(&servers(all)).copied().collect();
    let required = if served.is_empty() { clients(all.iter().copied()) } else { served };
    let contacted = all.iter().map(|conversation| conversation.server());
    let allowed = contacted.chain(clients(all.iter().copied())).collect();
    Some(Expected::Words { required: words(required), allowed: words(allowed) })
}

fn server_addresses(all: &[&Conversation]) -> Option<Expected> {
    let servers = servers(all).len() as u64;
    let accepted = all.iter().filter(|conversation| !conversation.has_no_server()).count() as u64;
    let but = "that is the number of sockets, which all have the same address";
    (servers > 0).then(|| Expected::number(servers).but(servers + accepted, but))
}

/// Returns the number of addresses of each computer.
fn counts(addresses: &BTreeSet<SocketAddr>) -> Vec<u64> {
    let mut counts: BTreeMap<IpAddr, u64> = BTreeMap::new();
    for address in addresses {
        *counts.entry(address.ip()).or_default() += 1;
    }
    counts.into_values().collect()
}

fn per_computer(all: &[&Conversation]) -> Option<Expected> {
    let counts = [clients(all.iter().copied()), served_clients(all)].iter().map(counts).collect();
    Some(Expected::Counts(counts))
}

fn client_addresses(all: &[&Conversation]) -> Option<Expected> {
    let numbers = [clients(all.iter().copied()), served_clients(all)].map(|clients| clients.len() as u64);
    let numbers: BTreeSet<u64> = numbers.into_iter().filter(|number| *number > 0).collect();
    Some(Expected::any_of(numbers.into_iter().rev().collect()))
}
