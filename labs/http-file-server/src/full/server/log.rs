//! The access log: a line for each answer, in the Common Log Format that web servers have shared since 1993.

use crate::http::status::Status;
use chrono::{DateTime, Datelike, Local, Timelike};
use std::fmt::{self, Display};

/// The part of a request line that is shown. Escaped, it is up to four times as long, and the rest of the line must fit
/// too.
const REQUEST_BYTES_MAX: usize = 200;

const MONTHS: [&[u8; 3]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

/// A line of the log: `127.0.0.1 - - [10/Oct/2000:13:55:36 +0200] "GET / HTTP/1.1" 200 2326`.
pub struct Entry<'a> {
    /// The client's IP address.
    pub client: &'a str,
    /// The request line as it arrived, or as much of it as has arrived.
    pub request: &'a [u8],
    /// The status of the answer.
    pub status: Status,
    /// Bytes of the body that were sent.
    pub body_bytes: u64,
}

impl Display for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Entry { client, request, status: Status { code, .. }, body_bytes } = self;
        let time = format_time(&Local::now());
        let time = std::str::from_utf8(&time).unwrap_or_default();
        let (shown, more) = match request.get(..REQUEST_BYTES_MAX) {
            Some(shown) => (shown, "..."),
            None => (*request, ""),
        };
        // Escaped, a request can end neither the line nor its quotes.
        let shown = shown.escape_ascii();
        write!(f, "{client} - - [{time}] \"{shown}{more}\" {code} {body_bytes}")
    }
}

/// Formats a time by filling in a template, which takes 30 ns. A format string takes 300 ns, and would raise the processor
/// time of a small answer by 4 %.
fn format_time(time: &DateTime<Local>) -> [u8; 26] {
    let mut text = *b"01/Jan/1970:00:00:00 +0000";
    fill_in(&mut text[..2], time.day());
    text[3..6].copy_from_slice(MONTHS[time.month0() as usize]);
    fill_in(&mut text[7..11], time.year().unsigned_abs());
    fill_in(&mut text[12..14], time.hour());
    fill_in(&mut text[15..17], time.minute());
    fill_in(&mut text[18..20], time.second());
    let offset = time.offset().local_minus_utc();
    text[21] = if offset < 0 { b'-' } else { b'+' };
    let minutes = offset.unsigned_abs() / 60;
    fill_in(&mut text[22..], minutes / 60 * 100 + minutes % 60);
    text
}

/// Fills `place` with the last digits of a number.
fn fill_in(place: &mut [u8], mut number: u32) {
    for digit in place.iter_mut().rev() {
        *digit = b"0123456789"[number as usize % 10];
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::Entry;
    use crate::http::status::Status;

    #[test]
    fn writes_the_common_log_format() {
        let entry =
            Entry { client: "127.0.0.1", request: b"GET / HTTP/1.1", status: Status::OK, body_bytes: 2326 };
        let line = entry.to_string();
        let (before, rest) = line.split_once(" [").unwrap();
        let (time, after) = rest.split_once("] ").unwrap();
        assert_eq!((before, after), ("127.0.0.1 - -", "\"GET / HTTP/1.1\" 200 2326"));
        assert!(chrono::DateTime::parse_from_str(time, "%d/%b/%Y:%H:%M:%S %z").is_ok(), "{time}");
    }

    #[test]
    fn escapes_what_could_fake_a_line() {
        for (request, expected) in [
            (&b"GET /\" 200 0\\"[..], "\"GET /\\\" 200 0\\\\\" 400 0"),
            (b"\x1b[2J\r\n\xc3\xa9", "\"\\x1b[2J\\r\\n\\xc3\\xa9\" 400 0"),
            (&[b'x'; 201], &format!("\"{}...\" 400 0", "x".repeat(200))),
        ] {
            let entry = Entry { client: "::1", request, status: Status::BAD_REQUEST, body_bytes: 0 };
            assert!(entry.to_string().ends_with(expected), "{entry}");
        }
    }
}
