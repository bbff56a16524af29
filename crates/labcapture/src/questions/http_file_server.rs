//! The questions of lab 5.

use crate::capture::Capture;
use crate::conversation::{Conversation, Side, TcpFlow};
use crate::formatting::{count, count_of, list};
use crate::http::{self, Exchange, Message};
use crate::lab::Lab;
use crate::narration::closing;
use crate::questions::answer::Answer;
use crate::questions::closing::shown_by_close;
use crate::questions::selection::relevant;
use crate::questions::shared::{
    connection_lines, shown_by_all, shown_by_replies, shown_by_requests, shown_by_syn,
};
use crate::questions::sockets::{address_lines, sockets_are_inferred};
use labcore::printable;

/// The bytes of the smallest TCP header and the smallest IPv4 header, which every segment has.
const HEADERS_MIN: u64 = 40;

/// The maximum number of exchanges of one conversation that an answer describes.
const EXCHANGES_MAX: usize = 8;

pub fn answers(capture: &Capture) -> Vec<Answer> {
    let all = relevant(Lab::HttpFileServer, capture);
    vec![
        segments(&all),
        shown_by_requests(Answer::to(2, "Which methods, targets and versions do the requests have?"), &all)
            .lines(exchange_lines(&all, |exchange| Some(exchange.request.start_line.clone())))
            .or_absent("there is no HTTP request"),
        shown_by_replies(
            Answer::to(
                3,
                "Which status and which header fields does the response have? Does it have a body?",
            ),
            &all,
        )
        .lines(exchange_lines(&all, |exchange| Some(describe(exchange.response.as_ref()?))))
        .or_absent("there is no HTTP response"),
        shown_by_replies(
            Answer::to(4, "How does the client know where the head ends, and where the body ends?"),
            &all,
        )
        .lines(exchange_lines(&all, |exchange| Some(describe_ends(exchange.response.as_ref()?))))
        .or_absent("there is no HTTP response"),
        close(&all),
        shares(&all),
        shown_by_syn(Answer::to(7, "Why is port 6789 in the address that you type?"), &all)
            .line(
                "without a port in the address, a browser uses port 80 for `http`; the segments show which \
                 port was used",
            )
            .inferred("what you typed is not on the wire, except in the field `Host`"),
        shown_by_all(
            Answer::to(
                8,
                "Which socket addresses does the capture show, and which sockets does the server have?",
            )
            .lines(connections(&all))
            .lines(address_lines(&all))
            .or_absent("there is no TCP conversation"),
            &all,
        )
        .inferred(sockets_are_inferred(
            &all,
            "a capture shows addresses, not sockets; a TCP server has one socket that listens, and one for \
             each connection",
        )),
    ]
}

fn segments(all: &[&Conversation]) -> Answer {
    let question =
        "Which segments belong to the connection, and which to HTTP? Which one carries the request?";
    shown_by_requests(Answer::to(1, question), all)
        .lines(connection_lines(all, |conversation, tcp| {
            let packets = &conversation.common.packets;
            if is_unused(tcp) {
                let number = count(packets.len() as u64, "segment");
                return Some(format!("{number} without payload; the client did not use this connection"));
            }
            let without = packets.iter().filter(|packet| packet.payload_length == 0).count();
            let request = http::exchanges(tcp).first()?.request.first.frame;
            Some(format!(
                "{} without payload belong to the connection, {} with payload to HTTP; the request is in \
                 frame {request}",
                count(without as u64, "segment"),
                packets.len() - without
            ))
        }))
        .or_absent("there is no HTTP request")
}

/// Tells whether a connection was opened and never used, as browsers do.
fn is_unused(tcp: &TcpFlow) -> bool {
    tcp.turns().is_empty() && tcp.handshake.syn_ack.is_some()
}

fn describe(response: &Message) -> String {
    let names = match &response.fields[..] {
        [] => "without header fields".to_owned(),
        fields => format!("with {}", list(fields.iter().map(|field| &field.name))),
    };
    format!("{} {names}, body of {}", response.start_line, count(response.body_bytes, "byte"))
}

