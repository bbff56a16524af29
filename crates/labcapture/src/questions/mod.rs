//! The handouts' questions by number, each with its answer, the frames that prove it, and the Wireshark filter that shows
//! exactly these frames (and such as [`Conversation`] has not kept). The filter says what they are, so that it can be learnt;
//! only where no short one does, it names their numbers.
//!
//! A capture shows packets, not programs. What it can't prove is marked as inferred, with the reason.

mod http_file_server;
mod rtt_client;
mod tcp_echo;
mod tcp_threaded;
mod udp_echo;

use crate::conversation::{Conversation, Entry, Protocol, Side};
use crate::http;
use crate::packet::Flags;
use crate::report::Report;
use crate::words::{count, frames, list};
use clap::ValueEnum;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{self, Write};
use std::net::SocketAddr;

/// Conversations that one answer speaks of.
const CONVERSATIONS_MAX: usize = 10;

/// Conversations that are compared with each other: each with those before it.
const COMPARED_MAX: usize = 1000;

/// Ports of the labs and of the lectures' examples.
const LAB_PORTS: [u16; 6] = [25_000, 6789, 8000, 12_000, 5000, 25_002];

/// Ports of services that run on a lab's computers anyway: names, addresses, time, remote shells, discovery.
const OTHER_PORTS: [u16; 13] = [22, 53, 67, 68, 123, 137, 138, 443, 546, 547, 1900, 5353, 5355];

/// A lab with a handout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lab {
    /// Lab 1.
    UdpEcho,
    /// Lab 2.
    TcpEcho,
    /// Lab 3.
    TcpThreaded,
    /// Lab 4.
    RttClient,
    /// Lab 5.
    HttpFileServer,
}

impl fmt::Display for Lab {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_possible_value().as_ref().map_or("", |value| value.get_name()))
    }
}

/// The answer to one question of a handout.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Its number in the handout.
    pub number: u8,
    /// What it asks, in short.
    pub question: &'static str,
    /// The answer, a line for each thing to say.
    pub lines: Vec<String>,
    /// The frames that prove it.
    pub frames: Vec<u64>,
    /// The display filter that shows these frames.
    pub filter: Option<String>,
    /// Why the capture alone does not prove it.
    pub inferred: Option<&'static str>,
}

impl Answer {
    fn to(number: u8, question: &'static str) -> Answer {
        Answer { number, question, ..Answer::default() }
    }

    fn line(mut self, line: impl Into<String>) -> Answer {
        self.lines.push(line.into());
        self
    }

    fn lines(mut self, lines: impl IntoIterator<Item = String>) -> Answer {
        self.lines.extend(lines);
        self
    }

    /// Proves it by all packets of these conversations that are of some kind. The filter names the kind as Wireshark does, and
    /// `shows` picks the same packets; an empty one means all.
    fn shown(
        self,
        conversations: &[&Conversation],
        kind: &str,
        shows: impl Fn(&Conversation, &Entry) -> bool,
    ) -> Answer {
        let answer = self.proof(frames_of(conversations, shows));
        answer.filter(among(&streams(conversations), kind))
    }

    /// Replaces the frames' numbers in the filter by a kind of packets, if exactly the proving frames are of it.
    fn shown_as(
        self,
        conversations: &[&Conversation],
        filter: impl FnOnce() -> String,
        shows: impl Fn(&Conversation, &Entry) -> bool,
    ) -> Answer {
        let frames = frames_of(conversations, shows);
        if frames == self.frames { self.filter(filter()) } else { self }
    }

    /// The proving frames, with the filter that shows them by their numbers.
    fn proof(mut self, frames: impl IntoIterator<Item = u64>) -> Answer {
        self.frames.extend(frames);
        self.frames.sort_unstable();
        self.frames.dedup();
        self.filter = match &self.frames[..] {
            [] => None,
            frames => Some(is_one_of("frame.number", frames.iter().copied())),
        };
        self
    }

    /// A filter that says more than the frames' numbers.
    fn filter(mut self, filter: String) -> Answer {
        if !self.frames.is_empty() {
            self.filter = Some(filter);
        }
        self
    }

    fn inferred(mut self, reason: &'static str) -> Answer {
        self.inferred = Some(reason);
        self
    }

    fn or_nothing(mut self, nothing: &str) -> Answer {
        if self.lines.is_empty() {
            self.lines.push(format!("not in this capture: {nothing}"));
        }
        self
    }
}

/// The answers to all questions of a lab.
pub fn answers(lab: Lab, report: &Report) -> Vec<Answer> {
    match lab {
        Lab::UdpEcho => udp_echo::answers(report),
        Lab::TcpEcho => tcp_echo::answers(report),
        Lab::TcpThreaded => tcp_threaded::answers(report),
        Lab::RttClient => rtt_client::answers(report),
        Lab::HttpFileServer => http_file_server::answers(report),
    }
}

