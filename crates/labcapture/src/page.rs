//! The report as text: a page per conversation.

use crate::checksum::Status;
use crate::conversation::{Close, Conversation, Detail, Entry, Protocol, Repeat, Side};
use crate::http;
use crate::pitfalls::Pitfall;
use crate::report::Report;
use crate::words::{Hex, count, frames, list, milliseconds, quoted, seconds};
use labcore::printable;
use std::io::{self, Write};

/// Packets, requests and turns that one page shows; `--json` has more.
const ROWS_MAX: usize = 200;

/// Characters of text in a row.
const TEXT_WIDTH: usize = 40;

/// Bytes of one turn in the followed stream.
const TURN_BYTES_MAX: usize = 2000;

/// Writes the whole report.
///
/// # Errors
/// If writing fails.
pub fn write(
    report: &Report,
    pitfalls: &[Pitfall],
    only: Option<usize>,
    output: &mut dyn Write,
) -> io::Result<()> {
    let (start, end) = report.times_ns.unwrap_or_default();
    let (frames_word, conversations) =
        (count(report.frames, "frame"), count(report.conversations.len() as u64, "conversation"));
    writeln!(
        output,
        "{frames_word} in {} s, {conversations}, {}",
        seconds(end - start),
        list(&report.links)
    )?;
    for (name, others) in &report.others {
        let shown = if others.count > others.frames.len() as u64 { ", …" } else { "" };
        writeln!(output, "{:>6} {name}: {}{shown}", others.count, frames(&others.frames))?;
    }
    for conversation in &report.conversations {
        if only.is_none_or(|number| number == conversation.number) {
            writeln!(output)?;
            page(conversation, start, output)?;
        }
    }
    if !pitfalls.is_empty() {
        writeln!(output, "\nTake care")?;
        for pitfall in pitfalls {
            let place = if pitfall.frames.is_empty() {
                String::new()
            } else {
                format!(" ({})", frames(&pitfall.frames))
            };
            writeln!(output, "  {}: {}{place}", pitfall.name, pitfall.sentence)?;
        }
    }
    Ok(())
}

fn page(conversation: &Conversation, start_ns: u64, output: &mut dyn Write) -> io::Result<()> {
    let Conversation { number, protocol, stream, .. } = conversation;
    let filter = protocol.to_string().to_lowercase();
    writeln!(
        output,
        "Conversation {number}: {protocol}, client {}, server {} (Wireshark: {filter}.stream == {stream})",
        conversation.client(),
        conversation.server()
    )?;
    if conversation.client_is_guessed {
        writeln!(
            output,
            "  Client    guessed by the ports, or by who sent first, since no SYN was captured"
        )?;
    }
    summary(conversation, output)?;
    match protocol {
        Protocol::Udp => datagrams(conversation, start_ns, output)?,
        Protocol::Tcp => segments(conversation, start_ns, output)?,
    }
    let more = conversation.packets() - conversation.entries.len().min(ROWS_MAX) as u64;
    if more > 0 {
        writeln!(output, "    … and {more} more")?;
    }
    exchanges(conversation, output)?;
    if *protocol == Protocol::Tcp {
        followed(conversation, output)?;
    }
    Ok(())
}

fn summary(conversation: &Conversation, output: &mut dyn Write) -> io::Result<()> {
    for refusal in conversation.refusals.iter().take(ROWS_MAX) {
        let what = if refusal.port { "port unreachable: nobody has a socket there" } else { "unreachable" };
        writeln!(output, "  ICMP      {what}, says {} (frame {})", refusal.from, refusal.at.frame)?;
    }
    if conversation.protocol == Protocol::Udp {
        return Ok(());
    }
    writeln!(output, "  Opening   {}", opening(conversation))?;
    for side in Side::BOTH {
        let sent = &conversation.sent[side];
        if let Some(initial) = sent.initial_sequence.filter(|_| sent.syn) {
            writeln!(output, "  Sequence  the {side} begins at {initial} (raw), which is 0 (relative)")?;
        }
    }
    if let Some(rtt_ns) = conversation.handshake.rtt_ns() {
        let whole = conversation.handshake.initial_rtt_ns();
        let whole = whole.map(|ns| format!("; {} from SYN to ACK", milliseconds(ns))).unwrap_or_default();
        writeln!(output, "  RTT       {} from SYN to SYN, ACK{whole}", milliseconds(rtt_ns))?;
    }
    writeln!(output, "  Closing   {}", closing(conversation))?;
    let lengths = header_lengths(conversation);
    let lengths = list(
        lengths.iter().map(|(length, packets)| format!("{length} bytes in {}", count(*packets, "segment"))),
    );
    writeln!(output, "  Header    {lengths}")?;
    for side in Side::BOTH {
        let sent = &conversation.sent[side];
        if sent.retransmissions.count > 0 {
            let times = count(sent.retransmissions.count, "segment");
            writeln!(output, "  Repeated  {times} of the {side}: {}", frames(&sent.retransmissions.frames))?;
        }
        if sent.stream.missing > 0 {
            writeln!(
                output,
                "  Missing   {} of the {side} were not captured",
                count(sent.stream.missing, "byte")
            )?;
        }
        if sent.wrong_checksums.count > 0 {
            let wrong = &sent.wrong_checksums;
            writeln!(
                output,
                "  Checksum  wrong in {} of the {side}: {}",
                wrong.count,
                frames(&wrong.frames)
            )?;
        }
    }
    Ok(())
}

