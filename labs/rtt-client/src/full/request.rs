//! What a request contains, and how its reply is recognised.

use crate::plan::Plan;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::ops::Range;

/// The shortest request: the marker, the number, and a newline over TCP.
pub const SIZE_MIN: usize = NUMBER.end + 1;

/// The longest request, for UDP and TCP alike: 65,535 bytes less the headers of IPv4 (20) and UDP (8).
pub const SIZE_MAX: usize = 65_507;

/// The position of the marker `RTT 1A2B3C4D ` in a request.
const MARKER: Range<usize> = 0..13;

/// The position of the sequence number in a request. It always has ten digits, so that every request has the same size.
const NUMBER: Range<usize> = MARKER.end..MARKER.end + 10;

/// The requests of one run over one protocol, and the replies that belong to them.
///
/// A request looks like `RTT 1A2B3C4D 0000000042 abcdefg`. Marker and number contain no lower-case letter, so an
/// upper-case server returns them unchanged. The letters after them fill the request to its size and come back in upper
/// case. A text of the user may stand in their place. The number in the marker is unique to the run, so that replies to
/// other programs or to earlier runs are recognised.
pub struct Requests {
    request: Vec<u8>,
    /// Bytes of the request without its newline, which the reply must contain.
    text_size: usize,
    /// Whether the text is the user's, who wants to see the reply.
    is_shown: bool,
    first_reply: Option<Vec<u8>>,
}

/// What the bytes from a TCP server begin with.
#[derive(Debug, PartialEq)]
pub enum StreamItem {
    /// The reply to the request of this number.
    Reply(u32),
    /// A line that answers no request of this run.
    Garbage,
}

/// Returns a random number that identifies a run.
pub fn random_run() -> u32 {
    // The standard library has no random numbers but the seeds of its hash maps, and this is the way to get one.
    (RandomState::new().build_hasher().finish() >> 32) as u32
}

impl Requests {
    /// Prepares the requests of run `run`. With `line`, the last byte is a newline.
    pub fn new(run: u32, plan: &Plan, line: bool) -> Requests {
        let mut request = format!("RTT {run:08X} {:010} ", 0).into_bytes();
        match &plan.text {
            Some(text) => {
                request.extend_from_slice(text);
                if line {
                    request.push(b'\n');
                }
            }
            None => {
                request.extend((b'a'..=b'z').cycle().take(plan.size.saturating_sub(request.len())));
                request.truncate(plan.size.max(SIZE_MIN));
                if line {
                    request.pop();
                    request.push(b'\n');
                }
            }
        }
        let text_size = request.len() - usize::from(line);
        Requests { request, text_size, is_shown: plan.text.is_some(), first_reply: None }
    }

    /// Keeps the text at the end of `reply`, unless an earlier reply is kept. Letters that only fill a request are not
    /// kept.
    pub fn keep_first(&mut self, reply: &[u8]) {
        if self.is_shown && self.first_reply.is_none() {
            let text = reply.len() - (self.text_size - NUMBER.end - 1);
            self.first_reply = Some(reply[text..].to_vec());
        }
    }

    /// Returns what [`Requests::keep_first`] has kept.
    pub fn first_reply(&self) -> Option<&[u8]> {
        self.first_reply.as_deref()
    }

    /// Returns request `sequence`.
    pub fn write(&mut self, sequence: u32) -> &[u8] {
        let mut rest = sequence;
        for digit in self.request[NUMBER].iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        &self.request
    }

    /// Finds a reply in `bytes`, and returns its number and where it ends.
    ///
    /// A reply contains the whole request, in upper case or unchanged. Other text may surround it: some servers send
    /// `I received 31 chars: ` first, or NULs at the end.
    pub fn find(&self, bytes: &[u8]) -> Option<(u32, usize)> {
        let marker = &self.request[MARKER];
        let start = bytes.windows(marker.len()).position(|window| window == marker)?;
        let reply = bytes.get(start..start + self.text_size)?;
        let rest = NUMBER.end..self.text_size;
        if !reply[rest.clone()].eq_ignore_ascii_case(&self.request[rest]) {
            return None;
        }
        let number = std::str::from_utf8(&reply[NUMBER]).ok()?;
        Some((number.parse().ok()?, start + self.text_size))
    }

