//! The access log: a line for each answer, in the Common Log Format that web servers have shared since 1993.

use crate::date::{fill_in, fill_in_time, month};
use crate::status::Status;
use chrono::{DateTime, Datelike, Local};
use std::fmt::{self, Display};

/// What is shown of a request line. Escaped, it is up to four times as long, and the rest of the line must fit, too.
const REQUEST_BYTES_MAX: usize = 200;

/// What a line of the log says: `127.0.0.1 - - [10/Oct/2000:13:55:36 +0200] "GET / HTTP/1.1" 200 2326`.
pub struct Entry<'a> {
    /// Who asked.
    pub client: &'a str,
    /// The request line as it came, or what came of it.
    pub request: &'a [u8],
    /// How it went.
    pub status: Status,
    /// How much of the body was sent.
    pub body_bytes: u64,
}

impl Display for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Entry { client, request, status: Status { code, .. }, body_bytes } = self;
        let time = time(&Local::now());
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

fn time(t: &DateTime<Local>) -> [u8; 26] {
    let mut form = *b"01/Jan/1970:00:00:00 +0000";
    fill_in(&mut form[..2], t.day());
    form[3..6].copy_from_slice(month(t));
    fill_in(&mut form[7..11], t.year().unsigned_abs());
    fill_in_time(&mut form[12..20], t);
    let offset = t.offset().local_minus_utc();
    form[21] = if offset < 0 { b'-' } else { b'+' };
    let minutes = offset.unsigned_abs() / 60;
    fill_in(&mut form[22..], minutes / 60 * 100 + minutes % 60);
    form
}

#[cfg(test)]
mod tests {
    use super::Entry;
    use crate::status::Status;

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
