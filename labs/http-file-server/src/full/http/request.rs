//! A request: what a client asks for in a head (RFC 9112 §3–§6, RFC 9110). Nothing here does I/O.
//!
//! Read [`parse`], then [`Request::new`], which interprets what [`Head::parse`] has found.

use crate::http::conditional::Conditions;
use crate::http::head::Head;
use crate::http::path::{Target, is_authority};
use crate::http::status::Status;
use std::borrow::Cow;

/// What a client asks for.
#[derive(Debug, PartialEq)]
pub struct Request {
    /// What to do with the target.
    pub method: Method,
    /// The path and the query of the URL.
    pub target: Target,
    /// The request line as it arrived, for the log.
    pub line: Vec<u8>,
    /// Whether the connection stays open for another request.
    pub keep_alive: bool,
    /// The length of the body that follows the head.
    pub body: BodyLength,
    /// Whether the client sends the body only when told to: `Expect: 100-continue`.
    pub expects_continue: bool,
    /// The field `Range`, as it arrived.
    pub range: Option<String>,
    /// The fields that make the answer depend on the version of the file.
    pub conditions: Conditions,
}

/// A request's method, as far as this server distinguishes them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Method {
    /// Send the file.
    Get,
    /// Send what `Get` would, without the body.
    Head,
    /// A method that HTTP defines and this server does not offer.
    NotOffered,
    /// Any other word.
    Unknown,
}

/// How long a request's body is (RFC 9112 §6).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BodyLength {
    /// So many bytes; 0 when there is no body.
    Bytes(u64),
    /// In chunks, each with its length before it, until one of length 0.
    Chunked,
}

/// Parses the request at the beginning of `bytes`, and returns it with the length of its head.
///
/// `None` means that more bytes are needed. The result depends on nothing but the bytes: each line is judged only when
/// its end has arrived, so it does not matter in how many pieces they arrive.
///
/// # Errors
/// The status to refuse the request with. The beginning of the next request is then unknown.
pub fn parse(bytes: &[u8]) -> Result<Option<(Request, usize)>, Status> {
    match Head::parse(bytes)? {
        Some(head) => Ok(Some((Request::new(&head)?, head.length))),
        None => Ok(None),
    }
}

impl Request {
    /// Interprets a head.
    fn new(head: &Head<'_>) -> Result<Request, Status> {
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
            // Their targets have other forms (RFC 9112 §3.2). They are not parsed, because the answer does not depend
            // on them.
            (b"CONNECT", _) | (b"OPTIONS", b"*") => Target::default(),
            (_, target) => Target::parse(target)?,
        };
        let text = |name| head.value(name).map(Cow::into_owned);
        Ok(Request {
            method,
            target,
            line: head.line.to_vec(),
            keep_alive: keep_alive(head),
            body: body_length(head)?,
            // An HTTP/1.0 client sends the body without waiting (RFC 9110 §10.1.1).
            expects_continue: head.minor_version > 0 && head.has_token("expect", "100-continue"),
            range: text("range"),
            conditions: Conditions {
                if_match: text("if-match"),
                if_none_match: text("if-none-match"),
                if_modified_since: text("if-modified-since"),
                if_unmodified_since: text("if-unmodified-since"),
                if_range: text("if-range"),
            },
        })
    }
}

/// True if the connection stays open after the answer (RFC 9112 §9.3): in HTTP/1.0 only if the client asks for it.
fn keep_alive(head: &Head<'_>) -> bool {
    let wanted = head.minor_version > 0 || head.has_token("connection", "keep-alive");
    wanted && !head.has_token("connection", "close")
}

/// Determines how long the body is. A request that gives two lengths is refused (RFC 9112 §6.3).
fn body_length(head: &Head<'_>) -> Result<BodyLength, Status> {
    match (head.value("transfer-encoding"), head.value("content-length")) {
        (None, None) => Ok(BodyLength::Bytes(0)),
        (None, Some(digits)) if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Err(Status::BAD_REQUEST)
        }
        // A length that does not fit into 64 bits is too long in any case.
        (None, Some(digits)) => Ok(BodyLength::Bytes(digits.parse().unwrap_or(u64::MAX))),
        (Some(_), Some(_)) => Err(Status::BAD_REQUEST),
        // HTTP/1.0 has no chunks: a proxy may have forwarded the field without understanding it.
        (Some(_), None) if head.minor_version == 0 => Err(Status::BAD_REQUEST),
        (Some(coding), None) if coding.eq_ignore_ascii_case("chunked") => Ok(BodyLength::Chunked),
        (Some(_), None) => Err(Status::NOT_IMPLEMENTED),
    }
}

#[cfg(test)]
mod tests {
    use super::{BodyLength, Method, Request, parse};
    use crate::http::head::{HEAD_BYTES_MAX, Head, REQUEST_LINE_BYTES_MAX};
    use crate::http::status::Status;
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
    fn parses_a_request() {
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
    fn keeps_a_connection_open_as_its_version_says() {
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
    fn distinguishes_methods() {
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
    fn knows_expect_continue_from_version_1_1_on() {
        for (version, expected) in [("1.1", true), ("1.0", false)] {
            let text = format!("POST / HTTP/{version}\r\nHost: a\r\nExpect: 100-Continue\r\n\r\n");
            assert_eq!(request(&text).expects_continue, expected, "{text:?}");
        }
    }

    #[test]
    fn takes_exactly_one_body_length() {
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

    /// Bytes that are a request, nearly a request, or not a request at all.
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

    /// Feeds the parser byte by byte, like a connection that delivers no more at a time.
    fn parse_in_pieces(bytes: &[u8]) -> Result<Option<(Request, usize)>, Status> {
        (0..=bytes.len())
            .map(|end| parse(&bytes[..end]))
            .find(|parsed| *parsed != Ok(None))
            .unwrap_or(Ok(None))
    }

    proptest! {
        #[test]
        fn gives_the_same_result_however_the_bytes_arrive(bytes in nearly_a_request()) {
            prop_assert_eq!(parse_in_pieces(&bytes), parse(&bytes));
        }

        #[test]
        fn accepts_any_bytes_without_a_panic(bytes: Vec<u8>) {
            prop_assert_eq!(parse_in_pieces(&bytes), parse(&bytes));
        }

        #[test]
        fn reads_what_httparse_reads(bytes in nearly_a_request()) {
            let Ok(Some(head)) = Head::parse(&bytes) else { return Ok(()) };
            // httparse does not support later versions, nor targets that are not UTF-8.
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
