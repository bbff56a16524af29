//! A conversation as a sequence diagram, in one self-contained SVG file.
//!
//! Time runs downwards, and the client is on the left. Each packet is an arrow with its flags and the start of its
//! payload. The colours are based on the palette of Okabe and Ito, which people with any kind of colour blindness can
//! tell apart; on a dark background, they are lighter. The labels say the same as the colours.

use crate::conversation::{Analysis, Conversation, Detail, PacketRecord, Side};
use crate::formatting::{count, milliseconds_without_unit, quoted};
use crate::packet::Flags;
use labcore::xml;
use std::fmt::Write as _;

/// The maximum number of packets that one picture shows.
const ROWS_MAX: usize = 200;

/// The width of the picture in pixels, like all lengths here.
const WIDTH: u32 = 960;

/// Where the lifelines of client and server are.
const LINES: [u32; 2] = [250, 780];

/// Where the first row starts, below the headings.
const TOP: u32 = 112;

/// The height of a row.
const ROW: u32 = 44;

/// How much lower an arrow ends than it starts.
const SLOPE: u32 = 8;

/// The maximum number of characters of a payload on an arrow.
const TEXT_WIDTH: usize = 24;

/// The shortest pause between two rows that is marked, in nanoseconds.
const PAUSE_NS: u64 = 10_000_000;

const STYLE: &str = "
  svg { font: 13px system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif; --paper: #ffffff; --ink: #1b1b1f;
    --faint: #63636b; --control: #0072b2; --text: #007a5a; --alarm: #c04a00; }
  @media (prefers-color-scheme: dark) {
    svg { --paper: #17171b; --ink: #ececf0; --faint: #a0a0aa; --control: #56b4e9; --text: #2fc79b; --alarm: #f0883e; }
  }
  .paper { fill: var(--paper); } text { fill: var(--ink); } .title { font-size: 16px; font-weight: 600; }
  .middle { text-anchor: middle; } .end { text-anchor: end; } .small { font-size: 12px; fill: var(--faint); }
  .life { stroke: var(--faint); stroke-width: 1.5; } .pause { stroke-dasharray: 2 5; }
  .control { --colour: var(--control); } .text { --colour: var(--text); } .alarm { --colour: var(--alarm); }
  .arrow { stroke: var(--colour); stroke-width: 1.8; } .head { fill: var(--colour); } .alarm .arrow { stroke-dasharray: 7 4; }
";

/// Draws a conversation.
pub fn draw(conversation: &Conversation) -> String {
    let packets = &conversation.common.packets[..conversation.common.packets.len().min(ROWS_MAX)];
    let icmp_errors = conversation.common.icmp_errors.iter().take(ROWS_MAX);
    let rows = packets.len() + icmp_errors.clone().count();
    let height = TOP + ROW * u32::try_from(rows + 2).unwrap_or(u32::MAX / ROW - TOP);
    let title = format!("Conversation {}: {}", conversation.common.number, conversation.protocol());
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         role=\"img\" aria-label=\"{title}\">\n<style>{STYLE}</style>\n<rect class=\"paper\" width=\"{WIDTH}\" height=\"{height}\"/>\n"
    );
    text(&mut svg, 20, 28, "title", &title);
    for (side, x) in Side::BOTH.into_iter().zip(LINES) {
        text(&mut svg, x, 58, "middle", &format!("{side}"));
        text(&mut svg, x, 76, "middle", &conversation.common.addresses[side].to_string());
    }
    text(&mut svg, 64, 98, "end small", "frame");
    text(&mut svg, 160, 98, "end small", "time in ms");
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
        text(&mut svg, 64, y, "end small", &frame.to_string());
        let since = milliseconds_without_unit(time_ns.saturating_sub(conversation.common.first.time_ns));
        text(&mut svg, 160, y, "end small", &since);
        match packet {
            Some(packet) => arrow(&mut svg, y, packet.from, class(packet), &label(packet)),
            None => arrow(&mut svg, y, Side::Server, "alarm", "ICMP: unreachable"),
        }
        y += ROW;
    }
    lifelines(&mut svg, y, false);
    let more = conversation.common.packet_count() - packets.len() as u64;
    if more > 0 {
        text(
            &mut svg,
            (LINES[0] + LINES[1]) / 2,
            y + 4,
            "middle small",
            &format!("… and {}", count(more, "more packet")),
        );
    }
    svg.push_str("</svg>\n");
    svg
}

/// Draws the part of the lifelines that belongs to a row.
fn lifelines(svg: &mut String, y: u32, pause: bool) {
    for x in LINES {
        let class = if pause { "life pause" } else { "life" };
        let (top, bottom) = (y - ROW + SLOPE, y + SLOPE);
        let _ = writeln!(svg, "<line class=\"{class}\" x1=\"{x}\" y1=\"{top}\" x2=\"{x}\" y2=\"{bottom}\"/>");
    }
}

fn arrow(svg: &mut String, y: u32, from: Side, class: &str, words: &str) {
    let (start, end, back) = match from {
        Side::Client => (LINES[0], LINES[1], -10),
        Side::Server => (LINES[1], LINES[0], 10),
    };
    let tip = y + SLOPE;
    let base = i64::from(end) + back;
    let _ = writeln!(
        svg,
        "<g class=\"{class}\"><line class=\"arrow\" x1=\"{start}\" y1=\"{y}\" x2=\"{base}\" y2=\"{tip}\"/>\
         <path class=\"head\" d=\"M{end} {tip} L{base} {} L{base} {} Z\"/></g>",
        tip - 5,
        tip + 5
    );
    text(svg, (LINES[0] + LINES[1]) / 2, y - 4, "middle", words);
}

fn class(packet: &PacketRecord) -> &'static str {
    let out_of_order = packet.segment().is_some_and(|detail| detail.analysis != Analysis::InOrder);
    match (packet.has(Flags::RST) || out_of_order, packet.payload_length) {
        (true, _) => "alarm",
        (false, 0) => "control",
        (false, _) => "text",
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

fn text(svg: &mut String, x: u32, y: u32, class: &str, words: &str) {
    let _ = writeln!(svg, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{}</text>", xml::escape(words));
}
