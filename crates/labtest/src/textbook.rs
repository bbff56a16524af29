//! Steps of a conversation that leave textbook programs their freedom.
//!
//! Nothing marks where a text ends on a stream. Right servers and clients end theirs with a newline, with two, with a NUL
//! or with nothing, wait for a newline or need none, and close after one reply or go on. The methods here compare the
//! text alone, and leave the exact bytes to other checks.

use crate::diagnosis::fail::{Problem, fail};
use crate::failure::{Action, Actor, Cause, End};
use crate::peer::{TcpPeer, TcpPeerListener, UdpPeer};
use crate::program::Program;
use crate::wait::{self, Deadline, Limit, POLL};
use std::thread;
use std::time::{Duration, Instant};

/// The silence after which a text without a newline counts as whole, and a program has nothing more to say.
const PAUSE: Duration = Duration::from_millis(300);

/// How long a check waits for something optional.
const OPTIONAL: Duration = Duration::from_millis(1500);

/// NULs in a row that may end a text: each program may send the one that ends a string in C.
const NULS_MAX: usize = 2;

/// Lengths of a reply that are no accident: many programs have a buffer of this length.
const BUFFER_LENGTHS: [usize; 11] = [100, 128, 200, 256, 500, 512, 1000, 1024, 2000, 2048, 4096];

/// The bytes that end texts, or fill them up.
fn is_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n' | 0)
}

fn text_of(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().filter(|byte| !is_end(*byte)).collect()
}

/// True if more NULs follow each other than the ends of strings explain.
fn has_padding(bytes: &[u8]) -> bool {
    bytes.split(|byte| *byte != 0).any(|nuls| nuls.len() > NULS_MAX)
}

/// True if a whole buffer came: after the text, or a part of it, zeros or what the buffer held before.
fn is_whole_buffer(expected: &str, received: &[u8]) -> bool {
    let (expected, text) = (expected.as_bytes(), text_of(received));
    let goes_on = text.len() > expected.len() && BUFFER_LENGTHS.contains(&received.len());
    (text.starts_with(expected) && goes_on) || (expected.starts_with(&text) && has_padding(received))
}

impl TcpPeer {
    /// Reads until the text `expected` has come, whatever ends its lines, and fails at the first byte that differs.
    #[track_caller]
    pub fn expect_text(&mut self, expected: &str) {
        let (received, end) = self.read_text(expected, Limit::reply());
        self.compare(expected, &received, end);
    }

    /// Like [`TcpPeer::expect_text`], where the program may also send nothing, or close. True if the text came.
    #[track_caller]
    pub fn expect_text_or_nothing(&mut self, expected: &str) -> bool {
        let (received, end) = self.read_text(expected, Limit::of(OPTIONAL));
        if text_of(&received).is_empty() {
            self.step_received(&received, end);
            return false;
        }
        self.compare(expected, &received, end);
        true
    }

    /// Waits for any text, or for the end of the connection: the program must not leave its client waiting.
    #[track_caller]
    pub fn expect_any_text_or_end(&mut self) {
        let (received, end) = self.read_until(|received| !text_of(received).is_empty());
        let sent = self.take_sent();
        if end == End::Silence {
            self.fail_unanswered(&sent, end);
        }
        self.step_received(&received, end);
    }

    /// Like [`TcpPeer::expect_text`] for `lines`, of which the program may leave out all but the first.
    #[track_caller]
    pub fn expect_first_of(&mut self, lines: &[&str]) {
        let all = lines.concat();
        let (received, end) = self.read_text(&all, Limit::of(OPTIONAL));
        let text = text_of(&received);
        let prefixes = (1..=lines.len()).map(|count| lines[..count].concat());
        if prefixes.into_iter().all(|prefix| prefix.as_bytes() != text) {
            self.compare(&all, &received, end);
        }
        self.step_received(&received, end);
    }

    /// Fails if more text comes: one reply to one text.
    #[track_caller]
    pub fn expect_no_more_text(&mut self) {
        let is_more = |received: &[u8]| !text_of(received).is_empty() || has_padding(received);
        let (received, end) = self.read_for(PAUSE, 1 << 16, is_more);
        if is_more(&received) {
            self.compare("", &received, end);
        }
    }

