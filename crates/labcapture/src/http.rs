//! HTTP/1 in the streams of a TCP connection: requests, each with its response.

use crate::conversation::{Moment, TcpFlow, Turn};

/// The maximum number of messages that are parsed in one turn.
const MESSAGES_MAX: usize = 64;

/// A request and its response.
#[derive(Debug)]
pub struct Exchange {
    /// The request.
    pub request: Message,
    /// The response, if there is one.
    pub response: Option<Message>,
}

/// A request or a response.
#[derive(Debug)]
pub struct Message {
    /// The first frame of the turn that contains the message.
    pub first: Moment,
    /// The last frame of that turn.
    pub last: Moment,
    /// The request line or the status line.
    pub start_line: String,
    /// The header fields.
    pub fields: Vec<Field>,
    /// The length of the head in bytes, including the empty line.
    pub head_bytes: u64,
    /// The length of the body in bytes.
    pub body_bytes: u64,
}

/// A header field.
#[derive(Debug)]
pub struct Field {
    /// Its name, in the sender's spelling.
    pub name: String,
    /// Its value, without the spaces around it.
    pub value: String,
}

impl Message {
    /// Returns the value of a header field. The case of its name does not matter (RFC 9110, section 5.1).
    pub fn field(&self, name: &str) -> Option<&str> {
        let field = self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name));
        field.map(|field| field.value.as_str())
    }

    /// Returns the method of a request.
    pub fn method(&self) -> Option<&str> {
        self.start_line.split(' ').next()
    }

    /// Returns the target of a request.
    pub fn target(&self) -> Option<&str> {
        self.start_line.split(' ').nth(1)
    }

    /// Returns the version of a request.
    pub fn request_version(&self) -> Option<&str> {
        self.start_line.split(' ').nth(2)
    }

    /// Returns the status code of a response.
    pub fn status(&self) -> Option<u64> {
        self.start_line.split(' ').nth(1)?.parse().ok()
    }
}

/// Returns the HTTP exchanges of a connection, or nothing if it carries no HTTP.
pub fn exchanges(tcp: &TcpFlow) -> Vec<Exchange> {
    let mut found = Vec::new();
    for (turn, reply) in tcp.requests() {
        let requests = messages(tcp.payload_of(turn), turn, is_request_line);
        let responses = reply.map(|reply| messages(tcp.payload_of(reply), reply, is_status_line));
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

fn is_status_line(line: &str) -> bool {
    line.starts_with("HTTP/1.")
}

/// Parses the messages of one turn. `payload` is the part of the turn that was kept; `is_start_line` recognizes the
/// first line of a message.
fn messages(payload: &[u8], turn: &Turn, is_start_line: impl Fn(&str) -> bool) -> Vec<Message> {
    let mut messages = Vec::new();
    let mut at = 0;
    while let Some(head_length) = head_length(&payload[at..]).filter(|_| messages.len() < MESSAGES_MAX) {
        let head = String::from_utf8_lossy(&payload[at..at + head_length]);
        let mut lines = head.lines();
        let start_line = lines.next().unwrap_or("").to_owned();
        if !is_start_line(&start_line) {
            break;
        }
        let mut message = Message {
            first: turn.first,
            last: turn.last,
            start_line,
            fields: lines.filter_map(field).collect(),
            head_bytes: head_length as u64,
            body_bytes: 0,
        };
        // Not all of the turn's payload may have been kept.
        let rest = turn.length.saturating_sub((at + head_length) as u64);
        let stated = message.field("content-length").and_then(|length| length.parse().ok());
        // A response to HEAD has a Content-Length but no body.
        let next_is_head =
            payload.get(at + head_length..).is_some_and(|rest| is_start_line(&first_line(rest)));
        message.body_bytes = if next_is_head { 0 } else { stated.unwrap_or(rest).min(rest) };
        at += head_length + usize::try_from(message.body_bytes).unwrap_or(usize::MAX - at - head_length);
        messages.push(message);
        if at >= payload.len() {
            break;
        }
    }
    messages
}

fn field(line: &str) -> Option<Field> {
    let (name, value) = line.split_once(':')?;
    Some(Field { name: name.to_owned(), value: value.trim().to_owned() })
}

fn first_line(payload: &[u8]) -> String {
    let end = payload.iter().position(|byte| *byte == b'\r').unwrap_or(0);
    String::from_utf8_lossy(&payload[..end]).into_owned()
}

/// Returns the length of a head, including the empty line that ends it.
fn head_length(payload: &[u8]) -> Option<usize> {
    payload.windows(4).position(|end| end == b"\r\n\r\n").map(|at| at + 4)
}

#[cfg(test)]
mod tests {
    use super::{is_request_line, is_status_line, messages};
    use crate::conversation::{Moment, Side, Turn};

    fn turn(from: Side, length: u64) -> Turn {
        let at = Moment { frame: 4, time_ns: 0 };
        Turn { from, first: at, second: None, last: at, segments: 1, length, payload: 0..0 }
    }

    #[test]
    fn parses_pipelined_requests() {
        let payload = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\nPUT /b HTTP/1.1\r\ncontent-LENGTH: 3\r\n\r\nabcGET";
        let requests = messages(payload, &turn(Side::Client, payload.len() as u64), is_request_line);
        let targets: Vec<_> = requests.iter().map(|request| (request.method(), request.target())).collect();
        assert_eq!(targets, [(Some("GET"), Some("/a")), (Some("PUT"), Some("/b"))]);
        assert_eq!((requests[0].field("host"), requests[0].body_bytes), (Some("x"), 0));
        assert_eq!((requests[1].head_bytes, requests[1].body_bytes), (38, 3));
        assert_eq!(requests[1].request_version(), Some("HTTP/1.1"));
    }

    #[test]
    fn ends_a_body_without_a_length_at_the_close() {
        let payload = b"HTTP/1.0 200 OK\r\n\r\nonly the start is kept";
        let responses = messages(payload, &turn(Side::Server, 5000), is_status_line);
        assert_eq!((responses[0].status(), responses[0].body_bytes), (Some(200), 5000 - 19));
    }

    #[test]
    fn finds_nothing_in_other_text() {
        let payload = b"hello\r\n\r\nGET / HTTP/1.1\r\n\r\n";
        assert!(messages(payload, &turn(Side::Client, payload.len() as u64), is_request_line).is_empty());
    }
}
