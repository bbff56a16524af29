//! What a web server answers, and what is wrong with that.

use crate::diagnosis::fail::{Problem, fail};
use crate::diagnosis::http::{Wanted, cause, cause_of_body, shortened};
use crate::diagnosis::peers;
use crate::failure::{Action, Actor, Cause, End};
use crate::peer::{RECEIVED_BYTES_MAX, TcpPeer};
use crate::program::Server;
use crate::response::{Parts, Progress};
use crate::transcript::Transcript;
use crate::wait::patience;
use labcore::printable;
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How long a check waits for an answer that must not come yet.
const PAUSE: Duration = Duration::from_millis(200);

/// Bytes of a head that is read byte by byte, so that nothing behind it is read.
const HEAD_BYTES_MAX: usize = 1 << 16;

/// What is read at once while a check waits for the end of a response.
const READ_BYTES: usize = 1 << 16;

impl Server {
    /// Asks for a page, on a connection of its own, as a browser does.
    #[track_caller]
    pub fn get(&self, path: &str) -> Response {
        self.get_in_pieces(&[&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")])
    }

    /// Sends a request on a connection of its own, with a pause after each piece but the last, and reads the response.
    #[track_caller]
    pub fn get_in_pieces(&self, pieces: &[&str]) -> Response {
        let transcript = Transcript::current();
        let mut response = Response {
            request: pieces.concat().into_bytes(),
            received: Vec::new(),
            end: End::Refused,
            is_first: false,
            is_early: false,
            is_head: false,
            lacks_length: false,
            transcript: Arc::clone(&transcript),
        };
        match TcpPeer::try_connect(self.address()) {
            Err(error) => {
                let (peer, text) = (self.address(), error.to_string());
                transcript.step(&Actor::Check, Action::FailToConnect { peer, error: text });
                response.end = End::of(&error);
            }
            Ok(mut client) => response.ask(&mut client, pieces),
        }
        let earlier = self.responses.fetch_add(u32::from(!response.received.is_empty()), Ordering::Relaxed);
        response.is_first = earlier == 0;
        response
    }
}

impl TcpPeer {
    /// Reads one response from a connection that may stay open, and fails if it is not complete. The response to HEAD
    /// has no body.
    ///
    /// A response without `Content-Length` is read until the connection ends, and no expectation accepts it.
    #[track_caller]
    pub fn read_response(&mut self, is_head: bool) -> Response {
        let (mut response, earlier) = (Response::to(self, is_head), self.replies());
        response.end =
            self.read_pieces(&mut response.received, 1, |received| received.ends_with(b"\r\n\r\n"));
        let parts = response.parts();
        let has_body = !is_head && parts.status() != Some("304");
        let (is_headless, length) = (parts.head.is_none(), parts.length());
        if is_headless {
            if response.received.is_empty() && earlier > 0 {
                self.fail_unanswered(&response.request, response.end);
            }
            self.step_received(&response.received, response.end);
            if earlier > 0 && !response.received.starts_with(b"HTTP/") {
                response.fail_with(Some(Cause::ExtraAfterFile), "begins with more of the previous one");
            }
            response.fail(Wanted::Status("200"));
        }
        if has_body {
            let end = response.received.len().saturating_add(length.unwrap_or(usize::MAX));
            response.end = self.read_pieces(&mut response.received, end, |received| received.len() >= end);
            response.lacks_length = length.is_none();
        }
        self.step_received(&response.received, response.end);
        if has_body && length.is_some() && response.end != End::Enough {
            response.fail_with(Some(Cause::LengthTooLarge), "is shorter than it says");
        }
        response
    }

    /// Reads until `received` is enough or nothing more comes, and never more than `length` bytes in all, or one byte
    /// at once.
    fn read_pieces(&mut self, received: &mut Vec<u8>, length: usize, enough: impl Fn(&[u8]) -> bool) -> End {
        // A head comes byte by byte, so fewer of them may come.
        let bytes_max = if length > 1 { RECEIVED_BYTES_MAX } else { HEAD_BYTES_MAX };
        while !enough(received) && received.len() < bytes_max {
            let at_once = length.saturating_sub(received.len()).clamp(1, READ_BYTES);
            let (more, end) = self.read_for(patience(), at_once, |more| !more.is_empty());
            if more.is_empty() {
                return end;
            }
            received.extend(more);
        }
        End::Enough
    }

    /// Reads what a server sends until it closes, as one response.
    #[track_caller]
    pub fn read_last_response(&mut self) -> Response {
        let mut response = Response::to(self, false);
        (response.received, response.end) = self.read_until(|_| false);
        self.step_received(&response.received, response.end);
        response
    }
}

/// A web server's response, whole or not.
pub struct Response {
    request: Vec<u8>,
    received: Vec<u8>,
    end: End,
    /// Nothing was answered before.
    is_first: bool,
    /// The response came, or the connection ended, before the request was complete.
    is_early: bool,
    /// It answers HEAD, so its `Content-Length` promises no body.
    is_head: bool,
    /// It came on a connection that should stay open, and does not say where its body ends.
    lacks_length: bool,
    transcript: Arc<Transcript>,
}

impl Response {
    /// The response to what `client` has sent. Nothing of it has come yet.
    fn to(client: &mut TcpPeer, is_head: bool) -> Response {
        Response {
            request: client.take_sent(),
            received: Vec::new(),
            end: End::Silence,
            is_first: true,
            is_early: false,
            is_head,
            lacks_length: false,
            transcript: Arc::clone(client.transcript()),
        }
    }

    fn ask(&mut self, client: &mut TcpPeer, pieces: &[&str]) {
        let mut early = Vec::new();
        for (number, piece) in pieces.iter().enumerate() {
            if number > 0 {
                let (received, end) = client.read_for(PAUSE, READ_BYTES, |received| !received.is_empty());
                self.is_early = end != End::Silence;
                if self.is_early {
                    early = received;
                    break;
                }
            }
            client.send(piece.as_bytes());
        }
        let early_bytes = early.len();
        let state = RefCell::new((Progress::default(), early));
        let is_whole = |rest: &[u8]| {
            let (progress, received) = &mut *state.borrow_mut();
            received.extend_from_slice(&rest[received.len() - early_bytes..]);
            progress.is_complete(received)
        };
        self.end = client.read_until(is_whole).1;
        self.received = state.into_inner().1;
        client.step_received(&self.received, self.end);
    }

    fn parts(&self) -> Parts<'_> {
        Parts::of(&self.received)
    }

    /// The status code's three digits, or nothing if there is no status line.
    pub fn status(&self) -> &str {
        self.parts().status().unwrap_or_default()
    }

    /// The head with the empty line at its end, as far as it is text.
    pub fn head(&self) -> String {
        let head = self.parts().head.unwrap_or_default();
        format!("{}\r\n\r\n", String::from_utf8_lossy(head))
    }

    /// The value of a field, which may come only once.
    #[track_caller]
    pub fn field(&self, name: &str) -> Option<String> {
        let values = self.parts().fields(name);
        if values.len() > 1 {
            let found = Some(shortened(&values.join("`, `")));
            let cause =
                Cause::WrongField { name: name.to_owned(), found, wanted: Some(shortened(values[0])) };
            self.fail_with(Some(cause), &format!("`{name}` comes twice"));
        }
        values.first().map(|value| (*value).to_owned())
    }

    /// Expects that the connection was closed without a response, since the request was not complete.
    #[track_caller]
    pub fn expect_nothing(&self) {
        let cause = match self.end {
            _ if !self.received.is_empty() => Cause::AnsweredTooEarly,
            End::Silence | End::Enough => Cause::ConnectionNotClosed,
            End::Reset | End::Refused => Cause::ResetBeforeRequestRead,
            End::Closed => return,
        };
        self.fail_with(Some(cause), "should not have come, and the connection should have ended");
    }

    /// True if nothing came, and the connection stayed open.
    pub fn is_missing(&self) -> bool {
        self.received.is_empty() && self.end == End::Silence
    }

    /// The body, as far as it came.
    pub fn body(&self) -> Vec<u8> {
        self.parts().body()
    }

    /// Expects status 200 and this page as the body.
    ///
    /// An end of line behind a body without length is no fault: the server of many a textbook sends one.
    #[track_caller]
    pub fn expect_page(&self, page: &[u8]) {
        let parts = self.parts();
        let body = parts.body();
        let extra = if parts.length().is_none() { body.strip_suffix(b"\r\n") } else { None };
        if !self.is_whole(&parts) || parts.status() != Some("200") || (*body != *page && extra != Some(page))
        {
            self.fail(Wanted::Page(page));
        }
    }

    /// Expects status 200 and these bytes as the body, and not one more.
    #[track_caller]
    pub fn expect_file(&self, file: &[u8]) {
        let parts = self.parts();
        if !self.is_whole(&parts) || parts.status() != Some("200") || *parts.body() != *file {
            self.fail(Wanted::Page(file));
        }
        self.expect_length();
    }

    /// Expects status 404.
    #[track_caller]
    pub fn expect_missing(&self) {
        let parts = self.parts();
        if !self.is_whole(&parts) || parts.status() != Some("404") {
            self.fail(Wanted::Missing);
        }
    }

    /// Fails if the status is 404: the page is there. Whether all of it came is for other checks.
    #[track_caller]
    pub fn expect_found(&self) {
        if self.parts().status() == Some("404") {
            self.fail(Wanted::Found);
        }
    }

    /// Expects a body, whatever it says: a browser shows nothing without one.
    #[track_caller]
    pub fn expect_some_body(&self) {
        if self.parts().body().is_empty() {
            self.fail(Wanted::Body);
        }
    }

    /// Fails if these bytes are in the response.
    #[track_caller]
    pub fn expect_without(&self, secret: &[u8]) {
        if self.received.windows(secret.len()).any(|part| part == secret) {
            self.fail(Wanted::Without);
        }
    }

    /// Expects this status code.
    #[track_caller]
    pub fn expect_status(&self, code: &str) -> &Response {
        if self.parts().status() != Some(code) {
            self.fail(Wanted::Status(code));
        }
        self.expect_length();
        self
    }

    /// Expects this status code, where `cause` explains any other.
    #[track_caller]
    pub fn expect_status_or(&self, code: &str, cause: &Cause) -> &Response {
        match self.parts().status() {
            Some(found) if found != code => {
                self.fail_with(Some(cause.clone()), &format!("has the status {found}, not {code}"));
            }
            _ => self.expect_status(code),
        }
    }

    /// Fails if the client cannot know where the body ends, or if bytes follow the body.
    #[track_caller]
    fn expect_length(&self) {
        let parts = self.parts();
        if self.lacks_length {
            let (name, found, wanted) = ("Content-Length".to_owned(), None, None);
            let cause = match self.end {
                End::Silence => Cause::BodyWithoutEnd,
                _ => Cause::WrongField { name, found, wanted },
            };
            self.fail_with(Some(cause), "does not say how long its body is");
        }
        let is_over =
            self.end == End::Closed && parts.length().is_some_and(|length| parts.rest.len() > length);
        if is_over && !self.is_head {
            self.fail_with(Some(Cause::LengthTooSmall), "is longer than it says");
        }
    }

    /// Fails with the cause of a response that has no proper head, or that never came.
    #[track_caller]
    fn expect_head(&self) {
        if self.parts().status().is_none() {
            self.fail(Wanted::Status("200"));
        }
    }

    /// Expects a field with a value that `is_right`, and returns it; `wanted` describes it.
    #[track_caller]
    pub fn expect_field_like(&self, name: &str, wanted: &str, is_right: impl Fn(&str) -> bool) -> String {
        self.expect_head();
        match self.field(name) {
            Some(value) if is_right(&value) => value,
            found => {
                let (found, wanted) = (found.as_deref().map(shortened), Some(wanted.to_owned()));
                let cause = Cause::WrongField { name: name.to_owned(), found, wanted };
                self.fail_with(Some(cause), &format!("has no right `{name}`"));
            }
        }
    }

    /// Expects a field, whatever its value, and returns that.
    #[track_caller]
    pub fn expect_some_field(&self, name: &str) -> String {
        self.expect_head();
        self.field(name).unwrap_or_else(|| {
            let cause = Cause::WrongField { name: name.to_owned(), found: None, wanted: None };
            self.fail_with(Some(cause), &format!("has no `{name}`"))
        })
    }

    /// The body as text. Bytes that are not UTF-8 become replacement characters.
    pub fn page(&self) -> String {
        String::from_utf8_lossy(&self.body()).into_owned()
    }

    /// Expects a page with this text in it.
    #[track_caller]
    pub fn expect_in_page(&self, text: &str) -> &Response {
        self.expect_status("200");
        if !self.page().contains(text) {
            let cause = Cause::PageLacks { text: shortened(text) };
            self.fail_with(Some(cause), "lacks a part of the page");
        }
        self
    }

    /// Expects a page without this text in it.
    #[track_caller]
    pub fn expect_not_in_page(&self, text: &str) -> &Response {
        self.expect_head();
        if self.page().contains(text) {
            let cause = Cause::PageContains { text: shortened(text) };
            self.fail_with(Some(cause), "has something in its page that does not belong there");
        }
        self
    }

    /// Fails the check: something is wrong with this response that only the check can find out.
    #[track_caller]
    pub fn fail_because(&self, cause: Cause, what: &str) -> ! {
        self.fail_with(Some(cause), what)
    }

    /// Expects a field with this value.
    #[track_caller]
    pub fn expect_field(&self, name: &str, value: &str) -> &Response {
        self.expect_field_or_none(name, Some(value))
    }

    /// Expects that there is no such field.
    #[track_caller]
    pub fn expect_no_field(&self, name: &str) -> &Response {
        self.expect_field_or_none(name, None)
    }

    #[track_caller]
    fn expect_field_or_none(&self, name: &str, value: Option<&str>) -> &Response {
        self.expect_head();
        let found = self.field(name);
        if found.as_deref() != value {
            let (found, wanted) = (found.as_deref().map(shortened), value.map(shortened));
            self.fail_with(
                Some(Cause::WrongField { name: name.to_owned(), found, wanted }),
                "has a wrong head",
            );
        }
        self
    }

    /// Expects these bytes as the body, whatever the status is.
    #[track_caller]
    pub fn expect_body(&self, body: &[u8]) -> &Response {
        self.expect_head();
        self.expect_length();
        let found = self.body();
        if found != body {
            let cause = cause_of_body(body, &found).unwrap_or(Cause::WrongBody);
            let problem = self.problem("has the wrong body").cause(Some(cause));
            fail(&self.transcript, problem.bytes(body, &found, self.end));
        }
        self
    }

    /// True if the client can know that it has everything.
    fn is_whole(&self, parts: &Parts<'_>) -> bool {
        self.is_head
            || Progress::default().is_complete(&self.received)
            || (parts.length().is_none() && self.end == End::Closed)
    }

    fn problem(&self, what: &str) -> Problem {
        let line = self.request.split(|byte| *byte == b'\r').next().unwrap_or_default();
        Problem::new(format!("the response to \"{}\" {what}", printable(line)))
    }

    /// Fails with a cause that no comparison of bytes shows, and shows the response instead.
    #[track_caller]
    fn fail_with(&self, cause: Option<Cause>, what: &str) -> ! {
        let problem = self.problem(what).cause(cause);
        fail(&self.transcript, problem.received(&self.received, self.end));
    }

    #[track_caller]
    fn fail(&self, wanted: Wanted<'_>) -> ! {
        let parts = self.parts();
        let cause = match self.is_early {
            true => Some(Cause::AnsweredTooEarly),
            false => {
                let of_call = || peers::cause_of_no_response(&self.transcript, self.end);
                let of_call = if self.received.is_empty() { of_call() } else { None };
                of_call.or_else(|| cause(wanted, &self.received, self.end, self.is_first))
            }
        };
        let cause = cause.or_else(|| matches!(wanted, Wanted::Page(_)).then_some(Cause::WrongBody));
        let is_silent = self.received.is_empty() && self.end == End::Silence;
        let problem = self.problem("is wrong").cause(cause).timeout_if(is_silent);
        let status_line = match wanted {
            Wanted::Page(_) => "HTTP/1.1 200 OK\r\n".to_owned(),
            Wanted::Missing => "HTTP/1.1 404 Not Found\r\n".to_owned(),
            Wanted::Status(code) => format!("HTTP/1.1 {code} "),
            Wanted::Found | Wanted::Body | Wanted::Without => String::new(),
        };
        let problem = match wanted {
            Wanted::Page(page) if parts.status() == Some("200") => {
                problem.bytes(page, &parts.body(), self.end)
            }
            // The status line is right, so something else is wrong.
            _ if self.received.starts_with(status_line.as_bytes()) => {
                problem.received(&self.received, self.end)
            }
            _ => problem.bytes(status_line.as_bytes(), &self.received, self.end),
        };
        fail(&self.transcript, problem);
    }
}
