//! From bytes to a request (RFC 9112 §2–§6). Nothing here does I/O.
//!
//! Read [`parse`], then [`Head::parse`], which takes the lines apart, then [`Request::new`], which finds out what they
//! mean. A stream has no boundaries but those that the parser finds, so every doubt about where a request ends is an
//! error: what one program takes for a body, another might take for the next request.

use crate::path::{Target, is_authority};
use crate::status::Status;
use crate::validators::Conditions;
use std::borrow::Cow;

/// The longest request line, without its line ending.
const REQUEST_LINE_BYTES_MAX: usize = 8 * 1024;

/// The largest head: request line and fields, with all line endings.
pub const HEAD_BYTES_MAX: usize = 16 * 1024;

/// The most fields in a head.
const FIELDS_MAX: usize = 100;

/// What a client asks for.
#[derive(Debug, PartialEq)]
pub struct Request {
    /// What to do.
    pub method: Method,
    /// With what.
    pub target: Target,
    /// The first line as it came, for the log.
    pub line: Vec<u8>,
    /// Whether the client wants to ask for more on this connection.
    pub keep_alive: bool,
    /// What follows the head.
    pub body: BodyLength,
    /// The client sends the body only when told to: `Expect: 100-continue`.
    pub expects_continue: bool,
    /// The field `Range`, as it came.
    pub range: Option<String>,
    /// The fields that tie the answer to a version of the file.
    pub conditions: Conditions,
}

/// A request's method, as far as this server tells them apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Method {
    /// Send the file.
    Get,
    /// Send what `Get` would, without the body.
    Head,
    /// One that HTTP knows and this server does not offer.
    NotOffered,
    /// Any other.
    Unknown,
}

/// How long a request's body is (RFC 9112 §6).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BodyLength {
    /// So many bytes; 0 when there is none.
    Bytes(u64),
    /// In chunks, each with its length before it, until one of length 0.
    Chunked,
}

/// Reads the request at the beginning of `bytes`, and gives it with the length of its head.
///
/// `None` means that more bytes are needed. The answer depends on nothing but the bytes: it is the same in however
/// many pieces they came, because each line is judged when its end has come, and not before.
///
/// # Errors
/// The status to refuse the request with. Where the next one would begin is then unknown.
pub fn parse(bytes: &[u8]) -> Result<Option<(Request, usize)>, Status> {
    match Head::parse(bytes)? {
        Some(head) => Ok(Some((Request::new(&head)?, head.length))),
        None => Ok(None),
    }
}

/// A head, taken apart.
#[derive(Debug, PartialEq)]
pub struct Head<'a> {
    /// The request line, whole.
    pub line: &'a [u8],
    /// The first word of the request line.
    pub method: &'a [u8],
    /// The second.
    pub target: &'a [u8],
    /// The last digit of the third, `HTTP/1.1`.
    pub minor_version: u8,
    /// Names and values of the fields.
    pub fields: Vec<Field<'a>>,
    /// How many bytes the head takes, up to and with the empty line that ends it.
    pub length: usize,
}

impl<'a> Head<'a> {
    /// Takes the head at the beginning of `bytes` apart, or gives `None` if its end has not come yet.
    ///
    /// # Errors
    /// The status to refuse the request with.
    pub fn parse(bytes: &'a [u8]) -> Result<Option<Head<'a>>, Status> {
        let mut lines = Lines { bytes, at: 0 };
        let line = loop {
            match lines.next(lines.at + REQUEST_LINE_BYTES_MAX + 2, Status::URI_TOO_LONG)? {
                None => return Ok(None),
                // Some clients send a line too many after a body (RFC 9112 §2.2).
                Some(b"") => {}
                Some(line) => break line,
            }
        };
        let (method, target, minor_version) = request_line(line)?;
        let Some(fields) = fields(&mut lines)? else { return Ok(None) };
        Ok(Some(Head { line, method, target, minor_version, fields, length: lines.at }))
    }

    /// The value of the field `name`. If it came more than once, that is all values in one list (RFC 9110 §5.3): a
    /// field that is no list thereby gets a value that it can't have, and is treated like any other wrong one.
    fn value(&self, name: &str) -> Option<Cow<'a, str>> {
        let named = self.fields.iter().filter(|field| field.0.eq_ignore_ascii_case(name.as_bytes()));
        named.map(|field| String::from_utf8_lossy(field.1)).reduce(|list, value| list + ", " + value)
    }
}

/// Name and value.
pub type Field<'a> = (&'a [u8], &'a [u8]);

