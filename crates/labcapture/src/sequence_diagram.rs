//! A conversation as a sequence diagram, in one self-contained SVG file.
//!
//! Time runs downwards, and the client is on the left. Each packet is an arrow with its flags and the start of its
//! payload. The labels say the same as the colours.

use crate::conversation::{Analysis, Conversation, Detail, PacketRecord, Side};
use crate::formatting::{count, milliseconds_without_unit, quoted};
use crate::packet::Flags;
use crate::svg::{Anchor, Colour, Elements, Font};

/// The maximum number of packets that one picture shows.
const ROWS_MAX: usize = 200;

/// The width of the picture in pixels, like all lengths here.
const WIDTH: i32 = 960;

/// Where the lifelines of client and server are.
const LINES: [i32; 2] = [250, 780];

/// Where the first row starts, below the headings.
const TOP: i32 = 112;

/// The height of a row.
const ROW: i32 = 44;

/// How much lower an arrow ends than it starts.
const SLOPE: i32 = 8;

/// The maximum number of characters of a payload on an arrow.
const TEXT_WIDTH: usize = 24;

/// The shortest pause between two rows that is marked, in nanoseconds.
const PAUSE_NS: u64 = 10_000_000;

/// Draws a conversation.
pub fn draw(conversation: &Conversation) -> String {
    let packets = &conversation.common.packets[..conversation.common.packets.len().min(ROWS_MAX)];
    let icmp_errors = conversation.common.icmp_errors.iter().take(ROWS_MAX);
    let title = format!("Conversation {}: {}", conversation.common.number, conversation.protocol());
    let mut svg = Elements::default();
    svg.text((20, 28), Anchor::Start, Font::Bold, Colour::Ink, &title);
    for (side, x) in Side::BOTH.into_iter().zip(LINES) {
        svg.text((x, 58), Anchor::Middle, Font::Plain, Colour::Ink, &side.to_string());
        let address = conversation.common.addresses[side].to_string();
        svg.text((x, 76), Anchor::Middle, Font::Plain, Colour::Ink, &address);
    }
    note(&mut svg, 64, 98, "frame");
    note(&mut svg, 160, 98, "time in ms");
    let mut events: Vec<(u64, u64, Option<&PacketRecord>)> =
        packets.iter().map(|packet| (packet.at.frame, packet.at.time_ns, Some(packet))).collect();
    events.extend(icmp_errors.map(|error| (error.at.frame, error.at.time_ns, None)));
    events.sort_by_key(|(frame, ..)| *frame);
    let mut last_ns = conversation.common.first.time_ns;
    let mut y = TOP + ROW / 2;
    for (frame, time_ns, packet) in events {
        let pause_ns = time_ns.saturating_sub(last_ns);
        lifelines(&mut svg, y, pause_ns >= PAUSE_NS);
        last_ns = time_ns;
        note(&mut svg, 64, y, &frame.to_string());
        let since = milliseconds_without_unit(time_ns.saturating_sub(conversation.common.first.time_ns));
        note(&mut svg, 160, y, &since);
        match packet {
            Some(packet) => arrow(&mut svg, y, packet.from, colour(packet), &label(packet)),
            None => arrow(&mut svg, y, Side::Server, Colour::Alarm, "ICMP: unreachable"),
        }
        y += ROW;
    }
    lifelines(&mut svg, y, false);
    let more = conversation.common.packet_count() - packets.len() as u64;
    if more > 0 {
        let words = format!("… and {}", count(more, "more packet"));
        svg.text((middle(), y + 4), Anchor::Middle, Font::Plain, Colour::Faint, &words);
    }
    let [client, server] = Side::BOTH.map(|side| conversation.common.addresses[side]);
    let packets = count(conversation.common.packet_count(), "packet");
    svg.picture(
        (WIDTH, y + ROW / 2),
        &title,
        &format!("{packets} between client {client} and server {server}"),
    )
}

/// Draws the part of the lifelines that belongs to a row.
fn lifelines(svg: &mut Elements, y: i32, is_pause: bool) {
    for x in LINES {
        svg.line((x, y - ROW + SLOPE), (x, y + SLOPE), Colour::Faint, is_pause);
    }
}

fn arrow(svg: &mut Elements, y: i32, from: Side, colour: Colour, words: &str) {
    let (start, end) = match from {
        Side::Client => (LINES[0], LINES[1]),
        Side::Server => (LINES[1], LINES[0]),
    };
    svg.arrow((start, y), (end, y + SLOPE), colour);
    svg.text((middle(), y - 4), Anchor::Middle, Font::Plain, Colour::Ink, words);
}

fn middle() -> i32 {
    (LINES[0] + LINES[1]) / 2
}

/// Writes something less important, which ends at `x`.
fn note(svg: &mut Elements, x: i32, y: i32, words: &str) {
    svg.text((x, y), Anchor::End, Font::Plain, Colour::Faint, words);
}

fn colour(packet: &PacketRecord) -> Colour {
    let out_of_order = packet.segment().is_some_and(|detail| detail.analysis != Analysis::InOrder);
    match (packet.has(Flags::RST) || out_of_order, packet.payload_length) {
        (true, _) => Colour::Alarm,
        (false, 0) => Colour::Control,
        (false, _) => Colour::Payload,
    }
}

fn label(packet: &PacketRecord) -> String {
    let shown = match packet.payload_length {
        0 => String::new(),
        length => format!(" · {} {}", count(u64::from(length), "byte"), quoted(&packet.payload, TEXT_WIDTH)),
    };
    match packet.detail {
        Detail::Udp(length) => format!("Length {length}{shown}"),
        Detail::Tcp(detail) => {
            let acknowledgment =
                detail.relative_acknowledgment.map(|number| format!(" ack {number}")).unwrap_or_default();
            let analysis = match detail.analysis {
                Analysis::InOrder => "",
                Analysis::Retransmission => " · retransmission",
                Analysis::KeepAlive => " · keep-alive",
                Analysis::WindowProbe => " · window probe",
                Analysis::AfterGap => " · previous segment missing",
                Analysis::OutOfOrder => " · out of order",
            };
            format!("{} · seq {}{acknowledgment}{shown}{analysis}", detail.flags, detail.relative_sequence)
        }
    }
}
