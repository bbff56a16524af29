//! The questions of lab 2.

use super::{Answer, Lab, address_lines, all_frames, is_whole, lines, prove_by_all, relevant, streams};
use crate::conversation::{Close, Conversation, Entry, Side};
use crate::packet::Flags;
use crate::page::{closing, header_lengths, opening};
use crate::report::Report;
use crate::words::{count, frames, list, milliseconds};
use std::collections::BTreeSet;

pub(super) fn answers(report: &Report) -> Vec<Answer> {
    let all = relevant(Lab::TcpEcho, report);
    vec![
        open(&all),
        Answer::to(2, "Which port does the client use? How many addresses and sockets do the clients have?")
            .lines(lines(&all, |conversation| Some(format!("{}", conversation.client().port()))))
            .line(client_sockets(&all))
            .proof(all.iter().map(|conversation| conversation.first.frame))
            .inferred("a capture shows addresses; that each of them is one socket holds for every TCP client"),
        lengths(&all),
        close(&all),
        others(&all),
        round_trips(6, "Which round trip time did the client see, in the handshake and for a line?", &all),
        Answer::to(7, "Why does the second server on A fail?")
            .line("no frame shows it: `bind` is a matter of one system, and fails there because the address is in use")
            .inferred("the second server never sends anything"),
        waiting(&all),
        Answer::to(9, "How many socket addresses has the server, and how many sockets did it make?")
            .line(server_sockets(&all))
            .inferred("a capture shows one address of the server; it can't show the listening socket, nor when `accept` returned"),
        prove_by_all(Answer::to(10, "Every socket address, and what it is used for").lines(address_lines(&all)), &all),
        without_counterpart(&all),
        not_there(&all),
    ]
}

/// Which segments open the connections.
fn open(all: &[&Conversation]) -> Answer {
    let marks = |conversation: &Conversation| {
        let handshake = conversation.handshake;
        [handshake.syn, handshake.syn_ack, handshake.ack, handshake.refusal]
            .into_iter()
            .flatten()
            .map(|mark| mark.frame)
            .collect::<Vec<_>>()
    };
    let raw = |conversation: &Conversation| {
        let number = |side| conversation.sent[side].initial_sequence.filter(|_| conversation.sent[side].syn);
        match (number(Side::Client), number(Side::Server)) {
            (Some(client), Some(server)) => {
                format!("; raw initial sequence numbers {client} (client) and {server} (server)")
            }
            (Some(client), None) => format!("; raw initial sequence number {client}"),
            _ => String::new(),
        }
    };
    let proof = all.iter().flat_map(|conversation| marks(conversation));
    Answer::to(
        1,
        "Which segments open the connection, and what are their flags and raw initial sequence numbers?",
    )
    .lines(lines(all, |conversation| {
        (!marks(conversation).is_empty()).then(|| format!("{}{}", opening(conversation), raw(conversation)))
    }))
    .proof(proof)
    .or_nothing("no SYN was captured; start the capture before the client")
}

fn client_sockets(all: &[&Conversation]) -> String {
    let clients: BTreeSet<_> = all.iter().map(|conversation| conversation.client()).collect();
    format!("together {0} socket address(es) and {0} socket(s), one per connection", clients.len())
}

pub(super) fn server_sockets(all: &[&Conversation]) -> String {
    let servers: BTreeSet<_> = all.iter().map(|conversation| conversation.server()).collect();
    let accepted = all.iter().filter(|conversation| conversation.sent[Side::Server].syn).count();
    format!(
        "{}: {}; sockets: one that listens, and one for each connection that it accepted, {accepted} in this capture",
        if servers.len() == 1 { "one socket address" } else { "socket addresses" },
        list(servers)
    )
}

fn lengths(all: &[&Conversation]) -> Answer {
    let first_text = |conversation: &&Conversation| {
        conversation.entries.iter().find(|entry| entry.text_length > 0).map(|entry| entry.at.frame)
    };
    Answer::to(3, "What is the Header Length, of the first segment and of one with text?")
        .lines(lines(all, |conversation| {
            let lengths = header_lengths(conversation);
            let lengths = list(
                lengths
                    .iter()
                    .map(|(length, packets)| format!("{length} bytes in {}", count(*packets, "segment"))),
            );
            let syn = conversation
                .handshake
                .syn
                .map_or("", |_| "; the SYN's options (MSS, window scale, SACK) are the difference");
            Some(format!("{lengths}{syn}"))
        }))
        .proof(
            all.iter().map(|conversation| conversation.first.frame).chain(all.iter().filter_map(first_text)),
        )
        .or_nothing("there is no TCP conversation")
}

