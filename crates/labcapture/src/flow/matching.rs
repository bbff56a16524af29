//! Relates calls to packets: which call made the system send a packet, and which packet let a call return.
//!
//! TCP is a stream, so calls and segments are related by the positions of their bytes in it. Datagrams are counted.

use crate::conversation::{Conversation, PacketRecord, Protocol, Side};
use crate::flow::calls::{Action, Call, Program};
use crate::packet::Flags;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

/// A call: the index of its program, and its index there.
pub type CallId = (usize, usize);

/// A packet of a conversation.
pub struct FlowPacket<'a> {
    /// The index of the client's program. The server's program is 0.
    pub client: usize,
    /// The packet.
    pub record: &'a PacketRecord,
    /// The thread of the server that handles the conversation, if not the first one.
    pub server_thread: usize,
}

/// The packets in the order of the capture, and their relations to calls.
#[derive(Default)]
pub struct Matches<'a> {
    /// For each client, the index of its conversation.
    pub conversations: Vec<usize>,
    /// The packets.
    pub packets: Vec<FlowPacket<'a>>,
    /// For each packet that a call caused, that call.
    pub causes: BTreeMap<usize, CallId>,
    /// For each call that a packet let return, that packet.
    pub triggers: BTreeMap<CallId, usize>,
}

/// Relates the calls of the server (`programs[0]`) and of its clients to the packets between them.
pub fn relate<'a>(programs: &[Program], conversations: &'a [Conversation]) -> Matches<'a> {
    let mut matches = Matches::default();
    let mut found = Vec::new();
    let mut taken = BTreeSet::new();
    for (client, program) in programs.iter().enumerate().skip(1) {
        let Some(opening) = program.calls.iter().find(|call| opens(program, call)) else { continue };
        // The first packet is captured after the call began.
        let conversation = conversations.iter().enumerate().find(|(index, conversation)| {
            !taken.contains(index) && conversation.common.first.time_ns >= opening.begin_ns
        });
        let Some((index, conversation)) = conversation else { continue };
        taken.insert(index);
        matches.conversations.push(index);
        let address = conversation.common.addresses[Side::Client];
        let ends = Ends {
            client: select(programs, client, |call| call.socket == opening.socket),
            server: select(programs, 0, |call| is_with(&programs[0], call, address)),
        };
        let server_thread = ends.server.iter().map(|id| call(programs, *id).thread).max().unwrap_or(0);
        let records = conversation.common.packets.iter();
        matches.packets.extend(records.map(|record| FlowPacket { client, record, server_thread }));
        found.push((client, ends, conversation.protocol()));
    }
    matches.packets.sort_by_key(|packet| packet.record.at.frame);
    for (client, ends, protocol) in &found {
        let indexed = matches.packets.iter().enumerate();
        let of_client = indexed.filter(|(_, packet)| packet.client == *client);
        let packets: Vec<(usize, &PacketRecord)> =
            of_client.map(|(index, packet)| (index, packet.record)).collect();
        match protocol {
            Protocol::Udp => relate_datagrams(&mut matches, programs, ends, &packets),
            Protocol::Tcp => {
                relate_handshake(&mut matches, programs, ends, &packets);
                relate_stream(&mut matches, programs, ends, &packets);
            }
        }
    }
    matches
}

/// The calls about one conversation.
struct Ends {
    client: Vec<CallId>,
    server: Vec<CallId>,
}

impl Ends {
    fn of(&self, side: Side) -> &[CallId] {
        match side {
            Side::Client => &self.client,
            Side::Server => &self.server,
        }
    }
}

fn call(programs: &[Program], (program, index): CallId) -> &Call {
    &programs[program].calls[index]
}

fn select(programs: &[Program], program: usize, is_meant: impl Fn(&Call) -> bool) -> Vec<CallId> {
    let calls = programs[program].calls.iter().enumerate();
    calls.filter(|(_, call)| is_meant(call)).map(|(index, _)| (program, index)).collect()
}

/// Tells whether a client's call makes the first packet.
fn opens(program: &Program, call: &Call) -> bool {
    let is_stream = call.socket.is_some_and(|socket| program.sockets[socket].protocol == Protocol::Tcp);
    match call.action {
        Action::Connect => is_stream,
        Action::Send | Action::SendTo => !is_stream,
        _ => false,
    }
}

