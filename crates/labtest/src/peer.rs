//! The other end of the network, under the test's control.

use crate::diagnosis::{End, bytes, comparison, likely_cause, tell_cause};
use crate::program::POLL;
use crate::report::Verdict;
use crate::story::Story;
use crate::trace::{Socket, Trace};
use crate::{patience, start_patience};
use std::env;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// When a wait is over. What the programs under test waited for a processor meanwhile is the machine's time, and not
/// theirs: who waits as long as [`patience`] says waits that much longer, up to twice as long.
struct Deadline {
    start: Instant,
    time: Duration,
    queued: Queued,
}

/// What is known of the programs' waiting for a processor. To ask the system takes its time where threads are many, so
/// nobody asks who gets an answer soon.
enum Queued {
    NotAsked,
    Before(Duration),
    Granted,
}

impl Deadline {
    const SOON: Duration = Duration::from_millis(250);

    fn of(time: Duration) -> Deadline {
        let queued = if time >= patience() { Queued::NotAsked } else { Queued::Granted };
        Deadline { start: Instant::now(), time, queued }
    }

    /// How long to wait next; then to be asked again.
    fn left(&mut self, story: &Story) -> Duration {
        let left = self.time.saturating_sub(self.start.elapsed());
        match self.queued {
            Queued::NotAsked if self.start.elapsed() < Deadline::SOON => left.min(Deadline::SOON),
            Queued::NotAsked => {
                self.queued = Queued::Before(story.queued());
                left
            }
            Queued::Before(before) if left.is_zero() => {
                self.queued = Queued::Granted;
                self.time += story.queued().saturating_sub(before).min(patience());
                self.time.saturating_sub(self.start.elapsed())
            }
            _ => left,
        }
    }
}

/// A wait in pieces: it is over when the time is up, or when the programs under test have all ended.
struct Wait<'a> {
    deadline: Deadline,
    story: &'a Story,
    was_over: bool,
}

/// How long one piece of a wait is.
const PIECE: Duration = Duration::from_millis(100);

impl Wait<'_> {
    fn of(time: Duration, story: &Story) -> Wait<'_> {
        Wait { deadline: Deadline::of(time), story, was_over: false }
    }

    /// How long to wait next. What a program sent before its end may still be on its way: for that, there is one more.
    fn next(&mut self) -> Option<Duration> {
        let left = self.deadline.left(self.story);
        let was_over = std::mem::replace(&mut self.was_over, self.story.is_over());
        (!left.is_zero() && !was_over).then(|| left.min(PIECE))
    }
}

/// A scripted end of a TCP connection.
pub struct TcpPeer {
    stream: Arc<TcpStream>,
    name: String,
    trace: usize,
    /// What was sent since the last answer, for the diagnosis.
    sent: Vec<u8>,
    story: Arc<Story>,
}

impl TcpPeer {
    /// Connects to a server under test.
    #[track_caller]
    pub fn connect(server: SocketAddr) -> TcpPeer {
        match TcpPeer::try_connect(server) {
            Ok(peer) => peer,
            Err(error) => {
                let story = Story::current();
                let cause = story.cause_of_refusal(server);
                story.fail(format!("a client can't connect to {server}: {error}\n{cause}").trim_end());
            }
        }
    }

    pub(crate) fn try_connect(server: SocketAddr) -> io::Result<TcpPeer> {
        let stream = TcpStream::connect_timeout(&server, patience())?;
        Ok(TcpPeer::on(stream, "client", server, Story::current()))
    }

    /// A peer on a connection to `other`, which may be over already: a socket that was reset knows no other side.
    fn on(stream: TcpStream, role: &str, other: SocketAddr, story: Arc<Story>) -> TcpPeer {
        let own = stream.local_addr().unwrap();
        let name = format!("{role} {own}");
        // What a test sends in two writes is meant to arrive in two segments, now.
        let _ = stream.set_nodelay(true);
        let _ = stream.set_write_timeout(Some(patience()));
        story.step(format!("{name} is connected to {other}"));
        let (is_client, stream) = (role == "client", Arc::new(stream));
        let server = if is_client { other } else { own };
        let trace = story.follow(Trace::new(Socket::Tcp(Arc::downgrade(&stream)), is_client, server));
        TcpPeer { stream, name, trace, sent: Vec::new(), story }
    }

