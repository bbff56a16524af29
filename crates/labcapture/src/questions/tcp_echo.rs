//! The questions of lab 2.

use crate::capture::Capture;
use crate::conversation::{Close, Conversation, Exchange, Message, PacketRecord, Protocol, Side, TcpFlow};
use crate::formatting::{count, frames, list, milliseconds};
use crate::lab::Lab;
use crate::narration::{closing, opening};
use crate::packet::Flags;
use crate::questions::answer::{Answer, frames_of};
use crate::questions::closing::shown_by_close;
use crate::questions::filter::Filter;
use crate::questions::round_trips::round_trips;
use crate::questions::selection::relevant;
use crate::questions::shared::{
    COMPARED_MAX, ServerPorts, connection_lines, is_opening_or_carries_payload, opens_or_carries_payload,
    shown_by_all, shown_by_syn,
};
use crate::questions::sockets::{
    NO_SERVER, address_lines, client_sockets, server_sockets, sockets_are_inferred,
};
use crate::questions::unreachable::with_unanswered_hosts;
use std::collections::BTreeSet;

pub fn answers(capture: &Capture) -> Vec<Answer> {
    let all = relevant(Lab::TcpEcho, capture);
    vec![
        open(&all),
        shown_by_syn(
            Answer::to(
                2,
                "Which port does the client use? How many addresses and sockets do the clients have?",
            ),
            &all,
        )
        .lines(connection_lines(&all, |conversation, _| Some(conversation.client().port().to_string())))
        .lines(client_sockets(&all))
        .or_absent("there is no TCP conversation")
        .inferred("a capture shows addresses, not sockets; a TCP client has one socket for each address"),
        header_lengths(&all),
        close(&all),
        others(&all),
        round_trips(6, "Which round-trip time did the client see, in the handshake and for a line?", &all),
        Answer::to(7, "Why does the second server on A fail?")
            .line(
                "no frame shows it: `bind` is local to one computer, and fails there because the address is \
                 in use",
            )
            .inferred("the second server never sends anything"),
        waiting(&all),
        Answer::to(9, "How many socket addresses does the server have, and how many sockets did it create?")
            .lines(server_sockets(&all))
            .or_absent(NO_SERVER)
            .inferred(sockets_are_inferred(
                &all,
                "a capture shows the server's address, but neither its listening socket nor the time when \
                 `accept` returns",
            )),
        shown_by_all(
            Answer::to(10, "Every socket address, and what it is used for")
                .lines(address_lines(&all))
                .or_absent("there is no TCP conversation"),
            &all,
        ),
        without_payload(&all),
        refused(&all, capture),
        Answer::to(13, "Which calls of the UDP pair and of the TCP pair differ, and what does each cause?")
            .line(
                "over TCP, `connect` sends the SYN and waits for the handshake, and `accept` takes a connection \
                 that the system has opened; a close sends a FIN; `read` may return any part of the stream",
            )
            .line("over UDP, each `send_to` is one datagram, each `recv_from` returns one; a close sends nothing")
            .inferred("calls are inside the two computers; a capture shows only the packets that they cause"),
        states(&all),
    ]
}

fn open(all: &[&Conversation]) -> Answer {
    let is_refused = |conversation: &&&Conversation| conversation.is_refused();
    let some_are_refused = all.iter().any(|conversation| conversation.is_refused());
    let all_are_refused = all.iter().filter(is_refused).count() == all.len();
    let servers = ServerPorts::of(all);
    // The third segment of a handshake comes from the client and has the relative numbers 1 and 1. An RST that refuses
    // the connection has the same numbers, but comes from the server.
    let is_third = |conversation: &Conversation, packet: &PacketRecord| {
        has_first_numbers(packet, Flags::ACK) && servers.have_received(conversation, packet)
    };
    let is_refusal = |conversation: &Conversation, packet: &PacketRecord| {
        has_first_numbers(packet, RST_ACK) && servers.have_sent(conversation, packet)
    };
    let filter = || {
        let first_numbers = |flags: &str, ports: Filter| {
            let numbers = Filter::is("tcp.seq == 1").and(Filter::is("tcp.ack == 1"));
            numbers.and(Filter::is("tcp.len == 0")).and(Filter::is(flags)).and(ports)
        };
        let mut kinds = vec![Filter::is("tcp.flags.syn == 1")];
        if !all_are_refused {
            kinds.push(first_numbers("tcp.flags == 0x010", servers.received(Protocol::Tcp)));
        }
        if some_are_refused {
            kinds.push(first_numbers("tcp.flags == 0x014", servers.sent(Protocol::Tcp)));
        }
        Filter::streams(all).and(Filter::Any(kinds))
    };
    let question =
        "Which segments open the connection, and what are their flags and raw initial sequence numbers?";
    Answer::to(1, question)
        .lines(connection_lines(all, |conversation, tcp| {
            tcp.handshake.syn?;
            Some(format!("{}{}", opening(conversation, tcp), initial_sequences(tcp)))
        }))
        .proof(frames_of(all, is_part_of_opening))
        .shown_as(all, filter, |conversation, packet| {
            packet.has(Flags::SYN)
                || !all_are_refused && is_third(conversation, packet)
                || some_are_refused && is_refusal(conversation, packet)
        })
        .or_absent("no SYN was captured; start the capture before the client")
}

