//! What a web server answers when a browser asks it for a page, and what is wrong with that.
//!
//! As lenient as browsers are: a body ends where `Content-Length` or the chunks say, or else with the connection.

use crate::diagnosis::{End, bytes, comparison, tell_cause};
use crate::peer::TcpPeer;
use crate::program::Server;
use crate::story::Story;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Long enough for a wrong server to give itself away; a right one is never late, however long this is.
const PAUSE: Duration = Duration::from_millis(200);

impl Server {
    /// Asks for a page, on a connection of its own, as a browser does.
    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.get_in_pieces(&[&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")])
    }

    /// Sends a request on a connection of its own, with a pause after each piece but the last, and reads the answer.
    #[track_caller]
    pub fn get_in_pieces(&self, pieces: &[&str]) -> Answer {
        let request = pieces.concat().into_bytes();
        let mut is_early = false;
        let story = Story::current();
        let (received, end) = match TcpPeer::try_connect(self.address()) {
            Err(error) => {
                story.step(format!("a client can't connect to {}: {error}", self.address()));
                (Vec::new(), End::of(&error))
            }
            Ok(mut client) => {
                let mut early = Vec::new();
                for (number, piece) in pieces.iter().enumerate() {
                    if number > 0 {
                        let (received, end) =
                            client.read_for(PAUSE, 1 << 16, |received| !received.is_empty());
                        is_early = end != End::Silence;
                        if is_early {
                            early = received;
                            break;
                        }
                    }
                    client.send(piece.as_bytes());
                }
                let whole = |received: &[u8]| Parts::of(&[&early, received].concat()).is_complete();
                let (rest, end) = client.read_until(whole);
                let received = ([early, rest].concat(), end);
                story.step(format!("it receives {}{}", bytes(&received.0), received.1.tell()));
                received
            }
        };
        let earlier = self.pages.fetch_add(u32::from(!received.is_empty()), Ordering::Relaxed);
        Answer { request, received, end, is_first: earlier == 0, is_early, server: self.address(), story }
    }
}

/// A web server's answer, whole or not.
pub struct Answer {
    request: Vec<u8>,
    received: Vec<u8>,
    end: End,
    /// Nothing was answered before.
    is_first: bool,
    /// It came, or the connection ended, before the request was complete.
    is_early: bool,
    server: SocketAddr,
    story: Arc<Story>,
}

impl Answer {
    /// Expects status 200 and this page as the body.
    ///
    /// An end of line behind a body without length is no fault: the server of many a textbook sends one.
    #[track_caller]
    pub fn expect_page(&self, page: &[u8]) {
        let parts = Parts::of(&self.received);
        let body = parts.body();
        let extra = if parts.length().is_none() { body.strip_suffix(b"\r\n") } else { None };
        if !self.is_whole(&parts) || parts.status() != Some("200") || (*body != *page && extra != Some(page))
        {
            self.fail(&Expected::Page(page));
        }
    }

    /// Expects status 200 and these bytes as the body, and not one more.
    #[track_caller]
    pub fn expect_file(&self, file: &[u8]) {
        let parts = Parts::of(&self.received);
        if !self.is_whole(&parts) || parts.status() != Some("200") || *parts.body() != *file {
            self.fail(&Expected::Page(file));
        }
    }

    /// Expects status 404.
    #[track_caller]
    pub fn expect_missing(&self) {
        let parts = Parts::of(&self.received);
        if !self.is_whole(&parts) || parts.status() != Some("404") {
            self.fail(&Expected::Missing);
        }
    }

    /// Fails if the answer is 404: the page is there. Whether all of it came is not asked.
    #[track_caller]
    pub fn expect_found(&self) {
        if Parts::of(&self.received).status() == Some("404") {
            self.fail(&Expected::Found);
        }
    }

    /// Expects a body, whatever it says: a browser shows nothing without one.
    #[track_caller]
    pub fn expect_words(&self) {
        if Parts::of(&self.received).body().is_empty() {
            self.fail(&Expected::Words);
        }
    }

    /// Fails if these bytes are in the answer.
    #[track_caller]
    pub fn expect_without(&self, secret: &[u8]) {
        if self.received.windows(secret.len()).any(|part| part == secret) {
            self.fail(&Expected::Without(secret));
        }
    }

    /// True if the client can know that it has all.
    fn is_whole(&self, parts: &Parts<'_>) -> bool {
        parts.is_complete() || (parts.length().is_none() && self.end == End::Closed)
    }

