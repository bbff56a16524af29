//! Draws a run: programs as vertical lines, calls as boxes on them, packets as arrows between them.
//!
//! Steps go downwards in their order. Two steps share a row if they do not overlap.

use crate::conversation::{Detail, PacketRecord, Side};
use crate::flow::calls::{Action, Program};
use crate::flow::matching::{CallId, FlowPacket, Matches};
use crate::flow::sequence::Step;
use crate::formatting::{count, quoted};
use crate::packet::Flags;
use crate::svg::{Anchor, Colour, Elements, FONT_SIZE, Font};

/// The distance of the outer lines from the edges of the picture, in pixels like all lengths here.
const MARGIN: i32 = 90;

/// The distance between a client and a server.
const CLIENT_DISTANCE: i32 = 250;

/// The same in a picture with two clients.
const TWO_CLIENTS_DISTANCE: i32 = 205;

/// The same if each client has a thread on the server.
const CLIENT_THREAD_DISTANCE: i32 = 180;

/// The distance between two threads of the server.
const THREAD_DISTANCE: i32 = 90;

const LINE_HEIGHT: i32 = 17;
const GAP: i32 = 7;
const PADDING: i32 = 7;
const BAR_WIDTH: i32 = 9;

/// A vertical line: a program, or a thread of the server.
struct Lifeline {
    program: usize,
    thread: usize,
    x: i32,
    /// Where it begins, or `None` if it has not begun.
    top: Option<i32>,
    /// Where the call that waits began.
    waits_from: Option<i32>,
    /// Where the clock was read, if a message is being timed.
    timed_from: Option<i32>,
}

/// A run that can be drawn.
pub struct Run<'a> {
    /// The server's program, then the clients'.
    pub programs: &'a [Program],
    /// The packets and their relations to calls.
    pub matches: &'a Matches<'a>,
    /// The steps in their order.
    pub steps: &'a [Step],
    /// The address of each program.
    pub addresses: &'a [String],
    /// Whether the clients are Rust programs, so that their calls have names in the standard library.
    pub is_client_rust: bool,
}

struct Drawing<'a> {
    run: &'a Run<'a>,
    lifelines: Vec<Lifeline>,
    /// What is placed: left, right, bottom.
    placed: Vec<(i32, i32, i32)>,
    /// Where the step before begins.
    floor: i32,
    /// Where the last reply is.
    last_reply: Option<i32>,
    bars: Elements,
    front: Elements,
    words: Vec<String>,
}

/// A drawn run.
pub struct Panel {
    /// Its elements.
    pub elements: Elements,
    /// Its width.
    pub width: i32,
    /// Where it ends.
    pub bottom: i32,
    /// The same in words.
    pub words: String,
}

/// Draws a run below `top`.
pub fn draw(run: &Run<'_>, top: i32) -> Panel {
    let lifelines = lifelines(run);
    let width = lifelines.iter().map(|line| line.x).max().unwrap_or(0) + MARGIN;
    let (bars, front) = (Elements::default(), Elements::default());
    let mut drawing = Drawing {
        run,
        lifelines,
        placed: vec![(0, width, top)],
        floor: top,
        last_reply: None,
        bars,
        front,
        words: Vec::new(),
    };
    for index in 0..drawing.lifelines.len() {
        if drawing.lifelines[index].thread == 0 || drawing.lifelines[index].program > 0 {
            drawing.head(index);
        }
    }
    for step in run.steps {
        drawing.step(*step);
    }
    drawing.finish(width)
}

