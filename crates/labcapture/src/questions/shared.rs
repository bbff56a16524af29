//! Parts of answers that several labs share.

use crate::conversation::{Conversation, PacketRecord, Protocol, Side, TcpFlow};
use crate::formatting::{count, count_of, list};
use crate::packet::Flags;
use crate::questions::answer::Answer;
use crate::questions::filter::Filter;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

/// The maximum number of conversations that one answer describes.
const CONVERSATIONS_MAX: usize = 10;

/// The maximum number of conversations that are compared in pairs.
pub const COMPARED_MAX: usize = 1000;

/// The ports of the servers. A display filter compares only ports, and a client may use the same port as a server. The
/// methods here compare only ports, too, so that they match exactly the packets that the filter shows.
pub struct ServerPorts(BTreeSet<u64>);

impl ServerPorts {
    /// Collects the ports of all servers.
    pub fn of(conversations: &[&Conversation]) -> ServerPorts {
        let ports = conversations.iter().map(|conversation| u64::from(conversation.server().port()));
        ServerPorts(ports.collect())
    }

    /// Returns the filter for packets from these ports.
    pub fn sent(&self, protocol: Protocol) -> Filter {
        Filter::one_of(&format!("{}.srcport", protocol.filter_name()), self.0.iter().copied())
    }

    /// Returns the filter for packets to these ports.
    pub fn received(&self, protocol: Protocol) -> Filter {
        Filter::one_of(&format!("{}.dstport", protocol.filter_name()), self.0.iter().copied())
    }

    /// Tells whether a packet comes from one of these ports.
    pub fn have_sent(&self, conversation: &Conversation, packet: &PacketRecord) -> bool {
        self.0.contains(&u64::from(conversation.common.addresses[packet.from].port()))
    }

    /// Tells whether a packet goes to one of these ports.
    pub fn have_received(&self, conversation: &Conversation, packet: &PacketRecord) -> bool {
        self.0.contains(&u64::from(conversation.common.addresses[packet.from.other()].port()))
    }
}

/// Shows the segments with payload that the clients send.
pub fn shown_by_requests(answer: Answer, all: &[&Conversation]) -> Answer {
    let servers = ServerPorts::of(all);
    let filter = servers.received(Protocol::Tcp).and(has_payload());
    answer.shown(all, Some(filter), |conversation, packet| {
        servers.have_received(conversation, packet) && packet.payload_length > 0
    })
}

/// Shows the segments with payload that the servers send.
pub fn shown_by_replies(answer: Answer, all: &[&Conversation]) -> Answer {
    let servers = ServerPorts::of(all);
    let filter = servers.sent(Protocol::Tcp).and(has_payload());
    answer.shown(all, Some(filter), |conversation, packet| {
        servers.have_sent(conversation, packet) && packet.payload_length > 0
    })
}

/// Shows the clients' SYNs or, if one was not captured, every segment of the clients.
pub fn shown_by_syn(answer: Answer, all: &[&Conversation]) -> Answer {
    let has_syn =
        |conversation: &&Conversation| conversation.tcp().is_some_and(|tcp| tcp.handshake.syn.is_some());
    if all.iter().all(has_syn) {
        let filter = Filter::is("tcp.flags.syn == 1").and(Filter::is("tcp.flags.ack == 0"));
        return answer
            .shown(all, Some(filter), |_, packet| packet.has(Flags::SYN) && !packet.has(Flags::ACK));
    }
    let servers = ServerPorts::of(all);
    answer.shown(all, Some(servers.received(Protocol::Tcp)), |conversation, packet| {
        servers.have_received(conversation, packet)
    })
}

/// Shows every packet of the conversations.
pub fn shown_by_all(answer: Answer, conversations: &[&Conversation]) -> Answer {
    answer.shown(conversations, None, |_, _| true)
}

/// The filter for segments with payload.
pub fn has_payload() -> Filter {
    Filter::is("tcp.len > 0")
}

/// The filter for segments that open a connection or carry payload. They show round-trip times and header lengths.
pub fn opens_or_carries_payload() -> Filter {
    Filter::Any(vec![Filter::is("tcp.flags.syn == 1"), has_payload()])
}

/// Tells whether a packet matches [`opens_or_carries_payload`].
pub fn is_opening_or_carries_payload(_: &Conversation, packet: &PacketRecord) -> bool {
    packet.has(Flags::SYN) || packet.payload_length > 0
}

