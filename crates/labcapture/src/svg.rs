//! A conversation as a sequence diagram: one SVG file that needs nothing else.
//!
//! Time goes down, the client is on the left. Each packet is an arrow with its flags and the length of its text. The
//! colours are Okabe and Ito's, which every kind of colour blindness tells apart, with lighter ones on a dark background;
//! what they say is also said in words.

use crate::conversation::{Conversation, Detail, Entry, Repeat, Side};
use crate::words::{count, milliseconds, quoted};
use std::fmt::Write as _;

/// Packets that one picture shows.
const ROWS_MAX: usize = 200;

/// The picture, in pixels.
const WIDTH: u32 = 960;
const LINES: [u32; 2] = [250, 780];
const TOP: u32 = 112;
const ROW: u32 = 44;

/// How far an arrow goes down on its way.
const SLOPE: u32 = 8;

/// Characters of text on an arrow.
const TEXT_WIDTH: usize = 24;

/// A pause that is marked between two rows, in nanoseconds.
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

/// Draws the conversation.
pub fn draw(conversation: &Conversation) -> String {
    let entries = &conversation.entries[..conversation.entries.len().min(ROWS_MAX)];
    let refusals = conversation.refusals.iter().take(ROWS_MAX);
    let rows = entries.len() + refusals.clone().count();
    let height = TOP + ROW * u32::try_from(rows + 2).unwrap_or(u32::MAX / ROW - TOP);
    let title = format!("Conversation {}: {}", conversation.number, conversation.protocol);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         role=\"img\" aria-label=\"{title}\">\n<style>{STYLE}</style>\n<rect class=\"paper\" width=\"{WIDTH}\" height=\"{height}\"/>\n"
    );
    text(&mut svg, 20, 28, "title", &title);
    for (side, x) in Side::BOTH.into_iter().zip(LINES) {
        text(&mut svg, x, 58, "middle", &format!("{side}"));
        text(&mut svg, x, 76, "middle", &conversation.addresses[side].to_string());
    }
    text(&mut svg, 64, 98, "end small", "frame");
    text(&mut svg, 160, 98, "end small", "time in ms");
    let mut events: Vec<(u64, u64, Option<&Entry>)> =
        entries.iter().map(|entry| (entry.at.frame, entry.at.time_ns, Some(entry))).collect();
    events.extend(refusals.map(|refusal| (refusal.at.frame, refusal.at.time_ns, None)));
    events.sort_by_key(|(frame, ..)| *frame);
    let mut last_ns = conversation.first.time_ns;
    let mut y = TOP + ROW / 2;
    for (frame, time_ns, entry) in events {
        let pause_ns = time_ns.saturating_sub(last_ns);
        lifelines(&mut svg, y, pause_ns >= PAUSE_NS);
        last_ns = time_ns;
        text(&mut svg, 64, y, "end small", &frame.to_string());
        let since = milliseconds(time_ns.saturating_sub(conversation.first.time_ns));
        text(&mut svg, 160, y, "end small", since.trim_end_matches(" ms"));
        match entry {
            Some(entry) => arrow(&mut svg, y, entry.from, class(entry), &label(entry)),
            None => arrow(&mut svg, y, Side::Server, "alarm", "ICMP: unreachable"),
        }
        y += ROW;
    }
    lifelines(&mut svg, y, false);
    let more = conversation.packets() - entries.len() as u64;
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

/// The part of the two vertical lines that belongs to a row.
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

fn class(entry: &Entry) -> &'static str {
    let detail = entry.segment();
    let reset = detail.is_some_and(|detail| detail.flags.has(crate::packet::Flags::RST));
    let repeated = detail.is_some_and(|detail| detail.repeat != Repeat::No);
    match (reset || repeated, entry.text_length) {
        (true, _) => "alarm",
        (false, 0) => "control",
        (false, _) => "text",
    }
}

fn label(entry: &Entry) -> String {
    let shown = match entry.text_length {
        0 => String::new(),
        length => format!(" · {} {}", count(u64::from(length), "byte"), quoted(&entry.text, TEXT_WIDTH)),
    };
    match entry.detail {
        Detail::Udp(length) => format!("Length {length}{shown}"),
        Detail::Tcp(detail) => {
            let acknowledgment =
                detail.relative_acknowledgment.map(|number| format!(" ack {number}")).unwrap_or_default();
            let repeat = match detail.repeat {
                Repeat::No => "",
                Repeat::Retransmission => " · sent again",
                Repeat::KeepAlive => " · keep-alive",
                Repeat::WindowProbe => " · is there room?",
                Repeat::Ahead => " · one before it is missing",
                Repeat::Late => " · late",
            };
            format!("{} · seq {}{acknowledgment}{shown}{repeat}", detail.flags, detail.relative_sequence)
        }
    }
}

fn text(svg: &mut String, x: u32, y: u32, class: &str, words: &str) {
    let words = words.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(svg, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{words}</text>");
}
