//! The questions of lab 2.

use super::{
    Answer, COMPARED_MAX, Lab, OPENS_OR_SPEAKS, Servers, address_lines, among, frames_of, has, is_one_of,
    lines, opens_or_speaks, prove_by_all, relevant, shown_by_syn, streams,
};
use crate::conversation::{Close, Conversation, Entry, Side};
use crate::packet::Flags;
use crate::page::{closing, header_lengths, opening};
use crate::report::Report;
use crate::words::{count, frames, list, milliseconds};
use std::collections::BTreeSet;

/// Conversations whose closing one filter describes: each needs a part of its own.
const FILTERED_MAX: usize = 10;

pub(super) fn answers(report: &Report) -> Vec<Answer> {
    let all = relevant(Lab::TcpEcho, report);
    vec![
        open(&all),
        shown_by_syn(Answer::to(2, "Which port does the client use? How many addresses and sockets do the clients have?"), &all)
            .lines(lines(&all, |conversation| Some(format!("{}", conversation.client().port()))))
            .line(client_sockets(&all))
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

/// The filter for segments without text that have the first relative numbers, and the flags of one that refuses.
const AT_START: &str = "tcp.seq == 1 && tcp.ack == 1 && tcp.len == 0";
const REFUSES: Flags = Flags(Flags::RST.0 | Flags::ACK.0);

fn is_at_start(entry: &Entry, flags: Flags) -> bool {
    entry.segment().is_some_and(|segment| {
        segment.flags == flags
            && entry.text_length == 0
            && (segment.relative_sequence, segment.relative_acknowledgment) == (1, Some(1))
    })
}

/// Which segments open the connections.
fn open(all: &[&Conversation]) -> Answer {
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
    let opens = |conversation: &Conversation, entry: &Entry| {
        let handshake = conversation.handshake;
        let others = [handshake.ack, handshake.refusal].into_iter().flatten();
        has(entry, Flags::SYN) || others.into_iter().any(|mark| mark.frame == entry.at.frame)
    };
    let opened: Vec<&Conversation> =
        all.iter().copied().filter(|conversation| !conversation.is_refused()).collect();
    let servers = Servers::of(all);
    // The third segment has both sides' first numbers, and so has the reset that refuses, but from the server.
    let is_third = |conversation: &Conversation, entry: &Entry| {
        is_at_start(entry, Flags::ACK) && servers.received(conversation, entry)
    };
    let refuses = |conversation: &Conversation, entry: &Entry| {
        is_at_start(entry, REFUSES) && servers.sent(conversation, entry)
    };
    let filter = || {
        let mut kinds = vec!["tcp.flags.syn == 1".to_owned()];
        if !opened.is_empty() {
            kinds.push(format!("({AT_START} && tcp.flags == 0x010 && {})", servers.receive("tcp")));
        }
        if opened.len() < all.len() {
            kinds.push(format!("({AT_START} && tcp.flags == 0x014 && {})", servers.send("tcp")));
        }
        among(&streams(all), &format!("({})", kinds.join(" || ")))
    };
    Answer::to(
        1,
        "Which segments open the connection, and what are their flags and raw initial sequence numbers?",
    )
    .lines(lines(all, |conversation| {
        conversation.handshake.syn?;
        Some(format!("{}{}", opening(conversation), raw(conversation)))
    }))
    .proof(frames_of(all, opens))
    .shown_as(all, filter, |conversation, entry| {
        let refusal = opened.len() < all.len() && refuses(conversation, entry);
        has(entry, Flags::SYN) || !opened.is_empty() && is_third(conversation, entry) || refusal
    })
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
        .shown(all, OPENS_OR_SPEAKS, opens_or_speaks)
        .or_nothing("there is no TCP conversation")
}

fn close(all: &[&Conversation]) -> Answer {
    let flags = |conversation: &Conversation| {
        let numbers = closing_frames(conversation);
        let entries = conversation.entries.iter().filter(|entry| numbers.contains(&entry.at.frame));
        let flags =
            entries.filter_map(|entry| Some(format!("{}: {}", entry.at.frame, entry.segment()?.flags)));
        flags.collect::<Vec<_>>().join("; ")
    };
    let opened: Vec<&Conversation> =
        all.iter().copied().filter(|conversation| !conversation.is_refused()).collect();
    let answer = Answer::to(
        4,
        "Which segments close the connection, and what are their flags? Three or four, and who began?",
    )
    .lines(lines(all, |conversation| {
        (!conversation.is_refused()).then(|| {
            format!("{}; flags {}", closing(conversation), flags(conversation))
                .trim_end_matches("; flags ")
                .to_owned()
        })
    }));
    shown_by_close(answer, &opened).or_nothing("no connection was open")
}

fn closing_frames(conversation: &Conversation) -> Vec<u64> {
    match conversation.close_of() {
        Close::Complete { frames, .. } | Close::Incomplete { frames, .. } => frames,
        Close::Reset { at, .. } => vec![at.frame],
        Close::Open => Vec::new(),
    }
}

/// The segments that close: those with FIN, and those that acknowledge them, or a reset.
pub(super) fn shown_by_close(answer: Answer, all: &[&Conversation]) -> Answer {
    let answer = answer.proof(all.iter().flat_map(|conversation| closing_frames(conversation)));
    // The relative number after a FIN, which acknowledges it, is another one in each conversation.
    let ends = |conversation: &Conversation| -> BTreeSet<u64> {
        let sides = Side::BOTH.into_iter();
        sides.filter_map(|side| Some(conversation.sent[side].fin?.1 & 0xffff_ffff)).collect()
    };
    let is_reset = |conversation: &Conversation| matches!(conversation.close_of(), Close::Reset { .. });
    let closed: Vec<&Conversation> =
        all.iter().copied().filter(|conversation| conversation.close_of() != Close::Open).collect();
    if closed.len() > FILTERED_MAX {
        return answer;
    }
    let filter = || {
        let closed = closed.iter().map(|conversation| {
            let stream = streams(&[conversation]);
            if is_reset(conversation) {
                return format!("{stream} && tcp.flags.reset == 1");
            }
            let acknowledges = is_one_of("tcp.ack", ends(conversation));
            format!("{stream} && (tcp.flags.fin == 1 || ({acknowledges} && tcp.len == 0))")
        });
        match &closed.collect::<Vec<_>>()[..] {
            [one] => one.clone(),
            more => more.iter().map(|one| format!("({one})")).collect::<Vec<_>>().join(" || "),
        }
    };
    answer.shown_as(&closed, filter, |conversation, entry| {
        if is_reset(conversation) {
            return has(entry, Flags::RST);
        }
        // Wireshark knows the relative number of every segment, also of one whose number does not count.
        let acknowledged = entry.segment().and_then(|segment| segment.relative_acknowledgment);
        let acknowledged = acknowledged.is_some_and(|number| ends(conversation).contains(&u64::from(number)));
        has(entry, Flags::FIN) || acknowledged && entry.text_length == 0
    })
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
        .shown(
            all,
            "tcp.len > 0 && tcp.flags.syn == 0 && tcp.flags.fin == 0 && tcp.flags.reset == 0",
            |_, entry| is_other(&entry),
        );
    answer.or_nothing("no segment carries text")
}

/// The times of the handshake and of the first lines.
pub(super) fn round_trips(number: u8, question: &'static str, all: &[&Conversation]) -> Answer {
    let exchange = |conversation: &Conversation| {
        conversation.exchanges.iter().find(|exchange| exchange.reply.is_some()).cloned()
    };
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
        .shown(all, OPENS_OR_SPEAKS, opens_or_speaks)
        .or_nothing("nothing was answered")
}

/// A client that is connected and has to wait for another one.
fn waiting(all: &[&Conversation]) -> Answer {
    let found = all.iter().take(COMPARED_MAX).enumerate().find_map(|(index, later)| {
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
            let marks = [handshake.syn, handshake.syn_ack, handshake.ack];
            answer
                .line(format!(
                    "conversation {} opens while conversation {} goes on: A's system completes the handshake ({}); its line (frame \
                     {}) is acknowledged, and waits in the receive buffer; {until}",
                    later.number,
                    earlier.number,
                    frames(&marks.iter().flatten().map(|mark| mark.frame).collect::<Vec<_>>()),
                    waits.request.frame
                ))
                .shown(
                    &[earlier, later],
                    "(tcp.flags.syn == 1 || tcp.flags.fin == 1 || tcp.len > 0)",
                    |conversation, entry| has(entry, Flags::FIN) || opens_or_speaks(conversation, entry),
                )
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
    let mut answer = Answer::to(11, "Which frames have no counterpart in the capture of lab 1?").shown(
        all,
        "tcp.len == 0",
        |_, entry| entry.text_length == 0,
    );
    if !answer.frames.is_empty() {
        let line = format!(
            "{} of {} carry no text: handshake, acknowledgments, close; they buy a stream in order, without loss, between two \
             that know of each other",
            answer.frames.len(),
            frames_of(all, |_, _| true).len()
        );
        answer = answer.line(line);
    }
    answer.or_nothing("there is no TCP conversation")
}

fn not_there(all: &[&Conversation]) -> Answer {
    let refused: Vec<&Conversation> =
        all.iter().copied().filter(|conversation| conversation.is_refused()).collect();
    Answer::to(12, "The client is started before the server, or uses another port: what happens?")
        .lines(lines(&refused, |conversation| {
            Some(format!(
                "to {}: {}; with UDP nothing is refused when it is sent",
                conversation.server(),
                opening(conversation)
            ))
        }))
        .shown(&refused, "", |_, _| true)
        .or_nothing("no connection was refused")
}
