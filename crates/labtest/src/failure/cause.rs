//! The *causes* of failures: one variant for each diagnosis.

use super::pair::Awaited;
use crate::os::socket::Transport;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// The most likely cause of a failure, as far as the evidence allows one.
///
/// Its words for people stand in `sentences.rs`. Tools tell causes apart by [`Cause::code`].
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Cause {
    // The program does not start.
    /// The part of the program that is needed still holds its stub.
    NotWritten {
        /// The function, if the stub names it.
        function: Option<String>,
        /// The source file.
        file: String,
        /// The line in it.
        line: u32,
        /// The step of the handout, if the stub names one.
        #[serde(default)]
        step: Option<u32>,
        /// What the stub says is to be done first.
        task: Option<String>,
    },
    /// A Python 2 program is run by Python 3.
    Python2,
    /// A merge left its conflict markers in the source.
    MergeMarkers,
    /// The interpreter finds a syntax error.
    SyntaxError,
    /// The interpreter finds wrong indentation.
    IndentationError,
    /// The program uses a name that it never defines, such as a placeholder.
    UndefinedName,
    /// The port is in use already.
    PortTaken,
    /// The program binds an address that this machine does not have.
    AddressUnavailable,
    /// The file that holds the program is missing.
    ProgramMissing {
        /// Its name, escaped, if the error message has it.
        file: Option<String>,
    },
    /// A file that the program opens is missing.
    FileMissing {
        /// Its name, escaped, if the error message has it.
        file: Option<String>,
    },
    /// The port is a string, as it came from the command line.
    PortNotANumber,
    /// The program reads from or writes to a TCP socket that has no connection, such as the listening socket.
    NotConnected,

    // The bytes of a reply, or of a line that a client sends.
    /// The text came back as it went.
    Unchanged,
    /// The letters came back in lower case.
    LowerCased,
    /// Zeros or old bytes follow the text: the rest of a buffer.
    WholeBufferSent,
    /// A client sent the newline that ends the typed line.
    InputNewlineSent,
    /// A newline was added to the reply.
    NewlineAdded,
    /// A newline that came is missing in the reply.
    NewlineRemoved,
    /// A client's line has no newline.
    NewlineMissing,
    /// Bytes follow that do not belong to this text.
    ExtraBytes,
    /// The reply ends where a buffer ends: at a usual length, or where another message was cut as well.
    CutAtBuffer {
        /// The length of that buffer.
        bytes: usize,
        /// How it came.
        transport: Transport,
    },
    /// Only the beginning of the reply came.
    CutShort {
        /// How it came.
        transport: Transport,
    },
    /// The last byte is missing.
    LastByteMissing,
    /// The last byte was not converted.
    LastByteUnchanged,
    /// Bytes that are not UTF-8 became replacement characters.
    InvalidUtf8Replaced,
    /// Characters beyond ASCII were converted.
    BeyondAsciiConverted,
    /// Characters other than a to z were changed.
    OtherCharactersChanged,
    /// The reply begins with an older message.
    OlderMessageFirst,
    /// One read was taken for the whole message, and closing over the rest reset the connection.
    OneReadForAll,
    /// White space was stripped from the text, and nothing was left to answer.
    WhitespaceStripped {
        /// The text, escaped.
        text: String,
    },

    // No reply.
    /// Nothing came, and nothing shows why.
    NoReply {
        /// How it should have come.
        transport: Transport,
        /// True if it is known that the request was received, and that nothing was sent after it.
        #[serde(default)]
        was_received: bool,
    },
    /// The program does not read what it is sent.
    DoesNotRead,
    /// The server closed the connection without a reply.
    ClosedWithoutReply,
    /// The connection was reset before a reply came.
    ResetWithoutReply,
    /// The request was never read.
    NeverRead,
    /// Nobody listens at the address any more.
    NobodyListens,
    /// The client under test closed its connection before it sent a line.
    ClosedBeforeSending,
    /// The reply went to another client.
    SentToOtherClient {
        /// How it went.
        transport: Transport,
    },
    /// The reply went to a port where nobody listens.
    SentToUnusedPort {
        /// Where it went, if that is known.
        to: Option<SocketAddr>,
    },
    /// The server sent the reply to its own port.
    SentToOwnPort,
    /// The reply does not fit into a datagram.
    ReplyTooLarge,
    /// The reply came from another socket than the one that received the request.
    SentFromOtherSocket,
    /// The server answers one client, or only so many, and the next one when they leave.
    ClientsWait {
        /// True if it serves one client at a time.
        one_at_a_time: bool,
    },
    /// The server stops answering on a connection that stays open.
    StopsAnswering {
        /// Replies before that.
        replies: usize,
    },
    /// The server closed the connection while the client had more to send.
    ClosedAfterReplies {
        /// Replies before that.
        replies: usize,
    },
    /// The server does not notice that an earlier client has left.
    StuckAfterClientLeft,
    /// The server closed its listening socket.
    ListenerClosed {
        /// Replies before that.
        replies: usize,
    },
    /// The program ended before it answered.
    EndedBeforeReply,
    /// The program ended after some replies.
    EndedAfterReplies {
        /// How many.
        replies: usize,
    },
    /// A client that reset its connection ended the whole program.
    EndedByReset,
    /// The program listens at another address than it was told.
    ListensElsewhere {
        /// Where it listens.
        found: SocketAddr,
        /// Where it should listen.
        wanted: SocketAddr,
    },
    /// The program uses the other transport.
    WrongTransport {
        /// Where its socket is bound, if it is a server.
        address: Option<SocketAddr>,
        /// What it speaks.
        found: Transport,
        /// What the lab speaks.
        wanted: Transport,
    },

    /// The server listens on loopback alone, where no other computer reaches it.
    ListensOnLoopback {
        /// Where it listens.
        address: SocketAddr,
    },

    // Clients under test.
    /// The client sent to its own computer, and the server is on another one.
    AsksOwnComputer {
        /// Where the server is.
        server: SocketAddr,
    },
    /// The client's socket is bound to loopback, and cannot send to another computer.
    BoundToLoopback,
    /// The client sends to another address than its server's.
    AsksElsewhere {
        /// Where the server is.
        server: SocketAddr,
        /// Where the client sends to, if that is known.
        found: Option<SocketAddr>,
        /// False if the client's command line has no place for an address.
        was_told: bool,
    },
    /// The client ended, and nothing had come from it.
    EndedBeforeSending,
    /// The client ended after some replies, with more to do.
    EndedTooEarly {
        /// Replies that it was sent.
        replies: usize,
    },
    /// Nothing came from the client when a line was typed.
    SentNothingAfterInput,
    /// Nothing came from the client, which needs no input for it.
    SentNothing,
    /// The client ended when a reply was lost.
    EndedAfterLostReply,
    /// The client waits without limit for a reply that was lost.
    WaitsForLostReply,
    /// The client goes on after the end of its input.
    GoesOnAfterInput,
    /// A client and its own server wait for each other.
    EachWaits {
        /// What the client waits for.
        client: Awaited,
        /// What the server waits for.
        server: Awaited,
    },
    /// The client crashed before it showed the reply.
    CrashedBeforeShowing,
    /// Control characters from the network reached the terminal.
    ControlCharactersShown,
    /// The client printed its whole buffer.
    WholeBufferShown,
    /// The client printed only the beginning of the reply.
    ReplyShownInPart {
        /// Bytes shown.
        shown: usize,
        /// Bytes of the reply.
        length: usize,
        /// How the reply came.
        transport: Transport,
    },
    /// The client never printed the reply.
    ReplyNotShown,
    /// The output lay in a buffer until the program ended.
    OutputNotFlushed,
    /// The client accepts datagrams from anybody.
    AcceptsStrangers,
    /// A lost or refused request made the client crash.
    CrashedAtLoss,
    /// The client says nothing about a lost request.
    LossNotReported,
    /// The round-trip time shown is not the one that the network had.
    WrongRoundTripTime,
    /// The client sends something else than the sentence that was typed.
    OtherTextSent,
    /// The output has no time of day where it should show when something happened.
    NoTimeOfDay {
        /// True if a number of seconds since 1970 is there.
        has_epoch: bool,
    },
    /// One time of day is shown for two moments.
    SameTimeTwice,
    /// The times of day shown are not those of the events.
    WrongTimeOfDay {
        /// What should have been shown.
        of: Moment,
    },

    // What a program prints, and how it ends.
    /// The program ended with another exit status.
    WrongExitStatus {
        /// How it ended, in the words of the system.
        found: String,
        /// The status expected.
        wanted: i32,
    },
    /// The program does not end.
    NeverEnds,
    /// The error message is another one.
    WrongErrorMessage,
    /// The output is another one.
    WrongOutput,
    /// A text that belongs to the output is missing.
    NotPrinted {
        /// The text, escaped.
        text: String,
    },
    /// More was printed than allowed.
    PrintedTooMuch,
    /// A figure is wrong.
    WrongFigure {
        /// What it is called.
        name: String,
        /// The figure, if it is there.
        found: Option<String>,
        /// The one expected.
        wanted: String,
    },

    // Long streams and resources.
    /// A byte is wrong in the middle of a long stream.
    WriteIncomplete,
    /// The program reads everything before it sends anything.
    ReadsAllFirst,
    /// The program stopped in the middle of a long stream.
    StoppedInTheMiddle,
    /// The program uses the processor while nothing happens.
    BusyWaiting,
    /// The server keeps a record of every client for ever.
    RemembersEveryClient,
    /// The program's memory grows with what it is sent.
    MemoryGrows,
    /// Keepalive is off, so a client that has vanished is never noticed.
    NoKeepalive,
    /// The program complains again and again while it lacks a resource.
    RepeatsComplaint,

    // Web servers.
    /// The server answered before the request was complete.
    AnsweredTooEarly,
    /// The server answers only so many requests.
    StopsAfterRequests,
    /// Nobody listens where the web server was.
    WebServerGone,
    /// The web server waits for more than the request.
    WaitsAfterRequest,
    /// The web server closed before it had read the request, which reset the connection.
    ResetBeforeRequestRead,
    /// The web server closed the connection without a response.
    ClosedWithoutResponse,
    /// White space stands before the status line.
    SpaceBeforeStatus,
    /// The page that says 404 has no head.
    NotFoundWithoutHead,
    /// The file has no head.
    FileWithoutHead,
    /// The lines of the head end in `\n` alone.
    BareNewlines,
    /// No empty line ends the head.
    HeadWithoutEnd,
    /// The path leads out of the folder that is served.
    LeavesRoot,
    /// The response 404 has no body.
    NotFoundWithoutBody,
    /// The server sent 200 before it looked for the file.
    OkBeforeOpening,
    /// The server looked for the file in another folder.
    LooksElsewhere,
    /// The status line is wrong, or reports an error of the server.
    WrongStatus {
        /// The status code that came, if any.
        found: Option<String>,
        /// The one expected.
        wanted: String,
    },
    /// A field of the head has the wrong value, or is missing.
    WrongField {
        /// The field's name.
        name: String,
        /// Its value, if it came.
        found: Option<String>,
        /// The value expected, if it should be there.
        wanted: Option<String>,
    },
    /// The client cannot know where the body ends.
    BodyWithoutEnd,
    /// `Content-Length` is larger than the body.
    LengthTooLarge,
    /// `Content-Length` is smaller than the body.
    LengthTooSmall,
    /// The connection was reset after the response, since part of the request was unread.
    ResetAfterResponse,
    /// The connection should have ended and stayed open.
    ConnectionNotClosed,
    /// The connection should have stayed open and ended.
    ConnectionClosed,
    /// The file was used as a format string.
    FileAsFormat,
    /// Bytes of the file that are not UTF-8 were replaced.
    FileBytesReplaced,
    /// Line endings of the file were changed.
    LineEndingsChanged,
    /// The file was sent up to its first zero byte.
    FileEndsAtZero,
    /// Only the head came, and the file has a `%` in it.
    FormatLost,
    /// Only the head came.
    HeadOnly,
    /// The file is cut where a buffer of a usual length ends.
    FileCutAtBuffer {
        /// The length of that buffer.
        bytes: usize,
    },
    /// Only the beginning of the file came.
    FileCutShort,
    /// Zeros follow the file: the rest of a buffer.
    WholeBufferAfterFile,
    /// Bytes follow the file.
    ExtraAfterFile,
    /// The response is to another request, or has another body.
    WrongBody,
    /// Something is missing in a page that the server makes.
    PageLacks {
        /// The text, escaped.
        text: String,
    },
    /// Something stands in a page that does not belong there.
    PageContains {
        /// The text, escaped.
        text: String,
    },
    /// A file whose name begins with a dot was served.
    HiddenFileServed,
    /// The server waits for a pipe in the folder that it serves.
    WaitsForPipe,
    /// A directory was requested, and there is no page for it.
    DirectoryNotServed,
    /// A directory was requested without its slash, and the client was not redirected.
    DirectoryNotRedirected,
    /// A part of a file was requested, and something else came.
    RangeIgnored,
    /// The client has the file already, and it came again.
    ValidatorIgnored,
    /// The server does not look at the method of a request.
    MethodIgnored,
    /// The connection was closed before its time.
    ClosedTooEarly,
    /// Each byte renews the time that a client has.
    NoDeadline,
}

/// A moment in a conversation whose time a client shows.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Moment {
    /// The client requests its connection.
    Connecting,
    /// The client sends its request.
    Sending,
    /// The reply comes.
    Receiving,
}

impl Cause {
    /// The name of this cause in JSON, such as `whole-buffer-sent`.
    pub fn code(&self) -> String {
        let value = serde_json::to_value(self).unwrap_or_default();
        value["code"].as_str().unwrap_or_default().to_owned()
    }
}
