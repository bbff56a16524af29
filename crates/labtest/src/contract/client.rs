//! What both echo clients promise, over UDP and over TCP.

use crate::os::socket::Transport;
use crate::peer::{TcpPeer, TcpPeerListener, UdpPeer};
use crate::program::Client;
#[cfg(unix)]
use crate::program::Terminal;
use std::net::SocketAddr;
use std::time::Duration;

/// A reply that takes longer than the limit of 2 s that clients have without options.
const LATE: Duration = Duration::from_millis(2500);

/// An echo client.
#[derive(Clone, Copy)]
pub struct ClientContract<'a> {
    /// The path of the program.
    pub program: &'a str,
    /// How it sends its lines.
    pub transport: Transport,
}

/// The scripted server of an echo client. Over TCP each line ends with a newline, over UDP it is a datagram.
pub enum EchoPeer {
    /// A connection.
    Tcp(TcpPeer),
    /// A socket.
    Udp(UdpPeer),
}

/// A server that no client has reached yet.
enum Waiting {
    Tcp(TcpPeerListener),
    Udp(UdpPeer),
}

impl Waiting {
    fn new(transport: Transport) -> Waiting {
        match transport {
            Transport::Tcp => Waiting::Tcp(TcpPeerListener::bind()),
            Transport::Udp => Waiting::Udp(UdpPeer::server()),
        }
    }

    fn address(&self) -> SocketAddr {
        match self {
            Waiting::Tcp(listener) => listener.address(),
            Waiting::Udp(server) => server.address(),
        }
    }

    #[track_caller]
    fn accept(self) -> EchoPeer {
        match self {
            Waiting::Tcp(listener) => EchoPeer::Tcp(listener.accept()),
            Waiting::Udp(server) => EchoPeer::Udp(server),
        }
    }
}

impl EchoPeer {
    /// Waits for a line.
    #[track_caller]
    pub fn expect(&mut self, line: &[u8]) {
        match self {
            EchoPeer::Tcp(peer) => peer.expect(&[line, b"\n"].concat()),
            EchoPeer::Udp(peer) => peer.expect(line),
        }
    }

    /// Sends a reply.
    #[track_caller]
    pub fn send(&mut self, reply: &[u8]) {
        match self {
            EchoPeer::Tcp(peer) => peer.send(&[reply, b"\n"].concat()),
            EchoPeer::Udp(peer) => peer.send(reply),
        }
    }

    /// Expects that the client sends nothing for a time, and stays.
    #[track_caller]
    pub fn expect_nothing_for(&mut self, time: Duration) {
        match self {
            EchoPeer::Tcp(peer) => peer.expect_nothing_for(time),
            EchoPeer::Udp(peer) => peer.expect_nothing_for(time),
        }
    }

    /// Expects that the client has no more to send, and closes.
    #[track_caller]
    pub fn expect_end(self) {
        if let EchoPeer::Tcp(mut peer) = self {
            peer.expect_end();
            peer.close();
        }
    }
}