/// Writes the answers as text.
///
/// # Errors
/// If writing fails.
pub fn write(answers: &[Answer], output: &mut dyn Write) -> io::Result<()> {
    for answer in answers {
        writeln!(output, "{:>2}. {}", answer.number, answer.question)?;
        for line in &answer.lines {
            writeln!(output, "    {line}")?;
        }
        if !answer.frames.is_empty() {
            writeln!(output, "    proof: {}", frames(&answer.frames))?;
        }
        if let Some(filter) = &answer.filter {
            writeln!(output, "    filter: {filter}")?;
        }
        if let Some(reason) = answer.inferred {
            writeln!(output, "    inferred: {reason}")?;
        }
        writeln!(output)?;
    }
    Ok(())
}

/// The conversations that a lab's questions are about: those on a port of the labs and those that were refused, or else
/// all that are no other service's.
pub fn relevant(lab: Lab, report: &Report) -> Vec<&Conversation> {
    let protocols: &[Protocol] = match lab {
        Lab::UdpEcho => &[Protocol::Udp],
        Lab::RttClient => &[Protocol::Udp, Protocol::Tcp],
        Lab::TcpEcho | Lab::TcpThreaded | Lab::HttpFileServer => &[Protocol::Tcp],
    };
    let all = report.conversations.iter().filter(|conversation| protocols.contains(&conversation.protocol));
    let all: Vec<&Conversation> =
        all.filter(|conversation| !OTHER_PORTS.contains(&conversation.server().port())).collect();
    let of_a_lab = |conversation: &&Conversation| match lab {
        Lab::HttpFileServer => !http::exchanges(conversation).is_empty(),
        // A client that asks at a wrong port is refused there.
        _ => {
            let refused = conversation.is_refused() || !conversation.refusals.is_empty();
            refused || LAB_PORTS.contains(&conversation.server().port())
        }
    };
    let labs: Vec<&Conversation> = all.iter().copied().filter(of_a_lab).collect();
    if labs.is_empty() { all } else { labs }
}

/// A filter for all packets of some conversations.
fn streams(conversations: &[&Conversation]) -> String {
    let of = |protocol: Protocol, field: &str| {
        let chosen = conversations.iter().filter(|conversation| conversation.protocol == protocol);
        let streams: BTreeSet<u64> = chosen.map(|conversation| conversation.stream as u64).collect();
        (!streams.is_empty()).then(|| is_one_of(field, streams))
    };
    let both = [of(Protocol::Udp, "udp.stream"), of(Protocol::Tcp, "tcp.stream")];
    let both: Vec<String> = both.into_iter().flatten().collect();
    // An ICMP error quotes a packet, and so belongs to its stream.
    let quoted = conversations.iter().any(|conversation| !conversation.refusals.is_empty());
    match (&both[..], quoted) {
        ([udp, tcp], true) => format!("({udp} || {tcp}) && !icmp && !icmpv6"),
        (_, true) => format!("{} && !icmp && !icmpv6", both.concat()),
        (_, false) => both.join(" || "),
    }
}

/// A filter for packets of a kind among those that another filter shows.
fn among(filter: &str, kind: &str) -> String {
    match (kind.is_empty(), filter.contains("||")) {
        (true, _) => filter.to_owned(),
        (false, true) => format!("({filter}) && {kind}"),
        (false, false) => format!("{filter} && {kind}"),
    }
}

/// A filter for a field that has one of these values, which come in order; three and more in a row are a range.
fn is_one_of(field: &str, values: impl IntoIterator<Item = u64>) -> String {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for value in values {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == value => *last = value,
            _ => ranges.push((value, value)),
        }
    }
    if let [(value, last)] = ranges[..] {
        if value == last {
            return format!("{field} == {value}");
        }
    }
    let ranges = ranges.iter().flat_map(|(first, last)| match last - first {
        0 => vec![first.to_string()],
        1 => vec![first.to_string(), last.to_string()],
        _ => vec![format!("{first}..{last}")],
    });
    format!("{field} in {{{}}}", list(ranges))
}

/// The frames of the packets that are of some kind, in order.
fn frames_of(conversations: &[&Conversation], shows: impl Fn(&Conversation, &Entry) -> bool) -> Vec<u64> {
    let shows = &shows;
    let frames = conversations.iter().flat_map(|conversation| {
        conversation.entries.iter().filter(|entry| shows(conversation, entry)).map(|entry| entry.at.frame)
    });
    let frames: BTreeSet<u64> = frames.collect();
    frames.into_iter().collect()
}

/// The ports of the servers.
struct Servers(BTreeSet<u64>);

impl Servers {
    fn of(conversations: &[&Conversation]) -> Servers {
        Servers(conversations.iter().map(|conversation| u64::from(conversation.server().port())).collect())
    }

