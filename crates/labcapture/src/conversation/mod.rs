//! A conversation: everything that two socket addresses send to each other, over UDP or over one TCP connection.
//!
//! Packets go in one by one ([`Conversation::take_datagram`], [`Conversation::take_segment`]). What is kept of them is
//! bounded. Read in this order: [`endpoint`] and [`moment`] define the terms; [`record`] and [`exchange`] are what is
//! kept; [`common`] holds what UDP and TCP share, [`udp`] and [`tcp`] what only one of them has.

pub mod common;
pub mod endpoint;
pub mod exchange;
pub mod moment;
mod preview;
pub mod record;
pub mod tcp;
pub mod udp;

pub use common::{Common, IcmpError, Traffic};
pub use endpoint::{PerSide, Protocol, Side};
pub use exchange::{Exchange, Message};
pub use moment::Moment;
pub use record::{Analysis, Detail, PacketRecord, SegmentDetail};
pub use tcp::{Close, Direction, Handshake, TcpFlow, Turn};
pub use udp::UdpFlow;

use crate::packet::{Flags, Packet, Tcp, Transport, Udp};
use std::net::SocketAddr;

/// Operating systems choose client ports from here upwards, so a lower port belongs to a server.
const CLIENT_PORT_MIN: u16 = 32_768;

/// What two socket addresses send to each other.
#[derive(Debug)]
pub struct Conversation {
    /// What every conversation has.
    pub common: Common,
    /// What depends on the protocol.
    pub flow: Flow,
}

/// The part of a conversation that depends on the protocol.
#[derive(Debug)]
pub enum Flow {
    /// Datagrams.
    Udp(UdpFlow),
    /// A connection.
    Tcp(Box<TcpFlow>),
}

impl Conversation {
    /// Starts a conversation whose first packet is a datagram. Its sender is the client, unless the ports say
    /// otherwise.
    pub fn of_datagrams(number: usize, stream: usize, packet: &Packet<'_>, udp: &Udp<'_>) -> Conversation {
        let addresses = addresses(&udp.transport, is_sent_to_client(&udp.transport));
        Conversation {
            common: Common::new(number, stream, addresses, false, Moment::of(packet)),
            flow: Flow::Udp(UdpFlow::default()),
        }
    }

    /// Starts a conversation whose first packet is a segment. A SYN comes from the client, a SYN with ACK from the
    /// server; without a SYN, the client is guessed.
    pub fn of_segments(number: usize, stream: usize, packet: &Packet<'_>, tcp: &Tcp<'_>) -> Conversation {
        let syn = tcp.flags.has(Flags::SYN);
        let from_server = if syn { tcp.flags.has(Flags::ACK) } else { is_sent_to_client(&tcp.transport) };
        let addresses = addresses(&tcp.transport, from_server);
        Conversation {
            common: Common::new(number, stream, addresses, !syn, Moment::of(packet)),
            flow: Flow::Tcp(Box::default()),
        }
    }

    /// Adds a datagram. Its details are kept only with `keep`.
    pub fn take_datagram(&mut self, packet: &Packet<'_>, udp: &Udp<'_>, keep: bool) {
        if let Flow::Udp(flow) = &mut self.flow {
            flow.take(&mut self.common, packet, udp, keep);
        }
    }

    /// Adds a segment. Its details and its payload are kept only with `keep`.
    pub fn take_segment(&mut self, packet: &Packet<'_>, tcp: &Tcp<'_>, keep: bool) {
        if let Flow::Tcp(flow) = &mut self.flow {
            flow.take(&mut self.common, packet, tcp, keep);
        }
    }

    /// Completes the conversation at the end of the capture.
    pub fn finish(&mut self) {
        if let Flow::Tcp(flow) = &mut self.flow {
            flow.finish();
            self.common.exchanges = flow.exchanges();
        }
    }

    /// Returns the protocol.
    pub fn protocol(&self) -> Protocol {
        match self.flow {
            Flow::Udp(_) => Protocol::Udp,
            Flow::Tcp(_) => Protocol::Tcp,
        }
    }

    /// Returns what only a TCP connection has, or `None` for UDP.
    pub fn tcp(&self) -> Option<&TcpFlow> {
        match &self.flow {
            Flow::Tcp(flow) => Some(flow),
            Flow::Udp(_) => None,
        }
    }

    /// Returns the client's socket address.
    pub fn client(&self) -> SocketAddr {
        self.common.addresses.client
    }

    /// Returns the server's socket address.
    pub fn server(&self) -> SocketAddr {
        self.common.addresses.server
    }

    /// Tells whether this is a connection that the server refused: an RST answered the SYN.
    pub fn is_refused(&self) -> bool {
        self.tcp().is_some_and(|tcp| tcp.handshake.refusal.is_some())
    }

    /// Tells whether this is a connection attempt without any answer to the SYN.
    pub fn is_unanswered(&self) -> bool {
        self.common.traffic.server.packets == 0 && self.tcp().is_some_and(|tcp| tcp.handshake.syn.is_some())
    }

    /// Tells whether nothing shows a server at the address that the client contacts: the client was refused, or its SYN
    /// was not answered. A datagram without any reply may have reached a server that sends none.
    pub fn has_no_server(&self) -> bool {
        let is_silent = self.common.traffic.server.packets == 0;
        self.is_refused() || self.is_unanswered() || is_silent && !self.common.icmp_errors.is_empty()
    }

    /// Returns how many bytes of payload are kept to follow the two streams of a connection.
    pub fn kept_bytes(&self) -> usize {
        self.tcp().map_or(0, TcpFlow::kept_bytes)
    }
}

fn is_sent_to_client(transport: &Transport<'_>) -> bool {
    transport.source.port() < CLIENT_PORT_MIN && transport.destination.port() >= CLIENT_PORT_MIN
}

fn addresses(transport: &Transport<'_>, from_server: bool) -> PerSide<SocketAddr> {
    let (source, destination) = (transport.source, transport.destination);
    if from_server {
        PerSide { client: destination, server: source }
    } else {
        PerSide { client: source, server: destination }
    }
}

#[cfg(test)]
mod tests {
    use super::{Conversation, Protocol};
    use crate::packet::hand_built::{CLIENT, SERVER, datagram, packet, segment};
    use crate::packet::{Content, Flags, Tcp};

    #[track_caller]
    fn check_client(tcp: &Tcp<'_>, is_guessed: bool) {
        let conversation = Conversation::of_segments(1, 0, &packet(1, Content::Tcp(*tcp)), tcp);
        assert_eq!((conversation.client(), conversation.server()), (CLIENT, SERVER));
        assert_eq!(conversation.common.client_is_guessed, is_guessed);
    }

    #[test]
    fn tells_client_from_server() {
        check_client(&segment(CLIENT, Flags::SYN, 0, None, b""), false);
        check_client(&segment(SERVER, Flags::SYN, 0, Some(1), b""), false);
        check_client(&segment(CLIENT, Flags::PSH, 1, Some(1), b"hello"), true);
        check_client(&segment(SERVER, Flags::PSH, 1, Some(1), b"HELLO"), true);
    }

    #[test]
    fn has_no_connection_over_udp() {
        let udp = datagram(SERVER, b"HELLO");
        let conversation = Conversation::of_datagrams(1, 0, &packet(1, Content::Udp(udp)), &udp);
        assert_eq!(conversation.protocol(), Protocol::Udp);
        assert_eq!(conversation.client(), CLIENT);
        assert!(conversation.tcp().is_none());
        assert!(!conversation.is_refused() && !conversation.is_unanswered());
    }
}
