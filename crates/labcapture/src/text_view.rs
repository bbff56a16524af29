//! The text view: a capture as text for the terminal, one section per conversation.

use crate::capture::Capture;
use crate::checksum::Status;
use crate::conversation::{Analysis, Conversation, Detail, Flow, PacketRecord, Side, TcpFlow};
use crate::formatting::{Hex, count, frames, list, milliseconds, quoted, seconds};
use crate::http;
use crate::narration::{closing, opening, unanswered};
use crate::pitfalls::Pitfall;
use labcore::printable;
use std::io::{self, Write};

/// The maximum number of packets, exchanges and turns of a conversation that are shown. `--json` has more.
const ROWS_MAX: usize = 200;

/// The maximum number of characters of a payload in a row.
const TEXT_WIDTH: usize = 40;

/// The maximum number of bytes of one turn that the stream shows.
const TURN_BYTES_MAX: usize = 2000;

/// Writes the whole capture, or only the conversation with the number `only`. The pitfalls follow at the end.
///
/// # Errors
/// Fails if writing to `output` fails.
pub fn write(
    capture: &Capture,
    pitfalls: &[Pitfall],
    only: Option<usize>,
    output: &mut dyn Write,
) -> io::Result<()> {
    let (start, end) = capture.times_ns.unwrap_or_default();
    writeln!(
        output,
        "{} in {} s, {}, {}",
        count(capture.frames, "frame"),
        seconds(end - start),
        count(capture.conversations.len() as u64, "conversation"),
        list(&capture.links)
    )?;
    for (name, others) in &capture.others {
        let shown = if others.count > others.frames.len() as u64 { ", …" } else { "" };
        writeln!(output, "{:>6} {name}: {}{shown}", others.count, frames(&others.frames))?;
    }
    for host in capture.neighbours.unanswered().take(ROWS_MAX) {
        writeln!(output, "       {}", unanswered(&host))?;
    }
    for conversation in &capture.conversations {
        if only.is_none_or(|number| number == conversation.common.number) {
            writeln!(output)?;
            section(conversation, start, output)?;
        }
    }
    if !pitfalls.is_empty() {
        writeln!(output, "\nPitfalls")?;
        for pitfall in pitfalls {
            let place = if pitfall.frames.is_empty() {
                String::new()
            } else {
                format!(" ({})", frames(&pitfall.frames))
            };
            writeln!(output, "  {}: {}{place}", pitfall.name(), pitfall.sentence())?;
        }
    }
    Ok(())
}

fn section(conversation: &Conversation, start_ns: u64, output: &mut dyn Write) -> io::Result<()> {
    let common = &conversation.common;
    let protocol = conversation.protocol();
    writeln!(
        output,
        "Conversation {}: {protocol}, client {}, server {} (Wireshark: {}.stream == {})",
        common.number,
        conversation.client(),
        conversation.server(),
        protocol.filter_name(),
        common.stream
    )?;
    if common.client_is_guessed {
        writeln!(
            output,
            "  Client    guessed from the ports or from the first packet, because no SYN was captured"
        )?;
    }
    for error in common.icmp_errors.iter().take(ROWS_MAX) {
        let what =
            if error.port_unreachable { "port unreachable: no socket is bound to it" } else { "unreachable" };
        writeln!(output, "  ICMP      {what}, reported by {} (frame {})", error.from, error.at.frame)?;
    }
    match &conversation.flow {
        Flow::Udp(_) => datagrams(conversation, start_ns, output)?,
        Flow::Tcp(tcp) => {
            connection(conversation, tcp, output)?;
            segments(conversation, start_ns, output)?;
        }
    }
    let more = common.packet_count() - common.packets.len().min(ROWS_MAX) as u64;
    if more > 0 {
        writeln!(output, "    … and {}", count(more, "more packet"))?;
    }
    exchanges(conversation, output)?;
    if let Some(tcp) = conversation.tcp() {
        http_messages(tcp, output)?;
        stream(tcp, output)?;
    }
    Ok(())
}

