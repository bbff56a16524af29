//! The fields of each lab's sheet, and what is right in them for a conversation.

use super::value::Expected;
use crate::checksum::Status;
use crate::conversation::{Close, Conversation, Detail, Exchange, Protocol, Side};
use crate::http;
use crate::packet::Flags;
use crate::page::header_lengths;
use crate::questions::{Lab, relevant};
use crate::report::Report;
use std::collections::BTreeSet;

/// Conversations that a sheet is compared with.
const CANDIDATES_MAX: usize = 1000;

/// A conversation that a sheet may be about, or the whole capture.
pub struct Candidate {
    /// The conversation's number; none for the whole capture.
    pub conversation: Option<usize>,
    /// What is right.
    pub fields: Vec<Field>,
}

/// One field of a sheet.
pub struct Field {
    /// The number of its question, and what of it.
    pub name: &'static str,
    /// What is right.
    pub expected: Expected,
    /// It differs from capture to capture.
    pub is_telling: bool,
}

/// The fields of a lab's sheet, each with what it wants.
pub fn names(lab: Lab) -> &'static [(&'static str, &'static str)] {
    match lab {
        Lab::UdpEcho => &[
            ("1.client_port", "the client's port"),
            ("2.length", "the Length of its first datagram"),
            ("3.client_checksum", "of one of its datagrams"),
            ("3.server_checksum", "of one of the server's"),
            ("4.frames", "how many frames one line of text takes"),
        ],
        Lab::TcpEcho => &[
            ("1.flags", "of the segments that open, as in [\"FIN\", \"FIN, ACK\"]"),
            ("1.client_sequence", "the client's initial sequence number, raw"),
            ("1.server_sequence", "the server's"),
            ("2.client_port", "the client's port"),
            ("3.header_length", "in bytes; both, if there are two: [60, 24]"),
            ("4.segments", "how many segments close the connection"),
            ("4.began", "who sent the first of them, client or server"),
            ("5.flags", "of the segments with text"),
            ("6.handshake_ms", "from SYN to SYN, ACK"),
            ("6.line_ms", "from a line to its reply"),
        ],
        Lab::TcpThreaded => &[
            ("2.addresses", "all socket addresses, as in [\"10.0.3.1:80\", \"10.0.3.2:50000\"]"),
            ("3.server_addresses", "how many socket addresses the server has"),
            ("4.client_addresses", "how many the clients have together"),
        ],
        Lab::RttClient => &[
            ("1.rtt_ms", "from a request's frame to its reply's"),
            ("2.higher", "whose median is higher, udp or tcp"),
            ("4.handshake_ms", "from SYN to SYN, ACK"),
        ],
        Lab::HttpFileServer => &[
            ("1.request_frame", "the number of the frame with the first request"),
            ("2.method", "of the first request"),
            ("2.target", "of the first request"),
            ("2.version", "of the first request"),
            ("3.status", "of the first response, a number"),
            ("5.closes", "who closes first, client or server"),
            ("6.body_bytes", "of the first response"),
            ("8.client_port", "the client's port"),
        ],
    }
}

/// What is right for each conversation. A field that the conversation has no answer to is not asked for.
pub fn candidates(lab: Lab, report: &Report) -> Vec<Candidate> {
    let all = relevant(lab, report);
    // Some labs ask about all conversations together, so there is one thing to compare with, and not one per conversation.
    let about_all = matches!(lab, Lab::TcpThreaded | Lab::RttClient);
    let number = if about_all { 1 } else { CANDIDATES_MAX };
    let candidates = all.iter().take(number).map(|conversation| {
        let expected = |name: &str| match lab {
            Lab::UdpEcho => udp_echo(name, conversation),
            Lab::TcpEcho => tcp_echo(name, conversation),
            Lab::TcpThreaded => tcp_threaded(name, &all),
            Lab::RttClient => rtt_client(name, &all),
            Lab::HttpFileServer => http_file_server(name, conversation),
        };
        let telling = |name: &str| ["port", "sequence", "checksum"].iter().any(|word| name.ends_with(word));
        let fields = names(lab).iter().filter_map(|(name, _)| {
            Some(Field { name, expected: expected(name)?, is_telling: telling(name) })
        });
        let number = (!about_all).then_some(conversation.number);
        Candidate { conversation: number, fields: fields.collect() }
    });
    candidates.filter(|candidate| !candidate.fields.is_empty()).collect()
}