/// Header lengths of both sides with the number of packets.
pub fn header_lengths(conversation: &Conversation) -> Vec<(u16, u64)> {
    let mut lengths = conversation.sent[Side::Client].header_lengths.clone();
    for (length, packets) in &conversation.sent[Side::Server].header_lengths {
        *lengths.entry(*length).or_default() += packets;
    }
    lengths.into_iter().rev().collect()
}

/// How a connection was opened, in words.
pub fn opening(conversation: &Conversation) -> String {
    let handshake = &conversation.handshake;
    let frame = |mark: Option<crate::conversation::Mark>| mark.map(|mark| mark.frame);
    if let (Some(syn), Some(reset)) = (frame(handshake.syn), frame(handshake.refusal)) {
        return format!("refused: SYN (frame {syn}), answered by RST (frame {reset}); nobody listens there");
    }
    match (frame(handshake.syn), frame(handshake.syn_ack), frame(handshake.ack)) {
        (Some(syn), Some(syn_ack), Some(ack)) => {
            format!(
                "SYN (frame {syn}), SYN, ACK (frame {syn_ack}), ACK (frame {ack}): the three-way handshake"
            )
        }
        (Some(syn), Some(syn_ack), None) => {
            format!("SYN (frame {syn}), SYN, ACK (frame {syn_ack}); the client's ACK is not in the capture")
        }
        (Some(syn), None, _) if conversation.is_unanswered() => format!("SYN (frame {syn}), and no answer"),
        (Some(syn), None, _) => format!("SYN (frame {syn}); the server's SYN, ACK is not in the capture"),
        (None, ..) => "not in the capture, which began later".to_owned(),
    }
}

/// How a connection ended, in words.
pub fn closing(conversation: &Conversation) -> String {
    if conversation.is_refused() {
        return "nothing to close: the connection was refused".to_owned();
    }
    match conversation.close_of() {
        Close::Complete { began, frames: numbers } => {
            let first = conversation.sent[began].fin.map_or(0, |(mark, _)| mark.frame);
            let second = conversation.sent[began.other()].fin.map_or(0, |(mark, _)| mark.frame);
            let half = conversation.sent[began.other()].after_fin_bytes;
            let half = match half {
                0 => String::new(),
                bytes => {
                    format!("; the {} sent {} in between (half-closed)", began.other(), count(bytes, "byte"))
                }
            };
            format!(
                "{} segments, the {began} began: {} (FIN in {first} and {second}){half}",
                numbers.len(),
                frames(&numbers)
            )
        }
        Close::Incomplete { began, frames: numbers } => {
            format!("the {began} began ({}), the rest is not in the capture", frames(&numbers))
        }
        Close::Reset { by, at } => format!("broken off by the {by} with RST (frame {})", at.frame),
        Close::Open if conversation.is_unanswered() => "nothing to close: nobody answered".to_owned(),
        Close::Open => "not in the capture: the connection was open when it ended".to_owned(),
    }
}

fn datagrams(conversation: &Conversation, start_ns: u64, output: &mut dyn Write) -> io::Result<()> {
    writeln!(output, "    frame       time  from    Length  checksum        text")?;
    for entry in conversation.entries.iter().take(ROWS_MAX) {
        let Detail::Udp(length) = entry.detail else { continue };
        let (frame, time) = place(entry, start_ns);
        let checksum = checksum(entry);
        let text = quoted(&entry.text, TEXT_WIDTH);
        writeln!(output, "  {frame:>7} {time:>10}  {:<6}  {length:>6}  {checksum:<14}  {text}", entry.from)?;
    }
    Ok(())
}

