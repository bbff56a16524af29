//! The head of a request: a request line and fields (RFC 9112 §2–§5). Nothing here does I/O.
//!
//! A stream has no boundaries except those that the parser finds. Wherever two programs could disagree on where a
//! request ends, this one returns an error: what one takes for a body, another might take for the next request.

use crate::http::status::Status;
use std::borrow::Cow;

/// The longest request line, without its line ending.
pub const REQUEST_LINE_BYTES_MAX: usize = 8 * 1024;

/// The largest head: request line and fields, with all line endings.
pub const HEAD_BYTES_MAX: usize = 16 * 1024;

/// The most fields in a head.
const FIELDS_MAX: usize = 100;

/// A head, split into its parts.
#[derive(Debug, PartialEq)]
pub struct Head<'a> {
    /// The request line, whole.
    pub line: &'a [u8],
    /// The first word of the request line.
    pub method: &'a [u8],
    /// The second word.
    pub target: &'a [u8],
    /// The last digit of the third word, `HTTP/1.1`.
    pub minor_version: u8,
    /// Names and values of the fields.
    pub fields: Vec<Field<'a>>,
    /// Bytes of the head, including the empty line that ends it.
    pub length: usize,
}

/// Name and value.
pub type Field<'a> = (&'a [u8], &'a [u8]);

impl<'a> Head<'a> {
    /// Parses the head at the beginning of `bytes`, or returns `None` if its end has not arrived yet.
    ///
    /// # Errors
    /// The status to refuse the request with.
    pub fn parse(bytes: &'a [u8]) -> Result<Option<Head<'a>>, Status> {
        let mut lines = Lines { bytes, at: 0 };
        let line = loop {
            match lines.next(lines.at + REQUEST_LINE_BYTES_MAX + 2, Status::URI_TOO_LONG)? {
                None => return Ok(None),
                // Some clients send an empty line after a body (RFC 9112 §2.2).
                Some(b"") => {}
                Some(line) => break line,
            }
        };
        let (method, target, minor_version) = parse_request_line(line)?;
        let Some(fields) = parse_fields(&mut lines)? else { return Ok(None) };
        Ok(Some(Head { line, method, target, minor_version, fields, length: lines.at }))
    }

    /// Returns the value of the field `name`. If the field occurs more than once, its values are joined into one list
    /// (RFC 9110 §5.3). A field that must not be a list thereby gets an invalid value, and is treated like any other
    /// invalid one.
    pub fn value(&self, name: &str) -> Option<Cow<'a, str>> {
        let named = self.fields.iter().filter(|field| field.0.eq_ignore_ascii_case(name.as_bytes()));
        named.map(|field| String::from_utf8_lossy(field.1)).reduce(|list, value| list + ", " + value)
    }

    /// True if the field `name` is a list that contains `token`.
    pub fn has_token(&self, name: &str, token: &str) -> bool {
        let list = self.value(name).unwrap_or_default();
        list.split(',').any(|word| word.trim().eq_ignore_ascii_case(token))
    }
}

/// The lines of a head, each ended by CR LF.
pub struct Lines<'a> {
    pub bytes: &'a [u8],
    /// Where the next line begins.
    pub at: usize,
}

impl<'a> Lines<'a> {
    /// Returns the next line without its ending, or `None` if its end has not arrived yet.
    ///
    /// A line that reaches beyond the first `end_max` bytes is refused with `too_long`.
    pub fn next(&mut self, end_max: usize, too_long: Status) -> Result<Option<&'a [u8]>, Status> {
        let room = end_max.min(HEAD_BYTES_MAX).saturating_sub(self.at);
        let rest = &self.bytes[self.at..];
        let Some(length) = rest.iter().take(room).position(|byte| *byte == b'\n') else {
            return if rest.len() < room { Ok(None) } else { Err(too_long) };
        };
        let line = rest[..length].strip_suffix(b"\r").ok_or(Status::BAD_REQUEST)?;
        if line.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t') {
            return Err(Status::BAD_REQUEST);
        }
        self.at += length + 1;
        Ok(Some(line))
    }
}

/// Parses `GET /index.html HTTP/1.1` (RFC 9112 §3) into method, target and minor version.
fn parse_request_line(line: &[u8]) -> Result<(&[u8], &[u8], u8), Status> {
    let mut words = line.split(|byte| *byte == b' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(Status::BAD_REQUEST);
    };
    if !is_token(method) || target.is_empty() || target.contains(&b'\t') {
        return Err(Status::BAD_REQUEST);
    }
    match version.strip_prefix(b"HTTP/") {
        Some([b'1', b'.', minor]) if minor.is_ascii_digit() => Ok((method, target, minor - b'0')),
        Some([major, b'.', minor]) if major.is_ascii_digit() && minor.is_ascii_digit() => {
            Err(Status::VERSION_NOT_SUPPORTED)
        }
        _ => Err(Status::BAD_REQUEST),
    }
}

/// Parses fields, including the empty line after them. They end a head, and also a chunked body.
pub fn parse_fields<'a>(lines: &mut Lines<'a>) -> Result<Option<Vec<Field<'a>>>, Status> {
    let mut fields = Vec::with_capacity(16); // browsers send about so many
    loop {
        match lines.next(HEAD_BYTES_MAX, Status::FIELDS_TOO_LARGE)? {
            None => return Ok(None),
            Some(b"") => return Ok(Some(fields)),
            Some(_) if fields.len() == FIELDS_MAX => return Err(Status::FIELDS_TOO_LARGE),
            Some(line) => fields.push(parse_field(line)?),
        }
    }
}

/// Parses `Name: value` (RFC 9112 §5).
///
/// Programs have disagreed on what a request means if a line continues the field before it (it begins with a space), or
/// if a space precedes the colon. Neither makes a token, so both are refused here.
fn parse_field(line: &[u8]) -> Result<Field<'_>, Status> {
    let colon = line.iter().position(|byte| *byte == b':').ok_or(Status::BAD_REQUEST)?;
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    if is_token(name) { Ok((name, value.trim_ascii())) } else { Err(Status::BAD_REQUEST) }
}

/// True for a name of a method or field (RFC 9110 §5.6.2).
fn is_token(word: &[u8]) -> bool {
    !word.is_empty()
        && word.iter().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}
