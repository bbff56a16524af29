//! From what was sent, expected and received to the most likely cause, in a student's words.

use labcore::printable;
use std::fmt::Write;

/// Why no more bytes came.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum End {
    /// Enough came to compare.
    Enough,
    /// Time was up.
    Silence,
    /// The stream ended.
    Closed,
    /// The connection was reset.
    Reset,
    /// Nobody listens there.
    Refused,
}

impl End {
    pub(crate) fn of(error: &std::io::Error) -> End {
        match error.kind() {
            std::io::ErrorKind::ConnectionRefused => End::Refused,
            _ if labcore::is_timeout(error) => End::Silence,
            _ => End::Reset,
        }
    }

    pub(crate) fn tell(self) -> &'static str {
        match self {
            End::Enough => "",
            End::Silence => ", then nothing more",
            End::Closed => ", then the end of the stream",
            End::Reset => ", then a reset of the connection",
            End::Refused => ", then a refusal: nobody listens at that address",
        }
    }
}

/// The line of a report that names a cause.
pub(crate) fn tell_cause(cause: &str) -> String {
    format!("likely cause: {cause}\n")
}

/// Describes the difference between the bytes expected and received.
pub(crate) fn comparison(expected: &[u8], received: &[u8], end: End) -> String {
    let at = expected.iter().zip(received).take_while(|(a, b)| a == b).count();
    let mut text = String::new();
    if expected.is_empty() && received.is_empty() {
        // One text of several will do, or any.
        let _ = writeln!(text, "expected something, and received nothing{}", end.tell());
        return text;
    }
    let _ = writeln!(text, "expected {}", bytes(expected));
    let _ = writeln!(text, "received {}{}", bytes(received), end.tell());
    if !received.is_empty() && expected != received {
        let from = at.saturating_sub(12);
        let _ = writeln!(text, "  first difference at byte {at}:");
        let _ = writeln!(text, "    expected {}", hex(&expected[from..]));
        let _ = writeln!(text, "    received {}", hex(&received[from..]));
        let _ = writeln!(text, "             {}^", " ".repeat(3 * (at - from)));
    }
    text
}

fn hex(bytes: &[u8]) -> String {
    let shown: Vec<String> = bytes.iter().take(24).map(|byte| format!("{byte:02x}")).collect();
    shown.join(" ") + if bytes.len() > 24 { " …" } else { "" }
}

/// Names `bytes` for a report: how many, and what they say.
pub(crate) fn bytes(bytes: &[u8]) -> String {
    const SHOWN_MAX: usize = 120;
    let unit = if bytes.len() == 1 { "byte" } else { "bytes" };
    let (shown, more) = match bytes.len() {
        0 => return "0 bytes".to_owned(),
        length if length > SHOWN_MAX => (&bytes[..SHOWN_MAX], "…"),
        _ => (bytes, ""),
    };
    format!("{} {unit}: \"{}\"{more}", bytes.len(), printable(shown))
}

pub(crate) fn likely_cause(sent: &[u8], expected: &[u8], received: &[u8], end: End) -> Option<&'static str> {
    let text_only = |bytes: &[u8]| bytes.iter().rev().skip_while(|byte| b"\r\n\0".contains(byte)).count();
    if received.is_empty() {
        return Some(match end {
            End::Enough => return None,
            // Nothing was asked yet: it is a client's turn to speak.
            End::Closed | End::Reset if sent.is_empty() => {
                "the program closed its connection before it sent a line: did it end with an error (below)?"
            }
            End::Silence => {
                "the program waits for something that was not sent (a newline, the end of the stream), is still busy \
                 with another client, or sent its answer elsewhere"
            }
            End::Closed => {
                "it closed the connection without an answer: does it serve one message only, or did it end with an error (below)?"
            }
            End::Reset => {
                "the connection was closed while unread bytes lay in it, or the program ended (its errors are below): read all that was sent"
            }
            End::Refused => {
                "the program has ended or closed its socket: does it serve one message only, or did it end with an error (below)?"
            }
        });
    }
    if received == sent {
        return Some("the text came back as it went: turn it into upper case before sending it back");
    }
    if let Some(extra) = received.strip_prefix(expected) {
        return Some(match extra {
            _ if extra.iter().all(|byte| *byte == 0) => {
                "the whole buffer was sent: send only as many bytes as were received"
            }
            b"\n" | b"\r\n" if sent.is_empty() => {
                "the newline that ends the line of input was sent, too: leave it out"
            }
            b"\n" | b"\r\n" => "a newline was added: send back just what came",
            _ => "more came than belongs to this text: the rest of an older message, or one answer too many",
        });
    }
    if expected.starts_with(received) {
        return Some(match received.len() {
            length if text_only(expected) == length && sent.is_empty() => {
                "the newline that ends a line is missing"
            }
            length if text_only(expected) == length => {
                "the newline was swallowed: send back every byte that came"
            }
            1024 => {
                "the answer is cut at 1024 bytes, the length of a buffer: on TCP read on, on UDP take a larger one"
            }
            2048 => {
                "the answer is cut at 2048 bytes, the length of a buffer: on TCP read on, on UDP take a larger one"
            }
            4096 | 8192 => "the answer is as long as a buffer: on TCP read on, on UDP take a larger one",
            length if length + 1 == expected.len() => {
                "the last byte is missing: check where the loop or the slice ends"
            }
            _ => {
                "only the beginning came back: on TCP one read need not return all of a message, so read on; on UDP \
                 the rest of a datagram is lost when the buffer is too small for it"
            }
        });
    }
    if received.windows(3).any(|three| three == "\u{fffd}".as_bytes()) {
        return Some("bytes that are not UTF-8 were replaced: work on bytes, not on strings");
    }
    if String::from_utf8_lossy(sent).to_uppercase().as_bytes() == received {
        return Some("only a to z change: ß, é and other characters beyond ASCII stay as they are");
    }
    if expected.len() == received.len() {
        let is_small = |at: usize| sent.get(at).is_some_and(u8::is_ascii_lowercase);
        let wrong: Vec<usize> = (0..expected.len()).filter(|&at| expected[at] != received[at]).collect();
        if wrong.iter().all(|&at| expected[at] >= 128) {
            return Some("only a to z change: the bytes of other characters (é, ß, я) stay as they are");
        }
        if sent.len() == expected.len() && !wrong.iter().any(|&at| is_small(at)) {
            return Some("only a to z change: capitals, digits and signs stay as they are");
        }
        if wrong == [expected.len() - 1] {
            return Some("the last byte was left out: check where the loop ends");
        }
    }
    None
}