fn close(all: &[&Conversation]) -> Answer {
    let numbers = |conversation: &Conversation| match conversation.close_of() {
        Close::Complete { frames, .. } | Close::Incomplete { frames, .. } => frames,
        Close::Reset { at, .. } => vec![at.frame],
        Close::Open => Vec::new(),
    };
    let flags = |conversation: &Conversation| {
        let numbers = numbers(conversation);
        let entries = conversation.entries.iter().filter(|entry| numbers.contains(&entry.at.frame));
        let flags =
            entries.filter_map(|entry| Some(format!("{}: {}", entry.at.frame, entry.segment()?.flags)));
        flags.collect::<Vec<_>>().join("; ")
    };
    Answer::to(
        4,
        "Which segments close the connection, and what are their flags? Three or four, and who began?",
    )
    .lines(lines(all, |conversation| {
        (!conversation.is_refused()).then(|| {
            format!("{}; flags {}", closing(conversation), flags(conversation))
                .trim_end_matches("; flags ")
                .to_owned()
        })
    }))
    .proof(
        all.iter()
            .filter(|conversation| !conversation.is_refused())
            .flat_map(|conversation| numbers(conversation)),
    )
    .or_nothing("no connection was open")
}

/// Segments with text that neither open nor close.
fn is_other(entry: &&Entry) -> bool {
    entry.text_length > 0
        && entry.segment().is_some_and(|detail| {
            !detail.flags.has(Flags::SYN) && !detail.flags.has(Flags::FIN) && !detail.flags.has(Flags::RST)
        })
}

fn others(all: &[&Conversation]) -> Answer {
    let answer = Answer::to(5, "Which flags do the remaining segments have, the ones with text?")
        .lines(lines(all, |conversation| {
            let flags: BTreeSet<Flags> = conversation
                .entries
                .iter()
                .filter(is_other)
                .filter_map(|entry| Some(entry.segment()?.flags))
                .collect();
            let words = flags.iter().map(|flags| format!("{flags} (0x{:03x})", flags.0)).collect::<Vec<_>>();
            (!words.is_empty()).then(|| words.join(" or "))
        }))
        .proof(all.iter().flat_map(|conversation| {
            conversation.entries.iter().filter(is_other).map(|entry| entry.at.frame)
        }));
    let answer = if is_whole(all) {
        answer.filter(format!(
            "{} && tcp.len > 0 && tcp.flags.syn == 0 && tcp.flags.fin == 0 && tcp.flags.reset == 0",
            streams(all)
        ))
    } else {
        answer
    };
    answer.or_nothing("no segment carries text")
}

/// The times of the handshake and of the first lines.
pub(super) fn round_trips(number: u8, question: &'static str, all: &[&Conversation]) -> Answer {
    let exchange = |conversation: &Conversation| {
        conversation.exchanges.iter().find(|exchange| exchange.reply.is_some()).cloned()
    };
    let proof = all.iter().flat_map(|conversation| {
        let handshake = conversation.handshake;
        let line = exchange(conversation);
        let line =
            line.iter().flat_map(|line| [Some(line.request.frame), line.reply.map(|reply| reply.frame)]);
        let opening = handshake.rtt_ns().and(Some([handshake.last_syn, handshake.syn_ack]));
        opening
            .into_iter()
            .flatten()
            .flatten()
            .map(|mark| mark.frame)
            .chain(line.flatten())
            .collect::<Vec<_>>()
    });
    Answer::to(number, question)
        .lines(lines(all, |conversation| {
            let handshake = conversation.handshake.rtt_ns();
            let handshake = handshake.map(|ns| format!("{} from SYN to SYN, ACK", milliseconds(ns)));
            let line = exchange(conversation).and_then(|line| {
                Some(format!("{} for the line in frame {}", milliseconds(line.rtt_ns()?), line.request.frame))
            });
            let text = [handshake, line].into_iter().flatten().collect::<Vec<_>>().join("; ");
            (!text.is_empty()).then_some(text)
        }))
        .proof(proof)
        .or_nothing("nothing was answered")
}

