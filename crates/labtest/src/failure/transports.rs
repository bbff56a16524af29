//! Which causes are possible over UDP and over TCP.

use super::{Cause, Moment};
use crate::os::socket::Transport::{self, Tcp, Udp};

impl Cause {
    /// True if this can be the cause of a failure over `transport`. Over UDP there is no stream, no end of it, no
    /// connection to close, and no newline to wait for.
    pub fn is_possible_over(&self, transport: Transport) -> bool {
        self.only_over().is_none_or(|only| only == transport)
    }

    /// The only transport that this cause belongs to, if there is one. Each cause is listed, so that a new one is
    /// considered.
    fn only_over(&self) -> Option<Transport> {
        match self {
            Cause::CutAtBuffer { transport, .. }
            | Cause::CutShort { transport }
            | Cause::NoReply { transport, .. }
            | Cause::SentToOtherClient { transport }
            | Cause::ReplyShownInPart { transport, .. } => Some(*transport),
            Cause::WrongTransport { wanted, .. } => Some(*wanted),

            Cause::SentToUnusedPort { .. }
            | Cause::SentToOwnPort
            | Cause::ReplyTooLarge
            | Cause::SentFromOtherSocket
            | Cause::EndedAfterLostReply
            | Cause::WaitsForLostReply
            | Cause::AcceptsStrangers => Some(Udp),

            Cause::NotConnected
            | Cause::WrongTimeOfDay { of: Moment::Connecting }
            | Cause::NewlineMissing
            | Cause::OneReadForAll
            | Cause::ClosedWithoutReply
            | Cause::ResetWithoutReply
            | Cause::NeverRead
            | Cause::ClosedBeforeSending
            | Cause::ClientsWait { .. }
            | Cause::StopsAnswering { .. }
            | Cause::ClosedAfterReplies { .. }
            | Cause::StuckAfterClientLeft
            | Cause::ListenerClosed { .. }
            | Cause::EndedByReset
            | Cause::EachWaits { .. }
            | Cause::WriteIncomplete
            | Cause::ReadsAllFirst
            | Cause::StoppedInTheMiddle
            | Cause::BusyWaiting
            | Cause::MemoryGrows
            | Cause::NoKeepalive
            | Cause::AnsweredTooEarly
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
            | Cause::WrongBody
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
            | Cause::NoDeadline => Some(Tcp),

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
            | Cause::Unchanged
            | Cause::LowerCased
            | Cause::WholeBufferSent
            | Cause::InputNewlineSent
            | Cause::NewlineAdded
            | Cause::NewlineRemoved
            | Cause::ExtraBytes
            | Cause::LastByteMissing
            | Cause::LastByteUnchanged
            | Cause::InvalidUtf8Replaced
            | Cause::BeyondAsciiConverted
            | Cause::OtherCharactersChanged
            | Cause::OlderMessageFirst
            | Cause::WhitespaceStripped { .. }
            | Cause::DoesNotRead
            | Cause::NobodyListens
            | Cause::EndedBeforeReply
            | Cause::EndedAfterReplies { .. }
            | Cause::ListensElsewhere { .. }
            | Cause::ListensOnLoopback { .. }
            | Cause::AsksElsewhere { .. }
            | Cause::AsksOwnComputer { .. }
            | Cause::BoundToLoopback
            | Cause::GoesOnAfterInput
            | Cause::EndedBeforeSending
            | Cause::EndedTooEarly { .. }
            | Cause::SentNothingAfterInput
            | Cause::SentNothing
            | Cause::CrashedBeforeShowing
            | Cause::ControlCharactersShown
            | Cause::WholeBufferShown
            | Cause::ReplyNotShown
            | Cause::OutputNotFlushed
            | Cause::CrashedAtLoss
            | Cause::LossNotReported
            | Cause::WrongRoundTripTime
            | Cause::OtherTextSent
            | Cause::NoTimeOfDay { .. }
            | Cause::SameTimeTwice
            | Cause::WrongTimeOfDay { of: Moment::Sending | Moment::Receiving }
            | Cause::WrongExitStatus { .. }
            | Cause::NeverEnds
            | Cause::WrongErrorMessage
            | Cause::WrongOutput
            | Cause::NotPrinted { .. }
            | Cause::PrintedTooMuch
            | Cause::WrongFigure { .. }
            | Cause::RemembersEveryClient
            | Cause::RepeatsComplaint => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Cause, Udp};
    use serde_json::{Value, json};

    /// What a sentence about UDP never mentions.
    const WORDS_OF_STREAMS: [&str; 5] = ["stream", "connection", "close", "closing", "newline"];

    /// These are about a newline among the bytes of a datagram, not about one to wait for.
    const ABOUT_A_NEWLINE: [Cause; 3] = [Cause::InputNewlineSent, Cause::NewlineAdded, Cause::NewlineRemoved];

    /// The codes of all causes, as the parser lists them when it finds another one.
    fn codes() -> Vec<String> {
        let error = serde_json::from_value::<Cause>(json!({ "code": "?" })).unwrap_err().to_string();
        let words = error.split('`').skip(1).step_by(2).skip(1);
        words.map(str::to_owned).collect()
    }

    /// The cause with this code over UDP, with some value for each of its fields.
    fn example(code: &str) -> Cause {
        let of_found = |found: Value, wanted: Value| {
            let fields = json!({
                "code": code, "transport": "udp", "found": found, "wanted": wanted, "server": "127.0.0.1:1",
                "file": "a.py", "line": 1, "function": "f", "step": 1, "task": null, "bytes": 16, "text": "x",
                "one_at_a_time": true, "replies": 1, "to": "127.0.0.1:2", "address": "127.0.0.1:4",
                "was_told": true, "was_received": true, "shown": 1, "length": 2, "name": "x",
                "has_epoch": true, "of": "sending",
            });
            serde_json::from_value(fields)
        };
        let address = json!("127.0.0.1:5");
        of_found(address.clone(), address.clone())
            .or_else(|_| of_found(json!("tcp"), json!("udp")))
            .or_else(|_| of_found(address, json!(1)))
            .or_else(|_| serde_json::from_value(json!({ "code": code, "client": "end", "server": "text" })))
            .unwrap_or_else(|error| panic!("`{code}`: {error}; add a value for its fields to this function"))
    }

    #[test]
    fn speaks_of_no_stream_over_udp() {
        let causes: Vec<Cause> = codes().iter().map(|code| example(code)).collect();
        assert!(causes.len() > 100, "{causes:?}");
        for cause in causes.iter().filter(|cause| cause.is_possible_over(Udp)) {
            for has_run_file in [false, true] {
                let words = format!("{}: {}", cause.sentence(), cause.hint(has_run_file)).to_lowercase();
                let mut found = WORDS_OF_STREAMS.iter().filter(|word| words.contains(**word));
                let is_wrong = |word: &&str| *word != "newline" || !ABOUT_A_NEWLINE.contains(cause);
                assert_eq!(found.find(|word| is_wrong(word)), None, "{words}");
            }
        }
    }
}