    /// Removes the first reply, or line of garbage, from the unread bytes of a stream.
    ///
    /// A stream keeps no message boundaries: a reply may arrive in pieces, or together with the next. It counts as soon
    /// as its text is complete, with or without its newline, because some servers leave the newline out. `None`: more
    /// bytes are needed.
    pub fn take(&mut self, unread: &mut Vec<u8>) -> Option<StreamItem> {
        loop {
            let newline = unread.iter().position(|byte| *byte == b'\n');
            let line = &unread[..newline.unwrap_or(unread.len())];
            if let Some((sequence, end)) = self.find(line) {
                self.keep_first(&unread[..end]);
                unread.drain(..end);
                return Some(StreamItem::Reply(sequence));
            }
            let blank = line.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0);
            // A line without a newline may still become a reply, unless it is too long.
            let end = newline.or_else(|| (line.len() > self.text_size + SIZE_MAX).then(|| line.len() - 1))?;
            unread.drain(..=end);
            if !blank {
                return Some(StreamItem::Garbage);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Requests, SIZE_MAX, SIZE_MIN, StreamItem};
    use crate::plan::Plan;
    use std::time::Duration;

    const RUN: u32 = 0x1A2B_3C4D;

    fn requests(size: usize, text: Option<&str>, line: bool) -> Requests {
        let plan = Plan {
            count: 1,
            warm_up: 0,
            interval: Duration::ZERO,
            timeout: Duration::from_secs(1),
            size,
            split_write: false,
            no_delay: true,
            connect_each: false,
            text: text.map(|text| text.as_bytes().to_vec()),
        };
        Requests::new(RUN, &plan, line)
    }

    #[track_caller]
    fn check(stream: &[u8], expected: &[StreamItem]) {
        let mut requests = requests(32, None, true);
        // Whole, and byte by byte: the pieces in which a stream arrives make no difference.
        for piece in [stream.len(), 1] {
            let (mut unread, mut arrived) = (Vec::new(), Vec::new());
            for bytes in stream.chunks(piece) {
                unread.extend_from_slice(bytes);
                arrived.extend(std::iter::from_fn(|| requests.take(&mut unread)));
            }
            assert_eq!(arrived, expected, "in pieces of {piece}");
        }
    }

    #[test]
    fn survives_upper_casing_at_every_size() {
        for size in [SIZE_MIN, SIZE_MIN + 1, 32, 100, SIZE_MAX] {
            for line in [false, true] {
                let mut requests = requests(size, None, line);
                let reply = requests.write(4_294_967_295).to_ascii_uppercase();
                assert_eq!(reply.len(), size);
                assert_eq!(reply.ends_with(b"\n"), line);
                assert_eq!(requests.find(&reply), Some((4_294_967_295, size - usize::from(line))));
            }
        }
    }

    #[test]
    fn reads_as_documented() {
        assert_eq!(requests(32, None, false).write(42), b"RTT 1A2B3C4D 0000000042 abcdefgh");
        assert_eq!(requests(32, None, true).write(43), b"RTT 1A2B3C4D 0000000043 abcdefg\n");
    }

    #[test]
    fn carries_a_text_and_keeps_the_first_reply() {
        for line in [false, true] {
            let mut requests = requests(32, Some("hello &*!"), line);
            let mut stream = requests.write(7).to_ascii_uppercase();
            assert!(stream.starts_with(b"RTT 1A2B3C4D 0000000007 HELLO &*!"));
            let (_, end) = requests.find(&stream).unwrap();
            if line {
                assert_eq!(requests.take(&mut stream), Some(StreamItem::Reply(7)));
            } else {
                requests.keep_first(&stream[..end]);
            }
            assert_eq!(requests.first_reply(), Some(&b"HELLO &*!"[..]));
        }
    }

    #[test]
    fn recognises_what_is_not_a_reply() {
        let requests = requests(32, None, false);
        for datagram in [
            &b""[..],
            b"HELLO",
            b"RTT 1A2B3C4E 0000000042 ABCDEFGH", // another run
            b"RTT 1A2B3C4D 0000000042 ABCDEFG",  // cut
            b"RTT 1A2B3C4D 0000000042 ABCDEFGX", // damaged
            b"RTT 1A2B3C4D 000000004X ABCDEFGH",
            b"RTT 1A2B3C4D 9999999999 ABCDEFGH",
        ] {
            assert_eq!(requests.find(datagram), None, "{}", datagram.escape_ascii());
        }
    }

    #[test]
    fn takes_replies_off_a_stream() {
        use StreamItem::{Garbage, Reply};
        check(b"RTT 1A2B3C4D 0000000001 ABCDEFG\n", &[Reply(1)]);
        check(b"RTT 1A2B3C4D 0000000001 ABCDEFGRTT 1A2B3C4D 0000000002 ABCDEFG\0\0", &[Reply(1), Reply(2)]);
        check(b"I received 31 chars: RTT 1A2B3C4D 0000000001 abcdefg\r\n", &[Reply(1)]);
        check(b"hello\n\n\nRTT 1A2B3C4D 0000000001 ABCDEFG\n", &[Garbage, Reply(1)]);
        check(b"RTT 1A2B3C4D 0000000001 ABC\nRTT 1A2B3C4D 0000000002 ABCDEFG\n", &[Garbage, Reply(2)]);
        check(b"RTT 1A2B3C4D 0000000001 ABCDEF", &[]);
    }

    #[test]
    fn gives_up_on_a_line_that_never_ends() {
        let mut requests = requests(32, None, true);
        let mut unread = vec![b'x'; 2 * SIZE_MAX];
        assert_eq!(requests.take(&mut unread), Some(StreamItem::Garbage));
        assert_eq!(unread, b"");
    }
}
