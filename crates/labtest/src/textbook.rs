//! Steps of a conversation that leave textbook programs their freedom.
//!
//! Nothing marks where a text ends on a stream. Right servers and clients end theirs with a newline, with two, with a NUL
//! or with nothing, wait for a newline or need none, and close after one reply or go on. The methods here compare the
//! text alone, and leave the exact bytes to other checks.

use crate::diagnosis::fail::fail;
use crate::failure::End;
use crate::peer::{TcpPeer, TcpPeerListener, UdpPeer};
use crate::program::Program;
use crate::wait::{self, Limit, POLL};
use std::thread;
use std::time::{Duration, Instant};

/// The silence after which a text without a newline counts as whole, and a program has nothing more to say.
const PAUSE: Duration = Duration::from_millis(300);

/// How long a check waits for something optional.
const OPTIONAL: Duration = Duration::from_millis(1500);

/// The bytes that end texts, or fill them up.
fn is_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n' | 0)
}

fn text_of(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().filter(|byte| !is_end(*byte)).collect()
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
        let (received, end) = self.read_for(PAUSE, 1 << 16, |received| !text_of(received).is_empty());
        if !text_of(&received).is_empty() {
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

    fn read_text(&mut self, expected: &str, limit: Limit) -> (Vec<u8>, End) {
        let expected = expected.as_bytes();
        self.read_within(limit, 1 << 16, |received| {
            let text = text_of(received);
            text.len() >= expected.len() || !expected.starts_with(&text)
        })
    }

    /// Fails unless the text received is the one expected.
    #[track_caller]
    fn compare(&mut self, expected: &str, received: &[u8], end: End) {
        self.step_received(received, end);
        let text = text_of(received);
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

    /// Types a line to a program that may have ended. True if it could be typed.
    pub fn offer_line(&mut self, line: &str) -> bool {
        self.try_write(format!("{line}\n").as_bytes()).is_ok()
    }
}
