//! A scripted end of a TCP connection.

use crate::diagnosis::bytes::{Exchange, is_silent};
use crate::diagnosis::fail::{Problem, fail};
use crate::diagnosis::peers;
use crate::failure::{Action, Actor, Cause, End, Excerpt, bytes_shown};
use crate::os::socket::Transport;
use crate::peer_log::{PeerLog, Role, Socket};
use crate::program::Server;
use crate::transcript::Transcript;
use crate::wait::{Deadline, patience};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// Bytes that one read takes, where nothing more exact is asked for.
pub(crate) const READ_BYTES: usize = 1 << 16;

/// Bytes that one step keeps of what a program sends. The largest file of a check has half of that.
pub(crate) const RECEIVED_BYTES_MAX: usize = 128 << 20;

/// A scripted end of a TCP connection.
pub struct TcpPeer {
    pub(super) stream: Arc<TcpStream>,
    actor: Actor,
    /// The index of its log.
    log: usize,
    /// What was sent since the last reply, for the diagnosis.
    sent: Vec<u8>,
    pub(super) transcript: Arc<Transcript>,
}

impl Server {
    /// Connects a scripted TCP client.
    #[track_caller]
    pub fn tcp_client(&self) -> TcpPeer {
        TcpPeer::connect(self.address())
    }
}

impl TcpPeer {
    /// Connects to a server under test.
    #[track_caller]
    pub fn connect(server: SocketAddr) -> TcpPeer {
        match TcpPeer::try_connect(server) {
            Ok(peer) => peer,
            Err(error) => {
                let transcript = Transcript::current();
                let problem = Problem::new(format!("a client cannot connect to {server}: {error}"));
                fail(&transcript, problem.cause(peers::cause_of_refusal(&transcript, server)));
            }
        }
    }

    pub(crate) fn try_connect(server: SocketAddr) -> io::Result<TcpPeer> {
        let stream = TcpStream::connect_timeout(&server, patience())?;
        Ok(TcpPeer::on(stream, Role::Client, server, Transcript::current()))
    }

    /// A peer on a connection to `other`. The connection may be over already: then its socket knows no other side.
    pub(super) fn on(
        stream: TcpStream,
        role: Role,
        other: SocketAddr,
        transcript: Arc<Transcript>,
    ) -> TcpPeer {
        let address = stream.local_addr().unwrap();
        // What a check sends in two writes is meant to arrive in two segments, now.
        let _ = stream.set_nodelay(true);
        let _ = stream.set_write_timeout(Some(patience()));
        let (actor, server) = match role {
            Role::Client => (Actor::Client { address }, other),
            Role::Server => (Actor::Server { address }, address),
        };
        transcript.step(&actor, Action::Connect { peer: other });
        let stream = Arc::new(stream);
        let log = PeerLog::new(Socket::Tcp(Arc::downgrade(&stream)), role, server);
        let log = transcript.add_peer(log);
        TcpPeer { stream, actor, log, sent: Vec::new(), transcript }
    }

    /// The socket, for everything that the methods here do not do.
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Its own socket address.
    pub fn address(&self) -> SocketAddr {
        match &self.actor {
            Actor::Client { address } | Actor::Server { address } => *address,
            Actor::Check | Actor::Program { .. } => unreachable!("a peer is a client or a server"),
        }
    }

    pub(crate) fn transcript(&self) -> &Arc<Transcript> {
        &self.transcript
    }

    /// Sends `bytes` in one write.
    #[track_caller]
    pub fn send(&mut self, bytes: &[u8]) {
        if let Err(error) = self.try_send(bytes) {
            let mut problem = self.problem(&self.sent, b"", b"", End::of(&error));
            if labcore::is_timeout(&error) {
                problem.cause = Some(Cause::DoesNotRead);
            }
            let cannot = format!("{} cannot send: {error}", self.name());
            fail(&self.transcript, Problem { summary: cannot, expected: None, received: None, ..problem });
        }
    }

