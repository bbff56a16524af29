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

    /// True if nothing more belongs to it, whether the connection ends or not.
    pub(crate) fn is_complete(&self) -> bool {
        match self.length() {
            Some(length) => self.rest.len() >= length,
            None => self.is_chunked() && chunks(self.rest).1,
        }
    }

    /// The body as far as it came. Bytes after `Content-Length` do not belong to it.
    pub(crate) fn body(&self) -> Vec<u8> {
        let end = self.length().map_or(self.rest.len(), |length| length.min(self.rest.len()));
        if self.is_chunked() { chunks(self.rest).0 } else { self.rest[..end].to_vec() }
    }
}

/// Joins the chunks of a body (RFC 9112 §7.1), and finds out if the last one has come.
fn chunks(mut rest: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    while let Some(at) = find(rest, b"\r\n") {
        let digits = std::str::from_utf8(&rest[..at]).unwrap_or_default();
        let size = usize::from_str_radix(digits.split(';').next().unwrap_or_default().trim(), 16);
        match size {
            Ok(0) => return (body, true),
            Ok(size) if size <= rest.len() => {
                body.extend(rest[at + 2..].iter().take(size));
                rest = rest.get(at + 2 + size + 2..).unwrap_or_default();
            }
            _ => break,
        }
    }
    (body, false)
}

/// Where `part` stands in `bytes`.
pub(crate) fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::Parts;

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
            assert_eq!(parts.is_complete(), expected, "{response:?}");
            assert!(!expected || parts.body() == b"ab", "{response:?}");
        }
    }
}
