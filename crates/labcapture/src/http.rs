//! HTTP/1 in the text of a TCP conversation: requests, each with its response.

use crate::conversation::{Conversation, Mark, Side, Turn};

/// Messages that are looked for in one turn.
const MESSAGES_MAX: usize = 64;

/// A request, and the response that followed it.
#[derive(Debug)]
pub struct Exchange {
    /// What the client asked.
    pub request: Message,
    /// What the server answered, if it did.
    pub response: Option<Message>,
}

/// A request or a response.
#[derive(Debug)]
pub struct Message {
    /// The first frame of the turn that it stands in.
    pub first: Mark,
    /// The last frame of that turn.
    pub last: Mark,
    /// The request line or the status line.
    pub line: String,
    /// The header fields, `Name: value`.
    pub fields: Vec<String>,
    /// Bytes of the head, with the empty line.
    pub head_bytes: u64,
    /// Bytes of the body.
    pub body_bytes: u64,
}

impl Message {
    /// The value of a header field.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find_map(|field| {
            let (found, value) = field.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// The HTTP in a conversation; empty if it holds none.
pub fn exchanges(conversation: &Conversation) -> Vec<Exchange> {
    let mut found = Vec::new();
    let turns = &conversation.turns;
    for (index, turn) in turns.iter().enumerate().filter(|(_, turn)| turn.from == Side::Client) {
        let requests = messages(conversation, turn, is_request_line);
        let reply = turns.get(index + 1);
        let responses = reply.map(|reply| messages(conversation, reply, |line| line.starts_with("HTTP/1.")));
        let mut responses = responses.unwrap_or_default().into_iter();
        found.extend(requests.into_iter().map(|request| Exchange { request, response: responses.next() }));
    }
    found
}

fn is_request_line(line: &str) -> bool {
    let mut words = line.split(' ');
    let method = words.next().unwrap_or("");
    let version = words.next_back().unwrap_or("");
    !method.is_empty()
        && method.bytes().all(|byte| byte.is_ascii_uppercase())
        && version.starts_with("HTTP/1.")
}

fn messages(conversation: &Conversation, turn: &Turn, begins: impl Fn(&str) -> bool) -> Vec<Message> {
    let text = conversation.turn_text(turn);
    let mut messages = Vec::new();
    let mut at = 0;
    while let Some(head_length) = head_length(&text[at..]).filter(|_| messages.len() < MESSAGES_MAX) {
        let head = String::from_utf8_lossy(&text[at..at + head_length]);
        let mut lines = head.lines();
        let line = lines.next().unwrap_or("").to_owned();
        if !begins(&line) {
            break;
        }
        let fields = lines.filter(|line| !line.is_empty()).map(str::to_owned).collect();
        let (first, last) = (turn.first, turn.last);
        let mut message =
            Message { first, last, line, fields, head_bytes: head_length as u64, body_bytes: 0 };
        // The turn may be longer than what was kept of its text.
        let rest = turn.length.saturating_sub((at + head_length) as u64);
        let stated = message.field("content-length").and_then(|length| length.parse().ok());
        let next_is_head = text.get(at + head_length..).is_some_and(|rest| begins(&first_line(rest)));
        message.body_bytes = if next_is_head { 0 } else { stated.unwrap_or(rest).min(rest) };
        at += head_length + usize::try_from(message.body_bytes).unwrap_or(usize::MAX - at - head_length);
        messages.push(message);
        if at >= text.len() {
            break;
        }
    }
    messages
}

fn first_line(text: &[u8]) -> String {
    let end = text.iter().position(|byte| *byte == b'\r').unwrap_or(0);
    String::from_utf8_lossy(&text[..end]).into_owned()
}

/// The length of a head with its empty line.
fn head_length(text: &[u8]) -> Option<usize> {
    text.windows(4).position(|end| end == b"\r\n\r\n").map(|at| at + 4)
}
