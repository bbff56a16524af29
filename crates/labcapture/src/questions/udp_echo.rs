//! The questions of lab 1.

use crate::capture::Capture;
use crate::checksum::Status;
use crate::conversation::{Conversation, Detail, Exchange, Message, PacketRecord, PerSide, Protocol, Side};
use crate::formatting::{Hex, count, count_of, milliseconds};
use crate::lab::Lab;
use crate::questions::answer::Answer;
use crate::questions::selection::relevant;
use crate::questions::shared::{
    COMPARED_MAX, CONVERSATIONS_MAX, Overlap, ServerPorts, answered_meanwhile, first_from, lines,
    shown_by_all,
};
use crate::questions::sockets::{address_lines, sockets_are_inferred};
use crate::questions::unreachable::{lacking, unreachable, with_unanswered_hosts};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

pub fn answers(capture: &Capture) -> Vec<Answer> {
    let all = relevant(Lab::UdpEcho, capture);
    vec![
        shown_by_datagrams(Answer::to(1, "Which port does the client use, and who chose it?"), &all)
            .lines(lines(&all, |conversation| {
                let (client, server) = (conversation.client().port(), conversation.server().port());
                let server = if conversation.has_no_server() {
                    format!("no program has port {server}, to which it sends")
                } else {
                    format!("the server's port is {server}")
                };
                Some(format!("{client}, chosen by the client's operating system; {server}"))
            }))
            .or_absent("there is no UDP conversation"),
        length(&all),
        checksums(&all),
        frames_of_a_line(&all),
        shown_by_all(Answer::to(5, "Every socket address, and the server's sockets"), &all)
            .lines(address_lines(&all))
            .lines(sockets(&all))
            .or_absent("there is no UDP conversation")
            .inferred(sockets_are_inferred(
                &all,
                "a capture shows addresses, not sockets; one socket is the simplest explanation for replies \
                 from one address",
            )),
        two_clients(&all),
        with_unanswered_hosts(
            unreachable(7, "The client is started before the server: what happens?", &all),
            capture,
        )
        .or_absent(lacking(&all))
        .inferred(
            "return values are not on the wire: `send` succeeds, and `recv` fails once the ICMP message \
                 arrives",
        ),
        unreachable(
            8,
            "Client and server use different ports: what happens, and which packet shows it?",
            &all,
        )
        .or_absent(lacking(&all))
        .inferred(
            "a wrong port and a missing server look alike on the wire; only the terminals show which it was",
        ),
        Answer::to(9, "Why does a second server on the same address fail?")
            .line(
                "no frame shows it: `bind` is local to one computer, and fails there because the address is \
                 in use",
            )
            .inferred("the second server never sends anything"),
        shown_by_all(Answer::to(10, "Which frames of C are in the captures of A and of C?"), &all)
            .lines(client_frames(&all))
            .or_absent("there is no UDP conversation")
            .inferred(
                "one capture shows only what its own host sees; a switch forwards a frame only to the host \
                 that it is for, so compare this with the capture of the other host",
            ),
    ]
}

/// Shows the datagrams that the clients send.
fn shown_by_datagrams(answer: Answer, all: &[&Conversation]) -> Answer {
    let servers = ServerPorts::of(all);
    answer.shown(all, Some(servers.received(Protocol::Udp)), |conversation, packet| {
        servers.have_received(conversation, packet)
    })
}

fn length(all: &[&Conversation]) -> Answer {
    let question = "What is the Length of the client's first datagram, and what does it count?";
    shown_by_datagrams(Answer::to(2, question), all)
        .lines(lines(all, |conversation| {
            let packet = first_from(conversation, Side::Client)?;
            let Detail::Udp(length) = packet.detail else { return None };
            let payload = packet.payload_length;
            Some(format!("{length}: 8 bytes of header and {payload} of payload (frame {})", packet.at.frame))
        }))
        .or_absent("no client sends a datagram")
}

fn checksums(all: &[&Conversation]) -> Answer {
    let question = "What are the checksums of the client's datagram and of the reply, and are they correct?";
    shown_by_all(Answer::to(3, question), all)
        .lines(lines(all, |conversation| {
            let client = first_from(conversation, Side::Client)?;
            let reply = match first_from(conversation, Side::Server) {
                Some(server) => format!("the server's {}", checksum(server)),
                None => "there is no reply".to_owned(),
            };
            Some(format!("the client's {}, {reply}", checksum(client)))
        }))
        .or_absent("no client sends a datagram")
}