/// The lines of a head, each ended by CR LF.
pub(crate) struct Lines<'a> {
    pub bytes: &'a [u8],
    pub at: usize,
}

impl<'a> Lines<'a> {
    /// Gives the next line without its ending. `None` means that its end has not come yet.
    ///
    /// A line that reaches beyond the first `end_max` bytes is refused with `too_long`.
    pub fn next(&mut self, end_max: usize, too_long: Status) -> Result<Option<&'a [u8]>, Status> {
        let room = end_max.min(HEAD_BYTES_MAX).saturating_sub(self.at);
        let rest = &self.bytes[self.at..];
        let Some(length) = rest.iter().take(room).position(|byte| *byte == b'\n') else {
            return if rest.len() < room { Ok(None) } else { Err(too_long) };
        };
        let line = rest[..length].strip_suffix(b"\r").ok_or(Status::BAD_REQUEST)?;
        if line.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t') {
            return Err(Status::BAD_REQUEST);
        }
        self.at += length + 1;
        Ok(Some(line))
    }
}

/// Takes `GET /index.html HTTP/1.1` apart (RFC 9112 §3), and gives the minor version.
fn request_line(line: &[u8]) -> Result<(&[u8], &[u8], u8), Status> {
    let mut words = line.split(|byte| *byte == b' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(Status::BAD_REQUEST);
    };
    if !is_token(method) || target.is_empty() || target.contains(&b'\t') {
        return Err(Status::BAD_REQUEST);
    }
    match version.strip_prefix(b"HTTP/") {
        Some([b'1', b'.', minor]) if minor.is_ascii_digit() => Ok((method, target, minor - b'0')),
        Some([major, b'.', minor]) if major.is_ascii_digit() && minor.is_ascii_digit() => {
            Err(Status::VERSION_NOT_SUPPORTED)
        }
        _ => Err(Status::BAD_REQUEST),
    }
}

/// Reads fields, up to and with the empty line behind them; also those behind a chunked body.
pub(crate) fn fields<'a>(lines: &mut Lines<'a>) -> Result<Option<Vec<Field<'a>>>, Status> {
    let mut fields = Vec::with_capacity(16); // browsers send about so many
    loop {
        match lines.next(HEAD_BYTES_MAX, Status::FIELDS_TOO_LARGE)? {
            None => return Ok(None),
            Some(b"") => return Ok(Some(fields)),
            Some(_) if fields.len() == FIELDS_MAX => return Err(Status::FIELDS_TOO_LARGE),
            Some(line) => fields.push(field(line)?),
        }
    }
}

/// Takes `Name: value` apart (RFC 9112 §5).
///
/// A line that goes on with the field before (it begins with a space), and a space before the colon, have made
/// programs disagree on what a request means. Neither makes a token, so both are refused here.
fn field(line: &[u8]) -> Result<Field<'_>, Status> {
    let colon = line.iter().position(|byte| *byte == b':').ok_or(Status::BAD_REQUEST)?;
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    if is_token(name) { Ok((name, value.trim_ascii())) } else { Err(Status::BAD_REQUEST) }
}

/// True for a name of a method or field (RFC 9110 §5.6.2).
fn is_token(word: &[u8]) -> bool {
    !word.is_empty()
        && word.iter().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}

impl Request {
    /// Finds out what a head asks for.
    fn new(head: &Head<'_>) -> Result<Request, Status> {
        // BEGIN SOLUTION
        match head.value("host") {
            Some(host) if !is_authority(host.as_bytes()) => return Err(Status::BAD_REQUEST),
            None if head.minor_version > 0 => return Err(Status::BAD_REQUEST),
            _ => {}
        }
        let method = match head.method {
            b"GET" => Method::Get,
            b"HEAD" => Method::Head,
            b"POST" | b"PUT" | b"DELETE" | b"CONNECT" | b"OPTIONS" | b"TRACE" | b"PATCH" => {
                Method::NotOffered
            }
            _ => Method::Unknown,
        };
        let target = match (head.method, head.target) {
            // These have targets of their own forms (RFC 9112 §3.2), and what they are changes nothing.
            (b"CONNECT", _) | (b"OPTIONS", b"*") => Target::default(),
            (_, target) => Target::parse(target)?,
        };
        let text = |name| head.value(name).map(Cow::into_owned);
        Ok(Request {
            method,
            target,
            line: head.line.to_vec(),
            keep_alive: keep_alive(head),
            body: body(head)?,
            // A client of HTTP/1.0 has sent the body already (RFC 9110 §10.1.1).
            expects_continue: head.minor_version > 0 && has_token(head, "expect", "100-continue"),
            range: text("range"),
            conditions: Conditions {
                if_match: text("if-match"),
                if_none_match: text("if-none-match"),
                if_modified_since: text("if-modified-since"),
                if_unmodified_since: text("if-unmodified-since"),
                if_range: text("if-range"),
            },
        })
        // END SOLUTION
        // STUB: let _ = (head.value("host"), is_authority); // this line can go when you use them
        // STUB: todo!("tell the methods apart first, then read the target: `Target::parse(head.target)`")
    }
}

