//! Socket addresses and sockets, which labs 1, 2, 3 and 5 ask about.
//!
//! An address that only refuses its clients, or never answers them, is not a server's.

use crate::conversation::{Conversation, Side};
use crate::formatting::{count, count_of, list};
use crate::questions::shared::CONVERSATIONS_MAX;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

/// What a capture lacks in which no client reached a TCP server.
pub const NO_SERVER: &str = "no connection was accepted, so it shows no server address and no server socket";

/// Tells why an answer about sockets is inferred: with `reason` if the capture shows a server.
pub fn sockets_are_inferred(all: &[&Conversation], reason: &'static str) -> &'static str {
    let shows_server = all.iter().any(|conversation| !conversation.has_no_server());
    if shows_server { reason } else { "a capture shows addresses, not sockets" }
}

/// What a capture shows of the address that clients contact.
#[derive(Default)]
struct Contacted {
    /// The number of conversations with a server.
    served: u64,
    /// The number of conversations in which the client was refused.
    refused: u64,
    is_answered: bool,
}

impl Contacted {
    fn add(&mut self, conversation: &Conversation) {
        self.is_answered |= conversation.common.traffic.server.packets > 0 && !conversation.is_refused();
        if !conversation.has_no_server() {
            self.served += 1;
        } else if !conversation.is_unanswered() {
            self.refused += 1;
        }
    }

    fn line(&self, address: &SocketAddr) -> String {
        let conversations = |number| count(number, "conversation");
        match self {
            Contacted { served: 0, refused: 0, .. } => {
                format!("{address}: not a server's address; clients send to it, and nothing answers")
            }
            Contacted { served: 0, refused, .. } => {
                format!(
                    "{address}: not a server's address; clients were refused in {}",
                    conversations(*refused)
                )
            }
            Contacted { served, is_answered: false, .. } => {
                format!("{address}: clients send to it in {}; no reply comes from it", conversations(*served))
            }
            Contacted { served, refused, .. } => {
                let also_refused = match refused {
                    0 => String::new(),
                    _ => format!("; clients were refused in {}", conversations(*refused)),
                };
                format!(
                    "{address}: the server's, used in {}; clients send to it, and replies come from \
                     it{also_refused}",
                    conversations(*served)
                )
            }
        }
    }
}

/// Describes every socket address.
pub fn address_lines(conversations: &[&Conversation]) -> Vec<String> {
    let mut contacted: BTreeMap<SocketAddr, Contacted> = BTreeMap::new();
    let mut addresses = BTreeSet::new();
    for conversation in conversations {
        contacted.entry(conversation.server()).or_default().add(conversation);
        addresses.extend([conversation.client(), conversation.server()]);
    }
    let shown = addresses.iter().take(4 * CONVERSATIONS_MAX).map(|address| match contacted.get(address) {
        Some(contacted) => contacted.line(address),
        None => format!("{address}: a client's; its operating system chose the port for this conversation"),
    });
    let mut lines: Vec<String> = shown.collect();
    if addresses.len() > lines.len() {
        lines.push(format!("… and {} more", addresses.len() - lines.len()));
    }
    lines
}

/// Counts the socket addresses of the clients, and their sockets: one for each address.
pub fn client_sockets(all: &[&Conversation]) -> Option<String> {
    let clients: BTreeSet<SocketAddr> = all.iter().map(|conversation| conversation.client()).collect();
    let number = clients.len() as u64;
    let addresses = count_of(number, "socket address", "socket addresses");
    (number > 0).then(|| format!("{addresses} and {}, one for each connection", count(number, "socket")))
}

/// Counts the socket addresses and sockets of each client computer.
pub fn client_computers(all: &[&Conversation]) -> Vec<String> {
    let mut computers: BTreeMap<IpAddr, BTreeSet<u16>> = BTreeMap::new();
    for client in all.iter().map(|conversation| conversation.client()) {
        computers.entry(client.ip()).or_default().insert(client.port());
    }
    let line = |(computer, ports): (&IpAddr, &BTreeSet<u16>)| {
        let number = ports.len() as u64;
        let addresses = count_of(number, "socket address", "socket addresses");
        let ports = list(ports.iter().take(CONVERSATIONS_MAX));
        let more = number.saturating_sub(CONVERSATIONS_MAX as u64);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let name = if number == 1 { "port" } else { "ports" };
        format!("{computer}: {addresses} and {} ({name} {ports}{more})", count(number, "socket"))
    };
    let mut lines: Vec<String> = computers.iter().take(CONVERSATIONS_MAX).map(line).collect();
    if computers.len() > lines.len() {
        lines.push(format!("… and {} more computers", computers.len() - lines.len()));
    }
    lines
}

/// Describes the sockets of a TCP server. Empty if no client reached one.
pub fn server_sockets(all: &[&Conversation]) -> Vec<String> {
    let served = all.iter().filter(|conversation| !conversation.has_no_server());
    let servers: BTreeSet<SocketAddr> = served.map(|conversation| conversation.server()).collect();
    let is_accepted = |conversation: &&&Conversation| {
        conversation.tcp().is_some_and(|tcp| tcp.directions[Side::Server].has_syn)
    };
    let accepted = all.iter().filter(is_accepted).count();
    if servers.is_empty() {
        return Vec::new();
    }
    vec![format!(
        "{}: {}; sockets: one that listens, and one for each \
         accepted connection ({accepted} in this capture)",
        if servers.len() == 1 { "one socket address" } else { "socket addresses" },
        list(servers)
    )]
}
