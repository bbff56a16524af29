//! A capture as JSON, for other programs.
//!
//! Version 1 has these fields. Names that end in `_ns` are nanoseconds: `time_ns` counts from 1970, the others are
//! durations. A value that the capture does not contain is `null`. An incompatible change gets a new version number.
//!
//! ```text
//! version          1
//! frames           the number of frames in the file
//! links            the kinds of interface
//! error            why reading stopped before the end of the file, or null
//! other_frames     frames that belong to no conversation, by kind: count, frames (the first ones)
//! conversations    in the order of their first frames:
//!   number, protocol ("udp" or "tcp"), wireshark_stream (udp.stream or tcp.stream)
//!   client, server               socket addresses
//!   client_is_guessed            whether client and server were guessed, because no SYN was captured
//!   first_frame, last_frame
//!   packets                      in order:
//!     frame, time_ns, from ("client" or "server"), ip_header_length, header_length, checksum,
//!     checksum_status ("right", "wrong", "partial", "absent", "unknown"), text_length, text (the start of the payload)
//!     only with UDP: udp_length (the Length field)
//!     only with TCP: flags (a list), flags_value, sequence_raw, sequence, acknowledgment_raw, acknowledgment,
//!     window, mss, repeat ("no", "retransmission", "keep_alive", "window_probe", "ahead", "late")
//!   packets_left_out             how many more packets there are
//!   handshake                    syn, syn_ack, ack (frames), rtt_ns (to the SYN, ACK),
//!                                initial_rtt_ns (to the ACK, or to the RST that refuses the connection)
//!   close                        kind ("complete", "incomplete", "reset", "open", "refused"), by, frames;
//!                                the frames of a "reset" include a FIN before it, and `by` sent the RST
//!   exchanges                    request, reply (frames), rtt_ns, request_text, reply_text,
//!                                request_length, reply_length
//!   stream                       what the endpoints sent, in order: from, first_frame, last_frame, segments,
//!                                length, text
//!   http                         request_line, request_frame, status_line, response_frame, head_bytes, body_bytes
//!   refusals                     ICMP errors: frame, from, port_unreachable
//!   retransmissions              client, server: the number of retransmitted segments
//! pitfalls         name, sentence, frames
//! questions        with `--lab`: number, question, answer, frames, filter, inferred (the reason)
//! ```
//!
//! Payloads are escaped as in the text view: a byte that is not text is written like `\xff`.

use crate::capture::Capture;
use crate::conversation::{
    Close, Common, Conversation, Detail, Message, Moment, PacketRecord, Side, TcpFlow,
};
use crate::formatting::Hex;
use crate::http;
use crate::occurrences::Occurrences;
use crate::pitfalls::Pitfall;
use crate::questions::Answer;
use labcore::printable;
use serde_json::{Value, json};
use std::io::{self, Write};

/// The version of the format.
const VERSION: u32 = 1;

/// Writes the capture, or only the conversation number `only`. `error` is the reason why reading stopped early.
///
/// # Errors
/// Fails if writing to `output` fails.
pub fn write(
    capture: &Capture,
    error: Option<&str>,
    pitfalls: &[Pitfall],
    answers: Option<&[Answer]>,
    only: Option<usize>,
    output: &mut dyn Write,
) -> io::Result<()> {
    let links: Vec<String> = capture.links.iter().map(ToString::to_string).collect();
    let others: serde_json::Map<String, Value> =
        capture.others.iter().map(|(name, others)| ((*name).to_owned(), occurrences(others))).collect();
    writeln!(
        output,
        "{{\"version\": {VERSION}, \"frames\": {}, \"links\": {},",
        capture.frames,
        json!(links)
    )?;
    writeln!(output, "\"error\": {}, \"other_frames\": {},", json!(error), Value::Object(others))?;
    write!(output, "\"conversations\": [")?;
    let chosen = capture
        .conversations
        .iter()
        .filter(|conversation| only.is_none_or(|only| only == conversation.common.number));
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
    let (common, tcp) = (&one.common, one.tcp());
    let refusals = common.icmp_errors.iter().map(|error| {
        json!({"frame": error.at.frame, "from": error.from.to_string(), "port_unreachable": error.port_unreachable})
    });
    let handshake = tcp.map(|tcp| tcp.handshake).unwrap_or_default();
    let retransmissions = |side: Side| tcp.map_or(0, |tcp| tcp.directions[side].retransmissions.count);
    json!({
        "number": common.number, "protocol": one.protocol(), "wireshark_stream": common.stream,
        "client": one.client().to_string(), "server": one.server().to_string(),
        "client_is_guessed": common.client_is_guessed,
        "first_frame": common.first.frame, "last_frame": common.last.frame,
        "packets": common.packets.iter().map(packet).collect::<Vec<_>>(),
        "packets_left_out": common.packets_left_out,
        "handshake": {
            "syn": frame(handshake.syn), "syn_ack": frame(handshake.syn_ack), "ack": frame(handshake.ack),
            "rtt_ns": handshake.rtt_ns(), "initial_rtt_ns": handshake.initial_rtt_ns(),
        },
        "close": close(tcp),
        "exchanges": exchanges(common),
        "stream": tcp.map_or_else(Vec::new, turns),
        "http": tcp.map_or_else(Vec::new, http_exchanges),
        "refusals": refusals.collect::<Vec<_>>(),
        "retransmissions": {
            "client": retransmissions(Side::Client), "server": retransmissions(Side::Server),
        },
    })
}