/// A client that is connected and has to wait for another one.
fn waiting(all: &[&Conversation]) -> Answer {
    let found = all.iter().enumerate().find_map(|(index, later)| {
        let waits = later.exchanges.first()?;
        let earlier = all[..index].iter().rev().find(|earlier| {
            earlier.server() == later.server()
                && earlier.last.frame > waits.request.frame
                && waits.reply.is_none_or(|reply| reply.frame > closing_frame(earlier))
        })?;
        Some((*later, *earlier, waits))
    });
    let answer = Answer::to(8, "Why can C connect while B is served? Where is C's line until then?");
    let answer = match found {
        Some((later, earlier, waits)) => {
            let handshake = later.handshake;
            let until = match waits.reply {
                Some(reply) => format!(
                    "it is answered in frame {}, {} later, after conversation {} was closed",
                    reply.frame,
                    milliseconds(waits.rtt_ns().unwrap_or(0)),
                    earlier.number
                ),
                None => "it is never answered in this capture".to_owned(),
            };
            let marks = [handshake.syn, handshake.syn_ack, handshake.ack, Some(waits.request), waits.reply];
            answer
                .line(format!(
                    "conversation {} opens while conversation {} goes on: A's system completes the handshake ({}); its line (frame \
                     {}) is acknowledged, and waits in the receive buffer; {until}",
                    later.number,
                    earlier.number,
                    frames(&marks[..3].iter().flatten().map(|mark| mark.frame).collect::<Vec<_>>()),
                    waits.request.frame
                ))
                .proof(marks.into_iter().flatten().map(|mark| mark.frame))
        }
        None => answer.or_nothing("no client had to wait for another one"),
    };
    answer.inferred("the backlog and the call `accept`, which lets C go on, are within A; the capture shows only the pause")
}

/// The frame in which a connection ends, or its last one.
fn closing_frame(conversation: &Conversation) -> u64 {
    let fin =
        Side::BOTH.iter().filter_map(|side| conversation.sent[*side].fin).map(|(mark, _)| mark.frame).min();
    fin.or(conversation.resets.first().map(|(_, mark)| mark.frame)).unwrap_or(conversation.last.frame)
}

fn without_counterpart(all: &[&Conversation]) -> Answer {
    let bare = |entry: &&Entry| entry.text_length == 0;
    let numbers = all
        .iter()
        .flat_map(|conversation| conversation.entries.iter().filter(bare).map(|entry| entry.at.frame));
    let answer = Answer::to(11, "Which frames have no counterpart in the capture of lab 1?").proof(numbers);
    let answer = if answer.frames.is_empty() {
        answer
    } else {
        let all_count = all_frames(all).count();
        let line = format!(
            "{} of {all_count} carry no text: handshake, acknowledgments, close; they buy a stream in order, without loss, between \
             two that know of each other",
            answer.frames.len()
        );
        answer.line(line)
    };
    let answer =
        if is_whole(all) { answer.filter(format!("{} && tcp.len == 0", streams(all))) } else { answer };
    answer.or_nothing("there is no TCP conversation")
}

fn not_there(all: &[&Conversation]) -> Answer {
    let refused: Vec<&Conversation> =
        all.iter().copied().filter(|conversation| conversation.is_refused()).collect();
    let marks = |conversation: &&Conversation| {
        let reset = conversation.resets.first().map(|(_, mark)| mark.frame);
        [conversation.handshake.syn.map(|mark| mark.frame), reset]
    };
    Answer::to(12, "The client is started before the server, or uses another port: what happens?")
        .lines(lines(&refused, |conversation| {
            Some(format!(
                "to {}: {}; with UDP nothing is refused when it is sent",
                conversation.server(),
                opening(conversation)
            ))
        }))
        .proof(refused.iter().flat_map(marks).flatten())
        .or_nothing("no connection was refused")
}
