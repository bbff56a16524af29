//! The *log* of a scripted peer: what it sent, and what came back. It holds data and draws no conclusions.

use crate::os::socket::{Transport, unreachable_datagrams};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::sync::{Arc, Weak};

/// Which end of a conversation a peer plays.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Role {
    /// A client of the server under test.
    Client,
    /// The server of a client under test.
    Server,
}

/// What one peer did.
pub(crate) struct PeerLog {
    pub(crate) socket: Socket,
    pub(crate) role: Role,
    /// The server of the conversation: the program under test, or this peer.
    pub(crate) server: SocketAddr,
    pub(crate) sent: Vec<Vec<u8>>,
    pub(crate) has_ended_sending: bool,
    /// How often something came back.
    pub(crate) replies: usize,
    /// Something came since this peer last sent.
    pub(crate) owes_reply: bool,
    pub(crate) was_reset: bool,
    /// It sent more than [`PeerLog::sent`] holds.
    pub(crate) sent_more: bool,
    /// Datagrams on this network that found nobody, when this peer last sent.
    pub(crate) unreachable_before: Option<u64>,
    awaits_reply: bool,
}

/// A peer's socket, for as long as the peer has it.
pub(crate) enum Socket {
    Tcp(Weak<TcpStream>),
    Udp(Weak<UdpSocket>),
}

impl Socket {
    pub(crate) fn transport(&self) -> Transport {
        match self {
            Socket::Tcp(_) => Transport::Tcp,
            Socket::Udp(_) => Transport::Udp,
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        match self {
            Socket::Tcp(stream) => stream.strong_count() > 0,
            Socket::Udp(socket) => socket.strong_count() > 0,
        }
    }

    pub(crate) fn stream(&self) -> Option<Arc<TcpStream>> {
        match self {
            Socket::Tcp(stream) => stream.upgrade(),
            Socket::Udp(_) => None,
        }
    }
}

impl PeerLog {
    pub(crate) fn new(socket: Socket, role: Role, server: SocketAddr) -> PeerLog {
        PeerLog {
            socket,
            role,
            server,
            sent: Vec::new(),
            has_ended_sending: false,
            replies: 0,
            owes_reply: false,
            was_reset: false,
            sent_more: false,
            unreachable_before: unreachable_datagrams(),
            awaits_reply: false,
        }
    }

    /// Notes that the peer sends `bytes`.
    pub(crate) fn sends(&mut self, bytes: &[u8]) {
        self.sent.push(bytes.to_vec());
        (self.awaits_reply, self.owes_reply) = (true, false);
        if self.role == Role::Client {
            self.unreachable_before = unreachable_datagrams();
        }
    }

    /// Notes that something came.
    pub(crate) fn receives(&mut self) {
        self.replies += usize::from(std::mem::take(&mut self.awaits_reply));
        self.owes_reply = true;
    }
}

#[cfg(test)]
mod tests {
    use super::{PeerLog, Role, Socket};
    use std::net::UdpSocket;
    use std::sync::Arc;

    #[test]
    fn counts_a_reply_once_for_what_was_sent() {
        let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").unwrap());
        let address = socket.local_addr().unwrap();
        let mut log = PeerLog::new(Socket::Udp(Arc::downgrade(&socket)), Role::Client, address);
        log.receives();
        assert_eq!(log.replies, 0);
        log.sends(b"hello");
        log.receives();
        log.receives();
        assert_eq!(log.replies, 1);
    }
}
