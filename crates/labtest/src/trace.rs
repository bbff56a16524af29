//! The *traces* that scripted peers leave: some causes show only in all of them together.

use crate::diagnosis::{End, bytes, comparison, likely_cause, tell_cause};
use crate::program::POLL;
use crate::sockets::{self, Transport};
use crate::story::Story;
use std::io::Read;
use std::net::{Shutdown, SocketAddr, TcpStream, UdpSocket};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

/// How long an answer may take that was held back until now.
const RELEASE: Duration = Duration::from_secs(1);

/// Peers in the command that repeats a failure by hand; of more it would be no help.
const PEERS_BY_HAND_MAX: usize = 4;

/// Bytes in that command, for the same reason.
const BYTES_BY_HAND_MAX: usize = 200;

/// A beginning of a reply that is no accident.
const SHOWN_BYTES_MIN: usize = 4;

/// Places on a screen at which a reply may begin; each is compared with it.
const STARTS_MAX: usize = 1000;

/// What one peer did.
pub(crate) struct Trace {
    socket: Socket,
    /// A client of the program under test, or its server.
    is_client: bool,
    server: SocketAddr,
    sent: Vec<Vec<u8>>,
    has_ended_sending: bool,
    /// How often something came back.
    answers: usize,
    awaits_answer: bool,
    /// Something came since the last that was sent.
    owes_answer: bool,
    unreachable: Option<u64>,
    was_reset: bool,
}

/// A peer's socket, for as long as the peer has it.
pub(crate) enum Socket {
    Tcp(Weak<TcpStream>),
    Udp(Weak<UdpSocket>),
}

impl Socket {
    fn transport(&self) -> Transport {
        match self {
            Socket::Tcp(_) => Transport::Tcp,
            Socket::Udp(_) => Transport::Udp,
        }
    }

    fn is_open(&self) -> bool {
        match self {
            Socket::Tcp(stream) => stream.strong_count() > 0,
            Socket::Udp(socket) => socket.strong_count() > 0,
        }
    }

    /// True if something has come that the peer has not read.
    fn has_unread(&self) -> bool {
        match self {
            Socket::Tcp(stream) => stream.upgrade().is_some_and(|stream| {
                stream.set_nonblocking(true).is_ok() && stream.peek(&mut [0]).is_ok_and(|size| size > 0)
            }),
            Socket::Udp(socket) => socket.upgrade().is_some_and(|socket| {
                socket.set_nonblocking(true).is_ok() && socket.peek_from(&mut [0; 1 << 16]).is_ok()
            }),
        }
    }
}

impl Trace {
    pub(crate) fn new(socket: Socket, is_client: bool, server: SocketAddr) -> Trace {
        Trace {
            socket,
            is_client,
            server,
            sent: Vec::new(),
            has_ended_sending: false,
            answers: 0,
            awaits_answer: false,
            owes_answer: false,
            unreachable: unreachable_datagrams(),
            was_reset: false,
        }
    }

    pub(crate) fn sends(&mut self, bytes: &[u8]) {
        self.sent.push(bytes.to_vec());
        (self.awaits_answer, self.owes_answer) = (true, false);
        if self.is_client {
            self.unreachable = unreachable_datagrams();
        }
    }

    pub(crate) fn receives(&mut self) {
        self.answers += usize::from(std::mem::take(&mut self.awaits_answer));
        self.owes_answer = true;
    }

    /// True for a UDP server that has let a request go unanswered, as if it or its reply had been lost.
    fn owes_datagram(&self) -> bool {
        self.owes_answer && self.socket.transport() == Transport::Udp
    }

    pub(crate) fn resets(&mut self) {
        self.was_reset = true;
    }

