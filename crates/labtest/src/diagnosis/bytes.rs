//! The cause that the bytes of one reply show.

use crate::failure::{Cause, End};
use crate::os::socket::Transport;

/// Lengths at which many programs have a buffer.
pub(super) const BUFFER_LENGTHS: [usize; 20] =
    [16, 20, 32, 50, 64, 100, 128, 200, 256, 500, 512, 1000, 1024, 1500, 2000, 2048, 4096, 5000, 8192, 10000];

/// A missing last byte is more likely than a buffer that is shorter than this.
const LONG_BUFFER_BYTES: usize = 500;

/// The bytes of one exchange.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exchange<'a> {
    pub(crate) transport: Transport,
    /// What the program was sent. Empty if it is a client that has to send first.
    pub(crate) sent: &'a [u8],
    pub(crate) expected: &'a [u8],
    pub(crate) received: &'a [u8],
    pub(crate) end: End,
}

/// True if the program sent nothing, and the check waited for it.
pub(crate) fn is_silent(received: &[u8], end: End) -> bool {
    received.is_empty() && end == End::Silence
}

/// The length of a text without the bytes that end it.
fn text_length(bytes: &[u8]) -> usize {
    bytes.iter().rev().skip_while(|byte| b"\r\n\0".contains(byte)).count()
}

/// Finds the most likely cause of a difference.
pub(crate) fn cause(exchange: &Exchange<'_>) -> Option<Cause> {
    let Exchange { transport, sent, expected, received, end } = *exchange;
    if received.is_empty() {
        return cause_of_nothing(transport, sent, end);
    }
    if received == sent {
        return Some(Cause::Unchanged);
    }
    if received != expected && received == expected.to_ascii_lowercase() {
        return Some(Cause::LowerCased);
    }
    if let Some(extra) = received.strip_prefix(expected) {
        return Some(match extra {
            _ if extra.iter().all(|byte| *byte == 0) => Cause::WholeBufferSent,
            b"\n" | b"\r\n" if sent.is_empty() => Cause::InputNewlineSent,
            b"\n" | b"\r\n" => Cause::NewlineAdded,
            _ => Cause::ExtraBytes,
        });
    }
    if expected.starts_with(received) {
        let length = received.len();
        return Some(if text_length(expected) == length {
            if sent.is_empty() && transport == Transport::Tcp {
                Cause::NewlineMissing
            } else {
                Cause::NewlineRemoved
            }
        } else if length + 1 == expected.len() && length < LONG_BUFFER_BYTES {
            Cause::LastByteMissing
        } else if BUFFER_LENGTHS.contains(&length) {
            Cause::CutAtBuffer { bytes: length, transport }
        } else if length + 1 == expected.len() {
            Cause::LastByteMissing
        } else {
            Cause::CutShort { transport }
        });
    }
    cause_of_other_bytes(sent, expected, received)
}

fn cause_of_nothing(transport: Transport, sent: &[u8], end: End) -> Option<Cause> {
    Some(match end {
        End::Enough => return None,
        // The system reports that a datagram did not arrive, or that the one before did not.
        End::Closed | End::Reset | End::Refused if transport == Transport::Udp => Cause::NobodyListens,
        // Nothing was sent to it yet, so it is a client that has to send first.
        End::Closed | End::Reset if sent.is_empty() => Cause::ClosedBeforeSending,
        End::Silence => Cause::NoReply { transport, was_received: false },
        End::Closed => Cause::ClosedWithoutReply,
        End::Reset => Cause::ResetWithoutReply,
        End::Refused => Cause::NobodyListens,
    })
}

/// Something came, and differs from the beginning on.
fn cause_of_other_bytes(sent: &[u8], expected: &[u8], received: &[u8]) -> Option<Cause> {
    if received.windows(3).any(|three| three == "\u{fffd}".as_bytes()) {
        return Some(Cause::InvalidUtf8Replaced);
    }
    if String::from_utf8_lossy(sent).to_uppercase().as_bytes() == received {
        return Some(Cause::BeyondAsciiConverted);
    }
    if expected.len() != received.len() {
        return None;
    }
    let wrong: Vec<usize> = (0..expected.len()).filter(|&at| expected[at] != received[at]).collect();
    if wrong.iter().all(|&at| expected[at] >= 128) {
        return Some(Cause::BeyondAsciiConverted);
    }
    let is_small = |at: usize| sent.get(at).is_some_and(u8::is_ascii_lowercase);
    if sent.len() == expected.len() && !wrong.iter().any(|&at| is_small(at)) {
        return Some(Cause::OtherCharactersChanged);
    }
    (wrong == [expected.len() - 1]).then_some(Cause::LastByteUnchanged)
}

