//! A scripted end of a UDP conversation.

use super::listener::{bind_as_server, bind_on_ipv6};
use crate::diagnosis::bytes::Exchange;
use crate::diagnosis::fail::{Problem, fail};
use crate::diagnosis::peers;
use crate::failure::{Action, Actor, Cause, End, Excerpt, Verdict, bytes_shown};
use crate::os::socket::Transport;
use crate::peer_log::{PeerLog, Role, Socket};
use crate::program::Server;
use crate::transcript::Transcript;
use crate::wait::{Limit, Wait, patience};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

/// Room for the largest datagram.
const DATAGRAM_BYTES_MAX: usize = 1 << 16;

/// A scripted end of a UDP conversation.
pub struct UdpPeer {
    socket: Arc<UdpSocket>,
    role: Role,
    actor: Actor,
    /// The index of its log.
    log: usize,
    /// The other end; a server learns it with the first datagram.
    other: Option<SocketAddr>,
    sent: Vec<u8>,
    transcript: Arc<Transcript>,
}

impl Server {
    /// Makes a scripted UDP client.
    #[track_caller]
    pub fn udp_client(&self) -> UdpPeer {
        UdpPeer::client_of(self.address())
    }
}

impl UdpPeer {
    /// Makes a client of a server under test.
    #[track_caller]
    pub fn client_of(server: SocketAddr) -> UdpPeer {
        // From the address that the system chooses for this server: loopback, unless it is bound to another one.
        let any: SocketAddr = match server.ip() {
            IpAddr::V4(ip) if ip.is_loopback() => (Ipv4Addr::LOCALHOST, 0).into(),
            IpAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            IpAddr::V6(ip) if ip.is_loopback() => (Ipv6Addr::LOCALHOST, 0).into(),
            IpAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        match UdpSocket::bind(any) {
            Ok(socket) => UdpPeer::on(socket, Role::Client, Some(server)),
            Err(error) => {
                fail(&Transcript::current(), Problem::new(format!("no client can reach {server}: {error}")));
            }
        }
    }

    /// Makes a server for a client under test, on a free port of loopback or where `LAB_ADDRESS` and `LAB_PORT` say.
    pub fn server() -> UdpPeer {
        UdpPeer::on(bind_as_server(UdpSocket::bind), Role::Server, None)
    }

    /// Makes a server on the loopback address of IPv6. `None` on a machine without IPv6.
    pub(crate) fn server_on_ipv6() -> Option<UdpPeer> {
        Some(UdpPeer::on(bind_on_ipv6(UdpSocket::bind)?, Role::Server, None))
    }

    fn on(socket: UdpSocket, role: Role, other: Option<SocketAddr>) -> UdpPeer {
        let address = socket.local_addr().unwrap();
        let actor = match role {
            Role::Client => Actor::Client { address },
            Role::Server => Actor::Server { address },
        };
        let (socket, transcript) = (Arc::new(socket), Transcript::current());
        let log = PeerLog::new(Socket::Udp(Arc::downgrade(&socket)), role, other.unwrap_or(address));
        let log = transcript.add_peer(log);
        UdpPeer { socket, role, actor, log, other, sent: Vec::new(), transcript }
    }

    /// Its own socket address.
    pub fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    fn name(&self) -> String {
        self.actor.to_string().trim_end().to_owned()
    }

    /// Sends one datagram to the other end.
    #[track_caller]
    pub fn send(&mut self, datagram: &[u8]) {
        let other = self.other.expect("a server answers only after a datagram came");
        let (transport, bytes) = (Transport::Udp, Excerpt::of(datagram));
        self.transcript.step(&self.actor, Action::Send { transport, bytes, times: 1 });
        self.transcript.peers(|peers| peers[self.log].sends(datagram));
        if let Err(error) = self.socket.send_to(datagram, other) {
            self.fail(&format!("cannot send to {other}: {error}"));
        }
        datagram.clone_into(&mut self.sent);
    }

    /// Waits for one datagram and compares it.
    #[track_caller]
    pub fn expect(&mut self, expected: &[u8]) {
        let received = self.receive(expected);
        if received != expected {
            fail(&self.transcript, self.problem(expected, &received, End::Enough));
        }
    }

    /// Like [`UdpPeer::expect`], and returns the address that the datagram came from.
    #[track_caller]
    pub fn expect_from(&mut self, expected: &[u8]) -> SocketAddr {
        self.expect(expected);
        self.other.unwrap()
    }

    /// Waits for one datagram, whatever it holds, and returns it.
    #[track_caller]
    pub fn receive_any(&mut self) -> Vec<u8> {
        self.receive(b"")
    }

    #[track_caller]
    fn receive(&mut self, expected: &[u8]) -> Vec<u8> {
        let limit = match self.other {
            None => Limit::start(),
            // A client may wait for a reply to its last datagram, or pause before the next, as long as it likes.
            Some(_) if self.role == Role::Server => Limit::of(patience()),
            Some(_) => Limit::reply(),
        };
        let (datagram, from) = match self.receive_within(limit) {
            Ok(received) => received,
            Err(error) => {
                let problem = self.problem(expected, b"", End::of(&error));
                fail(&self.transcript, problem.verdict(Verdict::Timeout));
            }
        };
        let (transport, bytes) = (Transport::Udp, Excerpt::of(&datagram));
        self.transcript
            .step(&self.actor, Action::Receive { transport, from: Some(from), bytes, end: End::Enough });
        self.transcript.peers(|peers| peers[self.log].receives());
        match self.other {
            Some(other) if self.role == Role::Client && other != from => {
                let what = format!("{} asked {other}, and the reply came from {from}", self.name());
                let problem = Problem::new(what).cause(Some(Cause::SentFromOtherSocket));
                fail(&self.transcript, problem);
            }
            _ => self.other = Some(from),
        }
        datagram
    }

    /// What is wrong, where another datagram came than the one expected, or none.
    pub(crate) fn problem(&self, expected: &[u8], received: &[u8], end: End) -> Problem {
        let exchange = Exchange { transport: Transport::Udp, sent: &self.sent, expected, received, end };
        let what = if end == End::Enough { "got the wrong datagram" } else { "received no datagram" };
        let problem = Problem::new(format!("{} {what}", self.name())).cause(peers::cause(
            &self.transcript,
            self.log,
            &exchange,
        ));
        // Where any datagram would do, there is nothing to compare.
        if expected.is_empty() && received.is_empty() {
            problem
        } else {
            problem.bytes(expected, received, end)
        }
    }

    /// Fails the check with the datagram `received`, which is none of those that would do, such as `expected`.
    #[track_caller]
    pub(crate) fn fail_with(&self, expected: &[u8], received: &[u8]) -> ! {
        fail(&self.transcript, self.problem(expected, received, End::Enough));
    }

    /// Expects silence for a time.
    #[track_caller]
    pub fn expect_nothing_for(&mut self, time: Duration) {
        match self.receive_within(Limit::of(time)) {
            Err(error) if labcore::is_timeout(&error) => {
                let for_ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
                self.transcript.step(&self.actor, Action::ReceiveNothing { for_ms });
            }
            Err(error) => self.fail(&format!("expected silence: {error}")),
            Ok((datagram, from)) => {
                let what = format!(
                    "{} expected silence and received {} from {from}",
                    self.name(),
                    bytes_shown(&datagram)
                );
                fail(&self.transcript, Problem::new(what).cause(Some(Cause::ExtraBytes)));
            }
        }
    }

    #[track_caller]
    fn fail(&self, what: &str) -> ! {
        fail(&self.transcript, Problem::new(format!("{} {what}", self.name())));
    }

    /// True if a datagram comes within a time. It stays unread.
    pub fn has_datagram_for(&self, time: Duration) -> bool {
        let mut wait = Wait::of(Limit::of(time), &*self.transcript);
        while let Some(left) = wait.next_piece() {
            self.socket.set_read_timeout(Some(left)).unwrap();
            // Windows reports a datagram that is longer than the buffer as an error.
            match self.socket.peek_from(&mut [0]) {
                Err(error) if labcore::is_timeout(&error) || error.kind() == ErrorKind::Interrupted => {}
                _ => return true,
            }
        }
        false
    }

    fn receive_within(&self, limit: Limit) -> io::Result<(Vec<u8>, SocketAddr)> {
        let mut wait = Wait::of(limit, &*self.transcript);
        let mut buffer = vec![0; DATAGRAM_BYTES_MAX];
        loop {
            let Some(left) = wait.next_piece() else { return Err(ErrorKind::TimedOut.into()) };
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