fn port(conversation: &Conversation) -> Expected {
    let server = u64::from(conversation.server().port());
    Expected::number(u64::from(conversation.client().port())).but(server, "that is the server's port")
}

fn udp_echo(name: &str, conversation: &Conversation) -> Option<Expected> {
    let checksums = |side: Side| {
        let entries = conversation.entries.iter().filter(move |entry| entry.from == side);
        let known = entries.filter(|entry| entry.checksum_status != Status::Absent || entry.checksum == 0);
        let numbers: Vec<u64> = known.map(|entry| u64::from(entry.checksum)).collect();
        (!numbers.is_empty()).then(|| Expected::any_of(numbers).hexadecimal())
    };
    match name {
        "1.client_port" => Some(port(conversation)),
        "2.length" => {
            let first = conversation.entries.iter().find(|entry| entry.from == Side::Client)?;
            let Detail::Udp(length) = first.detail else { return None };
            let ip = u64::from(length) + u64::from(first.ip_header_length);
            let expected = Expected::number(u64::from(length));
            Some(
                expected
                    .but(
                        u64::from(first.text_length),
                        "that is the text alone; Length counts the header's 8 bytes as well",
                    )
                    .but(ip, "that is the length of the IP packet"),
            )
        }
        "3.client_checksum" => checksums(Side::Client),
        "3.server_checksum" => checksums(Side::Server),
        "4.frames" => conversation
            .exchanges
            .iter()
            .any(|exchange| exchange.reply.is_some())
            .then(|| Expected::number(2)),
        _ => None,
    }
}

fn tcp_echo(name: &str, conversation: &Conversation) -> Option<Expected> {
    let entries = || conversation.entries.iter().filter_map(|entry| Some((entry, entry.segment()?)));
    let sequence = |side: Side| {
        let sent = &conversation.sent[side];
        let raw = sent.initial_sequence.filter(|_| sent.syn)?;
        let relative = "that is the relative number; the raw one stands below it in the packet's details";
        Some(Expected::number(u64::from(raw)).but(0, relative).but(1, relative))
    };
    match name {
        "1.flags" => {
            let handshake = conversation.handshake;
            let marks = [handshake.syn?, handshake.syn_ack?, handshake.ack?].map(|mark| mark.frame);
            let flags = marks.iter().filter_map(|frame| {
                entries().find(|(entry, _)| entry.at.frame == *frame).map(|(_, detail)| detail.flags)
            });
            let flags: Vec<Flags> = flags.collect();
            (flags.len() == 3).then_some(Expected::FlagsInOrder(flags))
        }
        "1.client_sequence" => sequence(Side::Client),
        "1.server_sequence" => sequence(Side::Server),
        "2.client_port" => Some(port(conversation)),
        "3.header_length" => {
            let lengths: Vec<u64> =
                header_lengths(conversation).iter().map(|(length, _)| u64::from(*length)).collect();
            let words = "that counts words of 4 bytes; Wireshark shows the bytes before it";
            let expected = Expected::each_of(lengths.clone());
            Some(lengths.iter().fold(expected, |expected, length| expected.but(length / 4, words)))
        }
        "4.segments" => match conversation.close_of() {
            Close::Complete { frames, .. } => Some(Expected::number(frames.len() as u64)),
            Close::Reset { .. } if !conversation.is_refused() => Some(Expected::number(1)),
            _ => None,
        },
        "4.began" => match conversation.close_of() {
            Close::Complete { began, .. } | Close::Incomplete { began, .. } => {
                Some(side_word(conversation, began))
            }
            Close::Reset { by, .. } if !conversation.is_refused() => Some(side_word(conversation, by)),
            _ => None,
        },
        "5.flags" => {
            let others = entries().filter(|(entry, detail)| {
                let closes = detail.flags.has(Flags::FIN) || detail.flags.has(Flags::RST);
                entry.text_length > 0 && !closes && !detail.flags.has(Flags::SYN)
            });
            let flags: BTreeSet<Flags> = others.map(|(_, detail)| detail.flags).collect();
            (!flags.is_empty()).then(|| Expected::OneOfFlags(flags.into_iter().collect()))
        }
        "6.handshake_ms" => handshake_ms(conversation),
        "6.line_ms" => times(&[conversation]),
        _ => None,
    }
}