    #[track_caller]
    fn fail(&self, expected: &Expected<'_>) -> ! {
        let line = self.request.split(|byte| *byte == b'\r').next().unwrap_or_default();
        let mut report = format!("the wrong answer to \"{}\"\n", labcore::printable(line));
        report += &format!("sent {}\n", bytes(&self.request));
        let parts = Parts::of(&self.received);
        let body = parts.body();
        report += &match expected {
            Expected::Page(page) if parts.status() == Some("200") => {
                format!("received the head {}\nand of the body:\n", bytes(parts.head.unwrap_or_default()))
                    + &comparison(page, &body, self.end)
            }
            Expected::Page(_) => comparison(b"HTTP/1.1 200 OK\r\n", &self.received, self.end),
            Expected::Missing if parts.status() == Some("404") => {
                format!("received {}{}\n", bytes(&self.received), self.end.tell())
            }
            Expected::Missing => comparison(b"HTTP/1.1 404 Not Found\r\n", &self.received, self.end),
            Expected::Found => {
                format!("expected another answer, as this page exists\nreceived {}\n", bytes(&self.received))
            }
            Expected::Words => format!("expected a body, and received {}\n", bytes(&self.received)),
            Expected::Without(secret) => {
                format!("expected anything but {}\nreceived {}\n", bytes(secret), bytes(&self.received))
            }
        };
        let cause = match self.is_early {
            true => Some(
                "a request may come in pieces, and the server did not wait for all of it: read on up to the empty line",
            ),
            false => likely_cause(expected, &self.received, self.end, self.is_first),
        };
        report += &cause.map(tell_cause).unwrap_or_default();
        report += &format!("to see the same: {}\n", by_hand(&self.request, self.server));
        self.story.fail(report.trim_end());
    }
}

/// The command that sends this request.
fn by_hand(request: &[u8], server: SocketAddr) -> String {
    let text = request.escape_ascii().to_string().replace('%', "%%").replace("\\'", "'\\''");
    format!("printf '{text}' | nc {} {}", server.ip(), server.port())
}

/// What a test wants to see.
enum Expected<'a> {
    Page(&'a [u8]),
    Missing,
    Found,
    Words,
    Without(&'a [u8]),
}

/// An answer, taken apart as far as it can be.
struct Parts<'a> {
    /// Status line and fields, without the empty line.
    head: Option<&'a [u8]>,
    rest: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(received: &'a [u8]) -> Parts<'a> {
        match find(received, b"\r\n\r\n") {
            Some(at) if received.starts_with(b"HTTP/") => {
                Parts { head: Some(&received[..at]), rest: &received[at + 4..] }
            }
            _ => Parts { head: None, rest: b"" },
        }
    }

    fn status(&self) -> Option<&'a str> {
        std::str::from_utf8(self.head?).ok()?.lines().next()?.split(' ').nth(1)
    }

    fn field(&self, name: &str) -> Option<&'a str> {
        let lines = std::str::from_utf8(self.head?).ok()?.lines();
        let mut fields = lines.filter_map(|line| line.split_once(':'));
        fields.find(|field| field.0.eq_ignore_ascii_case(name)).map(|field| field.1.trim())
    }

    fn length(&self) -> Option<usize> {
        self.field("content-length")?.parse().ok()
    }

    fn is_chunked(&self) -> bool {
        self.field("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"))
    }

    /// True if nothing more belongs to it, whether the connection ends or not.
    fn is_complete(&self) -> bool {
        match self.length() {
            Some(length) => self.rest.len() >= length,
            None => self.is_chunked() && chunks(self.rest).1,
        }
    }

    fn body(&self) -> Vec<u8> {
        // What comes behind a length is nobody's: a browser looks no further.
        let end = self.length().map_or(self.rest.len(), |length| length.min(self.rest.len()));
        if self.is_chunked() { chunks(self.rest).0 } else { self.rest[..end].to_vec() }
    }
}