impl ClientContract<'_> {
    /// Starts the client with `args`, and waits for its connection.
    #[track_caller]
    pub fn start(&self, args: &[&str]) -> (Client, EchoPeer) {
        let waiting = Waiting::new(self.transport);
        let client = Client::start(self.program, args, waiting.address());
        (client, waiting.accept())
    }

    /// The client sends what is typed, and shows the reply at once, on a pipe too.
    #[track_caller]
    pub fn sends_a_line_and_prints_the_reply(&self) {
        let (mut client, mut server) = self.start(&[]);
        client.write(b"hello world\n");
        server.expect(b"hello world");
        server.send(b"HELLO WORLD");
        client.expect_output("HELLO WORLD");
    }

    /// The client sends each line when it is typed, shows each reply when it comes, and ends with its input.
    #[track_caller]
    pub fn sends_line_after_line(&self) {
        let (mut client, mut server) = self.start(&[]);
        for line in ["one", "two", "", "four"] {
            client.write(format!("{line}\n").as_bytes());
            server.expect(line.as_bytes());
            let reply = line.to_uppercase();
            server.send(reply.as_bytes());
            client.expect_output(&reply);
        }
        client.end_input();
        server.expect_end();
        client.expect_exit(0);
    }

    /// In a pipe the client prints no prompt, only the replies.
    #[track_caller]
    pub fn prints_replies_alone_where_nobody_types(&self) {
        let (mut client, mut server) = self.start(&[]);
        client.write(b"one\n\n");
        for (line, reply) in [(&b"one"[..], &b"ONE"[..]), (b"", b"")] {
            server.expect(line);
            server.send(reply);
        }
        client.end_input();
        let finished = client.wait();
        finished.expect_stdout("From server: ONE\nFrom server: \n").expect_stderr("").expect_status(0);
    }

    /// With `-m` the client sends one text, prints its reply, and ends.
    #[track_caller]
    pub fn sends_the_message_of_its_command_line_alone(&self) {
        let (mut client, mut server) = self.start(&["-m", "hello"]);
        server.expect(b"hello");
        server.send(b"HELLO");
        server.expect_end();
        client.wait().expect_status(0).expect_stdout("From server: HELLO\n");
    }

    /// Bytes that are not text are sent as they are.
    #[track_caller]
    pub fn sends_bytes_as_they_are(&self) {
        let (mut client, mut server) = self.start(&[]);
        client.write(b"\xff\x00 caf\xc3\xa9 \\o/\n");
        server.expect(b"\xff\x00 caf\xc3\xa9 \\o/");
    }

    /// Control characters of a reply are shown escaped: no server can move the cursor on the client's terminal.
    #[track_caller]
    pub fn lets_no_server_control_the_terminal(&self) {
        let (mut client, mut server) = self.start(&[]);
        client.write(b"hello\n");
        server.expect(b"hello");
        server.send("\u{1b}[2J CAF\u{e9} \\O/".as_bytes());
        client.expect_output("From server: \\u{1b}[2J CAF\u{e9} \\O/\n");
    }

    /// The client stops waiting when no reply comes, and reports a failure.
    #[track_caller]
    pub fn gives_up_when_no_reply_comes(&self) {
        let (mut client, mut server) = self.start(&["-m", "hello", "--timeout", "100ms"]);
        server.expect(b"hello");
        client.wait().expect_failure();
    }

    /// With `--timeout none`, the client waits for a reply that takes long.
    #[track_caller]
    pub fn waits_without_limit(&self) {
        let (mut client, mut server) = self.start(&["-m", "hello", "--timeout", "none"]);
        server.expect(b"hello");
        server.expect_nothing_for(LATE);
        server.send(b"HELLO");
        client.wait().expect_status(0).expect_stdout("From server: HELLO\n");
    }

    /// When no reply comes, the client names the server and the time it waited, and asks `question`.
    #[track_caller]
    pub fn says_who_did_not_reply(&self, question: &str) {
        let waiting = Waiting::new(self.transport);
        let address = waiting.address();
        let mut client = Client::start(self.program, &["-m", "hello", "--timeout", "100ms"], address);
        let mut server = waiting.accept();
        server.expect(b"hello");
        let finished = client.wait();
        finished.expect_stderr(&format!("error: no reply from `{address}` within 0.1 s; {question}\n"));
        finished.expect_status(1).expect_stdout("");
    }

    /// On a terminal the client asks for each line, and ends with Ctrl+D.
    #[cfg(unix)]
    #[track_caller]
    pub fn asks_a_person_for_each_line(&self) {
        let waiting = Waiting::new(self.transport);
        let mut client = Terminal::start(self.program, &[&waiting.address().to_string()]);
        let mut server = waiting.accept();
        client.expect_output("Input lowercase sentence: ");
        client.write(b"hello\n");
        server.expect(b"hello");
        server.send(b"HELLO");
        client.expect_output("From server: HELLO\r\nInput lowercase sentence: ");
        client.write(b"\x04"); // Ctrl+D
        client.expect_exit(0);
    }
}