// BEGIN SOLUTION
/// Tells if the connection stays open after the answer (RFC 9112 §9.3): on HTTP/1.0 only if the client asks for it.
fn keep_alive(head: &Head<'_>) -> bool {
    let asked = head.minor_version > 0 || has_token(head, "connection", "keep-alive");
    asked && !has_token(head, "connection", "close")
}

fn has_token(head: &Head<'_>, name: &str, token: &str) -> bool {
    let list = head.value(name).unwrap_or_default();
    list.split(',').any(|word| word.trim().eq_ignore_ascii_case(token))
}

/// Finds out how long the body is. Two answers to that question are one too many (RFC 9112 §6.3).
fn body(head: &Head<'_>) -> Result<BodyLength, Status> {
    match (head.value("transfer-encoding"), head.value("content-length")) {
        (None, None) => Ok(BodyLength::Bytes(0)),
        (None, Some(digits)) if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Err(Status::BAD_REQUEST)
        }
        // A length that no number holds is too long in any case.
        (None, Some(digits)) => Ok(BodyLength::Bytes(digits.parse().unwrap_or(u64::MAX))),
        (Some(_), Some(_)) => Err(Status::BAD_REQUEST),
        // HTTP/1.0 has no chunks: a proxy may have passed on what it did not understand.
        (Some(_), None) if head.minor_version == 0 => Err(Status::BAD_REQUEST),
        (Some(coding), None) if coding.eq_ignore_ascii_case("chunked") => Ok(BodyLength::Chunked),
        (Some(_), None) => Err(Status::NOT_IMPLEMENTED),
    }
}
// END SOLUTION

#[cfg(test)]
mod tests {
    use super::{BodyLength, HEAD_BYTES_MAX, Head, Method, REQUEST_LINE_BYTES_MAX, Request, parse};
    use crate::status::Status;
    use proptest::prelude::*;
    use proptest::string::string_regex;

    #[track_caller]
    fn request(text: &str) -> Request {
        let (request, length) = parse(text.as_bytes()).unwrap().unwrap();
        assert_eq!(length, text.len());
        request
    }

    #[track_caller]
    fn check_refused(text: &str, expected: Status) {
        assert_eq!(parse(text.as_bytes()), Err(expected), "{text:?}");
    }

    #[test]
    fn takes_a_request_apart() {
        let text = "GET /a%20b/?c=d HTTP/1.1\r\nHost: localhost:6789\r\nRange:bytes=0-1 \r\nIF-RANGE:\t\"x\"\r\n\r\n";
        let request = request(text);
        assert_eq!(request.method, Method::Get);
        assert_eq!(request.target.segments, [b"a b"]);
        assert!(request.target.names_directory);
        assert_eq!(request.target.query, b"?c=d");
        assert_eq!(request.line, b"GET /a%20b/?c=d HTTP/1.1");
        assert_eq!(request.body, BodyLength::Bytes(0));
        assert_eq!(request.range.as_deref(), Some("bytes=0-1"));
        assert_eq!(request.conditions.if_range.as_deref(), Some("\"x\""));
    }

    #[test]
    fn leaves_what_follows_the_head_alone() {
        let bytes = b"\r\nHEAD / HTTP/1.1\r\nHost:\r\nContent-Length: 3\r\n\r\nabcGET";
        let (request, length) = parse(bytes).unwrap().unwrap();
        assert_eq!((request.method, request.body), (Method::Head, BodyLength::Bytes(3)));
        assert_eq!(&bytes[length..], b"abcGET");
    }

