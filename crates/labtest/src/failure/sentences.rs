//! The words of each cause, for people. Nothing else depends on them.

use super::{Cause, http_sentences, output_sentences, start_sentences};
use crate::os::socket::Transport;

impl Cause {
    /// What is wrong, as a clause: `the text came back unchanged`.
    pub fn sentence(&self) -> String {
        words(self).0
    }

    /// What to do about it, as a sentence without a full stop. `has_run_file` is true if a `run.toml` describes the
    /// program: then it is one of the places to look at.
    pub fn hint(&self, has_run_file: bool) -> String {
        if let Cause::NotWritten { task: Some(task), .. } = self {
            return task.clone();
        }
        let mut hint = words(self).1.to_owned();
        if !has_run_file && *self == Cause::PortTaken {
            hint.push_str("; if its port is fixed, let one test run at a time: add `-- --test-threads=1`");
        }
        if has_run_file {
            hint.push_str(match self {
                Cause::PortTaken => ", or in `run.toml`",
                Cause::AddressUnavailable => "; write the address into `run.toml` as `address`",
                Cause::AsksElsewhere { .. } => ", or name those in its code in `run.toml`",
                _ => "",
            });
        }
        hint
    }
}

fn times(count: usize, what: &str) -> String {
    format!("{count} {}", if count == 1 { what.to_owned() } else { what.replace("reply", "replies") })
}

