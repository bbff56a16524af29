//! Parts of answers that several labs share.

use crate::conversation::{Conversation, PacketRecord, Protocol, Side, TcpFlow};
use crate::formatting::count;
use crate::packet::Flags;
use crate::questions::answer::Answer;
use crate::questions::filter::Filter;
use std::collections::BTreeSet;

/// The maximum number of conversations that one answer describes.
pub const CONVERSATIONS_MAX: usize = 10;

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