    #[test]
    fn keeps_a_connection_as_its_version_has_it() {
        for (version, connection, expected) in [
            ("1.1", "", true),
            ("1.1", "Connection: close\r\n", false),
            ("1.1", "Connection: x, CLOSE\r\n", false),
            ("1.1", "Connection: x\r\nConnection: close\r\n", false),
            ("1.1", "Connection: closed\r\n", true),
            ("1.9", "", true),
            ("1.0", "", false),
            ("1.0", "Connection: Keep-Alive\r\n", true),
            ("1.0", "Connection: keep-alive, close\r\n", false),
        ] {
            let text = format!("GET / HTTP/{version}\r\nHost: a\r\n{connection}\r\n");
            assert_eq!(request(&text).keep_alive, expected, "{text:?}");
        }
    }

    #[test]
    fn tells_methods_apart() {
        for (method, target, expected) in [
            ("GET", "/", Method::Get),
            ("HEAD", "/", Method::Head),
            ("POST", "/", Method::NotOffered),
            ("OPTIONS", "*", Method::NotOffered),
            ("POST", "http://a/b", Method::NotOffered),
            ("CONNECT", "a:443", Method::NotOffered),
            ("get", "/", Method::Unknown),
            ("BREW", "/", Method::Unknown),
        ] {
            let text = format!("{method} {target} HTTP/1.1\r\nHost: a\r\n\r\n");
            assert_eq!(request(&text).method, expected, "{text:?}");
        }
    }

    #[test]
    fn refuses_a_wrong_request_line() {
        for line in [
            "GET",
            "GET /",
            "GET  / HTTP/1.1",
            "GET / HTTP/1.1 ",
            " GET / HTTP/1.1",
            "GET\t/ HTTP/1.1",
            "GET / http/1.1",
            "GET * HTTP/1.1",
            "POST a HTTP/1.1",
            "DELETE /%00 HTTP/1.1",
            "GET / HTTP/1.",
            "GET / HTTP/1.10",
            "GET / HTTP/11",
            "GET /\t HTTP/1.1",
            "G(T / HTTP/1.1",
            "GET x HTTP/1.1",
            "GET * HTTP/1.1",
            "GET /%zz HTTP/1.1",
            "GET /%00 HTTP/1.1",
            "GET ftp://a/ HTTP/1.1",
            "GET /\0 HTTP/1.1",
        ] {
            check_refused(&format!("{line}\r\nHost: a\r\n\r\n"), Status::BAD_REQUEST);
        }
        for version in ["2.0", "0.9", "3.1"] {
            check_refused(&format!("GET / HTTP/{version}\r\nHost: a\r\n\r\n"), Status::VERSION_NOT_SUPPORTED);
        }
    }

    #[test]
    fn refuses_wrong_fields() {
        for fields in [
            "",
            "Host: a\r\nHost: a\r\n",
            "Host: a b\r\n",
            "Host: a/b\r\n",
            "Host: a@b\r\n",
            "Host : a\r\n",
            "Host: a\n",
            "Host: a\r\n b\r\n",
            " Host: a\r\n",
            "Host: a\r\n: x\r\n",
            "Host: a\r\nx\r\n",
            "Host: a\r\nX: \0\r\n",
            "Host: a\r\nX: a\rb\r\n",
            "Host: a\r\nX: \x7f\r\n",
            "Host: a\r\nX Y: z\r\n",
        ] {
            check_refused(&format!("GET / HTTP/1.1\r\n{fields}\r\n"), Status::BAD_REQUEST);
        }
    }

    #[test]
    fn expects_to_be_asked_for_a_body_only_where_the_version_knows_that() {
        for (version, expected) in [("1.1", true), ("1.0", false)] {
            let text = format!("POST / HTTP/{version}\r\nHost: a\r\nExpect: 100-Continue\r\n\r\n");
            assert_eq!(request(&text).expects_continue, expected, "{text:?}");
        }
    }

    #[test]
    fn wants_one_length_of_a_body() {
        for (fields, expected) in [
            ("Content-Length: 5\r\n", Ok(BodyLength::Bytes(5))),
            ("Content-Length: 99999999999999999999999\r\n", Ok(BodyLength::Bytes(u64::MAX))),
            ("Transfer-Encoding: Chunked\r\n", Ok(BodyLength::Chunked)),
            ("Content-Length: 5\r\nContent-Length: 5\r\n", Err(Status::BAD_REQUEST)),
            ("Content-Length: 5, 5\r\n", Err(Status::BAD_REQUEST)),
            ("Content-Length: +5\r\n", Err(Status::BAD_REQUEST)),
            ("Content-Length: -5\r\n", Err(Status::BAD_REQUEST)),
            ("Content-Length:\r\n", Err(Status::BAD_REQUEST)),
            ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", Err(Status::BAD_REQUEST)),
            ("Transfer-Encoding: gzip, chunked\r\n", Err(Status::NOT_IMPLEMENTED)),
            ("Transfer-Encoding: gzip\r\n", Err(Status::NOT_IMPLEMENTED)),
            ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", Err(Status::NOT_IMPLEMENTED)),
        ] {
            let text = format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
            let body = parse(text.as_bytes()).map(|parsed| parsed.unwrap().0.body);
            assert_eq!(body, expected, "{text:?}");
        }
        check_refused("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", Status::BAD_REQUEST);
    }

