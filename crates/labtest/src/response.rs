//! A web server's *response*, taken apart as far as it goes. It is read as leniently as browsers do: a body ends where
//! `Content-Length` or the chunks say, or else with the connection.

/// A response, whole or not.
pub(crate) struct Parts<'a> {
    /// Status line and fields, without the empty line.
    pub(crate) head: Option<&'a [u8]>,
    /// Everything after the empty line.
    pub(crate) rest: &'a [u8],
}

impl<'a> Parts<'a> {
    pub(crate) fn of(received: &'a [u8]) -> Parts<'a> {
        match find(received, b"\r\n\r\n") {
            Some(at) if received.starts_with(b"HTTP/") => {
                Parts { head: Some(&received[..at]), rest: &received[at + 4..] }
            }
            _ => Parts { head: None, rest: b"" },
        }
    }

    /// The status code's three digits.
    pub(crate) fn status(&self) -> Option<&'a str> {
        std::str::from_utf8(self.head?).ok()?.lines().next()?.split(' ').nth(1)
    }

    /// The values of all fields with this name.
    pub(crate) fn fields(&self, name: &str) -> Vec<&'a str> {
        let head = std::str::from_utf8(self.head.unwrap_or_default()).unwrap_or_default();
        let fields = head.lines().filter_map(|line| line.split_once(':'));
        fields.filter(|field| field.0.eq_ignore_ascii_case(name)).map(|field| field.1.trim()).collect()
    }

    /// The value of the first field with this name.
    pub(crate) fn field(&self, name: &str) -> Option<&'a str> {
        self.fields(name).first().copied()
    }

    /// The length of the body, if the head states one.
    pub(crate) fn length(&self) -> Option<usize> {
        self.field("content-length")?.parse().ok()
    }

    fn is_chunked(&self) -> bool {
        self.field("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"))
    }

    /// The body as far as it came. Bytes after `Content-Length` do not belong to it.
    pub(crate) fn body(&self) -> Vec<u8> {
        let end = self.length().map_or(self.rest.len(), |length| length.min(self.rest.len()));
        if self.is_chunked() { joined_chunks(self.rest) } else { self.rest[..end].to_vec() }
    }
}

/// Joins the chunks of a body (RFC 9112 §7.1), as far as they came.
fn joined_chunks(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(at) = find(rest, b"\r\n") {
        let Some(size @ 1..) = chunk_size(&rest[..at]) else { break };
        let chunk = &rest[at + 2..];
        body.extend_from_slice(&chunk[..size.min(chunk.len())]);
        rest = size.checked_add(2).and_then(|next| chunk.get(next..)).unwrap_or_default();
    }
    body
}

/// The size of a chunk by its first line, which may have extensions.
fn chunk_size(line: &[u8]) -> Option<usize> {
    let digits = std::str::from_utf8(line).ok()?.split(';').next()?;
    usize::from_str_radix(digits.trim(), 16).ok()
}

/// Finds the end of a response while it arrives. However small its pieces are, each byte is looked at once.
#[derive(Default)]
pub(crate) struct Progress {
    stage: Stage,
    /// Where the next search begins. Everything before it has been looked at.
    at: usize,
}

#[derive(Default)]
enum Stage {
    /// The empty line has not come.
    #[default]
    Head,
    /// The body ends at this length of the response.
    Length(usize),
    /// The first line of a chunk begins at this place.
    Chunk(usize),
    /// The last chunk has come.
    Complete,
    /// Only the end of the connection ends it.
    UntilClose,
}

impl Progress {
    /// True if nothing more belongs to the response, whether the connection ends or not. `received` is all of it so far:
    /// what was passed before, and more.
    pub(crate) fn is_complete(&mut self, received: &[u8]) -> bool {
        loop {
            self.stage = match self.stage {
                Stage::Head => match self.search(received, b"\r\n\r\n") {
                    Some(end) => body_after(Parts::of(&received[..end]), end),
                    None => return false,
                },
                Stage::Length(end) => return received.len() >= end,
                Stage::Chunk(start) => {
                    self.at = self.at.max(start);
                    let Some(end) = self.search(received, b"\r\n") else { return false };
                    match chunk_size(&received[start..end - 2]) {
                        Some(0) => Stage::Complete,
                        Some(size) => end
                            .checked_add(size)
                            .and_then(|end| end.checked_add(2))
                            .map_or(Stage::UntilClose, Stage::Chunk),
                        None => Stage::UntilClose,
                    }
                }
                Stage::Complete => return true,
                Stage::UntilClose => return false,
            }
        }
    }

    /// The place behind the next `mark`. If it has not come, the next search goes on where this one ended.
    fn search(&mut self, received: &[u8], mark: &[u8]) -> Option<usize> {
        let found = find(received.get(self.at..)?, mark).map(|at| self.at + at + mark.len());
        // The beginning of a mark may have come already.
        self.at = found.unwrap_or_else(|| self.at.max(received.len().saturating_sub(mark.len() - 1)));
        found
    }
}

/// How the body ends whose head is `parts`, which has `length` bytes.
fn body_after(parts: Parts<'_>, length: usize) -> Stage {
    match parts.length() {
        Some(body) => length.checked_add(body).map_or(Stage::UntilClose, Stage::Length),
        None if parts.is_chunked() => Stage::Chunk(length),
        None => Stage::UntilClose,
    }
}

/// Where `part` stands in `bytes`.
pub(crate) fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::{Parts, Progress};

    #[test]
    fn finds_the_end_of_a_body() {
        for (response, expected) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", true),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab\r\n", true),
            ("HTTP/1.1 200 OK\r\ncontent-length:2\r\n\r\na", false),
            ("HTTP/1.1 200 OK\r\n\r\nab", false),
            ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", false),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n", false),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n01;x\r\nb\r\n0\r\n\r\n", true),
        ] {
            let parts = Parts::of(response.as_bytes());
            assert_eq!(Progress::default().is_complete(response.as_bytes()), expected, "{response:?}");
            assert!(!expected || parts.body() == b"ab", "{response:?}");
            // The same, byte by byte.
            let mut progress = Progress::default();
            let pieces = (1..=response.len()).map(|end| &response.as_bytes()[..end]);
            let complete = pieces.map(|piece| progress.is_complete(piece));
            assert_eq!(complete.last(), Some(expected), "{response:?}");
        }
    }

    /// It takes minutes if each piece has everything before it parsed again.
    #[test]
    fn looks_at_each_byte_of_many_chunks_once() {
        const CHUNKS: usize = 100_000;
        let mut response = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
        response.extend(b"1\r\nx\r\n".repeat(CHUNKS));
        response.extend(b"0\r\n");
        let mut progress = Progress::default();
        let first = (1..=response.len()).find(|end| progress.is_complete(&response[..*end]));
        assert_eq!(first, Some(response.len()));
        assert_eq!(Parts::of(&response).body().len(), CHUNKS);
    }

    #[test]
    fn takes_any_size_of_a_chunk() {
        let huge = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc\r\n";
        assert!(!Progress::default().is_complete(huge));
        assert_eq!(Parts::of(huge).body(), b"abc\r\n");
    }
}
