//! Bodies of requests (RFC 9112 §6, §7.1). The server reads a body only to find where the next request begins.

use crate::http::head::{Lines, parse_fields};
use crate::http::request::BodyLength;
use crate::http::status::Status;

/// The longest line that gives a chunk's length, without its line ending.
const SIZE_LINE_BYTES_MAX: usize = 256;

/// Moves `at` from the beginning of a body towards its end, as far as `bytes` reach. True if the end was found.
///
/// # Errors
/// The status to refuse the request with, if the body is not what the head says.
pub fn skip(body: BodyLength, bytes: &[u8], at: &mut usize) -> Result<bool, Status> {
    match body {
        BodyLength::Bytes(length) => {
            let end = at.saturating_add(usize::try_from(length).unwrap_or(usize::MAX));
            let is_complete = end <= bytes.len();
            *at = if is_complete { end } else { *at };
            Ok(is_complete)
        }
        BodyLength::Chunked => loop {
            match measure(&bytes[*at..])? {
                None => return Ok(false),
                Some(Chunk::Data(length)) => *at += length,
                Some(Chunk::Last(length)) => {
                    *at += length;
                    return Ok(true);
                }
            }
        },
    }
}

/// What a chunked body begins with.
#[derive(Debug, PartialEq)]
enum Chunk {
    /// A chunk of so many bytes, including the line with its length.
    Data(usize),
    /// The last chunk of so many bytes, including the fields that may follow it.
    Last(usize),
}

/// Measures the chunk at the beginning of `bytes`, or returns `None` if its end has not arrived yet.
fn measure(bytes: &[u8]) -> Result<Option<Chunk>, Status> {
    let mut lines = Lines { bytes, at: 0 };
    let Some(line) = lines.next(SIZE_LINE_BYTES_MAX + 2, Status::BAD_REQUEST)? else { return Ok(None) };
    // A semicolon begins an extension. A server ignores the extensions that it does not know (RFC 9112 §7.1.1).
    let digits = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii_end();
    let size = size(digits).ok_or(Status::BAD_REQUEST)?;
    if size == 0 {
        return Ok(parse_fields(&mut lines)?.map(|_| Chunk::Last(lines.at)));
    }
    let end = lines.at.saturating_add(size);
    match bytes.get(end..) {
        Some([b'\r', b'\n', ..]) => Ok(Some(Chunk::Data(end + 2))),
        None | Some([] | [b'\r']) => Ok(None),
        Some(_) => Err(Status::BAD_REQUEST),
    }
}

fn size(digits: &[u8]) -> Option<usize> {
    // The standard library's parser accepts a plus sign, but HTTP does not.
    let text = std::str::from_utf8(digits).ok().filter(|text| !text.starts_with('+'))?;
    let size = u64::from_str_radix(text, 16).ok()?;
    // On a 32-bit computer, a size that fits into 64 bits only is as good as infinite.
    Some(usize::try_from(size).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::{Chunk, measure, skip};
    use crate::http::request::BodyLength;
    use crate::http::status::Status;

    #[track_caller]
    fn check(bytes: &[u8], expected: Result<Option<Chunk>, Status>) {
        assert_eq!(measure(bytes), expected);
        // Before the end has arrived, the only other result is the same error.
        for end in 0..bytes.len() {
            let earlier = measure(&bytes[..end]);
            assert!(earlier == Ok(None) || earlier == expected, "{end}: {earlier:?}");
        }
    }

    #[test]
    fn measures_a_chunk_with_its_length_line_and_trailers() {
        check(b"5\r\nhello\r\n", Ok(Some(Chunk::Data(10))));
        check(b"00A ; name=\"value\"\r\n0123456789\r\n", Ok(Some(Chunk::Data(32))));
        check(b"0\r\n\r\n", Ok(Some(Chunk::Last(5))));
        check(b"0\r\nDigest: x\r\n\r\n", Ok(Some(Chunk::Last(16))));
    }

    #[test]
    fn skips_a_body_to_its_end_and_no_further() {
        let mut at = 2;
        let bytes = b"..3\r\nabc\r\n1\r\nd\r\n0\r\n\r\nGET /";
        assert_eq!((skip(BodyLength::Chunked, bytes, &mut at), at), (Ok(true), bytes.len() - 5));
        let mut at = 2;
        assert_eq!((skip(BodyLength::Chunked, &bytes[..12], &mut at), at), (Ok(false), 10));
        let mut at = 2;
        assert_eq!((skip(BodyLength::Bytes(3), b"..abcGET /", &mut at), at), (Ok(true), 5));
        let mut at = 2;
        assert_eq!((skip(BodyLength::Bytes(u64::MAX), b"..abc", &mut at), at), (Ok(false), 2));
    }

    #[test]
    fn waits_for_the_end() {
        check(b"ffff\r\nhello", Ok(None));
        check(b"7fffffffffffffff\r\nhello", Ok(None));
        check(b"0\r\nDigest: x\r\n", Ok(None));
    }

    #[test]
    fn refuses_what_is_not_a_chunk() {
        for bytes in [
            &b"\r\n"[..],
            b"5\nhello\r\n",
            b"x\r\n",
            b"+5\r\nhello\r\n",
            b"-1\r\n",
            b"0x5\r\n",
            b" 5\r\n",
            b"5\r\nhello!!",
            b"5\r\nhello\n",
            b"fffffffffffffffff\r\n",
            b"0\r\nno field\r\n\r\n",
            &[b'0'; 300],
        ] {
            check(bytes, Err(Status::BAD_REQUEST));
        }
    }
}