    /// True if more has come than answers to what was sent. (How many answers a stream holds can't be told.)
    fn has_answers_of_others(&self) -> bool {
        let owed = self.sent.len().saturating_sub(self.answers);
        match &self.socket {
            Socket::Tcp(_) => self.socket.has_unread(),
            Socket::Udp(socket) => socket.upgrade().is_some_and(|socket| {
                let next = || socket.recv_from(&mut [0; 1 << 16]).is_ok();
                socket.set_nonblocking(true).is_ok() && (0..=owed).all(|_| next())
            }),
        }
    }

    pub(crate) fn ends_sending(&mut self) {
        self.has_ended_sending = true;
    }
}

/// How many datagrams came to ports where nobody listens (Linux). Others on the machine would be counted, too, unless it
/// is a network of the test's own, as it is while grading.
fn unreachable_datagrams() -> Option<u64> {
    env::var_os("LAB_REPORT")?;
    let table = fs::read_to_string("/proc/self/net/snmp").ok()?;
    let mut rows = table.lines().filter_map(|line| line.strip_prefix("Udp: "));
    let column = rows.next()?.split(' ').position(|name| name == "NoPorts")?;
    rows.next()?.split(' ').nth(column)?.parse().ok()
}

fn times(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn there_were(count: usize, what: &str) -> String {
    format!("there {} {}", if count == 1 { "was" } else { "were" }, times(count, what))
}

/// How much of the beginning of `text` stands somewhere in `shown`.
fn beginning_in(shown: &[u8], text: &[u8]) -> usize {
    let common = |at: usize| shown[at..].iter().zip(text).take_while(|(one, other)| one == other).count();
    let starts = (0..shown.len()).filter(|at| text.first() == Some(&shown[*at]));
    starts.take(STARTS_MAX).map(common).max().unwrap_or(0)
}

fn is_blank(text: &[u8]) -> bool {
    !text.is_empty() && text.trim_ascii().is_empty()
}

impl Story {
    /// Describes what `peer` received in place of what was expected, why that may be, and how to see the same by hand.
    pub(crate) fn explain(
        &self,
        peer: usize,
        sent: &[u8],
        expected: &[u8],
        received: &[u8],
        end: End,
    ) -> String {
        let cause = self
            .cause(peer, sent, expected, received, end)
            .or_else(|| likely_cause(sent, expected, received, end).map(str::to_owned));
        let cause = cause.as_deref().map(tell_cause).unwrap_or_default();
        comparison(expected, received, end) + &cause + &self.by_hand(peer)
    }

    /// The cause that what `peer` received leaves open, and that all peers together show.
    fn cause(&self, peer: usize, sent: &[u8], expected: &[u8], received: &[u8], end: End) -> Option<String> {
        let (is_client, server) = self.with_traces(|traces| (traces[peer].is_client, traces[peer].server));
        match (is_client, received.is_empty(), end) {
            (true, true, _) => self.cause_of_no_answer(peer, sent, end),
            (false, true, End::Silence) if self.with_traces(|traces| traces[peer].owes_datagram()) => {
                Some(self.cause_of_no_next_request())
            }
            (false, true, End::Silence) => Some(self.cause_of_no_request(server)),
            (true, false, End::Reset) => Some(
                "one read was taken for the whole message: the rest lay unread when the connection was closed, and that \
                 resets it. Read on until all has come"
                    .to_owned(),
            ),
            (true, false, _) if self.begins_with_an_older_text(peer, expected, received) => Some(
                "the answer begins with an older message: empty the buffer when it is answered, and share it with no \
                 other client"
                    .to_owned(),
            ),
            _ => None,
        }
    }

    /// True if what came begins with the answer to another text than the newest one of `peer`.
    fn begins_with_an_older_text(&self, peer: usize, expected: &[u8], received: &[u8]) -> bool {
        self.with_traces(|traces| {
            let newest = traces[peer].sent.len().saturating_sub(1);
            let texts = traces.iter().enumerate().flat_map(|(at, trace)| {
                let older = if at == peer { newest } else { trace.sent.len() };
                trace.sent[..older].iter().filter(|_| trace.is_client)
            });
            let answers = texts.map(|text| text.trim_ascii_end().to_ascii_uppercase());
            let mut older = answers.filter(|answer| answer.len() > 1 && !expected.starts_with(answer));
            older.any(|answer| received.starts_with(&answer))
        })
    }

    /// Gives a program that closed a connection the time to end, if that is why.
    fn is_over_soon(&self, end: End) -> bool {
        const TIME: Duration = Duration::from_millis(500);
        let deadline = Instant::now() + TIME;
        while !self.is_over() && end != End::Silence && Instant::now() < deadline {
            thread::sleep(POLL);
        }
        self.is_over()
    }

    fn cause_of_no_answer(&self, peer: usize, sent: &[u8], end: End) -> Option<String> {
        let (transport, server) =
            self.with_traces(|traces| (traces[peer].socket.transport(), traces[peer].server));
        if self.is_over_soon(end) {
            return Some(self.cause_of_the_end());
        }
        if let Some(cause) = self.cause_of_other_sockets(transport, server) {
            return Some(cause);
        }
        let (answers, others_unread, others_open, unreachable) = self.with_traces(|traces| {
            let others = || traces.iter().enumerate().filter(|(at, trace)| *at != peer && trace.is_client);
            let others_unread = others().filter(|(_, trace)| trace.has_answers_of_others()).count();
            let others_open = others().filter(|(_, trace)| trace.socket.is_open()).count();
            (traces[peer].answers, others_unread, others_open, traces[peer].unreachable)
        });
        match (transport, end) {
            (_, End::Silence) if others_unread > 0 => Some(match transport {
                Transport::Udp => "the answer went to another client: send it to the address that this very datagram came \
                     from (`recv_from`, `recvfrom`)"
                    .to_owned(),
                Transport::Tcp => "the answer went to another client: answer on the connection that the text was read \
                     from; a variable that all threads share holds only the newest one"
                    .to_owned(),
            }),
            (Transport::Udp, End::Silence) if unreachable < unreachable_datagrams() => Some(
                "the answer went to a port where nobody listens: send it to the address that the datagram came from \
                 (`recv_from`, `recvfrom`), and to no fixed one"
                    .to_owned(),
            ),
            (Transport::Tcp, End::Silence) if self.answers_when_others_leave(peer) => Some(format!(
                "it serves {} at a time: the answer came only when the others had left. Start a thread for each \
                 connection, and wait for none of them",
                if others_open == 1 { "one client" } else { "only so many clients" }
            )),
            (_, End::Silence) if is_blank(sent) => Some(format!(
                "{} got no answer: white space is text like any other, so strip nothing from what was read",
                bytes(sent)
            )),
            (Transport::Tcp, End::Silence) if answers > 0 => Some(format!(
                "{} on this connection, and then no more: read and answer in a loop, until the client closes",
                there_were(answers, "answer")
            )),
            (Transport::Tcp, End::Silence) if self.all_others_have_left(peer) => Some(
                "an earlier client has left, and the server does not go on to the next: a read that gives 0 bytes is the \
                 end of the stream; close the connection then, and accept again"
                    .to_owned(),
            ),
            (Transport::Tcp, End::Closed | End::Reset) if answers > 0 => Some(format!(
                "it closed the connection after {}: read and answer in a loop, until the client closes",
                times(answers, "answer")
            )),
            (Transport::Tcp, End::Reset) => Some(
                "the request was never read: a connection that is closed while bytes lie unread in it is reset"
                    .to_owned(),
            ),
            _ => None,
        }
    }

    /// Why the program can't be reached any more, or never could.
    pub(crate) fn cause_of_refusal(&self, server: SocketAddr) -> String {
        let cause = self.is_over_soon(End::Refused).then(|| self.cause_of_the_end());
        let cause = cause.or_else(|| self.cause_of_other_sockets(Transport::Tcp, server)).or_else(|| {
            let answers = self.answers();
            (answers > 0).then(|| {
                format!(
                    "it closed its listening socket after {}: close the connection only",
                    times(answers, "answer")
                )
            })
        });
        cause.as_deref().map(tell_cause).unwrap_or_default()
    }

    fn cause_of_the_end(&self) -> String {
        let words = self.screens().to_lowercase();
        let tells_of_reset = ["reset", "broken pipe", "brokenpipe"].iter().any(|word| words.contains(word));
        if tells_of_reset && self.with_traces(|traces| traces.iter().any(|trace| trace.was_reset)) {
            return "a client that reset its connection ended it: an error of one connection ends that connection alone, so \
                    catch it there (its last words are below)"
                .to_owned();
        }
        match self.answers() {
            0 => "it ended before it answered (its last words are below)".to_owned(),
            answers => format!(
                "it ended after {}: receive or accept the next in a loop, and close the connection only, not the \
                 server's own socket (its last words are below)",
                times(answers, "answer")
            ),
        }
    }

    /// A program that is there, but at another address or with another protocol.
    fn cause_of_other_sockets(&self, wanted: Transport, server: SocketAddr) -> Option<String> {
        let open: Vec<(Transport, SocketAddr)> =
            self.processes().into_iter().flat_map(sockets::open).collect();
        let (same, other): (Vec<_>, Vec<_>) =
            open.into_iter().partition(|(transport, _)| *transport == wanted);
        if same.iter().any(|(_, address)| sockets::reaches(*address, server)) {
            return None;
        }
        if let Some((_, address)) = same.first() {
            return Some(format!(
                "it listens at {address}, and not at {server}: bind the address and the port that it is told"
            ));
        }
        let (transport, address) = other.first()?;
        let kind = if wanted == Transport::Udp { "SOCK_DGRAM" } else { "SOCK_STREAM" };
        Some(format!("its socket at {address} is a {transport} one, and this lab speaks {wanted}: `{kind}`"))
    }

    /// Why a client under test sends no more after a request that was not answered.
    fn cause_of_no_next_request(&self) -> String {
        if self.is_over() {
            "it ended after a request that was not answered: a lost reply is no reason to stop, so note it and send the \
             next request"
                .to_owned()
        } else {
            "it waits for ever for a reply that was lost, and a lost datagram is never announced: set a timeout, and go on"
                .to_owned()
        }
    }

    /// Why a client under test sent nothing to `server`.
    pub(crate) fn cause_of_no_request(&self, server: SocketAddr) -> String {
        let refused = self.screens().to_lowercase().contains("refused");
        let went_astray = self.with_traces(|traces| {
            traces.iter().any(|trace| !trace.is_client && trace.unreachable < unreachable_datagrams())
        });
        if refused || went_astray {
            format!(
                "the client asks at another address than {server} or with another protocol, where nobody listens: take \
                 host and port from the command line, or name those of its code in `run.toml`"
            )
        } else if self.is_over() {
            "the client ended before it sent anything (its last words are below)".to_owned()
        } else if self.has_typed() {
            "the client sent nothing when a line was typed: send it then, and not at the end of the input"
                .to_owned()
        } else {
            "the client sent nothing: it has no input to wait for".to_owned()
        }
    }

    /// The command that plays the server of a client under test.
    pub(crate) fn server_by_hand(&self) -> String {
        let server = self.with_traces(|traces| traces.iter().rposition(|trace| !trace.is_client));
        server.map(|server| self.by_hand(server)).unwrap_or_default()
    }

    /// Why `text` is not on the screen of a client under test, which shows something else.
    pub(crate) fn cause_of_no_output(&self, text: &str, shown: &str, has_crashed: bool) -> Option<String> {
        let replies: Vec<Vec<u8>> = self.with_traces(|traces| {
            let servers = traces.iter().filter(|trace| !trace.is_client);
            servers.flat_map(|trace| &trace.sent).filter(|sent| !sent.is_empty()).cloned().collect()
        });
        if replies.is_empty() {
            return None;
        }
        let reply = replies.iter().map(|reply| reply.trim_ascii_end()).max_by_key(|reply| {
            if text.as_bytes().windows(reply.len().max(1)).any(|part| part == *reply) {
                reply.len()
            } else {
                0
            }
        });
        let (reply, shown_bytes) =
            (reply.unwrap_or_default(), beginning_in(shown.as_bytes(), reply.unwrap_or_default()));
        Some(if has_crashed {
            "the client never shows the reply: it ended with an error before (its last words are below)"
                .to_owned()
        } else if text.contains("\\u{") && shown.contains('\u{1b}') {
            "control characters from the network went to the terminal as they are (they are shown escaped here): show them \
             escaped"
                .to_owned()
        } else if shown.contains('\0') {
            "the whole buffer was printed, with the zeros behind the reply: print as many bytes as were received".to_owned()
        } else if (SHOWN_BYTES_MIN..reply.len()).contains(&shown_bytes) {
            format!(
                "only the first {shown_bytes} of {} bytes are shown: one read of a stream need not return all, and what \
                 of a datagram is longer than the buffer is lost",
                reply.len()
            )
        } else {
            "the client never shows the reply: print what was received, when it was received".to_owned()
        })
    }

    fn answers(&self) -> usize {
        self.with_traces(|traces| {
            traces.iter().filter(|trace| trace.is_client).map(|trace| trace.answers).sum()
        })
    }

    fn all_others_have_left(&self, peer: usize) -> bool {
        self.with_traces(|traces| {
            let others = || traces.iter().enumerate().filter(|(at, trace)| *at != peer && trace.is_client);
            others().any(|(_, trace)| trace.answers > 0) && others().all(|(_, trace)| !trace.socket.is_open())
        })
    }

    /// Makes all other clients leave, and tells if this one is answered then.
    fn answers_when_others_leave(&self, peer: usize) -> bool {
        let streams: Vec<Option<Arc<TcpStream>>> = self.with_traces(|traces| {
            let open = |trace: &Trace| match &trace.socket {
                Socket::Tcp(stream) if trace.is_client => stream.upgrade(),
                _ => None,
            };
            traces.iter().map(open).collect()
        });
        let mut left = false;
        for (_, stream) in streams.iter().enumerate().filter(|(at, _)| *at != peer) {
            left |= stream.as_ref().is_some_and(|stream| stream.shutdown(Shutdown::Both).is_ok());
        }
        let Some(stream) = streams[peer].as_ref().filter(|_| left) else { return false };
        let is_ready =
            stream.set_nonblocking(false).is_ok() && stream.set_read_timeout(Some(RELEASE)).is_ok();
        is_ready && (&**stream).read(&mut [0]).is_ok_and(|size| size > 0)
    }

    /// The command that does the same as the peers, up to `peer`'s failure.
    fn by_hand(&self, peer: usize) -> String {
        let command = self.with_traces(|traces| {
            let is_client = traces[peer].is_client;
            let peers: Vec<&Trace> = traces.iter().filter(|trace| trace.is_client == is_client).collect();
            let bytes: usize = peers.iter().flat_map(|trace| &trace.sent).map(Vec::len).sum();
            if peers.len() > PEERS_BY_HAND_MAX || bytes > BYTES_BY_HAND_MAX {
                return None;
            }
            let last = &traces[peer];
            let before = peers.iter().filter(|trace| !std::ptr::eq(**trace, last));
            let mut command = String::new();
            for trace in before {
                // One that stays connected does so beside the others.
                let stays = trace.socket.is_open() && trace.is_client;
                command += &trace.by_hand(stays);
                command += if stays { " & sleep 0.2; " } else { "; " };
            }
            Some(command + &last.by_hand(false))
        });
        command.map(|command| format!("to see the same: {command}\n")).unwrap_or_default()
    }
}

impl Trace {
    fn by_hand(&self, stays: bool) -> String {
        let pieces: Vec<String> =
            self.sent.iter().map(|bytes| format!("printf '{}'", shell(bytes))).collect();
        let (host, port) = (self.server.ip(), self.server.port());
        if !self.is_client {
            let udp = if self.socket.transport() == Transport::Udp { "-u " } else { "" };
            return match pieces.first() {
                Some(piece) => {
                    format!("{piece} | nc {udp}-l {host} {port} (and the client in another terminal)")
                }
                None => format!("nc {udp}-l {host} {port} (and the client in another terminal)"),
            };
        }
        let (nc, pause) = match self.socket.transport() {
            Transport::Udp => ("nc -u -w1", "; sleep 0.2; "),
            Transport::Tcp => ("nc -N", "; sleep 1; "),
        };
        let mut script = pieces.join(pause);
        if self.socket.transport() == Transport::Tcp && !self.has_ended_sending {
            // The client's side stays open while it waits.
            let pause = if stays { "sleep 5" } else { "sleep 1" };
            script = if script.is_empty() { pause.to_owned() } else { format!("({script}; {pause})") };
        } else if pieces.len() > 1 {
            script = format!("({script})");
        } else if script.is_empty() {
            script = "printf ''".to_owned();
        }
        format!("{script} | {nc} {host} {port}")
    }
}

/// Writes bytes for `printf '…'` in a shell.
pub(crate) fn shell(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        match byte {
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            b'%' => text.push_str("%%"),
            b'\\' => text.push_str("\\\\"),
            b'\'' => text.push_str("'\\''"),
            b' '..=b'~' => text.push(char::from(*byte)),
            _ => text.push_str(&format!("\\{byte:03o}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Socket, Story, Trace, shell};
    use crate::diagnosis::End;
    use crate::peer::{TcpPeer, UdpPeer};
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream, UdpSocket};
    use std::sync::Arc;
    use std::thread;

    #[test]
    fn writes_bytes_for_a_shell() {
        assert_eq!(shell(b"it's 5 %\n\\ \xff\0"), r"it'\''s 5 %%\n\\ \377\000");
    }

    #[test]
    fn writes_the_command_that_does_the_same() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = listener.local_addr().unwrap();
        let stream = Arc::new(TcpStream::connect(server).unwrap());
        let mut trace = Trace::new(Socket::Tcp(Arc::downgrade(&stream)), true, server);
        let port = server.port();
        assert_eq!(trace.by_hand(false), format!("sleep 1 | nc -N 127.0.0.1 {port}"));
        trace.sends(b"hello\n");
        let sleeping = format!("(printf 'hello\\n'; sleep 5) | nc -N 127.0.0.1 {port}");
        assert_eq!(trace.by_hand(true), sleeping);
        trace.ends_sending();
        assert_eq!(trace.by_hand(false), format!("printf 'hello\\n' | nc -N 127.0.0.1 {port}"));

        let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").unwrap());
        let mut trace = Trace::new(Socket::Udp(Arc::downgrade(&socket)), true, server);
        trace.sends(b"hello");
        assert_eq!(trace.by_hand(false), format!("printf 'hello' | nc -u -w1 127.0.0.1 {port}"));
        trace.sends(b"a");
        let command = format!("(printf 'hello'; sleep 0.2; printf 'a') | nc -u -w1 127.0.0.1 {port}");
        assert_eq!(trace.by_hand(false), command);
    }

    #[test]
    fn counts_an_answer_once_for_what_was_sent() {
        let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").unwrap());
        let mut trace = Trace::new(Socket::Udp(Arc::downgrade(&socket)), true, socket.local_addr().unwrap());
        trace.receives();
        assert_eq!(trace.answers, 0);
        trace.sends(b"hello");
        trace.receives();
        trace.receives();
        assert_eq!(trace.answers, 1);
    }

    #[test]
    fn sees_that_one_client_waits_for_another() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for connection in listener.incoming() {
                let (mut connection, mut buffer) = (connection.unwrap(), [0; 100]);
                while let Ok(size @ 1..) = connection.read(&mut buffer) {
                    let _ = connection.write_all(&buffer[..size]);
                }
            }
        });
        let (_first, mut second) = (TcpPeer::connect(address), TcpPeer::connect(address));
        second.send(b"hello\n");
        let text = second.explain(b"hello\n", b"HELLO\n", b"", End::Silence);
        assert!(text.contains("one client at a time"), "{text}");
        let command =
            "sleep 5 | nc -N 127.0.0.1 PORT & sleep 0.2; (printf 'hello\\n'; sleep 1) | nc -N 127.0.0.1 PORT";
        assert!(text.contains(&command.replace("PORT", &address.port().to_string())), "{text}");
    }

    #[test]
    fn sees_that_an_answer_went_to_another_client() {
        let server = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = server.local_addr().unwrap();
        let (first, mut second) = (UdpPeer::client_of(address), UdpPeer::client_of(address));
        second.send(b"hello");
        server.send_to(b"HELLO", first.address()).unwrap();
        let text = second.explain(b"HELLO", b"", End::Silence);
        assert!(text.contains("went to another client"), "{text}");
    }

    #[test]
    fn takes_an_answer_that_was_not_read_yet_for_no_other_clients_answer() {
        let server = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = server.local_addr().unwrap();
        let (mut first, mut second) = (UdpPeer::client_of(address), UdpPeer::client_of(address));
        first.send(b"one");
        second.send(b"two");
        server.send_to(b"ONE", first.address()).unwrap();
        let text = second.explain(b"TWO", b"", End::Silence);
        assert!(!text.contains("went to another client"), "{text}");
        server.send_to(b"ONE", first.address()).unwrap();
        server.send_to(b"TWO", first.address()).unwrap();
        let text = second.explain(b"TWO", b"", End::Silence);
        assert!(text.contains("went to another client"), "{text}");
    }

    #[test]
    fn tells_what_a_client_shows_in_place_of_the_reply() {
        let mut server = UdpPeer::server();
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        client.send_to(b"hello", server.address()).unwrap();
        server.expect(b"hello");
        server.send(b"HELLO WORLD");
        for (text, shown, has_crashed, cause) in [
            ("HELLO WORLD", "", false, "never shows the reply: print what"),
            ("HELLO WORLD", "sent\n", true, "never shows the reply: it ended with an error"),
            ("HELLO WORLD", "got HELLO WO\n", false, "only the first 8 of 11 bytes are shown"),
            ("> HELLO WORLD\n", "> HELLO WORLD\0\0\0\n", false, "the whole buffer was printed"),
            ("\\u{1b}[2J", "\u{1b}[2J", false, "control characters"),
        ] {
            let told = Story::current().cause_of_no_output(text, shown, has_crashed).unwrap();
            assert!(told.contains(cause), "{shown:?}: {told}");
        }
    }

    #[test]
    fn tells_a_lasting_connection_from_one_answer() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut peer = TcpPeer::connect(listener.local_addr().unwrap());
        let mut server = listener.accept().unwrap().0;
        let cause = |peer: &TcpPeer, received: &[u8], end| peer.explain(b"two\n", b"TWO\n", received, end);
        peer.send(b"one\n");
        assert!(cause(&peer, b"", End::Reset).contains("never read"));
        assert!(cause(&peer, b"T", End::Reset).contains("one read was taken for the whole message"));
        server.write_all(b"ONE\n").unwrap();
        peer.expect(b"ONE\n");
        peer.send(b"two\n");
        assert!(cause(&peer, b"ONE\nTWO\n", End::Enough).contains("begins with an older message"));
        assert!(cause(&peer, b"", End::Silence).contains("1 answer on this connection, and then no more"));
        assert!(cause(&peer, b"", End::Closed).contains("closed the connection after 1 answer"));
    }
}