/// Names what kept a program from starting, by its own words.
pub(crate) fn reason_for_no_start(words: &str) -> Option<&'static str> {
    const REASONS: [(&str, &str); 7] = [
        (
            "Missing parentheses in call to",
            "the program is written in Python 2: `print` needs brackets in Python 3",
        ),
        ("<<<<<<<", "marks of a merge are left in the program"),
        ("SyntaxError", "the program has a syntax error: run it by hand, and mend the line that it names"),
        (
            "IndentationError",
            "the program is indented wrongly: run it by hand, and mend the line that it names",
        ),
        ("NameError", "the program uses a name that it does not define: is a placeholder left in it?"),
        (
            "ddress already in use",
            "its port is taken: is there one more server in the program, or in `run.toml`?",
        ),
        (
            "assign requested address",
            "it binds an address that this machine does not have: name it in `run.toml`",
        ),
    ];
    REASONS.iter().find(|(word, _)| words.contains(word)).map(|(_, reason)| *reason)
}

#[cfg(test)]
mod tests {
    use super::{End, comparison, likely_cause, reason_for_no_start};

    fn check(sent: &[u8], received: &[u8], end: End, expected: &str) {
        let cause = likely_cause(sent, &sent.to_ascii_uppercase(), received, end).unwrap_or("none");
        assert!(cause.contains(expected), "{cause}");
    }

    #[test]
    fn names_the_common_mistakes() {
        check(b"hello", b"hello", End::Enough, "as it went");
        check(b"hello", b"HELL", End::Silence, "last byte is missing");
        check(b"hello", b"HELLo", End::Enough, "last byte was left out");
        check(b"hello\n", b"HELLO", End::Silence, "newline was swallowed");
        check(b"hello", b"HELLO\n", End::Enough, "newline was added");
        check(b"hello", b"HELLO\0\0\0", End::Enough, "whole buffer");
        check(b"hi", b"HILLO", End::Enough, "older message");
        check(&[b'x'; 5000], &[b'X'; 1024], End::Silence, "cut at 1024 bytes");
        check(&[b'x'; 5000], &[b'X'; 2048], End::Silence, "cut at 2048 bytes");
        check(&[b'x'; 5000], &[b'X'; 4096], End::Silence, "as long as a buffer");
        check(b"a\xff", "A\u{fffd}".as_bytes(), End::Enough, "work on bytes");
        check("stra\u{df}e".as_bytes(), b"STRASSE", End::Enough, "beyond ASCII");
        check(b"a\xe9", b"A\xc9", End::Enough, "other characters");
        check(b"1 + Two", b"1\0+\0TWO", End::Enough, "digits and signs");
        check(b"Two", b"tWO", End::Enough, "capitals");
        check(b"hello", b"", End::Silence, "waits for something");
        check(b"hello", b"", End::Refused, "has ended");
        check(b"hello", b"", End::Closed, "one message only");
        check(b"", b"", End::Closed, "before it sent a line");
        check(b"hello", b"GOODBYE", End::Enough, "none");
        let cause = likely_cause(b"", b"hello\n", b"hello", End::Silence);
        assert_eq!(cause, Some("the newline that ends a line is missing"));
    }

    #[test]
    fn names_what_keeps_a_program_from_starting() {
        let python_2 = "SyntaxError: Missing parentheses in call to 'print'. Did you mean print(...)?";
        assert!(reason_for_no_start(python_2).unwrap().contains("Python 2"));
        let address = "OSError: [Errno 99] Cannot assign requested address";
        assert!(reason_for_no_start(address).unwrap().contains("does not have"));
        assert_eq!(reason_for_no_start("listening soon"), None);
    }

    #[test]
    fn points_at_the_first_byte_that_differs() {
        let text = comparison(b"HELLO", b"HELlO", End::Enough);
        let expected = "expected 5 bytes: \"HELLO\"\n\
                        received 5 bytes: \"HELlO\"\n  \
                          first difference at byte 3:\n    \
                            expected 48 45 4c 4c 4f\n    \
                            received 48 45 4c 6c 4f\n             \
                                              ^\n";
        // The caret stands under the fourth byte.
        let caret = text.lines().find(|line| line.trim() == "^").unwrap();
        assert_eq!(caret.find('^'), Some(13 + 3 * 3), "{text}");
        assert_eq!(text.lines().take(5).collect::<Vec<_>>(), expected.lines().take(5).collect::<Vec<_>>());
    }
}