/// Places the lines from left to right: a client, its thread, the server's first thread, and the same for a second client
/// in reverse.
fn lifelines(run: &Run<'_>) -> Vec<Lifeline> {
    let thread_of = |client| {
        let packets = &run.matches.packets;
        packets.iter().find(|packet| packet.client == client).map_or(0, |packet| packet.server_thread)
    };
    let clients = run.programs.len() - 1;
    let distance = match (clients, thread_of(clients)) {
        (1, _) => CLIENT_DISTANCE,
        (_, 0) => TWO_CLIENTS_DISTANCE,
        _ => CLIENT_THREAD_DISTANCE,
    };
    let mut lines = Vec::new();
    let mut x = MARGIN;
    let mut add = |program, thread, x| {
        lines.push(Lifeline { program, thread, x, top: None, waits_from: None, timed_from: None });
    };
    add(1, 0, x);
    x += distance;
    if thread_of(1) != 0 {
        add(0, thread_of(1), x);
        x += THREAD_DISTANCE;
    }
    add(0, 0, x);
    if clients > 1 {
        if thread_of(2) != 0 {
            x += THREAD_DISTANCE;
            add(0, thread_of(2), x);
        }
        add(2, 0, x + distance);
    }
    lines
}

impl Drawing<'_> {
    fn step(&mut self, step: Step) {
        match step {
            Step::Packet(index) => self.packet(index),
            Step::Begin(id) => {
                let (line, bottom) = self.call(id, "waits");
                self.lifelines[line].waits_from = Some(bottom);
            }
            Step::Return(id) => self.end(id),
            Step::Call(id) => {
                let (line, bottom) = self.call(id, &self.result(id, " at once"));
                if self.run.programs[id.0].calls[id.1].action == Action::ReadClock {
                    self.read_clock(line, bottom - LINE_HEIGHT);
                }
                if let Action::Spawn(thread) = self.run.programs[id.0].calls[id.1].action {
                    self.spawn(line, thread, bottom);
                }
            }
        }
    }

    /// Finds room for something between `left` and `right`, and returns where it begins.
    fn place(&mut self, left: i32, right: i32, height: i32) -> i32 {
        let overlapping = self.placed.iter().filter(|(from, to, _)| *from < right && left < *to);
        let top = overlapping.map(|(_, _, bottom)| bottom + GAP).max().unwrap_or(0).max(self.floor);
        self.floor = top;
        self.placed.push((left, right, top + height));
        top
    }

    fn line_of(&self, program: usize, thread: usize) -> usize {
        // All threads of a client are one line.
        let thread = if program == 0 { thread } else { 0 };
        let found = self.lifelines.iter().position(|line| (line.program, line.thread) == (program, thread));
        found.unwrap_or(0)
    }

    /// Returns how many threads of the server have begun, with the next one.
    fn threads(&self) -> usize {
        1 + self.lifelines.iter().filter(|line| line.thread > 0 && line.top.is_some()).count()
    }

    /// Draws the names above a line.
    fn head(&mut self, index: usize) {
        let Lifeline { program, thread, x, .. } = self.lifelines[index];
        let name = match program {
            _ if thread > 0 => format!("thread {}", self.threads()),
            0 => "server".to_owned(),
            _ if self.run.programs.len() == 2 => "client".to_owned(),
            number => format!("client {number}"),
        };
        let address = if thread > 0 { "" } else { self.run.addresses[program].as_str() };
        let lines = if thread > 0 { 1 } else { 2 };
        let half = Font::Bold.width(&name).max(Font::Plain.width(address)) / 2 + PADDING;
        let top = self.place(x - half, x + half, lines * LINE_HEIGHT);
        self.front.text((x, top + FONT_SIZE), Anchor::Middle, Font::Bold, Colour::Ink, &name);
        if thread == 0 {
            let below = (x, top + LINE_HEIGHT + FONT_SIZE);
            self.front.text(below, Anchor::Middle, Font::Plain, Colour::Faint, address);
        }
        self.lifelines[index].top = Some(top + lines * LINE_HEIGHT + GAP / 2);
        self.floor = top;
    }

    /// Draws a call, and returns its line and where its box ends.
    fn call(&mut self, id: CallId, result: &str) -> (usize, i32) {
        let program = &self.run.programs[id.0];
        let call = &program.calls[id.1];
        let is_rust = id.0 == 0 || self.run.is_client_rust;
        let name = if is_rust { program.std_name(call) } else { call.system.as_str() };
        let system = if name == call.system { "" } else { call.system.as_str() };
        let second = match (system, result) {
            (system, "") => system.to_owned(),
            ("", result) => result.to_owned(),
            (system, result) => format!("{system} {}{result}", if result == "waits" { "· " } else { "" }),
        };
        self.words.push(format!("{}: {name} {result}", self.name_of(id.0)).trim_end().to_owned());
        let line = self.line_of(id.0, call.thread);
        let bottom =
            self.label(line, &[(Font::Code, Colour::Ink, name), (Font::Plain, Colour::Faint, &second)]);
        (line, bottom)
    }

    /// Draws a box with text on a line, and returns where it ends.
    fn label(&mut self, line: usize, texts: &[(Font, Colour, &str)]) -> i32 {
        let texts: Vec<_> = texts.iter().filter(|(.., words)| !words.is_empty()).collect();
        let width = texts.iter().map(|(font, _, words)| font.width(words)).max().unwrap_or(0) + 2 * PADDING;
        let height = i32::try_from(texts.len()).unwrap_or(1) * LINE_HEIGHT + 6;
        let x = self.lifelines[line].x;
        let top = self.place(x - width / 2, x + width / 2, height);
        self.front.rectangle((x - width / 2, top), (width, height), 5, Colour::Call);
        for (index, (font, colour, words)) in (0..).zip(texts) {
            let baseline = top + 3 + FONT_SIZE + index * LINE_HEIGHT;
            self.front.text((x, baseline), Anchor::Middle, *font, *colour, words);
        }
        top + height
    }

    /// Draws the round-trip time between two readings of the clock with a reply between them.
    fn read_clock(&mut self, line: usize, y: i32) {
        const LEFT: i32 = 8;
        if let (Some(from), Some(reply)) = (self.lifelines[line].timed_from, self.last_reply.take()) {
            let right = self.lifelines[line].x - Font::Code.width("Instant::now") / 2 - PADDING;
            for at in [from, y] {
                self.front.line((LEFT, at), (right, at), Colour::Faint, false);
            }
            self.front.line((LEFT, from), (LEFT, y), Colour::Faint, false);
            self.front.text((LEFT + 5, reply + 5), Anchor::Start, Font::Bold, Colour::Ink, "RTT");
        }
        self.lifelines[line].timed_from = Some(y);
    }

    /// Ends a call that waited.
    fn end(&mut self, id: CallId) {
        let call = &self.run.programs[id.0].calls[id.1];
        let line = self.line_of(id.0, call.thread);
        let x = self.lifelines[line].x;
        let result = self.result(id, "");
        let top = if result.is_empty() {
            self.place(x - BAR_WIDTH / 2, x + BAR_WIDTH / 2, 0)
        } else {
            self.words.push(format!("{}: {result}", self.name_of(id.0)));
            self.label(line, &[(Font::Plain, Colour::Ink, &result)]) - LINE_HEIGHT
        };
        self.bar(line, top);
    }

    /// Draws the time for which a call waited.
    fn bar(&mut self, line: usize, bottom: i32) {
        let Lifeline { x, waits_from, .. } = self.lifelines[line];
        if let Some(top) = waits_from {
            let size = (BAR_WIDTH, bottom - top);
            self.bars.rectangle((x - BAR_WIDTH / 2, top), size, 0, Colour::Wait);
        }
        self.lifelines[line].waits_from = None;
    }

    fn result(&self, id: CallId, suffix: &str) -> String {
        let call = &self.run.programs[id.0].calls[id.1];
        match (call.action, call.result) {
            (Action::Receive | Action::ReceiveFrom, Some(0)) => "→ 0 bytes: end".to_owned(),
            (Action::Receive | Action::ReceiveFrom | Action::ReadFile, Some(bytes)) => {
                format!("→ {}", count(bytes, "byte"))
            }
            (Action::Accept, Some(_)) => format!("→ connection{suffix}"),
            _ => String::new(),
        }
    }

    /// Begins the line of a thread.
    fn spawn(&mut self, parent: usize, thread: usize, bottom: i32) {
        let line = self.line_of(0, thread);
        if line == parent {
            return;
        }
        let (from, to) = (self.lifelines[parent].x, self.lifelines[line].x);
        let y = bottom + GAP * 2;
        let top = self.place(from.min(to), from.max(to), 2 * GAP);
        self.front.arrow((from, top.max(y)), (to, top.max(y)), Colour::Faint);
        self.head(line);
    }

    fn packet(&mut self, index: usize) {
        let FlowPacket { client, record, server_thread } = self.run.matches.packets[index];
        let ends = {
            let client = self.line_of(client, 0);
            let thread = self.line_of(0, server_thread);
            let server = if self.lifelines[thread].top.is_some() { thread } else { self.line_of(0, 0) };
            let (client, server) = (self.lifelines[client].x, self.lifelines[server].x);
            if record.from == Side::Client { (client, server) } else { (server, client) }
        };
        let (left, right) = (ends.0.min(ends.1), ends.0.max(ends.1));
        let has_text = record.payload_length > 0;
        let height = if has_text { 2 * LINE_HEIGHT + 6 } else { LINE_HEIGHT + 6 };
        let top = self.place(left, right, height);
        let y = top + LINE_HEIGHT + 2;
        let colour = match (record.has(Flags::RST), has_text) {
            (true, _) => Colour::Alarm,
            (false, true) => Colour::Payload,
            (false, false) => Colour::Control,
        };
        let middle = (left + right) / 2;
        let label = label(record);
        self.front.text((middle, y - 5), Anchor::Middle, Font::Plain, Colour::Ink, &label);
        self.front.arrow((ends.0, y), (ends.1, y), colour);
        if has_text && record.from == Side::Server {
            self.last_reply = Some(y);
        }
        if has_text {
            let fitting = usize::try_from((right - left - 3 * PADDING) * 100 / (62 * FONT_SIZE)).unwrap_or(0);
            let text = excerpt(record, fitting);
            self.front.text((middle, y + 15), Anchor::Middle, Font::Code, colour, &text);
        }
        let from = if record.from == Side::Client { self.name_of(client) } else { self.name_of(0) };
        self.words.push(format!("{from} sends {label}"));
    }

    fn name_of(&self, program: usize) -> String {
        match program {
            0 => "server".to_owned(),
            _ if self.run.programs.len() == 2 => "client".to_owned(),
            number => format!("client {number}"),
        }
    }

    fn finish(mut self, width: i32) -> Panel {
        let bottom = self.placed.iter().map(|(.., bottom)| *bottom).max().unwrap_or(0) + 2 * GAP;
        let mut elements = Elements::default();
        for line in 0..self.lifelines.len() {
            self.bar(line, bottom);
            let Lifeline { x, top, .. } = self.lifelines[line];
            if let Some(top) = top {
                elements.line((x, top), (x, bottom), Colour::Faint, false);
            }
        }
        elements.append(&self.bars);
        elements.append(&self.front);
        Panel { elements, width, bottom, words: self.words.join("; ") }
    }
}

fn label(record: &PacketRecord) -> String {
    let length = count(u64::from(record.payload_length), "byte");
    match record.detail {
        Detail::Udp(_) => format!("datagram · {length}"),
        Detail::Tcp(segment) if record.payload_length == 0 => segment.flags.to_string(),
        Detail::Tcp(segment) => format!("{} · {length}", segment.flags),
    }
}

/// Returns the payload in quotes, or of several lines the first one.
fn excerpt(record: &PacketRecord, characters: usize) -> String {
    let payload = &record.payload;
    let end = payload.windows(2).position(|pair| pair == b"\r\n");
    match end {
        Some(end) if end + 2 < payload.len() => {
            format!("{} …", quoted(&payload[..end], characters.saturating_sub(4)))
        }
        _ => quoted(payload, characters.saturating_sub(3)),
    }
}