fn exchanges(common: &Common) -> Vec<Value> {
    let length = |message: Option<&Message>| message.map_or(0, |message| message.length);
    let payload =
        |message: Option<&Message>| message.map_or_else(String::new, |message| text(&message.payload));
    let exchanges = common.exchanges.iter().map(|exchange| {
        let (request, reply) = (&exchange.request, exchange.reply.as_ref());
        json!({
            "request": request.at.frame, "reply": frame(reply.map(|reply| reply.at)), "rtt_ns": exchange.rtt_ns(),
            "request_text": text(&request.payload), "request_length": request.length,
            "reply_text": payload(reply), "reply_length": length(reply),
        })
    });
    exchanges.collect()
}

fn turns(tcp: &TcpFlow) -> Vec<Value> {
    let turns = tcp.turns().iter().map(|turn| {
        json!({
            "from": turn.from, "first_frame": turn.first.frame, "last_frame": turn.last.frame,
            "segments": turn.segments, "length": turn.length, "text": text(tcp.payload_of(turn)),
        })
    });
    turns.collect()
}

fn http_exchanges(tcp: &TcpFlow) -> Vec<Value> {
    let exchanges = http::exchanges(tcp).into_iter().map(|exchange| {
        let response = exchange.response.as_ref();
        json!({
            "request_line": text(exchange.request.start_line.as_bytes()),
            "request_frame": exchange.request.first.frame,
            "status_line": response.map(|response| text(response.start_line.as_bytes())),
            "response_frame": response.map(|response| response.first.frame),
            "head_bytes": response.map(|response| response.head_bytes),
            "body_bytes": response.map(|response| response.body_bytes),
        })
    });
    exchanges.collect()
}

fn close(tcp: Option<&TcpFlow>) -> Value {
    let Some(tcp) = tcp else { return json!({"kind": "open", "by": null, "frames": []}) };
    if let Some(reset) = tcp.handshake.refusal {
        return json!({"kind": "refused", "by": "server", "frames": [reset.frame]});
    }
    let close = tcp.close();
    let frames = close.frames();
    let (kind, by) = match close {
        Close::Complete { began, .. } => ("complete", Some(began)),
        Close::Incomplete { began, .. } => ("incomplete", Some(began)),
        Close::FinThenReset { by, .. } | Close::Reset { by, .. } => ("reset", Some(by)),
        Close::Open => ("open", None),
    };
    json!({"kind": kind, "by": by, "frames": frames})
}

fn packet(packet: &PacketRecord) -> Value {
    let mut value = json!({
        "frame": packet.at.frame, "time_ns": packet.at.time_ns, "from": packet.from,
        "ip_header_length": packet.ip_header_length, "header_length": packet.header_length,
        "checksum": Hex(packet.checksum).to_string(), "checksum_status": packet.checksum_status,
        "text_length": packet.payload_length, "text": text(&packet.payload),
    });
    let more = match &packet.detail {
        Detail::Udp(length) => json!({"udp_length": length}),
        Detail::Tcp(detail) => json!({
            "flags": detail.flags.names(), "flags_value": detail.flags.0,
            "sequence_raw": detail.sequence, "sequence": detail.relative_sequence,
            "acknowledgment_raw": detail.acknowledgment, "acknowledgment": detail.relative_acknowledgment,
            "window": detail.window, "mss": detail.mss, "repeat": detail.analysis,
        }),
    };
    if let (Value::Object(fields), Value::Object(more)) = (&mut value, more) {
        fields.extend(more);
    }
    value
}

fn answer(answer: &Answer) -> Value {
    json!({
        "number": answer.number, "question": answer.question, "answer": answer.text(), "frames": answer.frames,
        "filter": answer.filter.as_ref().map(ToString::to_string), "inferred": answer.inferred,
    })
}

fn occurrences(occurrences: &Occurrences) -> Value {
    json!({"count": occurrences.count, "frames": occurrences.frames})
}

fn frame(at: Option<Moment>) -> Option<u64> {
    at.map(|at| at.frame)
}

fn text(bytes: &[u8]) -> String {
    printable(bytes).to_string()
}