/// Summarizes a connection.
fn connection(conversation: &Conversation, tcp: &TcpFlow, output: &mut dyn Write) -> io::Result<()> {
    writeln!(output, "  Opening   {}", opening(conversation, tcp))?;
    for side in Side::BOTH {
        let direction = &tcp.directions[side];
        if let Some(initial) = direction.initial_sequence.filter(|_| direction.has_syn) {
            writeln!(output, "  Sequence  the {side} starts at {initial} (raw), which is 0 (relative)")?;
        }
    }
    if let Some(rtt_ns) = tcp.handshake.rtt_ns() {
        let whole = tcp.handshake.initial_rtt_ns();
        let whole = whole.map(|ns| format!("; {} from SYN to ACK", milliseconds(ns))).unwrap_or_default();
        writeln!(output, "  RTT       {} from SYN to SYN, ACK{whole}", milliseconds(rtt_ns))?;
    }
    writeln!(output, "  Closing   {}", closing(conversation, tcp))?;
    let lengths = conversation.common.header_lengths();
    let lengths = list(
        lengths.iter().map(|(length, packets)| format!("{length} bytes in {}", count(*packets, "segment"))),
    );
    writeln!(output, "  Header    {lengths}")?;
    for side in Side::BOTH {
        let direction = &tcp.directions[side];
        let resent = &direction.retransmissions;
        if resent.count > 0 {
            let segments = count(resent.count, "segment");
            writeln!(output, "  Resent    {segments} from the {side}: {}", frames(&resent.frames))?;
        }
        if direction.stream.missing > 0 {
            let missing = count(direction.stream.missing, "byte");
            writeln!(output, "  Missing   {missing} from the {side}, not in the capture")?;
        }
        let wrong = &conversation.common.traffic[side].wrong_checksums;
        if wrong.count > 0 {
            writeln!(
                output,
                "  Checksum  wrong in {} from the {side}: {}",
                count(wrong.count, "segment"),
                frames(&wrong.frames)
            )?;
        }
    }
    Ok(())
}

fn datagrams(conversation: &Conversation, start_ns: u64, output: &mut dyn Write) -> io::Result<()> {
    writeln!(output, "    frame       time  from    Length  checksum        payload")?;
    for packet in conversation.common.packets.iter().take(ROWS_MAX) {
        let Detail::Udp(length) = packet.detail else { continue };
        let (frame, time) = place(packet, start_ns);
        let checksum = checksum(packet);
        let text = quoted(&packet.payload, TEXT_WIDTH);
        writeln!(output, "  {frame:>7} {time:>10}  {:<6}  {length:>6}  {checksum:<14}  {text}", packet.from)?;
    }
    Ok(())
}

fn segments(conversation: &Conversation, start_ns: u64, output: &mut dyn Write) -> io::Result<()> {
    writeln!(
        output,
        "    frame       time  from    flags          seq     raw seq     ack     raw ack  header  checksum        payload"
    )?;
    for packet in conversation.common.packets.iter().take(ROWS_MAX) {
        let Detail::Tcp(detail) = packet.detail else { continue };
        let (frame, time) = place(packet, start_ns);
        let flags = detail.flags;
        let acknowledgment = detail.relative_acknowledgment;
        let raw = acknowledgment.map_or("-".to_owned(), |_| detail.acknowledgment.to_string());
        let acknowledgment = acknowledgment.map_or("-".to_owned(), |number| number.to_string());
        let checksum = checksum(packet);
        let mut text = match packet.payload_length {
            0 => String::new(),
            length => format!("{length} {}", quoted(&packet.payload, TEXT_WIDTH)),
        };
        let remark = remark(detail.analysis);
        if !remark.is_empty() {
            text = format!("{text} ({remark})").trim_start().to_owned();
        }
        let line = format!(
            "  {frame:>7} {time:>10}  {:<6}  {flags:<10} {:>7}  {:>10} {acknowledgment:>7}  {raw:>10}  {:>6}  {checksum:<14}  {text}",
            packet.from, detail.relative_sequence, detail.sequence, packet.header_length
        );
        writeln!(output, "{}", line.trim_end())?;
    }
    Ok(())
}

