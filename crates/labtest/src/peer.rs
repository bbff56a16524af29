//! The other end of the network, under the test's control.

use crate::diagnosis::{End, bytes, difference};
use crate::patience;
use crate::program::POLL;
use crate::story::Story;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// A scripted end of a TCP connection.
pub struct TcpPeer {
    stream: TcpStream,
    name: String,
    /// What was sent since the last answer, for the diagnosis.
    sent: Vec<u8>,
    story: Arc<Story>,
}

impl TcpPeer {
    /// Connects to a server under test.
    #[track_caller]
    pub fn connect(server: SocketAddr) -> TcpPeer {
        let story = Story::current();
        match TcpStream::connect_timeout(&server, patience()) {
            Ok(stream) => TcpPeer::on(stream, "client", story),
            Err(error) => story.fail(&format!("a client can't connect to {server}: {error}")),
        }
    }

    fn on(stream: TcpStream, role: &str, story: Arc<Story>) -> TcpPeer {
        let name = format!("{role} {}", stream.local_addr().unwrap());
        // What a test sends in two writes is meant to arrive in two segments, now.
        stream.set_nodelay(true).unwrap();
        stream.set_write_timeout(Some(patience())).unwrap();
        story.step(format!("{name} is connected to {}", stream.peer_addr().unwrap()));
        TcpPeer { stream, name, sent: Vec::new(), story }
    }

    /// The socket, for whatever the methods here do not do.
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Sends `bytes` in one write.
    #[track_caller]
    pub fn send(&mut self, bytes: &[u8]) {
        self.story.step(format!("{} sends {}", self.name, self::bytes(bytes)));
        if let Err(error) = self.stream.write_all(bytes) {
            self.story.fail(&format!("{} can't send: {error}", self.name));
        }
        self.sent.extend_from_slice(bytes);
    }

    /// Reads until `expected` has come, and fails at the first byte that differs.
    #[track_caller]
    pub fn expect(&mut self, expected: &[u8]) {
        let (received, end) =
            self.read_until(|received| received.len() >= expected.len() || !expected.starts_with(received));
        self.story.step(format!("{} receives {}", self.name, bytes(&received)));
        if received != expected {
            let difference = difference(&self.sent, expected, &received, end);
            self.story.fail(&format!("{} got the wrong answer\n{difference}", self.name));
        }
        self.sent.clear();
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
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Leaves without a word: the other side gets a reset instead of the end of the stream.
    pub fn reset(self) {
        self.story.step(format!("{} resets the connection", self.name));
        socket2::SockRef::from(&self.stream).set_linger(Some(Duration::ZERO)).unwrap();
    }

    /// Closes the connection.
    pub fn close(self) {
        self.story.step(format!("{} closes the connection", self.name));
    }

    fn read_until(&mut self, enough: impl Fn(&[u8]) -> bool) -> (Vec<u8>, End) {
        self.read_some(1 << 16, enough)
    }

    fn read_some(&mut self, at_once: usize, enough: impl Fn(&[u8]) -> bool) -> (Vec<u8>, End) {
        self.read_for(patience(), at_once, enough)
    }

    fn read_for(&mut self, time: Duration, at_once: usize, enough: impl Fn(&[u8]) -> bool) -> (Vec<u8>, End) {
        let deadline = Instant::now() + time;
        let mut received = Vec::new();
        let mut buffer = vec![0; at_once];
        while !enough(&received) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return (received, End::Silence);
            }
            self.stream.set_read_timeout(Some(left)).unwrap();
            match self.stream.read(&mut buffer) {
                Ok(0) => return (received, End::Closed),
                Ok(size) => received.extend_from_slice(&buffer[..size]),
                Err(error) if error.kind() == ErrorKind::Interrupted || labcore::is_timeout(&error) => {}
                Err(error) => return (received, End::of(&error)),
            }
        }
        (received, End::Enough)
    }
}

/// A scripted TCP server, for a client under test.
pub struct TcpPeerListener {
    listener: TcpListener,
    story: Arc<Story>,
}

impl TcpPeerListener {
    /// Listens on a free port of loopback.
    pub fn bind() -> TcpPeerListener {
        TcpPeerListener { listener: TcpListener::bind("127.0.0.1:0").unwrap(), story: Story::current() }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap()
    }

    /// Waits for the client under test to connect.
    #[track_caller]
    pub fn accept(&self) -> TcpPeer {
        // The standard library has no accept with a timeout, so this looks again and again.
        self.listener.set_nonblocking(true).unwrap();
        let deadline = Instant::now() + patience();
        loop {
            match self.listener.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(false).unwrap();
                    return TcpPeer::on(stream, "server", Arc::clone(&self.story));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock && Instant::now() < deadline => {
                    thread::sleep(POLL);
                }
                Err(error) => self.story.fail(&format!("no client connected to {}: {error}", self.address())),
            }
        }
    }
}

/// A scripted end of a UDP conversation.
pub struct UdpPeer {
    socket: UdpSocket,
    name: String,
    /// Whom it talks to; a server learns it with the first datagram.
    other: Option<SocketAddr>,
    sent: Vec<u8>,
    story: Arc<Story>,
}

impl UdpPeer {
    /// Makes a client of a server under test.
    pub fn client_of(server: SocketAddr) -> UdpPeer {
        let any = if server.is_ipv4() { "127.0.0.1:0" } else { "[::1]:0" };
        UdpPeer::bind(any, "client", Some(server))
    }

    /// Makes a server on a free port of loopback, for a client under test.
    pub fn server() -> UdpPeer {
        UdpPeer::bind("127.0.0.1:0", "server", None)
    }

    fn bind(address: &str, role: &str, other: Option<SocketAddr>) -> UdpPeer {
        let socket = UdpSocket::bind(address).unwrap();
        let name = format!("{role} {}", socket.local_addr().unwrap());
        UdpPeer { socket, name, other, sent: Vec::new(), story: Story::current() }
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
            let difference = difference(&self.sent, expected, &received, End::Enough);
            self.story.fail(&format!("{} got the wrong datagram\n{difference}", self.name));
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
        let (buffer, from) = match self.receive_for(patience()) {
            Ok(received) => received,
            Err(error) => {
                let difference = difference(&self.sent, expected, b"", End::of(&error));
                self.story.fail(&format!("{} received no datagram\n{difference}", self.name));
            }
        };
        self.story.step(format!("{} receives a datagram of {} from {from}", self.name, bytes(&buffer)));
        match self.other {
            Some(other) if self.name.starts_with("client") && other != from => self.story.fail(&format!(
                "the answer came from {from}, but the request went to {other}\nlikely cause: the answer is sent from \
                 another socket than the one that received the request"
            )),
            _ => self.other = Some(from),
        }
        buffer
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

    fn receive_for(&self, time: Duration) -> io::Result<(Vec<u8>, SocketAddr)> {
        self.socket.set_read_timeout(Some(time))?;
        let mut buffer = vec![0; 1 << 16];
        loop {
            match self.socket.recv_from(&mut buffer) {
                Ok((size, from)) => {
                    buffer.truncate(size);
                    return Ok((buffer, from));
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}
