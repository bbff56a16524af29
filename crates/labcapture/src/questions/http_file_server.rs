//! The questions of lab 5.

use super::tcp_echo::shown_by_close;
use super::{Answer, Lab, Servers, address_lines, lines, prove_by_all, relevant, shown_by_syn};
use crate::conversation::{Conversation, Side, Turn};
use crate::http::{self, Exchange};
use crate::page::closing;
use crate::report::Report;
use crate::words::{count, list};
use labcore::printable;

/// Bytes of the headers of TCP (without options) and IP (version 4) on each segment.
const HEADERS_MIN: u64 = 40;

pub(super) fn answers(report: &Report) -> Vec<Answer> {
    let all = relevant(Lab::HttpFileServer, report);
    let web = |conversation: &Conversation| http::exchanges(conversation);
    let servers = Servers::of(&all);
    let asked = |answer: Answer| {
        answer.shown(&all, &format!("{} && tcp.len > 0", servers.receive("tcp")), |conversation, entry| {
            servers.received(conversation, entry) && entry.text_length > 0
        })
    };
    vec![
        asked(Answer::to(1, "Which segments belong to the connection, which to HTTP? Which carries the request?"))
            .lines(lines(&all, |conversation| {
                let bare = conversation.entries.iter().filter(|entry| entry.text_length == 0).count() as u64;
                let text = conversation.entries.len() as u64 - bare;
                let request = web(conversation).first().map(|exchange| exchange.request.first.frame)?;
                Some(format!(
                    "{} without text belong to the connection, {text} with text to HTTP; the request is in frame {request}",
                    count(bare, "segment")
                ))
            }))
            .or_nothing("there is no HTTP request"),
        asked(Answer::to(2, "Which methods, targets and versions have the requests?"))
            .lines(lines(&all, |conversation| texts(&web(conversation), |exchange| Some(exchange.request.line.clone()))))
            .or_nothing("there is no HTTP request"),
        replied(Answer::to(3, "What status and which header fields has the response? Is there a body?"), &all)
            .lines(lines(&all, |conversation| {
                texts(&web(conversation), |exchange| {
                    let response = exchange.response.as_ref()?;
                    let names: Vec<&str> =
                        response.fields.iter().filter_map(|field| Some(field.split_once(':')?.0)).collect();
                    Some(format!("{} with {}, body of {}", response.line, list(names), count(response.body_bytes, "byte")))
                })
            }))
            .or_nothing("there is no HTTP response"),
        replied(Answer::to(4, "How does the client know where the head ends, and where the body ends?"), &all)
            .lines(lines(&all, |conversation| {
                texts(&web(conversation), |exchange| {
                    let response = exchange.response.as_ref()?;
                    let end = match response.field("content-length") {
                        Some(length) => format!("Content-Length says {length}"),
                        None => "there is no Content-Length: the close of the connection ends it".to_owned(),
                    };
                    Some(format!("the empty line after {} bytes ends the head; body: {end}", response.head_bytes))
                })
            }))
            .or_nothing("there is no HTTP response"),
        shown_by_close(Answer::to(5, "Who closes the connection, and when?"), &all)
            .lines(lines(&all, |conversation| {
                let asked = web(conversation).iter().any(|exchange| {
                    let close = |field: Option<&str>| field.is_some_and(|value| value.eq_ignore_ascii_case("close"));
                    close(exchange.request.field("connection"))
                        || exchange.response.as_ref().is_some_and(|response| close(response.field("connection")))
                });
                let asked = if asked { "; `Connection: close` was agreed" } else { "" };
                Some(format!("{}{asked}", closing(conversation)))
            }))
            .or_nothing("there is no HTTP conversation"),
        shares(&all),
        shown_by_syn(Answer::to(7, "Why is port 6789 in the address that you type?"), &all)
            .line("a browser takes port 80 for `http` where the address names none; the segments show which one was used")
            .inferred("what was typed is not on the wire, except in the field `Host`"),
        prove_by_all(
            Answer::to(8, "Which socket addresses does the capture show, and which sockets has the server?").lines(address_lines(&all)),
            &all,
        )
        .inferred("a capture shows addresses, not sockets: one that listens and one for each connection is how TCP servers are made"),
    ]
}

fn texts(exchanges: &[Exchange], say: impl Fn(&Exchange) -> Option<String>) -> Option<String> {
    const SHOWN: usize = 8;
    let mut texts: Vec<String> = exchanges.iter().filter_map(say).collect();
    let more = texts.len().saturating_sub(SHOWN);
    texts.truncate(SHOWN);
    if more > 0 {
        texts.push(format!("and {more} more"));
    }
    let text = printable(texts.join(" | ").as_bytes()).to_string();
    (!text.is_empty()).then_some(text)
}

/// The parts of what carries a response: body, head, headers of TCP and IP.
fn shares(all: &[&Conversation]) -> Answer {
    let turn = |conversation: &Conversation| {
        conversation.turns.iter().find(|turn| turn.from == Side::Server).cloned()
    };
    let carriers = |conversation: &Conversation, turn: &Turn| {
        let within = |frame: u64| (turn.first.frame..=turn.last.frame).contains(&frame);
        let entries = conversation.entries.iter();
        let carriers = entries
            .filter(|entry| entry.from == Side::Server && entry.text_length > 0 && within(entry.at.frame));
        carriers
            .map(|entry| (entry.at.frame, u64::from(entry.header_length + entry.ip_header_length)))
            .collect::<Vec<_>>()
    };
    let answer = Answer::to(6, "How many bytes of the response are the file's, and how many are headers?");
    replied(answer, all)
        .lines(lines(all, |conversation| {
            let turn = turn(conversation)?;
            let exchanges = http::exchanges(conversation);
            let response = exchanges.first()?.response.as_ref()?;
            let carriers = carriers(conversation, &turn);
            let headers: u64 = carriers.iter().map(|(_, bytes)| bytes).sum();
            let (head, body) = (response.head_bytes, response.body_bytes);
            let share = |headers: u64| format!("{:.1} %", 100.0 * body as f64 / (head + body + headers).max(1) as f64);
            Some(format!(
                "body {body}, head {head}, headers of TCP and IP {headers} in {}: the file is {} of it; at one byte per segment it \
                 would be {} at most",
                count(carriers.len() as u64, "segment"),
                share(headers),
                share(HEADERS_MIN * (head + body))
            ))
        }))
        .or_nothing("there is no HTTP response")
}

/// What the servers say.
fn replied(answer: Answer, all: &[&Conversation]) -> Answer {
    let servers = Servers::of(all);
    answer.shown(all, &format!("{} && tcp.len > 0", servers.send("tcp")), |conversation, entry| {
        servers.sent(conversation, entry) && entry.text_length > 0
    })
}
