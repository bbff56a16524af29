//! Long streams: a peer that sends and reads at the same time, and compares what comes back.

use super::tcp::TcpPeer;
use crate::diagnosis::bytes::{self, Exchange};
use crate::diagnosis::fail::fail;
use crate::failure::{Action, Cause, End, Excerpt};
use crate::os::socket::Transport;
use crate::wait::patience;
use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How long a peer goes on sending. It reads for twice as long.
const SEND_TIME: Duration = Duration::from_secs(5);

/// Bytes around the first wrong one that a failure shows.
const AROUND: usize = 12;

/// Where a long stream goes wrong.
#[derive(Debug, PartialEq)]
struct Mismatch {
    summary: String,
    cause: Cause,
    expected: Vec<u8>,
    received: Vec<u8>,
    end: End,
}

impl TcpPeer {
    /// Sends `text` so many `times`, and meanwhile reads what comes back: `expected`, as often. A program that is slow, and
    /// right all the time, gets less. Returns how many bytes came back.
    #[track_caller]
    pub fn exchange(&mut self, text: &[u8], expected: &[u8], times: usize) -> usize {
        self.exchange_for(SEND_TIME, text, expected, times)
    }

    /// Sends for a time, and reads for twice as long.
    #[track_caller]
    fn exchange_for(&mut self, time: Duration, text: &[u8], expected: &[u8], times: usize) -> usize {
        let (transport, bytes) = (Transport::Tcp, Excerpt::of(text));
        self.step(Action::Send { transport, bytes, times });
        self.note_more_sent();
        self.stream.set_read_timeout(Some(patience())).unwrap();
        let (start, times) = (Instant::now(), AtomicUsize::new(times));
        let result = thread::scope(|scope| {
            scope.spawn(|| self.send_repeated(text, start, time, &times));
            let is_late = || start.elapsed() > 2 * time;
            let result = compare_repeated(&mut &*self.stream, text, expected, &times, is_late);
            if result.is_err() {
                let _ = self.stream.shutdown(Shutdown::Both); // the writer may be stuck
            }
            result
        });
        result.unwrap_or_else(|mismatch| {
            let Mismatch { summary, cause, expected, received, end } = *mismatch;
            let mut problem = self.problem_of(Some(cause), &expected, &received, end);
            problem.summary = format!("{} {summary}", self.name());
            problem.verdict = None;
            fail(&self.transcript, problem)
        })
    }

    fn send_repeated(&self, text: &[u8], start: Instant, time: Duration, times: &AtomicUsize) {
        for sent in 0..times.load(Ordering::Acquire) {
            let mut rest = text;
            while !rest.is_empty() {
                if start.elapsed() > time {
                    times.store(sent, Ordering::Release);
                    let _ = self.stream.shutdown(Shutdown::Write); // so that the reader waits for no more
                    return;
                }
                match (&*self.stream).write(rest) {
                    Ok(size) => rest = &rest[size..],
                    Err(error) if labcore::is_timeout(&error) => {} // it is slow, and full buffers are long
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(_) => return, // the reader finds that out as well
                }
            }
        }
    }
}

/// Reads the reply to so many `times` the `text`, and returns its length; or the first byte that is wrong or does not come.
/// `times` may become smaller meanwhile, and `is_late` ends the reading.
fn compare_repeated(
    stream: &mut impl Read,
    text: &[u8],
    expected: &[u8],
    times: &AtomicUsize,
    is_late: impl Fn() -> bool,
) -> Result<usize, Box<Mismatch>> {
    let mut received = vec![0; expected.len()];
    let mut number = 0;
    while number < times.load(Ordering::Acquire) && !is_late() {
        let (mut length, mut end) = (0, End::Enough);
        while length < received.len() && end == End::Enough {
            match stream.read(&mut received[length..]) {
                Ok(0) => end = End::Closed,
                Ok(size) => length += size,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => end = End::of(&error),
            }
        }
        let before = number * expected.len();
        // Single bytes only where something is wrong: without an optimiser, a gigabyte of them takes half a minute.
        if received[..length] != expected[..length] {
            return Err(Box::new(wrong_byte(text, expected, &received[..length], before)));
        }
        let times = times.load(Ordering::Acquire);
        if end != End::Enough && number < times {
            return Err(Box::new(cut(expected, before + length, times, end)));
        }
        number += usize::from(end == End::Enough);
    }
    Ok(number * expected.len())
}