    /// The socket, for whatever the methods here do not do.
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Sends `bytes` in one write.
    #[track_caller]
    pub fn send(&mut self, bytes: &[u8]) {
        self.story.step(format!("{} sends {}", self.name, self::bytes(bytes)));
        let result = (&*self.stream).write_all(bytes);
        self.sent(bytes);
        if let Err(error) = result {
            let why = self.explain(&self.sent, b"", b"", End::of(&error));
            self.story.fail(format!("{} can't send: {error}\n{why}", self.name).trim_end());
        }
    }

    pub(crate) fn step(&self, what: String) {
        self.story.step(format!("{} {what}", self.name));
    }

    pub(crate) fn sent(&mut self, bytes: &[u8]) {
        self.sent.extend_from_slice(bytes);
        self.story.with_traces(|traces| traces[self.trace].sends(bytes));
    }

    pub(crate) fn take_sent(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.sent)
    }

    /// Reads until `expected` has come, and fails at the first byte that differs.
    #[track_caller]
    pub fn expect(&mut self, expected: &[u8]) {
        let (received, end) =
            self.read_until(|received| received.len() >= expected.len() || !expected.starts_with(received));
        self.story.step(format!("{} receives {}", self.name, bytes(&received)));
        if received != expected {
            let why = self.explain(&self.sent, expected, &received, end);
            self.fail_with(&format!("got the wrong answer\n{why}"), &received, end);
        }
        self.sent.clear();
    }

    /// Sends `text` so many `times`, and meanwhile reads what comes back: `expected`, as often. A program that is slow, and
    /// right all the time, gets less. Tells how many bytes came back.
    #[track_caller]
    pub fn exchange(&mut self, text: &[u8], expected: &[u8], times: usize) -> usize {
        self.exchange_for(Duration::from_secs(5), text, expected, times)
    }

    /// Sends for a time, and reads for twice as long.
    #[track_caller]
    fn exchange_for(&mut self, time: Duration, text: &[u8], expected: &[u8], times: usize) -> usize {
        self.step(format!("sends {}, {times} times, and reads what comes back meanwhile", bytes(text)));
        self.stream.set_read_timeout(Some(patience())).unwrap();
        let (start, times) = (Instant::now(), AtomicUsize::new(times));
        let result = thread::scope(|scope| {
            scope.spawn(|| {
                for sent in 0..times.load(Ordering::Acquire) {
                    let mut rest = text;
                    while !rest.is_empty() {
                        if start.elapsed() > time {
                            times.store(sent, Ordering::Release);
                            let _ = self.stream.shutdown(Shutdown::Write); // so the reader waits for no more
                            return;
                        }
                        match (&*self.stream).write(rest) {
                            Ok(size) => rest = &rest[size..],
                            Err(error) if labcore::is_timeout(&error) => {} // it is slow, and full buffers are long
                            Err(error) if error.kind() == ErrorKind::Interrupted => {}
                            Err(_) => return, // the reader sees that, too
                        }
                    }
                }
            });
            let is_late = || start.elapsed() > 2 * time;
            let result = compare_repeated(&mut &*self.stream, text, expected, &times, is_late);
            if result.is_err() {
                let _ = self.stream.shutdown(Shutdown::Both); // whoever writes may be stuck
            }
            result
        });
        result.unwrap_or_else(|why| self.story.fail(&format!("{} {why}", self.name)))
    }

    /// Describes what came in place of what was expected.
    pub(crate) fn explain(&self, sent: &[u8], expected: &[u8], received: &[u8], end: End) -> String {
        self.story.explain(self.trace, sent, expected, received, end)
    }

    /// Fails with what came: nothing at all is another failure than something wrong.
    #[track_caller]
    pub(crate) fn fail_with(&self, what: &str, received: &[u8], end: End) -> ! {
        let is_silent = received.is_empty() && end == End::Silence;
        let verdict = if is_silent { Verdict::Timeout } else { Verdict::Fail };
        self.story.fail_as(verdict, format!("{} {what}", self.name).trim_end());
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
        self.story.step(format!("{} receives {}", self.name, bytes(&received)));
        received
    }

    /// Reads `length` bytes.
    #[track_caller]
    pub fn read_exact(&mut self, length: usize) -> Vec<u8> {
        let awaited = format!("{length} bytes");
        let mut received = Vec::new();
        while received.len() < length {
            let missing = length - received.len();
            self.read_more(&mut received, missing.min(1 << 16), &awaited);
        }
        self.story.step(format!("{} receives {}", self.name, bytes(&received)));
        received
    }

    /// Reads some more of what a test waits for, and fails when nothing comes.
    #[track_caller]
    fn read_more(&mut self, received: &mut Vec<u8>, at_once: usize, awaited: &str) {
        let (more, end) = self.read_some(at_once, |more| !more.is_empty());
        if more.is_empty() {
            let got = bytes(received);
            self.story.fail(&format!("{} expected {awaited} and received {got}{}", self.name, end.tell()));
        }
        received.extend(more);
    }

    /// Expects that the other side has nothing more to say and closes.
    #[track_caller]
    pub fn expect_end(&mut self) {
        let (received, end) = self.read_until(|received| !received.is_empty());
        self.story.step(format!("{} receives {}{}", self.name, bytes(&received), end.tell()));
        if !received.is_empty() || end != End::Closed {
            let what = format!(
                "{} expected the end of the stream and received {}{}",
                self.name,
                bytes(&received),
                end.tell()
            );
            self.story.fail(&what);
        }
    }

    /// Reads to the end, however it ends, and gives what came.
    pub fn read_to_end(&mut self) -> Vec<u8> {
        let (received, end) = self.read_until(|_| false);
        self.story.step(format!("{} receives {}{}", self.name, bytes(&received), end.tell()));
        received
    }

    /// Expects silence for a time: nothing comes, and the connection stays open.
    #[track_caller]
    pub fn expect_nothing_for(&mut self, time: Duration) {
        let (received, end) = self.read_for(time, 1 << 16, |received| !received.is_empty());
        if end != End::Silence {
            let what =
                format!("{} expected silence and received {}{}", self.name, bytes(&received), end.tell());
            self.story.fail(&what);
        }
        self.story.step(format!("{} receives nothing for {} s", self.name, time.as_secs_f64()));
    }

    /// Ends the sending side only: the other side reads the end of the stream and may still send.
    pub fn half_close(&mut self) {
        self.story.step(format!("{} ends its sending side", self.name));
        self.story.with_traces(|traces| traces[self.trace].ends_sending());
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Leaves without a word: the other side gets a reset instead of the end of the stream.
    pub fn reset(self) {
        self.story.step(format!("{} resets the connection", self.name));
        self.story.with_traces(|traces| traces[self.trace].resets());
        socket2::SockRef::from(&*self.stream).set_linger(Some(Duration::ZERO)).unwrap();
    }

    /// Closes the connection.
    pub fn close(self) {
        self.story.step(format!("{} closes the connection", self.name));
    }

    pub(crate) fn read_until(&mut self, enough: impl Fn(&[u8]) -> bool) -> (Vec<u8>, End) {
        self.read_some(1 << 16, enough)
    }

    fn read_some(&mut self, at_once: usize, enough: impl Fn(&[u8]) -> bool) -> (Vec<u8>, End) {
        self.read_for(patience(), at_once, enough)
    }

    pub(crate) fn read_for(
        &mut self,
        time: Duration,
        at_once: usize,
        enough: impl Fn(&[u8]) -> bool,
    ) -> (Vec<u8>, End) {
        // Not a `Wait`: a program that ends closes its connections, and that says how it was.
        let mut deadline = Deadline::of(time);
        let mut received = Vec::new();
        let mut buffer = vec![0; at_once];
        while !enough(&received) {
            let left = deadline.left(&self.story);
            if left.is_zero() {
                return (received, End::Silence);
            }
            self.stream.set_read_timeout(Some(left)).unwrap();
            match (&*self.stream).read(&mut buffer) {
                Ok(0) => return (received, End::Closed),
                Ok(size) => {
                    self.story.with_traces(|traces| traces[self.trace].receives());
                    received.extend_from_slice(&buffer[..size]);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted || labcore::is_timeout(&error) => {}
                Err(error) => return (received, End::of(&error)),
            }
        }
        (received, End::Enough)
    }
}

/// Reads the answer to so many `times` the `text`, and tells its length; or describes the first byte that is another one or
/// does not come. There may turn out to be fewer `times`, and it may be too late for more.
fn compare_repeated(
    stream: &mut impl Read,
    text: &[u8],
    expected: &[u8],
    times: &AtomicUsize,
    is_late: impl Fn() -> bool,
) -> Result<usize, String> {
    let mut received = vec![0; expected.len()];
    let mut number = 0;
    while number < times.load(Ordering::Acquire) && !is_late() {
        let (mut length, mut end) = (0, End::Enough);
        while length < received.len() && end == End::Enough {
            match stream.read(&mut received[length..]) {
                Ok(0) => end = End::Closed,
                Ok(size) => length += size,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => end = End::of(&error),
            }
        }
        let before = number * expected.len();
        // Single bytes only where something is wrong: without an optimiser, a gigabyte of them takes half a minute.
        let differs = received[..length] != expected[..length];
        let first = || received[..length].iter().zip(expected).position(|(one, other)| one != other);
        if let Some(at) = differs.then(first).flatten() {
            let shown = at.saturating_sub(12)..length.min(at + 12);
            let (sent, right, wrong) = (&text[shown.clone()], &expected[shown.clone()], &received[shown]);
            let cause = likely_cause(sent, right, wrong, End::Enough).unwrap_or(
                "send as many bytes as were read, and all of them: one write may take fewer than it is given \
                 (`write_all`, `sendall`)",
            );
            return Err(format!(
                "got a wrong byte behind {} right ones; around it:\n{}{}",
                before + at,
                comparison(right, wrong, End::Enough),
                tell_cause(cause)
            ));
        }
        let times = times.load(Ordering::Acquire);
        if end != End::Enough && number < times {
            let total = before + length;
            let cause = match (end, total) {
                (End::Silence, 0) => {
                    "read some and send it, in turns: who reads all first fills every buffer on the way, and then \
                     nobody can go on"
                }
                _ => "it stopped in the middle: read and send in a loop, until a read gives 0 bytes",
            };
            return Err(format!(
                "expected {} bytes and received {total} bytes{}\n{}",
                times * expected.len(),
                end.tell(),
                tell_cause(cause)
            ));
        }
        number += usize::from(end == End::Enough);
    }
    Ok(number * expected.len())
}

/// A scripted TCP server, for a client under test.
pub struct TcpPeerListener {
    listener: TcpListener,
    story: Arc<Story>,
}

impl TcpPeerListener {
    /// Listens on a free port of loopback, or where `LAB_ADDRESS` and `LAB_PORT` say.
    pub fn bind() -> TcpPeerListener {
        TcpPeerListener { listener: bind_as_server(TcpListener::bind), story: Story::current() }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap()
    }

    /// Accepts a client that has connected already.
    pub(crate) fn accept_now(&self) -> Option<TcpPeer> {
        self.listener.set_nonblocking(true).unwrap();
        let (stream, client) = self.listener.accept().ok()?;
        stream.set_nonblocking(false).unwrap();
        Some(TcpPeer::on(stream, "server", client, Arc::clone(&self.story)))
    }

    /// Waits for the client under test to connect.
    #[track_caller]
    pub fn accept(&self) -> TcpPeer {
        // The standard library has no accept with a timeout, so this looks again and again.
        self.listener.set_nonblocking(true).unwrap();
        let mut wait = Wait::of(start_patience(), &self.story);
        loop {
            match self.listener.accept() {
                Ok((stream, client)) => {
                    stream.set_nonblocking(false).unwrap();
                    return TcpPeer::on(stream, "server", client, Arc::clone(&self.story));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock && wait.next().is_some() => {
                    thread::sleep(POLL);
                }
                Err(_) => {
                    let (address, cause) = (self.address(), self.story.cause_of_no_request(self.address()));
                    self.story
                        .fail_to_arrive(&format!("no client connected to {address}\nlikely cause: {cause}"));
                }
            }
        }
    }
}

/// Binds a scripted server: on a free port of loopback, or where `LAB_ADDRESS` and `LAB_PORT` say, for clients that have
/// these in their code. A second server of the same test finds them taken, and takes a free port.
fn bind_as_server<T>(bind: fn(SocketAddr) -> io::Result<T>) -> T {
    let address = env::var("LAB_ADDRESS").ok().and_then(|word| word.parse().ok());
    let address = address.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let port = env::var("LAB_PORT").ok().and_then(|word| word.parse().ok()).unwrap_or(0);
    bind((address, port).into()).or_else(|_| bind((address, 0).into())).unwrap()
}

/// A scripted end of a UDP conversation.
pub struct UdpPeer {
    socket: Arc<UdpSocket>,
    name: String,
    trace: usize,
    /// Whom it talks to; a server learns it with the first datagram.
    other: Option<SocketAddr>,
    sent: Vec<u8>,
    story: Arc<Story>,
}

impl UdpPeer {
    /// Makes a client of a server under test.
    #[track_caller]
    pub fn client_of(server: SocketAddr) -> UdpPeer {
        // From the address that the system takes for this server: loopback, unless it is bound to another one.
        let any: SocketAddr = match server.ip() {
            IpAddr::V4(ip) if ip.is_loopback() => (Ipv4Addr::LOCALHOST, 0).into(),
            IpAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            IpAddr::V6(ip) if ip.is_loopback() => (Ipv6Addr::LOCALHOST, 0).into(),
            IpAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        match UdpSocket::bind(any) {
            Ok(socket) => UdpPeer::on(socket, "client", Some(server)),
            Err(error) => Story::current().fail(&format!("no client can reach {server}: {error}")),
        }
    }

    /// Makes a server for a client under test, on a free port of loopback or where `LAB_ADDRESS` and `LAB_PORT` say.
    pub fn server() -> UdpPeer {
        UdpPeer::on(bind_as_server(UdpSocket::bind), "server", None)
    }

    fn on(socket: UdpSocket, role: &str, other: Option<SocketAddr>) -> UdpPeer {
        let name = format!("{role} {}", socket.local_addr().unwrap());
        let (socket, story) = (Arc::new(socket), Story::current());
        let server = other.unwrap_or_else(|| socket.local_addr().unwrap());
        let trace = story.follow(Trace::new(Socket::Udp(Arc::downgrade(&socket)), other.is_some(), server));
        UdpPeer { socket, name, trace, other, sent: Vec::new(), story }
    }

    /// Its own socket address.
    pub fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    /// Sends one datagram to the other side.
    #[track_caller]
    pub fn send(&mut self, datagram: &[u8]) {
        let to = self.other.expect("a server answers only after a datagram came");
        self.story.step(format!("{} sends a datagram of {}", self.name, bytes(datagram)));
        self.story.with_traces(|traces| traces[self.trace].sends(datagram));
        if let Err(error) = self.socket.send_to(datagram, to) {
            self.story.fail(&format!("{} can't send to {to}: {error}", self.name));
        }
        datagram.clone_into(&mut self.sent);
    }

    /// Waits for one datagram and compares it.
    #[track_caller]
    pub fn expect(&mut self, expected: &[u8]) {
        let received = self.receive(expected);
        if received != expected {
            let why = self.explain(expected, &received, End::Enough);
            self.story.fail(format!("{} got the wrong datagram\n{why}", self.name).trim_end());
        }
    }

    /// Like [`UdpPeer::expect`], and gives the address that the datagram came from.
    #[track_caller]
    pub fn expect_from(&mut self, expected: &[u8]) -> SocketAddr {
        self.expect(expected);
        self.other.unwrap()
    }

    /// Waits for one datagram, whatever it holds, and gives it.
    #[track_caller]
    pub fn receive_any(&mut self) -> Vec<u8> {
        self.receive(b"")
    }

    #[track_caller]
    fn receive(&mut self, expected: &[u8]) -> Vec<u8> {
        let patience = if self.other.is_none() { start_patience() } else { patience() };
        let (buffer, from) = match self.receive_for(patience) {
            Ok(received) => received,
            Err(error) => {
                let why = self.explain(expected, b"", End::of(&error));
                let what = format!("{} received no datagram\n{why}", self.name);
                self.story.fail_as(Verdict::Timeout, what.trim_end());
            }
        };
        self.story.step(format!("{} receives a datagram of {} from {from}", self.name, bytes(&buffer)));
        self.story.with_traces(|traces| traces[self.trace].receives());
        match self.other {
            Some(other) if self.name.starts_with("client") && other != from => self.story.fail(&format!(
                "the answer came from {from}, but the request went to {other}\nlikely cause: the answer is sent from \
                 another socket than the one that received the request"
            )),
            _ => self.other = Some(from),
        }
        buffer
    }

    /// Describes what came in place of the datagram that was expected.
    pub(crate) fn explain(&self, expected: &[u8], received: &[u8], end: End) -> String {
        self.story.explain(self.trace, &self.sent, expected, received, end)
    }

    /// Expects silence for a time.
    #[track_caller]
    pub fn expect_nothing_for(&mut self, time: Duration) {
        match self.receive_for(time) {
            Err(error) if labcore::is_timeout(&error) => {
                self.story.step(format!("{} receives nothing for {} s", self.name, time.as_secs_f64()));
            }
            Err(error) => self.story.fail(&format!("{} expected silence: {error}", self.name)),
            Ok((datagram, from)) => {
                let got = bytes(&datagram);
                self.story.fail(&format!("{} expected silence and received {got} from {from}", self.name));
            }
        }
    }

    #[track_caller]
    pub(crate) fn fail(&self, what: &str) -> ! {
        self.story.fail(&format!("{} {what}", self.name));
    }

    /// Tells if a datagram comes within a time, and leaves it there.
    pub fn has_datagram_for(&self, time: Duration) -> bool {
        let mut wait = Wait::of(time, &self.story);
        while let Some(left) = wait.next() {
            self.socket.set_read_timeout(Some(left)).unwrap();
            // Windows reports a datagram that is longer than the buffer as an error.
            match self.socket.peek_from(&mut [0]) {
                Err(error) if labcore::is_timeout(&error) || error.kind() == ErrorKind::Interrupted => {}
                _ => return true,
            }
        }
        false
    }

    fn receive_for(&self, time: Duration) -> io::Result<(Vec<u8>, SocketAddr)> {
        let mut wait = Wait::of(time, &self.story);
        let mut buffer = vec![0; 1 << 16];
        loop {
            let Some(left) = wait.next() else { return Err(ErrorKind::TimedOut.into()) };
            self.socket.set_read_timeout(Some(left))?;
            match self.socket.recv_from(&mut buffer) {
                Ok((size, from)) => {
                    buffer.truncate(size);
                    return Ok((buffer, from));
                }
                Err(error) if error.kind() == ErrorKind::Interrupted || labcore::is_timeout(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{TcpPeerListener, compare_repeated};
    use std::net::TcpStream;
    use std::time::Duration;

    #[test]
    fn accepts_a_client_that_has_reset_its_connection_already() {
        let listener = TcpPeerListener::bind();
        let client = TcpStream::connect(listener.address()).unwrap();
        socket2::SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
        drop(client);
        assert_eq!(listener.accept().read_to_end(), b"");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn waits_for_the_answer_of_a_server_that_has_closed_its_screens() {
        if !crate::has_tool("python3") {
            return;
        }
        const CLOSES: &str = "import os, socket, time
server = socket.create_server(('127.0.0.1', 0))
print('listening on 127.0.0.1:%d' % server.getsockname()[1], flush=True)
os.close(1), os.close(2)
client = server.accept()[0]
time.sleep(0.5)
client.sendall(client.recv(100).upper())";
        let server = crate::Server::at("python3", &["-c", CLOSES]);
        let mut client = server.tcp_client();
        client.send(b"hello");
        client.expect(b"HELLO");
    }

    #[cfg(unix)] // elsewhere a writer that is stuck may go on being so
    #[test]
    fn breaks_off_an_exchange_with_a_program_that_reads_no_more() {
        use std::io::Write;
        use std::panic::{AssertUnwindSafe, catch_unwind};
        use std::time::Instant;
        let listener = TcpPeerListener::bind();
        let client = TcpStream::connect(listener.address()).unwrap();
        (&client).write_all(b"aB").unwrap();
        // More than the buffers on the way hold, so the writer is stuck when the reader finds the wrong byte.
        let start = Instant::now();
        let exchange = || listener.accept().exchange(&[b'a'; 1 << 20], b"AB", 64);
        let panic = catch_unwind(AssertUnwindSafe(exchange)).unwrap_err();
        let told = panic.downcast_ref::<String>().unwrap();
        assert!(told.contains("got a wrong byte behind 0 right ones"), "{told}");
        assert!(start.elapsed() < crate::patience(), "the writer was waited for");
    }

    #[test]
    fn gives_a_program_that_is_slow_less_to_do() {
        use std::io::{Read, Write};
        let listener = TcpPeerListener::bind();
        let mut client = TcpStream::connect(listener.address()).unwrap();
        let echo = std::thread::spawn(move || {
            let mut buffer = [0; 1000];
            while let Ok(size @ 1..) = client.read(&mut buffer) {
                client.write_all(&buffer[..size].to_ascii_uppercase()).unwrap();
            }
        });
        // Without an end of its own it would take years.
        let answered =
            listener.accept().exchange_for(Duration::from_millis(50), b"aBc", b"ABC", usize::MAX / 3);
        assert!(answered > 0);
        echo.join().unwrap();
    }

    #[test]
    fn reads_no_more_than_was_asked_of_a_program_that_never_stops() {
        let mut endless = std::io::Read::chain(&b"AB"[..], std::io::repeat(b'A'));
        assert_eq!(super::compare_repeated(&mut endless, b"aB", b"AB", &1.into(), || false), Ok(2));
        let mut endless = std::io::repeat(b'A');
        assert_eq!(super::compare_repeated(&mut endless, b"a", b"A", &usize::MAX.into(), || true), Ok(0));
    }

    #[test]
    fn names_the_first_byte_of_a_stream_that_is_wrong() {
        let compare =
            |mut received: &[u8]| compare_repeated(&mut received, b"aB", b"AB", &2.into(), || false);
        assert_eq!(compare(b"ABAB"), Ok(4));
        let why = compare(b"ABAx").unwrap_err();
        assert!(
            why.starts_with("got a wrong byte behind 3 right ones; around it:\nexpected 2 bytes"),
            "{why}"
        );
        let why = compare(b"aB").unwrap_err();
        assert!(why.contains("likely cause: the text came back as it went"), "{why}");
        // A wrong byte says more than the end behind it.
        assert!(compare(b"x").unwrap_err().starts_with("got a wrong byte behind 0 right ones"));
        let why = compare(b"ABA").unwrap_err();
        assert!(
            why.starts_with("expected 4 bytes and received 3 bytes, then the end of the stream\n"),
            "{why}"
        );
    }
}