fn segments(conversation: &Conversation, start_ns: u64, output: &mut dyn Write) -> io::Result<()> {
    writeln!(
        output,
        "    frame       time  from    flags          seq     raw seq     ack     raw ack  header  checksum        text"
    )?;
    for entry in conversation.entries.iter().take(ROWS_MAX) {
        let Detail::Tcp(detail) = entry.detail else { continue };
        let (frame, time) = place(entry, start_ns);
        let flags = detail.flags;
        let acknowledgment = detail.relative_acknowledgment;
        let raw = acknowledgment.map_or("-".to_owned(), |_| detail.acknowledgment.to_string());
        let acknowledgment = acknowledgment.map_or("-".to_owned(), |number| number.to_string());
        let checksum = checksum(entry);
        let mut text = match entry.text_length {
            0 => String::new(),
            length => format!("{length} {}", quoted(&entry.text, TEXT_WIDTH)),
        };
        let remark = remark(detail.repeat);
        if !remark.is_empty() {
            text = format!("{text} ({remark})").trim_start().to_owned();
        }
        let line = format!(
            "  {frame:>7} {time:>10}  {:<6}  {flags:<10} {:>7}  {:>10} {acknowledgment:>7}  {raw:>10}  {:>6}  {checksum:<14}  {text}",
            entry.from, detail.relative_sequence, detail.sequence, entry.header_length
        );
        writeln!(output, "{}", line.trim_end())?;
    }
    Ok(())
}

fn place(entry: &Entry, start_ns: u64) -> (u64, String) {
    (entry.at.frame, seconds(entry.at.time_ns.saturating_sub(start_ns)))
}

fn checksum(entry: &Entry) -> String {
    format!("{} {}", Hex(entry.checksum), status(entry.checksum_status))
}

/// A checksum's status in a word.
pub fn status(status: Status) -> &'static str {
    match status {
        Status::Right => "right",
        Status::Wrong => "WRONG",
        Status::Partial => "partial",
        Status::Absent => "absent",
        Status::Unknown => "unknown",
    }
}

fn remark(repeat: Repeat) -> &'static str {
    match repeat {
        Repeat::No => "",
        Repeat::Retransmission => "sent again",
        Repeat::KeepAlive => "keep-alive",
        Repeat::WindowProbe => "asks whether there is room again",
        Repeat::Ahead => "one before it is missing",
        Repeat::Late => "late: overtaken, or sent again",
    }
}

fn exchanges(conversation: &Conversation, output: &mut dyn Write) -> io::Result<()> {
    let exchanges = &conversation.exchanges;
    if exchanges.is_empty() {
        return Ok(());
    }
    writeln!(
        output,
        "  Requests and replies, with the time from the first frame of the one to the first of the other"
    )?;
    for exchange in exchanges.iter().take(ROWS_MAX) {
        let request = quoted(&exchange.request_text, TEXT_WIDTH);
        let frame = exchange.request.frame;
        match (exchange.reply, exchange.rtt_ns()) {
            (Some(reply), Some(rtt_ns)) => {
                let text = quoted(&exchange.reply_text, TEXT_WIDTH);
                writeln!(
                    output,
                    "  {frame:>7} → {:<6} {:>12}  {request} → {text}",
                    reply.frame,
                    milliseconds(rtt_ns)
                )?;
            }
            _ => writeln!(output, "  {frame:>7} → {:<6} {:>12}  {request}", "none", "")?,
        }
    }
    if exchanges.len() > ROWS_MAX {
        writeln!(output, "    … and {} more", exchanges.len() - ROWS_MAX)?;
    }
    Ok(())
}

fn followed(conversation: &Conversation, output: &mut dyn Write) -> io::Result<()> {
    let web = http::exchanges(conversation);
    if !web.is_empty() {
        writeln!(output, "  HTTP")?;
    }
    for exchange in web.iter().take(ROWS_MAX) {
        let answer = match &exchange.response {
            Some(response) => {
                let (line, head, body) = (&response.line, response.head_bytes, response.body_bytes);
                let frame = response.first.frame;
                format!(
                    "{} (frame {frame}, head of {head} bytes, body of {body})",
                    printable(line.as_bytes())
                )
            }
            None => "no response".to_owned(),
        };
        let request = printable(exchange.request.line.as_bytes());
        writeln!(output, "    {request} (frame {}) → {answer}", exchange.request.first.frame)?;
    }
    if conversation.turns.is_empty() {
        return Ok(());
    }
    writeln!(output, "  Stream")?;
    for turn in conversation.turns.iter().take(ROWS_MAX) {
        let text = conversation.turn_text(turn);
        let shown = &text[..text.len().min(TURN_BYTES_MAX)];
        for line in shown.split_inclusive(|byte| *byte == b'\n') {
            writeln!(output, "    {}: {}", turn.from, printable(line))?;
        }
        if turn.length > shown.len() as u64 {
            writeln!(output, "    {}: … {} bytes in all", turn.from, turn.length)?;
        }
    }
    if conversation.turns.len() > ROWS_MAX {
        writeln!(output, "    … and {} more turns", conversation.turns.len() - ROWS_MAX)?;
    }
    Ok(())
}