#[cfg(test)]
mod tests {
    use super::{Exchange, cause};
    use crate::failure::{Cause, End};
    use crate::os::socket::Transport;

    #[track_caller]
    fn check(sent: &[u8], received: &[u8], end: End, expected: Option<Cause>) {
        let transport = Transport::Udp;
        let answer = sent.to_ascii_uppercase();
        assert_eq!(cause(&Exchange { transport, sent, expected: &answer, received, end }), expected);
    }

    #[test]
    fn names_the_common_mistakes() {
        let transport = Transport::Udp;
        let no_reply = Cause::NoReply { transport, was_received: false };
        check(b"hello", b"hello", End::Enough, Some(Cause::Unchanged));
        check(b"Hello", b"hello", End::Enough, Some(Cause::LowerCased));
        check(b"hello", b"HELL", End::Silence, Some(Cause::LastByteMissing));
        check(b"hello", b"HEL", End::Silence, Some(Cause::CutShort { transport }));
        check(b"hello", b"HELLo", End::Enough, Some(Cause::LastByteUnchanged));
        check(b"hello\n", b"HELLO", End::Silence, Some(Cause::NewlineRemoved));
        check(b"hello", b"HELLO\n", End::Enough, Some(Cause::NewlineAdded));
        check(b"hello", b"HELLO\0\0\0", End::Enough, Some(Cause::WholeBufferSent));
        check(b"hi", b"HILLO", End::Enough, Some(Cause::ExtraBytes));
        for bytes in [1024, 2048, 4096] {
            check(
                &[b'x'; 5000],
                &vec![b'X'; bytes],
                End::Silence,
                Some(Cause::CutAtBuffer { bytes, transport }),
            );
        }
        check(b"a\xff", "A\u{fffd}".as_bytes(), End::Enough, Some(Cause::InvalidUtf8Replaced));
        check("stra\u{df}e".as_bytes(), b"STRASSE", End::Enough, Some(Cause::BeyondAsciiConverted));
        check(b"a\xe9", b"A\xc9", End::Enough, Some(Cause::BeyondAsciiConverted));
        check(b"1 + Two", b"1\0+\0TWO", End::Enough, Some(Cause::OtherCharactersChanged));
        check(b"Two", b"tWO", End::Enough, Some(Cause::OtherCharactersChanged));
        check(b"hello", b"", End::Silence, Some(no_reply));
        check(b"hello", b"", End::Refused, Some(Cause::NobodyListens));
        check(b"hello", b"", End::Closed, Some(Cause::NobodyListens));
        check(b"hello", b"GOODBYE", End::Enough, None);
    }

    #[test]
    fn names_the_ends_of_connections() {
        let check = |sent: &[u8], cause_expected| {
            let (transport, end) = (Transport::Tcp, End::Closed);
            let exchange = Exchange { transport, sent, expected: b"HELLO", received: b"", end };
            assert_eq!(cause(&exchange), Some(cause_expected));
        };
        check(b"hello", Cause::ClosedWithoutReply);
        check(b"", Cause::ClosedBeforeSending);
    }

    #[test]
    fn tells_a_small_buffer_from_a_missing_byte() {
        let check = |length: usize, received: usize, cause_expected| {
            let (sent, expected) = (vec![b'x'; length], vec![b'X'; length]);
            let (transport, end) = (Transport::Tcp, End::Closed);
            let received = &expected[..received];
            let exchange = Exchange { transport, sent: &sent, expected: &expected, received, end };
            assert_eq!(cause(&exchange), Some(cause_expected));
        };
        let transport = Transport::Tcp;
        check(40, 16, Cause::CutAtBuffer { bytes: 16, transport });
        check(17, 16, Cause::LastByteMissing);
        check(1025, 1024, Cause::CutAtBuffer { bytes: 1024, transport });
        check(40, 17, Cause::CutShort { transport });
    }

    #[test]
    fn names_the_mistakes_of_clients() {
        let line = |received| Exchange {
            transport: Transport::Tcp,
            sent: b"",
            expected: b"hello\n",
            received,
            end: End::Silence,
        };
        assert_eq!(cause(&line(b"hello")), Some(Cause::NewlineMissing));
        let line = Exchange { expected: b"hello", ..line(b"hello\n") };
        assert_eq!(cause(&line), Some(Cause::InputNewlineSent));
    }
}
