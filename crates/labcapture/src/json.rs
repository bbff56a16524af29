//! The report as JSON, for other programs.
//!
//! Version 1 has these fields. Times in `_ns` are nanoseconds: `time_ns` counts from 1970, the others are durations. What
//! is not in the capture is `null`. A change that a reader has to know of gets another version.
//!
//! ```text
//! version          1
//! frames           how many the file holds
//! links            the kinds of interface
//! error            why reading stopped before the end of the file, or null
//! other_frames     by kind: count, and the first frames
//! conversations    in the order of their first frames:
//!   number, protocol ("udp" or "tcp"), wireshark_stream (udp.stream or tcp.stream)
//!   client, server               socket addresses
//!   client_is_guessed            there was no SYN to tell
//!   first_frame, last_frame
//!   packets                      in order:
//!     frame, time_ns, from ("client" or "server"), ip_header_length, header_length, checksum,
//!     checksum_status ("right", "wrong", "partial", "absent", "unknown"), text_length, text (its start)
//!     udp_length                 UDP's Length field
//!     flags (a list), flags_value, sequence_raw, sequence, acknowledgment_raw, acknowledgment, window, mss,
//!     repeat ("no", "retransmission", "keep_alive", "window_probe", "ahead", "late")
//!   packets_left_out             how many more there were
//!   handshake                    syn, syn_ack, ack (frames), rtt_ns (to the SYN, ACK), initial_rtt_ns (to the ACK, or to the
//!                                RST that refuses)
//!   close                        kind ("complete", "incomplete", "reset", "open", "refused"), by, frames
//!   exchanges                    request, reply (frames), rtt_ns, request_text, reply_text, request_length, reply_length
//!   stream                       what each end said, in order: from, first_frame, last_frame, segments, length, text
//!   http                         request_line, request_frame, status_line, response_frame, head_bytes, body_bytes
//!   refusals                     ICMP errors: frame, from, port_unreachable
//!   retransmissions              client, server: how many segments were sent again
//! pitfalls         name, sentence, frames
//! questions        with `--lab`: number, question, answer, frames, filter, inferred (the reason)
//! ```
//!
//! Texts are escaped as on the page: a byte that is no text is written `\xff`.

use crate::conversation::{Close, Conversation, Count, Detail, Entry, Mark, Side};
use crate::http;
use crate::packet::Flags;
use crate::pitfalls::Pitfall;
use crate::questions::Answer;
use crate::report::Report;
use crate::words::Hex;
use labcore::printable;
use serde_json::{Value, json};
use std::io::{self, Write};

/// The version of the format.
const VERSION: u32 = 1;

/// Writes the report, conversation by conversation. With `only`, that one alone.
///
/// # Errors
/// If writing fails.
pub fn write(
    report: &Report,
    error: Option<&str>,
    pitfalls: &[Pitfall],
    answers: Option<&[Answer]>,
    only: Option<usize>,
    output: &mut dyn Write,
) -> io::Result<()> {
    let links: Vec<String> = report.links.iter().map(ToString::to_string).collect();
    let others: serde_json::Map<String, Value> =
        report.others.iter().map(|(name, others)| ((*name).to_owned(), count(others))).collect();
    writeln!(
        output,
        "{{\"version\": {VERSION}, \"frames\": {}, \"links\": {},",
        report.frames,
        json!(links)
    )?;
    writeln!(output, "\"error\": {}, \"other_frames\": {},", json!(error), Value::Object(others))?;
    write!(output, "\"conversations\": [")?;
    let chosen = report
        .conversations
        .iter()
        .filter(|conversation| only.is_none_or(|only| only == conversation.number));
    for (at, one) in chosen.enumerate() {
        writeln!(output, "{}", if at == 0 { "" } else { "," })?;
        serde_json::to_writer(&mut *output, &conversation(one))?;
    }
    write!(output, "],\n\"pitfalls\": {}", json!(pitfalls))?;
    if let Some(answers) = answers {
        let answers: Vec<Value> = answers.iter().map(answer).collect();
        write!(output, ",\n\"questions\": {}", json!(answers))?;
    }
    writeln!(output, "}}")
}