    pub(crate) fn try_send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let (transport, excerpt) = (Transport::Tcp, Excerpt::of(bytes));
        self.step(Action::Send { transport, bytes: excerpt, times: 1 });
        let result = (&*self.stream).write_all(bytes);
        self.sent.extend_from_slice(bytes);
        self.transcript.peers(|peers| peers[self.log].sends(bytes));
        result
    }

    /// Its name in a sentence, such as `client 127.0.0.1:40812`.
    pub(crate) fn name(&self) -> String {
        self.actor.to_string().trim_end().to_owned()
    }

    pub(crate) fn step(&self, action: Action) {
        self.transcript.step(&self.actor, action);
    }

    pub(crate) fn step_received(&self, bytes: &[u8], end: End) {
        self.step(Action::Receive { transport: Transport::Tcp, from: None, bytes: Excerpt::of(bytes), end });
    }

    /// How many replies have come on this connection.
    pub(crate) fn replies(&self) -> usize {
        self.transcript.peers(|peers| peers[self.log].replies)
    }

    /// Fails since nothing came in return for `sent`, on a connection with replies before.
    #[track_caller]
    pub(crate) fn fail_unanswered(&self, sent: &[u8], end: End) -> ! {
        self.step_received(b"", end);
        fail(
            &self.transcript,
            Problem { expected: None, received: None, ..self.problem(sent, b"", b"", end) },
        );
    }

    /// Notes that the log does not hold everything that is sent.
    pub(super) fn note_more_sent(&self) {
        self.transcript.peers(|peers| peers[self.log].sent_more = true);
    }

    pub(crate) fn take_sent(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.sent)
    }

    /// Reads until `expected` has come, and fails at the first byte that differs.
    #[track_caller]
    pub fn expect(&mut self, expected: &[u8]) {
        let (received, end) =
            self.read_until(|received| received.len() >= expected.len() || !expected.starts_with(received));
        self.step_received(&received, end);
        if received != expected {
            fail(&self.transcript, self.problem(&self.sent, expected, &received, end));
        }
        self.sent.clear();
    }

    /// What is wrong, where other bytes came than those expected.
    pub(crate) fn problem(&self, sent: &[u8], expected: &[u8], received: &[u8], end: End) -> Problem {
        let exchange = Exchange { transport: Transport::Tcp, sent, expected, received, end };
        let cause = peers::cause(&self.transcript, self.log, &exchange);
        self.problem_of(cause, expected, received, end)
    }

    /// The same, where the cause is known.
    pub(crate) fn problem_of(
        &self,
        cause: Option<Cause>,
        expected: &[u8],
        received: &[u8],
        end: End,
    ) -> Problem {
        let what = match (&self.actor, received.is_empty()) {
            (Actor::Server { .. }, true) => "received nothing",
            (Actor::Server { .. }, false) => "received the wrong text",
            (_, true) => "got no reply",
            (_, false) => "got the wrong reply",
        };
        Problem::new(format!("{} {what}", self.name()))
            .timeout_if(is_silent(received, end))
            .cause(cause)
            .bytes(expected, received, end)
    }

    /// Reads a line with its newline.
    #[track_caller]
    pub fn read_line(&mut self) -> Vec<u8> {
        self.read_through(b"\n")
    }

    /// Reads up to and with `mark`, such as the empty line that ends a head, and nothing behind it.
    #[track_caller]
    pub fn read_through(&mut self, mark: &[u8]) -> Vec<u8> {
        let awaited = format!("bytes up to \"{}\"", labcore::printable(mark));
        let mut received = Vec::new();
        while !received.ends_with(mark) {
            self.read_more(&mut received, 1, &awaited);
        }
        self.step_received(&received, End::Enough);
        received
    }

    /// Reads `length` bytes.
    #[track_caller]
    pub fn read_exact(&mut self, length: usize) -> Vec<u8> {
        let awaited = format!("{length} bytes");
        let mut received = Vec::new();
        while received.len() < length {
            let missing = length - received.len();
            self.read_more(&mut received, missing.min(READ_BYTES), &awaited);
        }
        self.step_received(&received, End::Enough);
        received
    }

    /// Reads some more of what a check waits for, and fails when nothing comes.
    #[track_caller]
    fn read_more(&mut self, received: &mut Vec<u8>, at_once: usize, awaited: &str) {
        let (more, end) = self.read_for(patience(), at_once, |more| !more.is_empty());
        if more.is_empty() {
            let got = bytes_shown(received);
            let what = format!("{} expected {awaited} and received {got}{end}", self.name());
            let problem = self.problem(&self.sent, b"", received, end);
            fail(&self.transcript, Problem { summary: what, expected: None, received: None, ..problem });
        }
        received.extend(more);
    }

    /// Expects that the other side has nothing more to send and closes.
    #[track_caller]
    pub fn expect_end(&mut self) {
        let (received, end) = self.read_until(|received| !received.is_empty());
        self.step_received(&received, end);
        if !received.is_empty() || end != End::Closed {
            let got = bytes_shown(&received);
            let what = format!("{} expected the end of the stream and received {got}{end}", self.name());
            let problem = Problem::new(what).timeout_if(is_silent(&received, end));
            let cause = match end {
                _ if !received.is_empty() => Some(Cause::ExtraBytes),
                End::Silence => Some(Cause::ConnectionNotClosed),
                End::Reset => Some(Cause::ResetWithoutReply),
                End::Closed | End::Refused | End::Enough => None,
            };
            fail(&self.transcript, problem.cause(cause));
        }
    }

    /// Reads to the end, however it ends, and returns what came.
    pub fn read_to_end(&mut self) -> Vec<u8> {
        let (received, end) = self.read_until(|_| false);
        self.step_received(&received, end);
        received
    }

    /// Expects silence for a time: nothing comes, and the connection stays open.
    #[track_caller]
    pub fn expect_nothing_for(&mut self, time: Duration) {
        let (received, end) = self.read_for(time, READ_BYTES, |received| !received.is_empty());
        if end != End::Silence {
            let what =
                format!("{} expected silence and received {}{end}", self.name(), bytes_shown(&received));
            let cause = if received.is_empty() { Cause::ConnectionClosed } else { Cause::ExtraBytes };
            fail(&self.transcript, Problem::new(what).cause(Some(cause)));
        }
        self.step(Action::ReceiveNothing { for_ms: u64::try_from(time.as_millis()).unwrap_or(u64::MAX) });
    }

    /// Ends the sending side only: the other side reads the end of the stream and may still send.
    pub fn half_close(&mut self) {
        self.step(Action::EndSending);
        self.transcript.peers(|peers| peers[self.log].has_ended_sending = true);
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Resets the connection: the other side gets an error instead of the end of the stream.
    pub fn reset(self) {
        self.step(Action::Reset);
        self.transcript.peers(|peers| peers[self.log].was_reset = true);
        socket2::SockRef::from(&*self.stream).set_linger(Some(Duration::ZERO)).unwrap();
    }

    /// Closes the connection.
    pub fn close(self) {
        self.step(Action::Close);
    }

    pub(crate) fn read_until(&mut self, enough: impl Fn(&[u8]) -> bool) -> (Vec<u8>, End) {
        self.read_for(patience(), READ_BYTES, enough)
    }

    pub(crate) fn read_for(
        &mut self,
        time: Duration,
        at_once: usize,
        enough: impl Fn(&[u8]) -> bool,
    ) -> (Vec<u8>, End) {
        // Not a `Wait`: a program that ends closes its connections, and how it does so is evidence.
        let mut deadline = Deadline::of(time);
        let mut received = Vec::new();
        let mut buffer = vec![0; at_once];
        while !enough(&received) && received.len() < RECEIVED_BYTES_MAX {
            let left = deadline.left(&*self.transcript);
            if left.is_zero() {
                return (received, End::Silence);
            }
            self.stream.set_read_timeout(Some(left)).unwrap();
            match (&*self.stream).read(&mut buffer) {
                Ok(0) => return (received, End::Closed),
                Ok(size) => {
                    self.transcript.peers(|peers| peers[self.log].receives());
                    received.extend_from_slice(&buffer[..size]);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted || labcore::is_timeout(&error) => {}
                Err(error) => return (received, End::of(&error)),
            }
        }
        (received, End::Enough)
    }
}