    /// The filter for what the servers send, by UDP or TCP.
    fn send(&self, protocol: &str) -> String {
        is_one_of(&format!("{protocol}.srcport"), self.0.iter().copied())
    }

    /// The filter for what is sent to them.
    fn receive(&self, protocol: &str) -> String {
        is_one_of(&format!("{protocol}.dstport"), self.0.iter().copied())
    }

    /// Both by the ports alone, as the filters are: a client may have such a port, too.
    fn sent(&self, conversation: &Conversation, entry: &Entry) -> bool {
        self.0.contains(&u64::from(conversation.addresses[entry.from].port()))
    }

    fn received(&self, conversation: &Conversation, entry: &Entry) -> bool {
        self.0.contains(&u64::from(conversation.addresses[entry.from.other()].port()))
    }
}

fn has(entry: &Entry, flags: Flags) -> bool {
    entry.segment().is_some_and(|segment| segment.flags.has(flags))
}

/// The clients' first segments; where they are not in the capture, all of theirs.
fn shown_by_syn(answer: Answer, all: &[&Conversation]) -> Answer {
    let is_first = |_: &Conversation, entry: &Entry| has(entry, Flags::SYN) && !has(entry, Flags::ACK);
    if all.iter().all(|conversation| conversation.handshake.syn.is_some()) {
        return answer.shown(all, "tcp.flags.syn == 1 && tcp.flags.ack == 0", is_first);
    }
    let servers = Servers::of(all);
    answer.shown(all, &servers.receive("tcp"), |conversation, entry| servers.received(conversation, entry))
}

/// The segments that open, and those with text: what round trip times and header lengths are seen in.
const OPENS_OR_SPEAKS: &str = "(tcp.flags.syn == 1 || tcp.len > 0)";

fn opens_or_speaks(_: &Conversation, entry: &Entry) -> bool {
    has(entry, Flags::SYN) || entry.text_length > 0
}

/// `conversation 3: ` where there is more than one.
fn name(conversations: &[&Conversation], conversation: &Conversation) -> String {
    if conversations.len() < 2 { String::new() } else { format!("conversation {}: ", conversation.number) }
}

/// A line for each conversation that has something to say, with a bound.
fn lines(conversations: &[&Conversation], say: impl Fn(&Conversation) -> Option<String>) -> Vec<String> {
    let mut all = conversations.iter().filter_map(|conversation| {
        say(conversation).map(|text| format!("{}{text}", name(conversations, conversation)))
    });
    let mut lines: Vec<String> = all.by_ref().take(CONVERSATIONS_MAX).collect();
    let more = all.count();
    if more > 0 {
        lines
            .push(format!("… and {} more; `--conversation N` shows one", count(more as u64, "conversation")));
    }
    lines
}

fn first_of(conversation: &Conversation, side: Side) -> Option<&Entry> {
    conversation.entries.iter().find(|entry| entry.from == side)
}

fn prove_by_all(answer: Answer, conversations: &[&Conversation]) -> Answer {
    answer.shown(conversations, "", |_, _| true)
}

/// Every socket address, and what it is used for.
fn address_lines(conversations: &[&Conversation]) -> Vec<String> {
    let mut uses: BTreeMap<SocketAddr, (Side, usize)> = BTreeMap::new();
    for conversation in conversations {
        for side in [Side::Client, Side::Server] {
            uses.entry(conversation.addresses[side]).or_insert((side, 0)).1 += 1;
        }
    }
    let mut lines: Vec<String> = uses
        .iter()
        .take(4 * CONVERSATIONS_MAX)
        .map(|(address, (side, number))| match side {
            Side::Server => {
                let clients = count(*number as u64, "conversation");
                format!(
                    "{address}: the server's, the same in {clients}; clients send to it, replies come from it"
                )
            }
            Side::Client => format!("{address}: a client's, chosen by its system for this conversation"),
        })
        .collect();
    if uses.len() > lines.len() {
        lines.push(format!("… and {} more", uses.len() - lines.len()));
    }
    lines
}

/// Requests that were answered while a conversation that began earlier, with another client, went on: the
/// conversation, its request's and its reply's frame, and the one that went on.
fn answered_meanwhile<'a>(
    conversations: &[&'a Conversation],
) -> Option<(&'a Conversation, u64, u64, &'a Conversation)> {
    conversations.iter().take(COMPARED_MAX).enumerate().find_map(|(index, later)| {
        let earlier = conversations[..index]
            .iter()
            .take(COMPARED_MAX)
            .filter(|earlier| earlier.server() == later.server());
        earlier.rev().find_map(|earlier| {
            // Went on: it said or heard something afterwards.
            let exchange = later.exchanges.iter().find(|exchange| {
                exchange.reply.is_some_and(|reply| reply.frame < earlier.last.frame)
                    && exchange.request.frame > earlier.first.frame
            })?;
            Some((*later, exchange.request.frame, exchange.reply?.frame, *earlier))
        })
    })
}