/// Tells whether a server's call is about the conversation with this client.
fn is_with(server: &Program, call: &Call, client: SocketAddr) -> bool {
    let accepted = call.socket.and_then(|socket| server.sockets[socket].accepted_from);
    call.peer == Some(client) || accepted == Some(client)
}

fn is_send(call: &Call) -> bool {
    matches!(call.action, Action::Send | Action::SendTo)
}

fn is_receive(call: &Call) -> bool {
    matches!(call.action, Action::Receive | Action::ReceiveFrom) && call.result.is_some()
}

fn relate_datagrams(
    matches: &mut Matches<'_>,
    programs: &[Program],
    ends: &Ends,
    packets: &[(usize, &PacketRecord)],
) {
    for side in Side::BOTH {
        let sends = ends.of(side).iter().filter(|id| is_send(call(programs, **id)));
        let receives = ends.of(side.other()).iter().filter(|id| is_receive(call(programs, **id)));
        let sent = packets.iter().filter(|(_, record)| record.from == side).map(|(index, _)| *index);
        matches.causes.extend(sent.clone().zip(sends.copied()));
        matches.triggers.extend(receives.copied().zip(sent));
    }
}

fn relate_handshake(
    matches: &mut Matches<'_>,
    programs: &[Program],
    ends: &Ends,
    packets: &[(usize, &PacketRecord)],
) {
    let from_client = packets.iter().filter(|(_, record)| record.from == Side::Client);
    let syn = from_client.clone().find(|(_, record)| record.has(Flags::SYN));
    let last = from_client.clone().find(|(_, record)| record.has(Flags::ACK));
    let connect = ends.client.iter().find(|id| call(programs, **id).action == Action::Connect);
    let accept = ends.server.iter().find(|id| call(programs, **id).action == Action::Accept);
    matches.causes.extend(syn.map(|(index, _)| *index).zip(connect.copied()));
    let last = last.map(|(index, _)| *index);
    matches.triggers.extend(connect.copied().zip(last));
    matches.triggers.extend(accept.copied().zip(last));
}

fn relate_stream(
    matches: &mut Matches<'_>,
    programs: &[Program],
    ends: &Ends,
    packets: &[(usize, &PacketRecord)],
) {
    for side in Side::BOTH {
        let sent: Vec<(usize, &PacketRecord)> =
            packets.iter().filter(|(_, record)| record.from == side).copied().collect();
        // The SYN has the relative sequence number 0, so the first byte has 1.
        let bytes = |record: &PacketRecord| {
            let start =
                record.segment().map_or(0, |segment| u64::from(segment.relative_sequence).saturating_sub(1));
            start..start + u64::from(record.payload_length)
        };
        let mut position = 0;
        for id in ends.of(side).iter().filter(|id| is_send(call(programs, **id))) {
            let end = call(programs, *id).result.unwrap_or(0).saturating_add(position);
            for (index, record) in &sent {
                if record.payload_length > 0 && (position..end).contains(&bytes(record).start) {
                    matches.causes.entry(*index).or_insert(*id);
                }
            }
            position = end;
        }
        let fin = sent.iter().find(|(_, record)| record.has(Flags::FIN)).map(|(index, _)| *index);
        let close = ends
            .of(side)
            .iter()
            .find(|id| matches!(call(programs, **id).action, Action::Shutdown | Action::Close));
        if let Some((fin, close)) = fin.zip(close) {
            matches.causes.entry(fin).or_insert(*close);
        }
        let mut position = 0;
        for id in ends.of(side.other()).iter().filter(|id| is_receive(call(programs, **id))) {
            let count = call(programs, *id).result.unwrap_or(0);
            position = count.saturating_add(position);
            let trigger = match count {
                0 => fin,
                _ => sent
                    .iter()
                    .find(|(_, record)| bytes(record).contains(&(position - 1)))
                    .map(|(index, _)| *index),
            };
            matches.triggers.extend(trigger.map(|index| (*id, index)));
        }
    }
}