fn describe_ends(response: &Message) -> String {
    let end = match response.field("content-length") {
        Some(length) => format!("Content-Length says {length}"),
        None => "without Content-Length, it ends when the connection closes".to_owned(),
    };
    format!("the head ends with an empty line, after {} bytes; the body: {end}", response.head_bytes)
}

/// Returns a line for each connection that describes its exchanges.
fn exchange_lines(all: &[&Conversation], describe: impl Fn(&Exchange) -> Option<String>) -> Vec<String> {
    connection_lines(all, |_, tcp| {
        let mut texts: Vec<String> = http::exchanges(tcp).iter().filter_map(&describe).collect();
        let more = texts.len().saturating_sub(EXCHANGES_MAX);
        texts.truncate(EXCHANGES_MAX);
        if more > 0 {
            texts.push(format!("and {more} more"));
        }
        let text = printable(texts.join(" | ").as_bytes()).to_string();
        (!text.is_empty()).then_some(text)
    })
}

fn close(all: &[&Conversation]) -> Answer {
    let asks_to_close = |message: &Message| {
        message.field("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
    };
    shown_by_close(Answer::to(5, "Who closes the connection, and when?"), all)
        .lines(connection_lines(all, |conversation, tcp| {
            let is_agreed = http::exchanges(tcp).iter().any(|exchange| {
                asks_to_close(&exchange.request) || exchange.response.as_ref().is_some_and(asks_to_close)
            });
            let agreed = if is_agreed { "; one side sent `Connection: close`" } else { "" };
            Some(format!("{}{agreed}", closing(conversation, tcp)))
        }))
        .or_absent("there is no HTTP conversation")
}

/// Counts the connections, and those that carry no request.
fn connections(all: &[&Conversation]) -> Option<String> {
    let requests =
        |conversation: &Conversation| conversation.tcp().map_or(0, |tcp| http::exchanges(tcp).len());
    let without = all.iter().filter(|conversation| requests(conversation) == 0).count() as u64;
    let connections = count(all.len() as u64, "connection");
    match without {
        _ if all.is_empty() => None,
        0 => Some(connections),
        _ => Some(format!(
            "{connections}, of which {}",
            count_of(without, "carries no request", "carry no request")
        )),
    }
}

/// How much of a response is body, head, and headers of TCP and IP.
fn shares(all: &[&Conversation]) -> Answer {
    let question = "How many bytes of the response belong to the file, and how many to headers?";
    shown_by_replies(Answer::to(6, question), all)
        .lines(connection_lines(all, |conversation, tcp| {
            let segment_headers = header_bytes_of_first_reply(conversation, tcp)?;
            let exchanges = http::exchanges(tcp);
            let response = exchanges.first()?.response.as_ref()?;
            let headers: u64 = segment_headers.iter().sum();
            let (head, body) = (response.head_bytes, response.body_bytes);
            let share = |headers: u64| {
                format!("{:.1} %", 100.0 * body as f64 / (head + body + headers).max(1) as f64)
            };
            Some(format!(
                "body {body}, head {head}, headers of TCP and IP {headers} in {}: the file is {} of all \
                 bytes; with one byte per segment, it would be {} at most",
                count(segment_headers.len() as u64, "segment"),
                share(headers),
                share(HEADERS_MIN * (head + body))
            ))
        }))
        .or_absent("there is no HTTP response")
}

/// Returns the bytes of the TCP and IP headers of each segment in the server's first turn.
fn header_bytes_of_first_reply(conversation: &Conversation, tcp: &TcpFlow) -> Option<Vec<u64>> {
    let turn = tcp.turns().iter().find(|turn| turn.from == Side::Server)?;
    let packets = conversation.common.packets.iter().filter(|packet| {
        let is_within = (turn.first.frame..=turn.last.frame).contains(&packet.at.frame);
        packet.from == Side::Server && packet.payload_length > 0 && is_within
    });
    Some(packets.map(|packet| u64::from(packet.header_length + packet.ip_header_length)).collect())
}