fn place(packet: &PacketRecord, start_ns: u64) -> (u64, String) {
    (packet.at.frame, seconds(packet.at.time_ns.saturating_sub(start_ns)))
}

fn checksum(packet: &PacketRecord) -> String {
    format!("{} {}", Hex(packet.checksum), status(packet.checksum_status))
}

/// Describes the status of a checksum in one word.
fn status(status: Status) -> &'static str {
    match status {
        Status::Right => "right",
        Status::Wrong => "WRONG",
        Status::Partial => "partial",
        Status::Absent => "absent",
        Status::Unknown => "unknown",
    }
}

fn remark(analysis: Analysis) -> &'static str {
    match analysis {
        Analysis::InOrder => "",
        Analysis::Retransmission => "retransmission",
        Analysis::KeepAlive => "keep-alive",
        Analysis::WindowProbe => "window probe",
        Analysis::AfterGap => "previous segment missing",
        Analysis::OutOfOrder => "out of order: overtaken or retransmitted",
    }
}

fn exchanges(conversation: &Conversation, output: &mut dyn Write) -> io::Result<()> {
    let exchanges = &conversation.common.exchanges;
    if exchanges.is_empty() {
        return Ok(());
    }
    writeln!(
        output,
        "  Requests and replies, with the time from the first frame of the request to the first frame of the reply"
    )?;
    for exchange in exchanges.iter().take(ROWS_MAX) {
        let frame = exchange.request.at.frame;
        let request = quoted(&exchange.request.payload, TEXT_WIDTH);
        match (&exchange.reply, exchange.rtt_ns()) {
            (Some(reply), Some(rtt_ns)) => {
                let (reply_frame, rtt) = (reply.at.frame, milliseconds(rtt_ns));
                let reply = quoted(&reply.payload, TEXT_WIDTH);
                writeln!(output, "  {frame:>7} → {reply_frame:<6} {rtt:>12}  {request} → {reply}")?;
            }
            _ => writeln!(output, "  {frame:>7} → {:<6} {:>12}  {request}", "none", "")?,
        }
    }
    if exchanges.len() > ROWS_MAX {
        writeln!(output, "    … and {} more", exchanges.len() - ROWS_MAX)?;
    }
    Ok(())
}

fn http_messages(tcp: &TcpFlow, output: &mut dyn Write) -> io::Result<()> {
    let exchanges = http::exchanges(tcp);
    if !exchanges.is_empty() {
        writeln!(output, "  HTTP")?;
    }
    for exchange in exchanges.iter().take(ROWS_MAX) {
        let response = match &exchange.response {
            Some(response) => format!(
                "{} (frame {}; head {} bytes, body {} bytes)",
                printable(response.start_line.as_bytes()),
                response.first.frame,
                response.head_bytes,
                response.body_bytes
            ),
            None => "no response".to_owned(),
        };
        let request = printable(exchange.request.start_line.as_bytes());
        writeln!(output, "    {request} (frame {}) → {response}", exchange.request.first.frame)?;
    }
    Ok(())
}

/// Shows the streams in the order in which the endpoints sent them, as Wireshark's *Follow TCP Stream* does.
fn stream(tcp: &TcpFlow, output: &mut dyn Write) -> io::Result<()> {
    if tcp.turns().is_empty() {
        return Ok(());
    }
    writeln!(output, "  Stream")?;
    for turn in tcp.turns().iter().take(ROWS_MAX) {
        let payload = tcp.payload_of(turn);
        let shown = &payload[..payload.len().min(TURN_BYTES_MAX)];
        for line in shown.split_inclusive(|byte| *byte == b'\n') {
            writeln!(output, "    {}: {}", turn.from, printable(line))?;
        }
        if turn.length > shown.len() as u64 {
            writeln!(output, "    {}: … {} bytes in total", turn.from, turn.length)?;
        }
    }
    if tcp.turns().len() > ROWS_MAX {
        writeln!(output, "    … and {} more turns", tcp.turns().len() - ROWS_MAX)?;
    }
    Ok(())
}
