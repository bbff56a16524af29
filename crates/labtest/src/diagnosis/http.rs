//! The cause that a web server's response shows.

use super::bytes::BUFFER_LENGTHS;
use crate::failure::{Cause, End};
use crate::response::{Parts, find};

/// What a check wants to see.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wanted<'a> {
    /// Status 200 with this body.
    Page(&'a [u8]),
    /// Status 404.
    Missing,
    /// Anything but 404.
    Found,
    /// A body, whatever it says.
    Body,
    /// A response without a secret.
    Without,
    /// A response with this status code.
    Status(&'a str),
}

/// Finds the most likely cause of a wrong response. `is_first` is true if nothing was answered before.
pub(crate) fn cause(wanted: Wanted<'_>, received: &[u8], end: End, is_first: bool) -> Option<Cause> {
    if received.is_empty() {
        return Some(cause_of_nothing(end, is_first));
    }
    let parts = Parts::of(received);
    if parts.head.is_none() {
        return Some(cause_of_no_head(wanted, received));
    }
    match (wanted, parts.status()) {
        (Wanted::Without, _) => return Some(Cause::LeavesRoot),
        (Wanted::Body, _) => return Some(Cause::NotFoundWithoutBody),
        (Wanted::Missing | Wanted::Status("404"), Some("200")) => return Some(Cause::OkBeforeOpening),
        (Wanted::Page(_) | Wanted::Found | Wanted::Status("200"), Some("404")) => {
            return Some(Cause::LooksElsewhere);
        }
        (Wanted::Page(_), Some("200")) | (Wanted::Missing, Some("404")) => {}
        (Wanted::Status(wanted), Some(found)) if wanted == found => {}
        (_, found) => {
            let wanted = match wanted {
                Wanted::Missing => "404",
                Wanted::Status(wanted) => wanted,
                _ => "200",
            };
            return Some(Cause::WrongStatus { found: found.map(shortened), wanted: wanted.to_owned() });
        }
    }
    match (end, parts.length()) {
        (End::Silence, None) => return Some(Cause::BodyWithoutEnd),
        (End::Silence | End::Closed | End::Reset, Some(length)) if parts.rest.len() < length => {
            return Some(Cause::LengthTooLarge);
        }
        (End::Reset, None) => return Some(Cause::ResetAfterResponse),
        (_, Some(length)) if parts.rest.len() > length => return Some(Cause::LengthTooSmall),
        _ => {}
    }
    let Wanted::Page(page) = wanted else { return None };
    cause_of_body(page, &parts.body())
}

/// A value that a server sent, escaped and short enough for a sentence.
pub(crate) fn shortened(value: &str) -> String {
    const CHARS_MAX: usize = 60;
    let short: String = value.chars().take(CHARS_MAX).collect();
    labcore::printable(short.as_bytes()).to_string()
}

fn cause_of_nothing(end: End, is_first: bool) -> Cause {
    match end {
        _ if !is_first && end != End::Closed => Cause::StopsAfterRequests,
        End::Refused => Cause::WebServerGone,
        End::Silence => Cause::WaitsAfterRequest,
        End::Reset => Cause::ResetBeforeRequestRead,
        End::Closed | End::Enough => Cause::ClosedWithoutResponse,
    }
}

fn cause_of_no_head(wanted: Wanted<'_>, received: &[u8]) -> Cause {
    let has_status = received.starts_with(b"HTTP/");
    match wanted {
        _ if !has_status && received.trim_ascii_start().starts_with(b"HTTP/") => Cause::SpaceBeforeStatus,
        Wanted::Missing | Wanted::Body if !has_status => Cause::NotFoundWithoutHead,
        _ if !has_status => Cause::FileWithoutHead,
        _ if find(received, b"\n\n").is_some() => Cause::BareNewlines,
        _ => Cause::HeadWithoutEnd,
    }
}

/// Finds the most likely cause of a body that is not the file `page`.
pub(crate) fn cause_of_body(page: &[u8], body: &[u8]) -> Option<Cause> {
    let at = page.iter().zip(body).take_while(|(one, other)| one == other).count();
    if page.get(at) == Some(&b'%') && !body.is_empty() {
        return Some(Cause::FileAsFormat);
    }
    if find(body, "\u{fffd}".as_bytes()).is_some() {
        return Some(Cause::FileBytesReplaced);
    }
    let strip = |bytes: &[u8]| bytes.iter().copied().filter(|byte| *byte != b'\r').collect::<Vec<u8>>();
    if page != body && strip(page) == strip(body) {
        return Some(Cause::LineEndingsChanged);
    }
    if at == body.len() {
        return Some(match page.iter().position(|byte| *byte == 0) {
            Some(zero) if zero == at => Cause::FileEndsAtZero,
            _ if body.is_empty() && page.contains(&b'%') => Cause::FormatLost,
            _ if body.is_empty() => Cause::HeadOnly,
            _ if BUFFER_LENGTHS.contains(&body.len()) => Cause::FileCutAtBuffer { bytes: body.len() },
            _ => Cause::FileCutShort,
        });
    }
    if at == page.len() {
        let zeros = body[at..].iter().all(|byte| *byte == 0);
        return Some(if zeros { Cause::WholeBufferAfterFile } else { Cause::ExtraAfterFile });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Wanted, cause};
    use crate::failure::{Cause, End};

    const OK: &str = "HTTP/1.1 200 OK\r\n\r\n";

    #[track_caller]
    fn check(wanted: Wanted<'_>, received: &[u8], end: End, expected: Option<Cause>) {
        assert_eq!(cause(wanted, received, end, true), expected);
    }

    #[test]
    fn names_what_is_wrong_with_a_page() {
        let page = Wanted::Page(b"100 % of\n\xff\0x");
        let check_body =
            |body: &[u8], cause| check(page, &[OK.as_bytes(), body].concat(), End::Closed, cause);
        check_body(b"100 0f", Some(Cause::FileAsFormat));
        check_body(b"100 % of\n\xef\xbf\xbd\0x", Some(Cause::FileBytesReplaced));
        check_body(b"100 % of\r\n\xff\0x", Some(Cause::LineEndingsChanged));
        check_body(b"100 % of\n\xff", Some(Cause::FileEndsAtZero));
        check_body(b"100", Some(Cause::FileCutShort));
        check_body(b"", Some(Cause::FormatLost));
        check_body(b"100 % of\n\xff\0x\0\0", Some(Cause::WholeBufferAfterFile));
        check_body(b"100 % of\n\xff\0xyz", Some(Cause::ExtraAfterFile));
        check_body(b"100 % ox", None);
        check(Wanted::Page(b"all of"), OK.as_bytes(), End::Closed, Some(Cause::HeadOnly));
    }

    #[test]
    fn names_a_buffer_that_is_too_small() {
        let body = [OK.as_bytes(), &[b'x'; 2048]].concat();
        let cut = Cause::FileCutAtBuffer { bytes: 2048 };
        check(Wanted::Page(&[b'x'; 5000]), &body, End::Closed, Some(cut));
    }

    #[test]
    fn names_what_is_wrong_with_a_response() {
        let page = Wanted::Page(b"page");
        let wrong_status = Cause::WrongStatus { found: Some("500".to_owned()), wanted: "200".to_owned() };
        for (received, end, cause) in [
            ("", End::Refused, Cause::WebServerGone),
            ("", End::Silence, Cause::WaitsAfterRequest),
            ("", End::Closed, Cause::ClosedWithoutResponse),
            ("", End::Reset, Cause::ResetBeforeRequestRead),
            ("\nHTTP/1.1 200 OK\r\n\r\npage", End::Closed, Cause::SpaceBeforeStatus),
            ("page", End::Closed, Cause::FileWithoutHead),
            ("HTTP/1.1 200 OK\n\npage", End::Closed, Cause::BareNewlines),
            ("HTTP/1.1 200 OK\r\npage", End::Closed, Cause::HeadWithoutEnd),
            ("HTTP/1.1 404 Not Found\r\n\r\n", End::Closed, Cause::LooksElsewhere),
            ("HTTP/1.1 500 Oh\r\n\r\n", End::Closed, wrong_status),
            ("HTTP/1.1 200 OK\r\n\r\npage", End::Silence, Cause::BodyWithoutEnd),
            ("HTTP/1.1 200 OK\r\n\r\npage", End::Reset, Cause::ResetAfterResponse),
            ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npage", End::Silence, Cause::LengthTooLarge),
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\npage", End::Enough, Cause::LengthTooSmall),
        ] {
            check(page, received.as_bytes(), end, Some(cause));
        }
        check(Wanted::Missing, b"<h1>404", End::Closed, Some(Cause::NotFoundWithoutHead));
        check(Wanted::Missing, OK.as_bytes(), End::Closed, Some(Cause::OkBeforeOpening));
        check(Wanted::Body, OK.as_bytes(), End::Closed, Some(Cause::NotFoundWithoutBody));
        let secret = format!("{OK}secret");
        check(Wanted::Without, secret.as_bytes(), End::Closed, Some(Cause::LeavesRoot));
    }

    #[test]
    fn tells_a_later_request_from_the_first() {
        for (end, expected) in [
            (End::Refused, Cause::StopsAfterRequests),
            (End::Reset, Cause::StopsAfterRequests),
            (End::Closed, Cause::ClosedWithoutResponse), // it accepted the request, and then ended
        ] {
            assert_eq!(cause(Wanted::Page(b"page"), b"", end, false), Some(expected));
        }
    }
}