/// Returns a line for each conversation that `describe` has something to say about, up to a limit. Each line names its
/// conversation if there are several.
pub fn lines(
    conversations: &[&Conversation],
    describe: impl Fn(&Conversation) -> Option<String>,
) -> Vec<String> {
    let name = |conversation: &Conversation| match conversations {
        [_] => String::new(),
        _ => format!("conversation {}: ", conversation.common.number),
    };
    let mut all = conversations.iter().filter_map(|conversation| {
        describe(conversation).map(|text| format!("{}{text}", name(conversation)))
    });
    let mut lines: Vec<String> = all.by_ref().take(CONVERSATIONS_MAX).collect();
    let more = all.count();
    if more > 0 {
        lines
            .push(format!("… and {} more; `--conversation N` shows one", count(more as u64, "conversation")));
    }
    lines
}

/// Returns a line for each connection, as [`lines`] does.
pub fn connection_lines(
    conversations: &[&Conversation],
    describe: impl Fn(&Conversation, &TcpFlow) -> Option<String>,
) -> Vec<String> {
    lines(conversations, |conversation| describe(conversation, conversation.tcp()?))
}

/// Returns the first packet that one endpoint sent.
pub fn first_from(conversation: &Conversation, side: Side) -> Option<&PacketRecord> {
    conversation.common.packets.iter().find(|packet| packet.from == side)
}

/// Describes every socket address.
pub fn address_lines(conversations: &[&Conversation]) -> Vec<String> {
    let mut uses: BTreeMap<SocketAddr, (Side, u64)> = BTreeMap::new();
    for conversation in conversations {
        for side in Side::BOTH {
            uses.entry(conversation.common.addresses[side]).or_insert((side, 0)).1 += 1;
        }
    }
    let shown = uses.iter().take(4 * CONVERSATIONS_MAX).map(|(address, (side, number))| match side {
        Side::Server => format!(
            "{address}: the server's, used in {}; clients send to it, and replies come from it",
            count(*number, "conversation")
        ),
        Side::Client => {
            format!("{address}: a client's; its operating system chose the port for this conversation")
        }
    });
    let mut lines: Vec<String> = shown.collect();
    if uses.len() > lines.len() {
        lines.push(format!("… and {} more", uses.len() - lines.len()));
    }
    lines
}

/// Counts the socket addresses of the clients, and their sockets: one for each address.
pub fn client_sockets(all: &[&Conversation]) -> String {
    let clients: BTreeSet<SocketAddr> = all.iter().map(|conversation| conversation.client()).collect();
    let number = clients.len() as u64;
    let addresses = count_of(number, "socket address", "socket addresses");
    format!("{addresses} and {}, one for each connection", count(number, "socket"))
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

/// Describes the sockets of a TCP server.
pub fn server_sockets(all: &[&Conversation]) -> String {
    let servers: BTreeSet<SocketAddr> = all.iter().map(|conversation| conversation.server()).collect();
    let is_accepted = |conversation: &&&Conversation| {
        conversation.tcp().is_some_and(|tcp| tcp.directions[Side::Server].has_syn)
    };
    let accepted = all.iter().filter(is_accepted).count();
    format!(
        "{}: {}; sockets: one that listens, and one for each \
         accepted connection ({accepted} in this capture)",
        if servers.len() == 1 { "one socket address" } else { "socket addresses" },
        list(servers)
    )
}

/// A request that was answered while a conversation with another client continued.
pub struct Overlap<'a> {
    /// The conversation that had started before and continued.
    pub earlier: &'a Conversation,
    /// The conversation of the request.
    pub later: &'a Conversation,
    /// The frame of the request.
    pub request: u64,
    /// The frame of the reply.
    pub reply: u64,
}

/// Finds the first request that was answered while an earlier conversation with the same server continued.
pub fn answered_meanwhile<'a>(conversations: &[&'a Conversation]) -> Option<Overlap<'a>> {
    conversations.iter().take(COMPARED_MAX).enumerate().find_map(|(index, later)| {
        let earlier = conversations[..index]
            .iter()
            .take(COMPARED_MAX)
            .filter(|earlier| earlier.server() == later.server());
        earlier.rev().find_map(|earlier| {
            // The earlier conversation continues if it has a packet after the reply.
            later.common.exchanges.iter().find_map(|exchange| {
                let (request, reply) = (exchange.request.at.frame, exchange.reply.as_ref()?.at.frame);
                (reply < earlier.common.last.frame && request > earlier.common.first.frame)
                    .then_some(Overlap { earlier, later, request, reply })
            })
        })
    })
}