    /// Sends `bytes` to a program that may have closed the connection. True if they could be sent.
    pub fn offer(&mut self, bytes: &[u8]) -> bool {
        self.try_send(bytes).is_ok()
    }

    /// Reads the line that a client sends: its text, with the newline if there is one. It may come byte by byte.
    #[track_caller]
    pub fn read_typed(&mut self, expected: &str) -> Vec<u8> {
        let (mut received, end) = self.read_text(expected, Limit::reply());
        self.compare(expected, &received, end);
        // The newline may be a segment of its own, or there may be none.
        if !received.ends_with(b"\n") {
            received.extend(self.read_for(PAUSE, 1 << 16, |more| more.ends_with(b"\n")).0);
            self.compare(expected, &received, End::Enough);
        }
        received
    }

    /// Reads what a client sends first, whatever it is.
    #[track_caller]
    pub fn read_any(&mut self) -> Vec<u8> {
        let (received, end) = self.read_until(|received| !received.is_empty());
        if received.is_empty() {
            self.step_received(&received, end);
            let problem = self.problem(b"", b"", &received, end);
            fail(self.transcript(), Problem { expected: None, received: None, ..problem });
        }
        received
    }

    /// Reads the rest of a request that began with `received`: up to its newline, or for a moment if it has none.
    pub fn read_rest(&mut self, mut received: Vec<u8>) -> Vec<u8> {
        if !received.ends_with(b"\n") {
            received.extend(self.read_for(PAUSE, 1 << 16, |more| more.ends_with(b"\n")).0);
        }
        self.step_received(&received, End::Enough);
        received
    }

    /// True if the text `expected` comes within a moment.
    pub(crate) fn brings(&mut self, expected: &str) -> bool {
        text_of(&self.read_text(expected, Limit::of(OPTIONAL)).0) == expected.as_bytes()
    }

    /// Like [`TcpPeer::read_typed`], for a client that may send something else.
    pub(crate) fn try_read_typed(&mut self, expected: &str) -> Vec<u8> {
        let (mut received, _) = self.read_text(expected, Limit::of(OPTIONAL));
        if !received.ends_with(b"\n") {
            received.extend(self.read_for(PAUSE, 1 << 16, |more| more.ends_with(b"\n")).0);
        }
        received
    }

    fn read_text(&mut self, expected: &str, limit: Limit) -> (Vec<u8>, End) {
        let expected = expected.as_bytes();
        self.read_within(limit, 1 << 16, |received| {
            let text = text_of(received);
            text.len() >= expected.len() || !expected.starts_with(&text)
        })
    }

    /// Fails unless the text received is the one expected.
    #[track_caller]
    pub(crate) fn compare(&mut self, expected: &str, received: &[u8], end: End) {
        self.step_received(received, end);
        let text = text_of(received);
        if self.is_client() && is_whole_buffer(expected, received) {
            let cause = Some(Cause::WholeBufferSent);
            fail(self.transcript(), self.problem_of(cause, expected.as_bytes(), received, end));
        }
        if text != expected.as_bytes() {
            let sent = text_of(&self.take_sent());
            let mut problem = self.problem(&sent, expected.as_bytes(), &text, end);
            problem.summary += " (line endings left out)";
            fail(self.transcript(), problem);
        }
        self.take_sent();
    }
}

impl TcpPeerListener {
    /// Waits for a client to connect, for `time` at most.
    pub fn accept_within(&self, time: Duration) -> Option<TcpPeer> {
        wait::poll(time, || self.accept_now())
    }

    /// Like [`TcpPeerListener::accept`], for a client that may never connect.
    pub(crate) fn accept_in_time(&self) -> Option<TcpPeer> {
        wait::poll(Limit::start().time(), || self.accept_now())
    }