/// What is wrong, and what to do about it.
#[allow(clippy::too_many_lines)] // one row per cause
fn words(cause: &Cause) -> (String, &'static str) {
    use Transport::{Tcp, Udp};
    let (what, hint) = match cause {
        Cause::NotWritten { .. }
        | Cause::Python2
        | Cause::MergeMarkers
        | Cause::SyntaxError
        | Cause::IndentationError
        | Cause::UndefinedName
        | Cause::PortTaken
        | Cause::AddressUnavailable
        | Cause::ProgramMissing { .. }
        | Cause::FileMissing { .. }
        | Cause::PortNotANumber
        | Cause::NotConnected => return start_sentences::words(cause),

        Cause::Unchanged => {
            ("the text came back unchanged", "convert it to upper case before you send it back")
        }
        Cause::LowerCased => {
            ("the letters came back in lower case", "convert a to z to A to Z, and leave A to Z as they are")
        }
        Cause::WholeBufferSent => (
            "the whole buffer was sent: zeros or old bytes follow the text",
            "send only as many bytes as were received",
        ),
        Cause::InputNewlineSent => {
            ("the newline that ends the typed line was sent as well", "remove it before you send the line")
        }
        Cause::NewlineAdded => ("a newline was added", "send back exactly the bytes that came"),
        Cause::NewlineRemoved => ("the newline was removed", "send back every byte that came"),
        Cause::NewlineMissing => (
            "the newline that ends a line is missing",
            "end each line with a newline: on a stream nothing else does",
        ),
        Cause::ExtraBytes => (
            "more bytes came than belong to this text: the rest of an older message, or one reply too many",
            "send only the bytes that were received now, and send them once",
        ),
        Cause::CutAtBuffer { bytes, transport } => {
            return (
                format!("the text is cut at {bytes} bytes, the length of a buffer"),
                match transport {
                    Tcp => "read on until all of it has come: one read takes at most one buffer",
                    Udp => "use a larger buffer: what does not fit into it is lost",
                },
            );
        }
        Cause::CutShort { transport: Tcp } => (
            "only the beginning came",
            "one read need not return all of a message, and one write need not send it all: go on until it is complete",
        ),
        Cause::CutShort { transport: Udp } => (
            "only the beginning of the datagram came",
            "use a larger buffer: the rest of a datagram is lost when the buffer is too small for it",
        ),
        Cause::LastByteMissing => ("the last byte is missing", "check where the loop or the slice ends"),
        Cause::LastByteUnchanged => ("the last byte was not converted", "check where the loop ends"),
        Cause::InvalidUtf8Replaced => {
            ("bytes that are not UTF-8 were replaced", "work on bytes, not on strings")
        }
        Cause::BeyondAsciiConverted => (
            "characters beyond ASCII were changed",
            "convert only a to z: the bytes of ß, é, я and all other characters stay as they are",
        ),
        Cause::OtherCharactersChanged => {
            ("characters other than a to z were changed", "capitals, digits and punctuation stay as they are")
        }
        Cause::OlderMessageFirst => (
            "the reply begins with an older message",
            "empty the buffer once a message is answered, and do not share it between clients",
        ),
        Cause::OneReadForAll => (
            "one read was taken for the whole message, and closing the connection with unread bytes reset it",
            "read on until all of the message has come",
        ),
        Cause::WhitespaceStripped { text } => {
            return (
                format!("a text of white space alone, \"{text}\", got no reply"),
                "white space is text like any other: strip nothing from what was read",
            );
        }

        Cause::NoReply { transport: Tcp, .. } => (
            "the program waits for something that was not sent (a newline, or the end of the stream), is busy with \
             another client, or sent its reply elsewhere",
            "answer what has arrived, without waiting for more",
        ),
        Cause::NoReply { transport: Udp, was_received: true } => (
            "the server received the datagram, and sent nothing",
            "answer each datagram at once, and check the result of `send_to` or `sendto`: a reply of more than 65,507 \
             bytes is not sent",
        ),
        Cause::NoReply { transport: Udp, was_received: false } => (
            "the program received nothing, waits for more, or sent its reply elsewhere",
            "answer each datagram at once, and send the reply to the address that the datagram came from",
        ),
        Cause::DoesNotRead => {
            ("the program does not read what it is sent", "read in a loop, also while there is more to send")
        }
        Cause::ClosedWithoutReply => (
            "it closed the connection without a reply",
            "check whether it serves one message only, or ended with an error (see its output)",
        ),
        Cause::ResetWithoutReply => (
            "the connection was closed while unread bytes lay in it, or the program ended",
            "read all that was sent before you close, and look for errors in its output",
        ),
        Cause::NeverRead => (
            "the request was never read: closing a connection over unread bytes resets it",
            "read from the connection that `accept` returned before you close it",
        ),
        Cause::NobodyListens => (
            "the program has ended, or its socket is gone",
            "check whether it serves one message only, or ended with an error (see its output)",
        ),
        Cause::ClosedBeforeSending => (
            "the program closed its connection before it sent a line",
            "check whether it ended with an error (see its output)",
        ),
        Cause::SentToOtherClient { transport: Udp } => (
            "the reply went to another client",
            "send it to the address that this very datagram came from (`recv_from`, `recvfrom`)",
        ),
        Cause::SentToOtherClient { transport: Tcp } => (
            "the reply went to another client",
            "answer on the connection that the text was read from: a variable that all threads share holds only the newest one",
        ),
        Cause::SentToUnusedPort { to } => {
            return (
                match to {
                    Some(to) => format!("the reply went to {to}, where nobody listens"),
                    None => "the reply went to a port where nobody listens".to_owned(),
                },
                "send it to the address that the datagram came from (`recv_from`, `recvfrom`), never to a fixed one",
            );
        }
        Cause::SentToOwnPort => (
            "the reply went to the server's own port",
            "send it to the port that the datagram came from: `recv_from` and `recvfrom` return both address and port \
             of the client",
        ),
        Cause::ReplyTooLarge => (
            "the reply is too large: a datagram holds at most 65,507 bytes",
            "send only as many bytes as were received, not the whole buffer",
        ),
        Cause::SentFromOtherSocket => (
            "the reply was sent from another socket than the one that received the request",
            "send it with the socket that received the datagram",
        ),
        Cause::ClientsWait { one_at_a_time: true } => (
            "it serves one client at a time: the reply came only when the other client had left",
            "start a thread for each connection, and wait for none of them",
        ),
        Cause::ClientsWait { one_at_a_time: false } => (
            "it serves only so many clients at a time: the reply came only when the others had left",
            "start a thread for each connection, and wait for none of them",
        ),
        Cause::StopsAnswering { replies } => {
            let replies = times(*replies, "reply");
            return (
                format!("it sent {replies} on this connection, and then no more"),
                "read and answer in a loop until the client closes",
            );
        }
        Cause::ClosedAfterReplies { replies } => {
            return (
                format!("it closed the connection after {}", times(*replies, "reply")),
                "read and answer in a loop until the client closes",
            );
        }
        Cause::StuckAfterClientLeft => (
            "an earlier client has left, and the server does not go on to the next",
            "a read that returns 0 bytes is the end of the stream: close the connection then, and accept again",
        ),
        Cause::ListenerClosed { replies } => {
            return (
                format!("it closed its listening socket after {}", times(*replies, "reply")),
                "close the connection only",
            );
        }
        Cause::EndedBeforeReply => ("the program ended before it answered", "its last output says why"),
        Cause::EndedAfterReplies { replies } => {
            return (
                format!("the program ended after {}", times(*replies, "reply")),
                "receive or accept in a loop that never ends, with the same socket each time",
            );
        }
        Cause::EndedByReset => (
            "a client that reset its connection ended the whole program",
            "an error on one connection ends that connection alone: handle it there (see its last output)",
        ),
        Cause::ListensElsewhere { found, wanted } => {
            return (
                format!("it listens at {found}, not at {wanted}"),
                "bind the address and the port given on its command line",
            );
        }
        Cause::WrongTransport { address, found, wanted } => {
            return (
                match address {
                    Some(at) => format!("its socket at {at} is a {found} socket, and this lab uses {wanted}"),
                    None => format!("the client uses {found}, and its server uses {wanted}"),
                },
                match wanted {
                    Udp => "make a datagram socket: `UdpSocket`, `SOCK_DGRAM`",
                    Tcp => "make a stream socket: `TcpListener` or `TcpStream`, `SOCK_STREAM`",
                },
            );
        }

        Cause::AsksElsewhere { server, found, was_told } => {
            let server = match was_told {
                true => format!("{server}, the address that it was given"),
                false => format!("{server}, the address of its server"),
            };
            return (
                match found {
                    Some(found) => format!("the client sent to {found}, not to {server}"),
                    None => format!(
                        "the client uses another address than {server}, or another protocol, and nobody listens there"
                    ),
                },
                "take host and port from the command line",
            );
        }
        Cause::EndedBeforeSending => (
            "the client ended, and nothing had come from it",
            "its last output says why; check, too, that it uses the host and the port of its command line",
        ),
        Cause::EndedTooEarly { replies } => {
            return (
                format!("the client ended after {}", times(*replies, "reply")),
                "read lines in a loop until the end of the input",
            );
        }
        Cause::SentNothingAfterInput => (
            "nothing came from the client when a line was typed",
            "send each line when it is typed, not at the end of the input, to the host and port of the command line",
        ),
        Cause::SentNothing => (
            "nothing came from the client",
            "it needs no input here: send the first request at once, to the host and port of the command line",
        ),
        Cause::EndedAfterLostReply => (
            "the client ended after a request that was not answered",
            "a lost reply is no reason to stop: note it, and send the next request",
        ),
        Cause::WaitsForLostReply => (
            "the client waits without limit for a reply that was lost",
            "a lost datagram is never announced: set a timeout, and go on",
        ),
        Cause::CrashedBeforeShowing => {
            ("the client never shows the reply: it ended with an error before", "its last output says why")
        }
        Cause::ControlCharactersShown => (
            "control characters from the network reached the terminal as they are (they are shown escaped here)",
            "escape them before you print them",
        ),
        Cause::WholeBufferShown => (
            "the whole buffer was printed, with the zeros after the reply",
            "print as many bytes as were received",
        ),
        Cause::ReplyShownInPart { shown, length, transport } => {
            return (
                format!("only the first {shown} of {length} bytes are shown"),
                match transport {
                    Tcp => {
                        "read on until all of it has come: one read of a stream need not return everything"
                    }
                    Udp => "use a larger buffer: the part of a datagram that exceeds it is lost",
                },
            );
        }
        Cause::ReplyNotShown => {
            ("the client never shows the reply", "print what was received as soon as it was received")
        }
        Cause::OutputNotFlushed => (
            "the output was not flushed: the text lay in a buffer until the program ended",
            "flush after printing",
        ),
        Cause::AcceptsStrangers => (
            "it accepts datagrams from anybody",
            "compare the address that the reply came from with the server's, or connect the socket",
        ),
        Cause::CrashedAtLoss => (
            "no reply came, and the client crashed",
            "a timeout or a refusal is an error of receiving: handle it, note the loss, and go on",
        ),
        Cause::LossNotReported => (
            "the time was up, and nothing was printed",
            "print a line then, or count the missing replies at the end",
        ),
        Cause::WrongRoundTripTime => (
            "the clock is read at the wrong moments, or a time has the wrong unit",
            "read the clock just before sending and just after receiving",
        ),
        Cause::OtherTextSent => (
            "the client sends something else than the sentence that was typed",
            "read the sentence from standard input, and send it whole; a number before it is fine",
        ),

        Cause::WriteIncomplete => (
            "bytes are missing or repeated in the middle of a long stream",
            "send as many bytes as were read, and all of them: one write may take fewer than it is given (`write_all`, `sendall`)",
        ),
        Cause::ReadsAllFirst => (
            "it reads everything before it sends anything: every buffer on the way fills, and neither side can go on",
            "read some and send it, in turns",
        ),
        Cause::StoppedInTheMiddle => {
            ("it stopped in the middle", "read and send in a loop until a read returns 0 bytes")
        }
        Cause::BusyWaiting => (
            "it uses the processor while nothing happens: a thread goes on reading after its client has left, or asks \
             again and again instead of waiting in `read`",
            "end the thread when a read returns 0 bytes, and use blocking reads",
        ),
        Cause::RemembersEveryClient => {
            ("every client is remembered for ever", "keep at most 10,000, and forget the oldest")
        }

        Cause::EachWaits { .. }
        | Cause::GoesOnAfterInput
        | Cause::WrongExitStatus { .. }
        | Cause::NeverEnds
        | Cause::WrongErrorMessage
        | Cause::WrongOutput
        | Cause::NotPrinted { .. }
        | Cause::PrintedTooMuch
        | Cause::WrongFigure { .. }
        | Cause::MemoryGrows
        | Cause::NoKeepalive
        | Cause::RepeatsComplaint
        | Cause::PageLacks { .. }
        | Cause::PageContains { .. }
        | Cause::HiddenFileServed
        | Cause::WaitsForPipe
        | Cause::DirectoryNotServed
        | Cause::DirectoryNotRedirected
        | Cause::RangeIgnored
        | Cause::ValidatorIgnored
        | Cause::MethodIgnored
        | Cause::ClosedTooEarly
        | Cause::ListensOnLoopback { .. }
        | Cause::AsksOwnComputer { .. }
        | Cause::BoundToLoopback
        | Cause::NoTimeOfDay { .. }
        | Cause::SameTimeTwice
        | Cause::WrongTimeOfDay { .. }
        | Cause::NoDeadline => return output_sentences::words(cause),

        Cause::AnsweredTooEarly
        | Cause::StopsAfterRequests
        | Cause::WebServerGone
        | Cause::WaitsAfterRequest
        | Cause::ResetBeforeRequestRead
        | Cause::ClosedWithoutResponse
        | Cause::SpaceBeforeStatus
        | Cause::NotFoundWithoutHead
        | Cause::FileWithoutHead
        | Cause::BareNewlines
        | Cause::HeadWithoutEnd
        | Cause::LeavesRoot
        | Cause::NotFoundWithoutBody
        | Cause::OkBeforeOpening
        | Cause::LooksElsewhere
        | Cause::WrongStatus { .. }
        | Cause::WrongField { .. }
        | Cause::BodyWithoutEnd
        | Cause::LengthTooLarge
        | Cause::LengthTooSmall
        | Cause::ResetAfterResponse
        | Cause::ConnectionNotClosed
        | Cause::ConnectionClosed
        | Cause::FileAsFormat
        | Cause::FileBytesReplaced
        | Cause::LineEndingsChanged
        | Cause::FileEndsAtZero
        | Cause::FormatLost
        | Cause::HeadOnly
        | Cause::FileCutAtBuffer { .. }
        | Cause::FileCutShort
        | Cause::WholeBufferAfterFile
        | Cause::ExtraAfterFile
        | Cause::WrongBody => return http_sentences::words(cause),
    };
    (what.to_owned(), hint)
}
