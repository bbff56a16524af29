//! The words of causes that a web server's response shows. `sentences.rs` has most others.

use super::Cause;

/// What is wrong, and what to do about it.
pub(super) fn words(cause: &Cause) -> (String, &'static str) {
    let (what, hint) = match cause {
        Cause::AnsweredTooEarly => (
            "the server did not wait for all of a request that comes in pieces",
            "read on until the empty line that ends the request",
        ),
        Cause::StopsAfterRequests => (
            "the server answers only so many requests",
            "accept the next client in a loop, and close each connection once it is answered",
        ),
        Cause::WebServerGone => (
            "the program has ended or closed its listening socket",
            "accept clients in a loop, and look for errors in its output",
        ),
        Cause::WaitsAfterRequest => (
            "the server waits for something that does not come: the request is complete at its empty line, and the \
             client waits with the connection open",
            "answer as soon as the empty line has come",
        ),
        Cause::ResetBeforeRequestRead => (
            "the connection was reset: the server closed it before it had read the whole request, or ended with an error",
            "read up to the empty line before you close, and look for errors in its output",
        ),
        Cause::ClosedWithoutResponse => (
            "the server closed the connection without a response",
            "check whether it ended with an error (see its output)",
        ),
        Cause::SpaceBeforeStatus => (
            "a newline or a space stands before the status line",
            "`HTTP/` must be the first bytes that are sent",
        ),
        Cause::NotFoundWithoutHead => (
            "the page that says 404 came without a head",
            "send `HTTP/1.1 404 Not Found` first, then an empty line, then the page",
        ),
        Cause::FileWithoutHead => (
            "the file came without a head",
            "send `HTTP/1.1 200 OK` first, then an empty line, then the file",
        ),
        Cause::BareNewlines => {
            ("the lines of the head end in `\\n` alone", "end each line with `\\r\\n`, as HTTP requires")
        }
        Cause::HeadWithoutEnd => {
            ("the head has no end", "send an empty line, so `\\r\\n` twice, between the head and the body")
        }
        Cause::LeavesRoot => (
            "the path leads out of the folder that is served",
            "find out which file the path really names (`realpath`, `canonicalize`), and refuse it if it is not below the root",
        ),
        Cause::NotFoundWithoutBody => {
            ("only the head came, and a browser shows nothing", "send a small page after the empty line")
        }
        Cause::OkBeforeOpening => (
            "200 was sent before the file was found",
            "open the file first, and choose the status line by the result",
        ),
        Cause::LooksElsewhere => (
            "the server looked for the file in another place",
            "it is started in the folder that it serves, and the slash that begins the target is not part of the file's name",
        ),
        Cause::WrongStatus { found, wanted } => {
            return (
                match found {
                    Some(found) => format!("the status code is `{found}`, not `{wanted}`"),
                    None => format!("the status line is not like `HTTP/1.1 {wanted} …`"),
                },
                "check how the status line is made, and look for errors in the program's output",
            );
        }
        Cause::WrongField { name, found, wanted } => {
            return (
                match (found, wanted) {
                    (Some(found), Some(wanted)) => format!("`{name}` is `{found}`, not `{wanted}`"),
                    (None, Some(wanted)) => format!("`{name}: {wanted}` is missing"),
                    (Some(found), None) => format!("`{name}: {found}` does not belong here"),
                    (None, None) => format!("`{name}` is missing"),
                },
                "check the fields of the head",
            );
        }
        Cause::BodyWithoutEnd => (
            "the body has no Content-Length and the connection stays open, so the client cannot know where the body ends",
            "send the length, or close the connection",
        ),
        Cause::LengthTooLarge => {
            ("Content-Length promises more bytes than came", "it counts the body in bytes, without the head")
        }
        Cause::LengthTooSmall => {
            ("Content-Length promises fewer bytes than came", "it counts bytes, not characters")
        }
        Cause::ResetAfterResponse => (
            "the connection was reset, since the server closed it before it had read the whole request",
            "read up to the empty line",
        ),
        Cause::ConnectionNotClosed => ("the connection stays open", "close it after this response"),
        Cause::ConnectionClosed => {
            ("the connection was closed", "keep it open for the client's next request")
        }
        Cause::FileAsFormat => (
            "the file was printed as a format, in which `%` has a meaning",
            "use `write`, `send` or `printf(\"%s\", …)`",
        ),
        Cause::FileBytesReplaced => {
            ("bytes that are not UTF-8 were replaced", "open the file in binary mode, and send bytes")
        }
        Cause::LineEndingsChanged => {
            ("line endings were changed", "open the file in binary mode, and send its bytes as they are")
        }
        Cause::FileEndsAtZero => (
            "the file was taken for a string that ends at its first zero byte",
            "count the bytes that were read from the file",
        ),
        Cause::FormatLost => (
            "only the head came, and the file has a `%` in it, which `printf` takes for a place to fill",
            "use `write`, `send` or `printf(\"%s\", …)`",
        ),
        Cause::HeadOnly => ("only the head came", "send the file after the empty line"),
        Cause::FileCutAtBuffer { bytes } => {
            return (
                format!("the file is cut at {bytes} bytes, the length of a buffer"),
                "read it to its end, and send until all is sent",
            );
        }
        Cause::FileCutShort => {
            ("only the beginning of the file came", "read the file to its end, and send until all is sent")
        }
        Cause::WholeBufferAfterFile => {
            ("the whole buffer was sent, with zeros after the file", "send only as many bytes as were read")
        }
        Cause::ExtraAfterFile => (
            "more came than the file: the rest of an older response, or a newline",
            "send the file and nothing else",
        ),
        Cause::WrongBody => {
            ("the body is not the file", "check which file was opened, and send it unchanged")
        }
        // `sentences.rs` has the words of all others.
        _ => return (cause.code(), ""),
    };
    (what.to_owned(), hint)
}