    /// Waits a moment for a client's next line, on the connection that it has or on another. Returns the one that it is on.
    pub fn accept_unless_sent_on(&self, connection: TcpPeer) -> Option<TcpPeer> {
        let deadline = Instant::now() + OPTIONAL;
        let (mut unread, mut is_open) = ([0], true);
        connection.stream().set_read_timeout(Some(POLL)).ok()?;
        while Instant::now() < deadline {
            if let Some(other) = self.accept_now() {
                return Some(other);
            }
            if is_open {
                match connection.stream().peek(&mut unread) {
                    Ok(1) => return Some(connection),
                    Err(error) if labcore::is_timeout(&error) => {}
                    _ => is_open = false,
                }
            } else {
                thread::sleep(POLL);
            }
        }
        None
    }
}

impl UdpPeer {
    /// Waits for one datagram, and fails unless it is one of those expected.
    #[track_caller]
    pub fn expect_one_of(&mut self, expected: &[&[u8]]) {
        let received = self.receive_any();
        if !expected.contains(&&*received) {
            self.fail_with(expected.first().unwrap_or(&&b""[..]), &received);
        }
    }

    /// Waits a moment for a datagram. True if there is one; it stays unread.
    pub fn has_datagram(&self) -> bool {
        self.has_datagram_for(OPTIONAL)
    }
}

impl Program {
    /// Waits a moment for `text` on standard output. True if it is there.
    pub fn prints(&self, text: &str) -> bool {
        wait::poll(OPTIONAL, || self.stdout().contains(text).then_some(())).is_some()
    }

    /// Waits for `text` on standard output, for as long as the programs under test are at work. True if it is there.
    pub(crate) fn prints_while_at_work(&self, text: &str) -> bool {
        self.prints_within(Limit::until_silent(), text)
    }

    /// Waits for `text` on standard output, until the program has ended. True if it is there.
    pub(crate) fn prints_before_its_end(&self, text: &str) -> bool {
        let action = Action::ExpectOutput { program: self.name().to_owned(), text: text.to_owned() };
        self.transcript.step(&Actor::Check, action);
        self.prints_within(Limit::reply(), text)
    }

    fn prints_within(&self, limit: Limit, text: &str) -> bool {
        let mut deadline = Deadline::of(limit);
        loop {
            let has_ended = self.has_ended();
            if self.stdout().contains(text) {
                return true;
            }
            let left = deadline.left(&*self.transcript);
            if has_ended || left.is_zero() {
                return false;
            }
            wait::poll(left, || (self.stdout().contains(text) || self.has_ended()).then_some(()));
        }
    }

    /// Waits until the program has ended. True if it has.
    pub fn ends(&self) -> bool {
        let mut deadline = Deadline::of(Limit::reply());
        loop {
            let left = deadline.left(&*self.transcript);
            if self.has_ended() || left.is_zero() {
                return self.has_ended();
            }
            wait::poll(left, || self.has_ended().then_some(()));
        }
    }

    /// Types a line to a program that may have ended. True if it could be typed.
    pub fn offer_line(&mut self, line: &str) -> bool {
        self.try_write(format!("{line}\n").as_bytes()).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::is_whole_buffer;

    #[test]
    fn tells_a_whole_buffer_from_the_end_of_a_string() {
        let buffer = |text: &[u8], rest: u8| {
            let mut buffer = [rest; 1024];
            buffer[..text.len()].copy_from_slice(text);
            buffer
        };
        assert!(is_whole_buffer("HELLO", &buffer(b"HELLO\n", 0)));
        assert!(is_whole_buffer("HELLO", &buffer(b"HELLO\n", b'x')));
        assert!(is_whole_buffer("ONETWO", &buffer(b"ONE\n", 0)));
        assert!(is_whole_buffer("", &[0; 1013]));
        for text in ["HELLO\n", "HELLO\n\0", "HELLO\0\0", "\0HELLO", "HELLO THERE"] {
            assert!(!is_whole_buffer("HELLO", text.as_bytes()), "{text:?}");
        }
        // The reply to another text.
        assert!(!is_whole_buffer("HELLO", &buffer(b"WORLD\n", 0)));
    }
}