/// Joins the chunks of a body, and tells if the last one has come.
fn chunks(mut rest: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    while let Some(at) = find(rest, b"\r\n") {
        let digits = std::str::from_utf8(&rest[..at]).unwrap_or_default();
        let size = usize::from_str_radix(digits.split(';').next().unwrap_or_default().trim(), 16);
        match size {
            Ok(0) => return (body, true),
            Ok(size) if size <= rest.len() => {
                body.extend(rest[at + 2..].iter().take(size));
                rest = rest.get(at + 2 + size + 2..).unwrap_or_default();
            }
            _ => break,
        }
    }
    (body, false)
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

fn likely_cause(expected: &Expected<'_>, received: &[u8], end: End, is_first: bool) -> Option<&'static str> {
    if received.is_empty() {
        return Some(match end {
            _ if !is_first && end != End::Closed => {
                "the server answers only so many requests: accept the next client in a loop, and close each connection when it is answered"
            }
            End::Refused => {
                "the program has ended or closed its socket (its errors are below): accept clients in a loop"
            }
            End::Silence => {
                "the server waits for something that does not come: the request is over at its empty line, and the client waits for the answer with the connection open"
            }
            End::Reset => {
                "the connection was reset: the server closed it before it had read the request up to its empty line, or ended with an error (below)"
            }
            End::Closed | End::Enough => {
                "it closed the connection without an answer: did it end with an error (below)?"
            }
        });
    }
    let parts = Parts::of(received);
    if parts.head.is_none() {
        return Some(match expected {
            _ if received.trim_ascii_start().starts_with(b"HTTP/") && !received.starts_with(b"HTTP/") => {
                "a newline or space stands before the status line: `HTTP/` must be the first thing that is sent"
            }
            Expected::Missing | Expected::Words if !received.starts_with(b"HTTP/") => {
                "the page that says 404 came without a head: first `HTTP/1.1 404 Not Found`, then an empty line, then the page"
            }
            _ if !received.starts_with(b"HTTP/") => {
                "the file came without a head: first `HTTP/1.1 200 OK`, then an empty line, then the file"
            }
            _ if find(received, b"\n\n").is_some() => {
                "the lines of the head end in \\n alone: HTTP ends each in \\r\\n"
            }
            _ => "the head has no end: an empty line, so \\r\\n twice, stands between it and the body",
        });
    }
    let body = parts.body();
    match (expected, parts.status()) {
        (Expected::Without(_), _) => {
            return Some(
                "the path leads out of the root: find out what it really names, by realpath or the like, and refuse \
                 what is not below the root",
            );
        }
        (Expected::Words, _) => {
            return Some("the head is all that came: send a small page behind the empty line");
        }
        (Expected::Missing, Some("200")) => {
            return Some("200 was sent before the file was found: open it first, then say how that went");
        }
        (Expected::Page(_) | Expected::Found, Some("404")) => {
            return Some(
                "the server looked for the file in another place: it is started in the folder that it serves, and the \
                 slash that begins the target is not part of the name",
            );
        }
        (Expected::Page(_), Some("200")) | (Expected::Missing, Some("404")) => {}
        _ => {
            return Some(
                "the status line is not like `HTTP/1.1 200 OK`, or the server had an error of its own",
            );
        }
    }
    match (end, parts.length()) {
        (End::Silence, None) => {
            return Some(
                "the body has no Content-Length and the connection stays open, so the client can't know where it ends: \
                 send the length, or close the connection",
            );
        }
        (End::Silence | End::Closed | End::Reset, Some(length)) if parts.rest.len() < length => {
            return Some(
                "Content-Length says more bytes than came: it counts the body in bytes, without the head",
            );
        }
        (End::Reset, None) => {
            return Some(
                "the connection was reset, since the server closed it before it had read the request to its end: read \
                 up to the empty line",
            );
        }
        (_, Some(length)) if parts.rest.len() > length => {
            return Some("Content-Length says fewer bytes than came: it counts bytes, and not characters");
        }
        _ => {}
    }
    let Expected::Page(page) = expected else { return None };
    wrong_body(page, &body)
}

fn wrong_body(page: &[u8], body: &[u8]) -> Option<&'static str> {
    let at = page.iter().zip(body).take_while(|(a, b)| a == b).count();
    let zero = page.iter().position(|byte| *byte == 0);
    if page.get(at) == Some(&b'%') {
        return Some(
            "the file was printed as a format, in which `%` has a meaning: use `write`, `send` or `printf(\"%s\", …)`",
        );
    }
    if find(body, "\u{fffd}".as_bytes()).is_some() {
        return Some("bytes that are not UTF-8 were replaced: open the file in binary mode, and send bytes");
    }
    let strip = |bytes: &[u8]| bytes.iter().copied().filter(|byte| *byte != b'\r').collect::<Vec<u8>>();
    if page != body && strip(page) == strip(body) {
        return Some(
            "ends of lines were changed: open the file in binary mode, and send its bytes as they are",
        );
    }
    if at == body.len() {
        return Some(match zero {
            Some(zero) if zero == at => {
                "the file was taken for a text that ends at its first zero byte: count its bytes"
            }
            _ if body.is_empty() && page.contains(&b'%') => {
                "the head is all that came, and the file has a `%` in it, which `printf` takes for a place to fill: use \
                 `write`, `send` or `printf(\"%s\", …)`"
            }
            _ if body.is_empty() => "the head is all that came: send the file behind the empty line",
            _ if [1024, 2048, 4096, 8192].contains(&body.len()) => {
                "the file is cut at the length of a buffer: read it to its end, and send until all is sent"
            }
            _ => "only the beginning came: read the file to its end, and send until all is sent",
        });
    }
    if at == page.len() {
        return Some(if body[at..].iter().all(|byte| *byte == 0) {
            "the whole buffer was sent: send only as many bytes as were read"
        } else {
            "more came than the file: the rest of an older answer, or a newline"
        });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Expected, Parts, by_hand, likely_cause};
    use crate::diagnosis::End;

    const OK: &str = "HTTP/1.1 200 OK\r\n\r\n";

    #[track_caller]
    fn check(expected: &Expected<'_>, received: &[u8], end: End, cause: &str) {
        let found = likely_cause(expected, received, end, true).unwrap_or("none");
        assert!(found.contains(cause), "{found}");
    }

    #[test]
    fn names_what_is_wrong_with_a_page() {
        let page = Expected::Page(b"100 % of\n\xff\0x");
        let check_body =
            |body: &[u8], cause| check(&page, &[OK.as_bytes(), body].concat(), End::Closed, cause);
        check_body(b"100 0f", "as a format");
        check_body(b"100 % of\n\xef\xbf\xbd\0x", "not UTF-8");
        check_body(b"100 % of\r\n\xff\0x", "ends of lines");
        check_body(b"100 % of\n\xff", "zero byte");
        check_body(b"100", "only the beginning");
        check_body(b"", "all that came");
        check_body(b"100 % of\n\xff\0x\0\0", "whole buffer");
        check_body(b"100 % of\n\xff\0xyz", "more came");
        check_body(b"100 % ox", "none");
    }

    #[test]
    fn names_a_buffer_that_is_too_small() {
        let body = [OK.as_bytes(), &[b'x'; 2048]].concat();
        check(&Expected::Page(&[b'x'; 5000]), &body, End::Closed, "the length of a buffer");
    }

    #[test]
    fn names_a_page_that_printf_broke_down_on() {
        check(
            &Expected::Page(b"100 %n of"),
            OK.as_bytes(),
            End::Closed,
            "`printf` takes for a place to fill",
        );
        check(&Expected::Page(b"all of"), OK.as_bytes(), End::Closed, "send the file behind");
    }

    #[test]
    fn names_what_is_wrong_with_an_answer() {
        let page = Expected::Page(b"page");
        check(&page, b"", End::Refused, "has ended");
        check(&page, b"", End::Silence, "waits for something");
        check(&page, b"", End::Closed, "without an answer");
        check(&page, b"", End::Reset, "up to its empty line");
        check(&page, b"\nHTTP/1.1 200 OK\r\n\r\npage", End::Closed, "before the status line");
        check(&page, b"page", End::Closed, "came without a head");
        check(&page, b"HTTP/1.1 200 OK\n\npage", End::Closed, "\\n alone");
        check(&page, b"HTTP/1.1 200 OK\r\npage", End::Closed, "the head has no end");
        check(&page, b"HTTP/1.1 404 Not Found\r\n\r\n", End::Closed, "another place");
        check(&page, b"HTTP/1.1 500 Oh\r\n\r\n", End::Closed, "error of its own");
        check(&page, format!("{OK}page").as_bytes(), End::Silence, "no Content-Length");
        check(&page, format!("{OK}page").as_bytes(), End::Reset, "read the request to its end");
        check(&page, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npage", End::Silence, "says more bytes");
        check(&page, b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\npage", End::Enough, "says fewer bytes");
        check(&Expected::Missing, b"<h1>404", End::Closed, "404 came without a head");
        check(&Expected::Missing, OK.as_bytes(), End::Closed, "open it first");
        check(&Expected::Words, OK.as_bytes(), End::Closed, "a small page");
        check(
            &Expected::Without(b"secret"),
            format!("{OK}secret").as_bytes(),
            End::Closed,
            "out of the root",
        );
        for (end, cause) in [
            (End::Refused, "only so many requests"),
            (End::Reset, "only so many requests"),
            (End::Closed, "without an answer"), // it took the request, and ended over it
        ] {
            assert!(likely_cause(&page, b"", end, false).unwrap().contains(cause));
        }
    }

    #[test]
    fn finds_the_end_of_a_body() {
        for (answer, expected) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", true),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab\r\n", true),
            ("HTTP/1.1 200 OK\r\ncontent-length:2\r\n\r\na", false),
            ("HTTP/1.1 200 OK\r\n\r\nab", false),
            ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", false),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n", false),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n01;x\r\nb\r\n0\r\n\r\n", true),
        ] {
            let parts = Parts::of(answer.as_bytes());
            assert_eq!(parts.is_complete(), expected, "{answer:?}");
            assert!(!expected || parts.body() == b"ab", "{answer:?}");
        }
    }

    #[test]
    fn writes_a_request_for_a_shell() {
        let command = by_hand(b"GET /a%20'b HTTP/1.1\r\n\r\n", "127.0.0.1:6789".parse().unwrap());
        assert_eq!(command, r"printf 'GET /a%%20'\''b HTTP/1.1\r\n\r\n' | nc 127.0.0.1 6789");
    }
}