fn conversation(one: &Conversation) -> Value {
    let frame = |mark: Option<Mark>| mark.map(|mark| mark.frame);
    let handshake = one.handshake;
    let exchanges = one.exchanges.iter().map(|exchange| {
        json!({
            "request": exchange.request.frame, "reply": frame(exchange.reply), "rtt_ns": exchange.rtt_ns(),
            "request_text": text(&exchange.request_text), "request_length": exchange.request_length,
            "reply_text": text(&exchange.reply_text), "reply_length": exchange.reply_length,
        })
    });
    let turns = one.turns.iter().map(|turn| {
        json!({
            "from": turn.from, "first_frame": turn.first.frame, "last_frame": turn.last.frame,
            "segments": turn.segments, "length": turn.length, "text": text(one.turn_text(turn)),
        })
    });
    let web = http::exchanges(one).into_iter().map(|exchange| {
        let response = exchange.response.as_ref();
        json!({
            "request_line": text(exchange.request.line.as_bytes()), "request_frame": exchange.request.first.frame,
            "status_line": response.map(|response| text(response.line.as_bytes())),
            "response_frame": response.map(|response| response.first.frame),
            "head_bytes": response.map(|response| response.head_bytes),
            "body_bytes": response.map(|response| response.body_bytes),
        })
    });
    let refusals = one.refusals.iter().map(|refusal| {
        json!({"frame": refusal.at.frame, "from": refusal.from.to_string(), "port_unreachable": refusal.port})
    });
    json!({
        "number": one.number, "protocol": one.protocol, "wireshark_stream": one.stream,
        "client": one.client().to_string(), "server": one.server().to_string(),
        "client_is_guessed": one.client_is_guessed,
        "first_frame": one.first.frame, "last_frame": one.last.frame,
        "packets": one.entries.iter().map(entry).collect::<Vec<_>>(),
        "packets_left_out": one.left_out,
        "handshake": {
            "syn": frame(handshake.syn), "syn_ack": frame(handshake.syn_ack), "ack": frame(handshake.ack),
            "rtt_ns": handshake.rtt_ns(), "initial_rtt_ns": handshake.initial_rtt_ns(),
        },
        "close": close(one),
        "exchanges": exchanges.collect::<Vec<_>>(),
        "stream": turns.collect::<Vec<_>>(),
        "http": web.collect::<Vec<_>>(),
        "refusals": refusals.collect::<Vec<_>>(),
        "retransmissions": {
            "client": one.sent[Side::Client].retransmissions.count, "server": one.sent[Side::Server].retransmissions.count,
        },
    })
}

fn close(one: &Conversation) -> Value {
    if let Some(reset) = one.handshake.refusal {
        return json!({"kind": "refused", "by": "server", "frames": [reset.frame]});
    }
    match one.close_of() {
        Close::Complete { began, frames } => json!({"kind": "complete", "by": began, "frames": frames}),
        Close::Incomplete { began, frames } => json!({"kind": "incomplete", "by": began, "frames": frames}),
        Close::Reset { by, at } => json!({"kind": "reset", "by": by, "frames": [at.frame]}),
        Close::Open => json!({"kind": "open", "by": null, "frames": []}),
    }
}

fn entry(entry: &Entry) -> Value {
    let mut value = json!({
        "frame": entry.at.frame, "time_ns": entry.at.time_ns, "from": entry.from,
        "ip_header_length": entry.ip_header_length, "header_length": entry.header_length,
        "checksum": Hex(entry.checksum).to_string(), "checksum_status": entry.checksum_status,
        "text_length": entry.text_length, "text": text(&entry.text),
    });
    let more = match &entry.detail {
        Detail::Udp(length) => json!({"udp_length": length}),
        Detail::Tcp(detail) => json!({
            "flags": flags(detail.flags), "flags_value": detail.flags.0,
            "sequence_raw": detail.sequence, "sequence": detail.relative_sequence,
            "acknowledgment_raw": detail.acknowledgment, "acknowledgment": detail.relative_acknowledgment,
            "window": detail.window, "mss": detail.mss, "repeat": detail.repeat,
        }),
    };
    if let (Value::Object(fields), Value::Object(more)) = (&mut value, more) {
        fields.extend(more);
    }
    value
}

fn flags(flags: Flags) -> Vec<&'static str> {
    Flags::NAMES.iter().filter(|(_, bit)| flags.0 & bit != 0).map(|(name, _)| *name).collect()
}

fn answer(answer: &Answer) -> Value {
    json!({
        "number": answer.number, "question": answer.question, "answer": answer.lines, "frames": answer.frames,
        "filter": answer.filter, "inferred": answer.inferred,
    })
}

fn count(count: &Count) -> Value {
    json!({"count": count.count, "frames": count.frames})
}

fn text(bytes: &[u8]) -> String {
    printable(bytes).to_string()
}