const RST_ACK: Flags = Flags(Flags::RST.0 | Flags::ACK.0);

/// Tells whether a segment without payload has these flags and the relative numbers 1 and 1.
fn has_first_numbers(packet: &PacketRecord, flags: Flags) -> bool {
    packet.segment().is_some_and(|segment| {
        segment.flags == flags
            && packet.payload_length == 0
            && (segment.relative_sequence, segment.relative_acknowledgment) == (1, Some(1))
    })
}

fn is_part_of_opening(conversation: &Conversation, packet: &PacketRecord) -> bool {
    let handshake = conversation.tcp().map(|tcp| tcp.handshake).unwrap_or_default();
    let others = [handshake.ack, handshake.refusal].into_iter().flatten();
    packet.has(Flags::SYN) || others.into_iter().any(|at| at.frame == packet.at.frame)
}

fn initial_sequences(tcp: &TcpFlow) -> String {
    let raw = |side| tcp.directions[side].initial_sequence.filter(|_| tcp.directions[side].has_syn);
    match (raw(Side::Client), raw(Side::Server)) {
        (Some(client), Some(server)) => {
            format!("; raw initial sequence numbers {client} (client) and {server} (server)")
        }
        (Some(client), None) => format!("; raw initial sequence number {client}"),
        _ => String::new(),
    }
}

fn header_lengths(all: &[&Conversation]) -> Answer {
    Answer::to(3, "What is the Header Length of the first segment, and of a segment with payload?")
        .lines(connection_lines(all, |conversation, tcp| {
            let lengths = conversation.common.header_lengths();
            let lengths = list(
                lengths
                    .iter()
                    .map(|(length, packets)| format!("{length} bytes in {}", count(*packets, "segment"))),
            );
            let options = match tcp.handshake.syn {
                Some(_) => "; the difference is due to the options of the SYN (MSS, window scale, SACK)",
                None => "",
            };
            Some(format!("{lengths}{options}"))
        }))
        .shown(all, Some(opens_or_carries_payload()), is_opening_or_carries_payload)
        .or_absent("there is no TCP conversation")
}

fn close(all: &[&Conversation]) -> Answer {
    let opened: Vec<&Conversation> =
        all.iter().copied().filter(|conversation| !conversation.is_refused()).collect();
    let question = "Which segments close the connection, and what are their flags? Are there three or four, \
                    and which side starts?";
    let answer = Answer::to(4, question).lines(connection_lines(all, |conversation, tcp| {
        (!conversation.is_refused())
            .then(|| format!("{}{}", closing(conversation, tcp), closing_flags(conversation, tcp)))
    }));
    shown_by_close(answer, &opened).or_absent("no connection was open")
}

fn closing_flags(conversation: &Conversation, tcp: &TcpFlow) -> String {
    let frames = tcp.close().frames();
    let packets = conversation.common.packets.iter().filter(|packet| frames.contains(&packet.at.frame));
    let flags =
        packets.filter_map(|packet| Some(format!("{}: {}", packet.at.frame, packet.segment()?.flags)));
    let flags: Vec<String> = flags.collect();
    if flags.is_empty() { String::new() } else { format!("; flags {}", flags.join("; ")) }
}

/// The segments with payload that neither open nor close.
fn others(all: &[&Conversation]) -> Answer {
    let is_other = |packet: &PacketRecord| {
        let opens_or_closes = [Flags::SYN, Flags::FIN, Flags::RST].into_iter().any(|flag| packet.has(flag));
        packet.payload_length > 0 && !opens_or_closes
    };
    let kind = Filter::is("tcp.len > 0")
        .and(Filter::is("tcp.flags.syn == 0"))
        .and(Filter::is("tcp.flags.fin == 0"))
        .and(Filter::is("tcp.flags.reset == 0"));
    Answer::to(5, "Which flags do the other segments have, the ones with payload?")
        .lines(connection_lines(all, |conversation, _| {
            let packets = conversation.common.packets.iter().filter(|packet| is_other(packet));
            let flags: BTreeSet<Flags> = packets.filter_map(|packet| Some(packet.segment()?.flags)).collect();
            let words: Vec<String> =
                flags.iter().map(|flags| format!("{flags} (0x{:03x})", flags.0)).collect();
            (!words.is_empty()).then(|| words.join(" or "))
        }))
        .shown(all, Some(kind), |_, packet| is_other(packet))
        .or_absent("no segment carries payload")
}

/// A connected client that waits until another one has been served.
struct Wait<'a> {
    /// The conversation that is served.
    earlier: &'a Conversation,
    /// The conversation that waits.
    later: &'a Conversation,
    exchange: &'a Exchange,
}

fn find_wait<'a>(all: &[&'a Conversation]) -> Option<Wait<'a>> {
    all.iter().take(COMPARED_MAX).enumerate().find_map(|(index, later)| {
        let exchange = later.common.exchanges.first()?;
        let earlier = all[..index].iter().rev().find(|earlier| {
            earlier.server() == later.server()
                && earlier.common.last.frame > exchange.request.at.frame
                && exchange.reply.as_ref().is_none_or(|reply| reply.at.frame > closing_frame(earlier))
        })?;
        Some(Wait { earlier, later, exchange })
    })
}

