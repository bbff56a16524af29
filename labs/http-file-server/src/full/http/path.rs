//! The target of a request, and the path of the file that it names (RFC 9112 §3.2, RFC 3986 §3). Nothing here does I/O.

use crate::http::status::Status;
use std::ffi::OsStr;
use std::net::Ipv6Addr;
use std::path::PathBuf;

/// The target of a request: the path of its URL, decoded, and the query.
#[derive(Debug, Default, PartialEq)]
pub struct Target {
    /// The parts between the slashes, decoded. Empty parts are left out, so `//a` means the same as `/a`.
    pub segments: Vec<Vec<u8>>,
    /// Whether the path ends in a slash.
    pub names_directory: bool,
    /// The query with its question mark, as it arrived.
    pub query: Vec<u8>,
}

impl Target {
    /// Parses `/path?query` or, as a client sends it to a proxy, `http://host/path?query`.
    ///
    /// # Errors
    /// 400 if it is neither, or if an escape is malformed or stands for NUL.
    pub fn parse(target: &[u8]) -> Result<Target, Status> {
        let target = if target.starts_with(b"/") { target } else { without_authority(target)? };
        let (path, query) =
            target.split_at(target.iter().position(|byte| *byte == b'?').unwrap_or(target.len()));
        // Split before decoding: an encoded slash is part of a name and does not separate.
        let segments = path.split(|byte| *byte == b'/').filter(|segment| !segment.is_empty()).map(decode);
        Ok(Target {
            segments: segments.collect::<Option<_>>().ok_or(Status::BAD_REQUEST)?,
            names_directory: path.is_empty() || path.ends_with(b"/"),
            query: query.to_vec(),
        })
    }

    /// Returns the path below the root, or `None` if no file with such a name is served.
    ///
    /// Names that begin with a dot are hidden, `.` and `..` among them: browsers resolve those before they send a
    /// request. This is not what keeps a client below the root. The system does that when it opens the file.
    pub fn file_path(&self) -> Option<PathBuf> {
        let mut path = PathBuf::with_capacity(self.segments.iter().map(|segment| segment.len() + 1).sum());
        for segment in &self.segments {
            if segment.starts_with(b".")
                || segment.iter().any(|byte| std::path::is_separator(char::from(*byte)))
            {
                return None;
            }
            path.push(file_name(segment)?);
        }
        Some(if self.segments.is_empty() { PathBuf::from(".") } else { path })
    }
}

/// Returns the part of an absolute URL after its authority.
fn without_authority(target: &[u8]) -> Result<&[u8], Status> {
    let colon = target.iter().position(|byte| *byte == b':').ok_or(Status::BAD_REQUEST)?;
    let scheme = &target[..colon];
    // A request for an `https` URL must not be answered without encryption (RFC 9110 §7.4).
    let is_http = scheme.eq_ignore_ascii_case(b"http");
    let rest = target[colon..].strip_prefix(b"://").filter(|_| is_http).ok_or(Status::BAD_REQUEST)?;
    let (authority, rest) =
        rest.split_at(rest.iter().position(|byte| b"/?".contains(byte)).unwrap_or(rest.len()));
    if !authority.is_empty() && is_authority(authority) { Ok(rest) } else { Err(Status::BAD_REQUEST) }
}

/// True for `host` or `host:port`, as in the field `Host` (RFC 9110 §7.2). The host may be empty.
pub fn is_authority(text: &[u8]) -> bool {
    let (host, port) = match text.iter().rposition(|byte| *byte == b':') {
        Some(colon) if !text.ends_with(b"]") => (&text[..colon], &text[colon + 1..]),
        _ => (text, &b""[..]),
    };
    let is_host = match host {
        [b'[', address @ .., b']'] => {
            std::str::from_utf8(address).is_ok_and(|address| address.parse::<Ipv6Addr>().is_ok())
        }
        name => {
            let is_allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=".contains(byte);
            name.iter().all(is_allowed) && decode(name).is_some()
        }
    };
    is_host && port.iter().all(u8::is_ascii_digit)
}

/// Replaces each escape like `%41` by its byte (RFC 3986 §2.1). `None`: an escape is malformed, or stands for NUL.
fn decode(segment: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(segment.len());
    let mut bytes = segment.iter();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let mut digit = || char::from(*bytes.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok().filter(|byte| *byte != 0)?
            }
            byte => *byte,
        });
    }
    Some(decoded)
}

/// Encodes a name as one segment of a path (RFC 3986 §2.1): `a b` becomes `a%20b`.
pub fn encode(name: &[u8]) -> String {
    percent_encode(name, b"-._~")
}