/// Describes a checksum.
fn checksum(packet: &PacketRecord) -> String {
    let meaning = match packet.checksum_status {
        Status::Right => "correct",
        Status::Wrong => "wrong: the datagram was damaged, or was changed without updating the checksum",
        Status::Partial => {
            "partial: only the sum of the pseudo-header; the network card computes the rest (checksum \
             offload)"
        }
        Status::Absent => "absent: the sender computed none",
        Status::Unknown => "can't be verified, because the capture holds only part of the frame",
    };
    format!("{} in frame {} ({meaning})", Hex(packet.checksum), packet.at.frame)
}

fn frames_of_a_line(all: &[&Conversation]) -> Answer {
    let question = "Which frames belong to one line of text? Does any open or close the conversation?";
    shown_by_all(Answer::to(4, question), all)
        .lines(lines(all, |conversation| {
            let (exchange, reply) = first_answered(conversation)?;
            Some(format!(
                "two: the client's datagram ({}) and the server's ({}); the conversation has {}, none of \
                 which opens or closes it",
                exchange.request.at.frame,
                reply.at.frame,
                count(conversation.common.packet_count(), "datagram")
            ))
        }))
        .or_absent("no line was answered")
}

fn first_answered(conversation: &Conversation) -> Option<(&Exchange, &Message)> {
    conversation.common.exchanges.iter().find_map(|exchange| Some((exchange, exchange.reply.as_ref()?)))
}

fn sockets(all: &[&Conversation]) -> Option<String> {
    let clients: BTreeSet<SocketAddr> = all.iter().map(|conversation| conversation.client()).collect();
    let number = count_of(clients.len() as u64, "client address", "client addresses");
    let server = if all.iter().all(|conversation| conversation.has_no_server()) {
        "each client has a socket of its own, and no server is seen"
    } else {
        "the server has one socket for all of its clients, and each client has its own"
    };
    (!all.is_empty()).then(|| format!("{number}; {server}"))
}

/// Counts the datagrams of each client computer, and the replies to it.
fn client_frames(all: &[&Conversation]) -> Vec<String> {
    let mut computers: BTreeMap<IpAddr, PerSide<u64>> = BTreeMap::new();
    for conversation in all {
        let datagrams = computers.entry(conversation.client().ip()).or_default();
        for side in Side::BOTH {
            datagrams[side] += conversation.common.traffic[side].packets;
        }
    }
    let lines = computers.iter().take(CONVERSATIONS_MAX).map(|(computer, datagrams)| {
        let replies = count_of(datagrams.server, "reply", "replies");
        format!("this capture has {} from {computer}, and {replies}", count(datagrams.client, "datagram"))
    });
    let mut lines: Vec<String> = lines.collect();
    if computers.len() > lines.len() {
        lines.push(format!("… and {} more computers", computers.len() - lines.len()));
    }
    lines
}

fn two_clients(all: &[&Conversation]) -> Answer {
    let answer = Answer::to(6, "Why is C answered immediately while B's client still runs?");
    let answer = match answered_meanwhile(all) {
        Some(Overlap { earlier, later, request, reply }) => answer
            .line(format!(
                "the line of conversation {} (frame {request}) is answered in frame {reply}, and \
                 conversation {} continues after that: datagrams of all clients arrive at one socket, and \
                 each carries its sender's address",
                later.common.number, earlier.common.number
            ))
            .shown(&[earlier, later], None, |_, _| true),
        None => second_client(all, answer),
    };
    answer.inferred(
        "system calls are not on the wire: `recv_from` returns the sender's address, and `send_to` takes it",
    )
}

/// Answers with a second client's first exchange. The wire does not show whether the first client still runs then,
/// because nothing closes a UDP conversation.
fn second_client(all: &[&Conversation], answer: Answer) -> Answer {
    let found = all.iter().take(COMPARED_MAX).enumerate().find_map(|(index, later)| {
        let is_another_client = |earlier: &&&Conversation| {
            earlier.server() == later.server() && earlier.client() != later.client()
        };
        let earlier = all[..index].iter().find(is_another_client)?;
        let (exchange, reply) = first_answered(later)?;
        Some((*later, *earlier, exchange, reply))
    });
    let Some((later, earlier, exchange, reply)) = found else {
        return answer.or_absent("only one client was answered");
    };
    let request = exchange.request.at.frame;
    let time = exchange.rtt_ns().map_or(String::new(), |ns| format!(", {} later", milliseconds(ns)));
    answer
        .line(format!(
            "the line of conversation {} (frame {request}) is answered in frame {}{time}, and no frame had \
             to close conversation {} first: datagrams of all clients arrive at one socket, and each carries \
             its sender's address",
            later.common.number, reply.at.frame, earlier.common.number
        ))
        .shown(&[earlier, later], None, |_, _| true)
}