    #[test]
    fn limits_line_head_and_fields() {
        let line = |length: usize| format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(length - 14));
        request(&line(REQUEST_LINE_BYTES_MAX));
        check_refused(&line(REQUEST_LINE_BYTES_MAX + 1), Status::URI_TOO_LONG);
        let head =
            |length: usize| format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(length - 32));
        request(&head(HEAD_BYTES_MAX));
        check_refused(&head(HEAD_BYTES_MAX + 1), Status::FIELDS_TOO_LARGE);
        let fields =
            |count: usize| format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X:\r\n".repeat(count - 1));
        request(&fields(100));
        check_refused(&fields(101), Status::FIELDS_TOO_LARGE);
        check_refused(&"\r\n".repeat(HEAD_BYTES_MAX), Status::URI_TOO_LONG);
        check_refused(&"x".repeat(HEAD_BYTES_MAX), Status::URI_TOO_LONG);
    }

    /// Bytes that are a request, nearly one, or none at all.
    fn nearly_a_request() -> impl Strategy<Value = Vec<u8>> {
        let version = "HTTP/(1\\.[019]|2\\.0)";
        let line = format!("(\r\n)?(GET|HEAD|POST|X) (/[a-z%2.?]{{0,9}}|http://a/b|\\*) {version}\r\n");
        let field = "(Host: [a-z]{1,5}|[A-Za-z-]{1,9}:[ \t]{0,2}[ -~é]{0,9}[ \t]?|Content-Length: [0-9]|\
                     Connection: close|Transfer-Encoding: chunked|[ -~]{0,5})\r\n";
        let head = format!("{line}Host: a\r\n({field}){{0,6}}\r\n(abc)?");
        let text = prop_oneof![6 => string_regex(&head).unwrap(), 1 => "[ -~\r\n\t]{0,40}"];
        let damage = proptest::option::weighted(0.3, (any::<proptest::sample::Index>(), any::<u8>()));
        (text, damage).prop_map(|(text, damage)| {
            let mut bytes = text.into_bytes();
            if let (Some((at, byte)), false) = (damage, bytes.is_empty()) {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            bytes
        })
    }

    /// Feeds the parser byte by byte, like a connection that brings no more at a time.
    fn parse_in_pieces(bytes: &[u8]) -> Result<Option<(Request, usize)>, Status> {
        (0..=bytes.len())
            .map(|end| parse(&bytes[..end]))
            .find(|parsed| *parsed != Ok(None))
            .unwrap_or(Ok(None))
    }

    proptest! {
        #[test]
        fn gives_the_same_answer_however_the_bytes_come(bytes in nearly_a_request()) {
            prop_assert_eq!(parse_in_pieces(&bytes), parse(&bytes));
        }

        #[test]
        fn takes_any_bytes(bytes: Vec<u8>) {
            prop_assert_eq!(parse_in_pieces(&bytes), parse(&bytes));
        }

        #[test]
        fn reads_what_httparse_reads(bytes in nearly_a_request()) {
            let Ok(Some(head)) = Head::parse(&bytes) else { return Ok(()) };
            // Later versions, and bytes that are not UTF-8, are beyond httparse.
            if head.minor_version > 1 || std::str::from_utf8(head.target).is_err() {
                return Ok(());
            }
            let mut fields = [httparse::EMPTY_HEADER; 100];
            let mut other = httparse::Request::new(&mut fields);
            prop_assert_eq!(other.parse(&bytes), Ok(httparse::Status::Complete(head.length)));
            prop_assert_eq!(other.method.map(str::as_bytes), Some(head.method));
            prop_assert_eq!(other.path.map(str::as_bytes), Some(head.target));
            prop_assert_eq!(other.version, Some(head.minor_version));
            let fields: Vec<_> = other.headers.iter().map(|field| (field.name.as_bytes(), field.value)).collect();
            prop_assert_eq!(fields, head.fields);
        }
    }
}