fn wrong_byte(text: &[u8], expected: &[u8], received: &[u8], before: usize) -> Mismatch {
    let same = |(one, other): &(&u8, &u8)| one == other;
    let at = received.iter().zip(expected).take_while(same).count();
    let around = at.saturating_sub(AROUND)..received.len().min(at + AROUND);
    let (expected, received) = (&expected[around.clone()], &received[around.clone()]);
    let (transport, end) = (Transport::Tcp, End::Enough);
    let exchange = Exchange { transport, sent: &text[around], expected, received, end };
    Mismatch {
        summary: format!("got a wrong byte after {} right ones; these are the bytes around it", before + at),
        cause: bytes::cause(&exchange).unwrap_or(Cause::WriteIncomplete),
        expected: expected.to_vec(),
        received: received.to_vec(),
        end: End::Enough,
    }
}

fn cut(expected: &[u8], received: usize, times: usize, end: End) -> Mismatch {
    Mismatch {
        summary: format!("expected {} bytes and received {received}{end}", times * expected.len()),
        cause: if end == End::Silence && received == 0 {
            Cause::ReadsAllFirst
        } else {
            Cause::StoppedInTheMiddle
        },
        expected: Vec::new(),
        received: Vec::new(),
        end,
    }
}

#[cfg(test)]
mod tests {
    use super::{Mismatch, compare_repeated};
    use crate::failure::{Cause, End};
    use crate::peer::TcpPeerListener;
    use std::io::{Read, Write, repeat};
    use std::net::TcpStream;
    use std::thread;
    use std::time::Duration;

    #[cfg(unix)] // elsewhere a writer that is stuck may stay so
    #[test]
    fn breaks_off_an_exchange_with_a_program_that_reads_no_more() {
        use crate::failure::Failure;
        use crate::wait::patience;
        use std::panic::{AssertUnwindSafe, catch_unwind};
        use std::time::Instant;
        let listener = TcpPeerListener::bind();
        let client = TcpStream::connect(listener.address()).unwrap();
        (&client).write_all(b"aB").unwrap();
        // More than the buffers on the way hold, so the writer is stuck when the reader finds the wrong byte.
        let start = Instant::now();
        let exchange = || listener.accept().exchange(&[b'a'; 1 << 20], b"AB", 64);
        let panic = catch_unwind(AssertUnwindSafe(exchange)).unwrap_err();
        let failure = panic.downcast_ref::<Failure>().unwrap();
        assert!(failure.summary.contains("got a wrong byte after 0 right ones"), "{failure}");
        assert!(start.elapsed() < patience(), "the writer was waited for");
    }

    #[test]
    fn gives_a_program_that_is_slow_less_to_do() {
        let listener = TcpPeerListener::bind();
        let mut client = TcpStream::connect(listener.address()).unwrap();
        let echo = thread::spawn(move || {
            let mut buffer = [0; 1000];
            while let Ok(size @ 1..) = client.read(&mut buffer) {
                client.write_all(&buffer[..size].to_ascii_uppercase()).unwrap();
            }
        });
        // Without a limit it would take years.
        let answered =
            listener.accept().exchange_for(Duration::from_millis(50), b"aBc", b"ABC", usize::MAX / 3);
        assert!(answered > 0);
        echo.join().unwrap();
    }

    #[test]
    fn reads_no_more_than_was_asked_of_a_program_that_never_stops() {
        let mut endless = Read::chain(&b"AB"[..], repeat(b'A'));
        assert_eq!(compare_repeated(&mut endless, b"aB", b"AB", &1.into(), || false), Ok(2));
        assert_eq!(compare_repeated(&mut repeat(b'A'), b"a", b"A", &usize::MAX.into(), || true), Ok(0));
    }

    #[test]
    fn names_the_first_byte_of_a_stream_that_is_wrong() {
        let compare =
            |mut received: &[u8]| compare_repeated(&mut received, b"aB", b"AB", &2.into(), || false);
        let mismatch = |received: &[u8]| -> Mismatch { *compare(received).unwrap_err() };
        assert_eq!(compare(b"ABAB"), Ok(4));
        assert!(mismatch(b"ABAx").summary.starts_with("got a wrong byte after 3 right ones"));
        assert_eq!(mismatch(b"aB").cause, Cause::Unchanged);
        // A wrong byte says more than the end behind it.
        assert!(mismatch(b"x").summary.starts_with("got a wrong byte after 0 right ones"));
        let cut = mismatch(b"ABA");
        assert_eq!((cut.cause, cut.end), (Cause::StoppedInTheMiddle, End::Closed));
        assert_eq!(cut.summary, "expected 4 bytes and received 3, then the end of the stream");
    }
}