/// Returns the frame in which a connection ends, or its last one.
fn closing_frame(conversation: &Conversation) -> u64 {
    let end = conversation.tcp().and_then(|tcp| {
        let fins = Side::BOTH.into_iter().filter_map(|side| tcp.directions[side].fin);
        let first_fin = fins.map(|fin| fin.at.frame).min();
        first_fin.or(tcp.first_reset.map(|(_, at)| at.frame))
    });
    end.unwrap_or(conversation.common.last.frame)
}

fn waiting(all: &[&Conversation]) -> Answer {
    let answer = Answer::to(8, "Why can C connect while B is served? Where is C's line until then?");
    let answer = match find_wait(all) {
        Some(wait) => {
            let kind = Filter::Any(vec![
                Filter::is("tcp.flags.syn == 1"),
                Filter::is("tcp.flags.fin == 1"),
                Filter::is("tcp.len > 0"),
            ]);
            answer.line(describe_wait(&wait)).shown(
                &[wait.earlier, wait.later],
                Some(kind),
                |conversation, packet| {
                    packet.has(Flags::FIN) || is_opening_or_carries_payload(conversation, packet)
                },
            )
        }
        None => answer.or_absent("no client had to wait for another one"),
    };
    answer.inferred(
        "the backlog, and the `accept` that ends the waiting, are inside A; the capture shows only the pause",
    )
}

fn describe_wait(wait: &Wait<'_>) -> String {
    let until = match &wait.exchange.reply {
        Some(Message { at, .. }) => format!(
            "it is answered in frame {}, {} later, after conversation {} closed",
            at.frame,
            milliseconds(wait.exchange.rtt_ns().unwrap_or(0)),
            wait.earlier.common.number
        ),
        None => "it is never answered in this capture".to_owned(),
    };
    let handshake = wait.later.tcp().map(|tcp| tcp.handshake).unwrap_or_default();
    let handshake = [handshake.syn, handshake.syn_ack, handshake.ack].into_iter().flatten();
    format!(
        "conversation {} opens while conversation {} is served: A's operating system completes the handshake \
         ({}); the line (frame {}) is acknowledged, and waits in the receive buffer; {until}",
        wait.later.common.number,
        wait.earlier.common.number,
        frames(&handshake.map(|at| at.frame).collect::<Vec<_>>()),
        wait.exchange.request.at.frame
    )
}

fn without_payload(all: &[&Conversation]) -> Answer {
    let mut answer = Answer::to(11, "Which frames have no counterpart in the capture of lab 1?").shown(
        all,
        Some(Filter::is("tcp.len == 0")),
        |_, packet| packet.payload_length == 0,
    );
    if !answer.frames.is_empty() {
        let reason = if all.iter().all(|conversation| conversation.has_no_server()) {
            "no connection was opened"
        } else {
            "handshake, acknowledgments and close; in return, both sides know of each other, and the bytes \
             arrive complete and in order"
        };
        let line = format!(
            "{} of {} carry no payload: {reason}",
            answer.frames.len(),
            frames_of(all, |_, _| true).len()
        );
        answer = answer.line(line);
    }
    answer.or_absent("there is no TCP conversation")
}

/// The states that the sockets pass through (RFC 9293, section 3.3.2).
fn states(all: &[&Conversation]) -> Answer {
    let question = "Which states did `ss` show, and on which side?";
    let opened: Vec<&Conversation> =
        all.iter().copied().filter(|conversation| !conversation.has_no_server()).collect();
    let answer = Answer::to(14, question).lines(connection_lines(&opened, |conversation, tcp| {
        let Close::Complete { began, .. } = tcp.close() else { return None };
        let address = |side| conversation.common.addresses[side];
        let other = began.other();
        Some(format!(
            "both sockets are in ESTABLISHED after the handshake; the {began}'s socket ({}) sends the first FIN, and \
             is in TIME-WAIT in the end; the {other}'s socket ({}) is in CLOSE-WAIT until it closes, too",
            address(began),
            address(other)
        ))
    }));
    shown_by_close(answer, &opened).or_absent("no connection was opened and closed").inferred(
        "a capture shows packets, and the states follow from them; the listening socket, in LISTEN, sends nothing",
    )
}

fn refused(all: &[&Conversation], capture: &Capture) -> Answer {
    let refused: Vec<&Conversation> =
        all.iter().copied().filter(|conversation| conversation.is_refused()).collect();
    let answer =
        Answer::to(12, "The client is started before the server, or uses another port: what happens?")
            .lines(connection_lines(&refused, |conversation, tcp| {
                Some(format!(
                    "to {}: {}; over UDP, the first `send` succeeds even without a server",
                    conversation.server(),
                    opening(conversation, tcp)
                ))
            }))
            .shown(&refused, None, |_, _| true);
    with_unanswered_hosts(answer, capture).or_absent("no connection was refused")
}