/// Encodes a query without changing its meaning, so that it can stand in a field's value.
pub fn encode_query(query: &[u8]) -> String {
    percent_encode(query, b"-._~%?/:@!$&'()*+,;=")
}

fn percent_encode(bytes: &[u8], kept: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || kept.contains(byte) {
            text.push(char::from(*byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[cfg(unix)]
#[allow(clippy::unnecessary_wraps)] // on other systems it can fail
fn file_name(segment: &[u8]) -> Option<&OsStr> {
    use std::os::unix::ffi::OsStrExt;
    Some(OsStr::from_bytes(segment))
}

#[cfg(not(unix))]
fn file_name(segment: &[u8]) -> Option<&OsStr> {
    std::str::from_utf8(segment).ok().map(OsStr::new)
}

#[cfg(test)]
mod tests {
    use super::{Target, encode, encode_query, is_authority};
    use proptest::prelude::*;
    use std::path::{Component, PathBuf};

    #[track_caller]
    fn check(target: &str, expected: Option<&str>) {
        let parsed = Target::parse(target.as_bytes()).unwrap();
        assert_eq!(parsed.file_path(), expected.map(PathBuf::from), "{target}");
    }

    #[test]
    fn decodes_a_path() {
        check("/", Some("."));
        check("/a/b.txt", Some("a/b.txt"));
        check("/a%20b/%C3%BC", Some("a b/ü"));
        check("/%41%2e%7e", Some("A.~"));
        check("/a?b/../c", Some("a"));
        check("//a///b//", Some("a/b"));
        check("http://host:80/a/b", Some("a/b"));
        check("HTTP://[::1]/a", Some("a"));
        check("http://host", Some("."));
        check("http://host?q", Some("."));
    }

    #[test]
    fn hides_names_with_a_dot_or_a_slash() {
        for target in [
            "/..",
            "/../a",
            "/a/../b",
            "/.",
            "/./a",
            "/%2e%2e/a",
            "/.git/config",
            "/a/.htpasswd",
            "/a%2fb",
            "/%2F",
        ] {
            check(target, None);
        }
    }

    #[test]
    fn recognises_a_directory_by_its_slash() {
        for (target, expected) in
            [("/", true), ("/a", false), ("/a/", true), ("/a?b/", false), ("http://a", true)]
        {
            assert_eq!(Target::parse(target.as_bytes()).unwrap().names_directory, expected, "{target}");
        }
    }

    #[test]
    fn refuses_what_is_not_a_path() {
        for target in [
            "",
            "a",
            "*",
            "?",
            "a/b",
            "ftp://a/",
            "https://a/",
            "http:/a",
            "http:a",
            "http:///a",
            "http://a b/",
            "http://u@h/",
            "://a/",
            "/%",
            "/%1",
            "/%zz",
            "/%00",
            "/a%0",
            "/%+1",
        ] {
            assert!(Target::parse(target.as_bytes()).is_err(), "{target}");
        }
    }

    #[test]
    fn knows_an_authority() {
        for text in ["", "a", "a.b-c_d~e", "127.0.0.1:80", "a:", "[::1]", "[::1]:80", "%41"] {
            assert!(is_authority(text.as_bytes()), "{text}");
        }
        for text in [
            "a b",
            "a/",
            "a:b",
            "a:1:2",
            "[::1",
            "::1]",
            "[]",
            "[::1]80",
            "[::1]:x",
            "u@h",
            "a,b c",
            "\u{e9}",
            "[zz]",
            "[:::]",
            "[127.0.0.1]",
            "%zz",
            "a%4",
        ] {
            assert!(!is_authority(text.as_bytes()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn decodes_what_it_encoded(name in proptest::collection::vec(1_u8.., 1..40)) {
            let target = Target::parse(format!("/{}", encode(&name)).as_bytes()).unwrap();
            prop_assert_eq!(target.segments, [name]);
        }

        #[test]
        fn encodes_a_query_for_a_field(query: Vec<u8>) {
            prop_assert!(encode_query(&query).bytes().all(|byte| byte.is_ascii_graphic()));
        }

        #[test]
        fn never_goes_up(target in "/([.%/a-f0-9\\\\]|\\.\\./|%2e|%2f|%5c){0,20}") {
            let Ok(target) = Target::parse(target.as_bytes()) else { return Ok(()) };
            let Some(path) = target.file_path() else { return Ok(()) };
            prop_assert!(path.components().all(|part| matches!(part, Component::CurDir | Component::Normal(_))));
        }
    }
}
