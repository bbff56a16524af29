//! The access log: a line for each answer, in the Common Log Format that web servers have shared since 1993.

use crate::date::MONTHS;
use crate::status::Status;
use chrono::{DateTime, Datelike, Local, Timelike};
use std::fmt::{self, Display};
use std::net::IpAddr;

/// What is shown of a request line. Escaped, it is up to four times as long, and the rest of the line must fit, too.
const REQUEST_BYTES_MAX: usize = 200;

/// What a line of the log says: `127.0.0.1 - - [10/Oct/2000:13:55:36 +0200] "GET / HTTP/1.1" 200 2326`.
pub struct Entry<'a> {
    /// Who asked.
    pub client: IpAddr,
    /// The request line as it came, or what came of it.
    pub request: &'a [u8],
    /// How it went.
    pub status: Status,
    /// How much of the body was sent.
    pub body_bytes: u64,
}

impl Display for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Entry { client, request, status, body_bytes } = self;
        let (client, code) = (client.to_canonical(), status.code);
        write!(f, "{client} - - [")?;
        write_time(f, &Local::now())?;
        // Escaped, a request can end neither the line nor its quotes.
        let (shown, more) = match request.get(..REQUEST_BYTES_MAX) {
            Some(shown) => (shown, "..."),
            None => (*request, ""),
        };
        write!(f, "] \"{}{more}\" {code} {body_bytes}", shown.escape_ascii())
    }
}

/// Writes `10/Oct/2000:13:55:36 +0200`. A pattern of chrono's would do it too, in three times the time.
fn write_time(f: &mut fmt::Formatter<'_>, t: &DateTime<Local>) -> fmt::Result {
    let (day, month, year) = (t.day(), MONTHS[t.month0() as usize], t.year());
    let (hour, minute, second) = (t.hour(), t.minute(), t.second());
    let offset = t.offset().local_minus_utc() / 60;
    let (sign, offset) = (if offset < 0 { '-' } else { '+' }, offset.abs());
    let offset = offset / 60 * 100 + offset % 60;
    write!(f, "{day:02}/{month}/{year}:{hour:02}:{minute:02}:{second:02} {sign}{offset:04}")
}

#[cfg(test)]
mod tests {
    use super::Entry;
    use crate::status::Status;
    use std::net::{IpAddr, Ipv4Addr};

    #[test]
    fn writes_the_common_log_format() {
        let client = IpAddr::from(Ipv4Addr::LOCALHOST.to_ipv6_mapped());
        let entry = Entry { client, request: b"GET / HTTP/1.1", status: Status::OK, body_bytes: 2326 };
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
            let client = Ipv4Addr::LOCALHOST.into();
            let entry = Entry { client, request, status: Status::BAD_REQUEST, body_bytes: 0 };
            assert!(entry.to_string().ends_with(expected), "{entry}");
        }
    }
}