fn side_word(conversation: &Conversation, side: Side) -> Expected {
    let names = |side: Side| {
        let address = conversation.addresses[side];
        [side.to_string(), address.to_string(), address.ip().to_string()]
    };
    let right = names(side);
    // Two programs of one computer share its address.
    let wrong = names(side.other()).into_iter().filter(|name| !right.contains(name)).collect();
    Expected::End { right: right.into(), wrong }
}

fn handshake_ms(conversation: &Conversation) -> Option<Expected> {
    let handshake = conversation.handshake;
    let times: Vec<u64> = [handshake.rtt_ns()?].into_iter().chain(handshake.initial_rtt_ns()).collect();
    Some(Expected::Milliseconds(times))
}

fn times(conversations: &[&Conversation]) -> Option<Expected> {
    let exchanges = conversations.iter().flat_map(|conversation| &conversation.exchanges);
    let times: Vec<u64> = exchanges.filter_map(Exchange::rtt_ns).collect();
    (!times.is_empty()).then_some(Expected::Milliseconds(times))
}

fn tcp_threaded(name: &str, all: &[&Conversation]) -> Option<Expected> {
    let clients: BTreeSet<String> =
        all.iter().map(|conversation| conversation.client().to_string()).collect();
    let servers: BTreeSet<String> =
        all.iter().map(|conversation| conversation.server().to_string()).collect();
    match name {
        "2.addresses" => Some(Expected::Words(clients.union(&servers).cloned().collect())),
        "3.server_addresses" => {
            let sockets = servers.len() as u64 + all.len() as u64;
            let expected = Expected::number(servers.len() as u64);
            Some(expected.but(sockets, "that counts sockets; all of them have the same address"))
        }
        "4.client_addresses" => Some(Expected::number(clients.len() as u64)),
        _ => None,
    }
}

fn rtt_client(name: &str, all: &[&Conversation]) -> Option<Expected> {
    match name {
        "1.rtt_ms" => times(all),
        "2.higher" => {
            let median = |protocol: Protocol| {
                let of = all.iter().filter(|conversation| conversation.protocol == protocol);
                let mut times: Vec<u64> = of
                    .flat_map(|conversation| conversation.exchanges.iter().filter_map(Exchange::rtt_ns))
                    .collect();
                times.sort_unstable();
                times.get(times.len() / 2).copied()
            };
            let higher = if median(Protocol::Udp)? > median(Protocol::Tcp)? { "udp" } else { "tcp" };
            Some(Expected::Word(vec![higher.to_owned()]))
        }
        "4.handshake_ms" => {
            let times = all.iter().filter_map(|conversation| match handshake_ms(conversation)? {
                Expected::Milliseconds(times) => Some(times),
                _ => None,
            });
            let times: Vec<u64> = times.flatten().collect();
            (!times.is_empty()).then_some(Expected::Milliseconds(times))
        }
        _ => None,
    }
}

fn http_file_server(name: &str, conversation: &Conversation) -> Option<Expected> {
    let exchanges = http::exchanges(conversation);
    let first = exchanges.first()?;
    let word = |at: usize| first.request.line.split(' ').nth(at).map(str::to_owned);
    let any_case = |at: usize| Some(Expected::Word(vec![word(at)?]));
    let response = first.response.as_ref();
    match name {
        "1.request_frame" => Some(Expected::number(first.request.first.frame)),
        "2.method" => any_case(0),
        "2.target" => word(1).map(Expected::ExactWord),
        "2.version" => any_case(2),
        "3.status" => response?.line.split(' ').nth(1)?.parse().ok().map(Expected::number),
        "5.closes" => tcp_echo("4.began", conversation),
        "6.body_bytes" => {
            let response = response?;
            let whole = "that is head and body together";
            let expected = Expected::number(response.body_bytes);
            Some(
                expected
                    .but(response.head_bytes + response.body_bytes, whole)
                    .but(response.head_bytes, "that is the head"),
            )
        }
        "8.client_port" => Some(port(conversation)),
        _ => None,
    }
}
