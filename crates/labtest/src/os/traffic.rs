//! The *traffic* of a check: the datagrams and the requests for connections that its network delivered (Linux).
//!
//! A raw socket gets a copy of each IPv4 packet that arrives, whether anybody listens for it or not. Only a check that has
//! a network to itself may open one, and there everything belongs to the check.

use super::socket::Transport;
use std::net::SocketAddr;

/// Packets that are kept; a check that is explained by its packets has a few.
#[cfg(target_os = "linux")]
const PACKETS_MAX: usize = 1000;

/// A datagram, or a request for a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Packet {
    pub(crate) transport: Transport,
    pub(crate) from: SocketAddr,
    pub(crate) to: SocketAddr,
}

/// A copy of what the network delivers from now on. The system drops what is not fetched and does not fit into its buffer.
#[derive(Default)]
pub(crate) struct Traffic {
    #[cfg(target_os = "linux")]
    sockets: Vec<(Transport, socket2::Socket)>,
    packets: Vec<Packet>,
}

#[cfg(target_os = "linux")]
impl Traffic {
    /// Begins to watch. Where that is not allowed, no packet is ever seen.
    pub(crate) fn watch() -> Traffic {
        use socket2::{Domain, Protocol, Socket, Type};
        const RAW: i32 = 3; // SOCK_RAW
        if !crate::settings::has_own_network() {
            return Traffic::default();
        }
        let open = |protocol| {
            let socket = Socket::new(Domain::IPV4, Type::from(RAW), Some(protocol)).ok()?;
            socket.set_nonblocking(true).ok()?;
            Some(socket)
        };
        let kinds = [(Transport::Tcp, Protocol::TCP), (Transport::Udp, Protocol::UDP)];
        let sockets =
            kinds.into_iter().filter_map(|(transport, protocol)| Some((transport, open(protocol)?)));
        Traffic { sockets: sockets.collect(), packets: Vec::new() }
    }

    /// All packets so far, those of TCP first.
    pub(crate) fn packets(&mut self) -> &[Packet] {
        use std::io::Read;
        let mut header = [0; 128]; // the rest of a packet is left out
        for (transport, socket) in &self.sockets {
            // Bounded, as a program may send faster than this reads.
            for _ in 0..PACKETS_MAX {
                let Ok(size) = (&*socket).read(&mut header) else { break };
                let packet = parse(*transport, &header[..size]).filter(|_| self.packets.len() < PACKETS_MAX);
                self.packets.extend(packet);
            }
        }
        &self.packets
    }
}

#[cfg(not(target_os = "linux"))]
impl Traffic {
    /// Sees nothing.
    pub(crate) fn watch() -> Traffic {
        Traffic::default()
    }

    /// No packets.
    pub(crate) fn packets(&mut self) -> &[Packet] {
        &self.packets
    }
}

/// Reads the headers of an IPv4 packet (RFC 791 §3.1, RFC 768, RFC 9293 §3.1). `None` for a TCP segment that does not
/// request a connection.
#[cfg(any(target_os = "linux", test))]
fn parse(transport: Transport, packet: &[u8]) -> Option<Packet> {
    use std::net::Ipv4Addr;
    const SYN: u8 = 0x02;
    const ACK: u8 = 0x10;
    let address = |at: usize| Some(Ipv4Addr::from(<[u8; 4]>::try_from(packet.get(at..at + 4)?).ok()?));
    let segment = packet.get(usize::from(packet.first()? & 0x0f) * 4..)?;
    let port = |at: usize| Some(u16::from_be_bytes(segment.get(at..at + 2)?.try_into().ok()?));
    if transport == Transport::Tcp && segment.get(13)? & (SYN | ACK) != SYN {
        return None;
    }
    let (from, to) = ((address(12)?, port(0)?).into(), (address(16)?, port(2)?).into());
    Some(Packet { transport, from, to })
}

#[cfg(test)]
mod tests {
    use super::{Packet, Transport, parse};

    #[test]
    fn finds_the_addresses_of_a_packet() {
        let mut packet = vec![0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 127, 0, 0, 1, 127, 0, 0, 2];
        packet.extend([0x9c, 0x40, 0x2e, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0x02]);
        let expected = |transport| {
            let (from, to) = ("127.0.0.1:40000".parse().unwrap(), "127.0.0.2:12000".parse().unwrap());
            Some(Packet { transport, from, to })
        };
        assert_eq!(parse(Transport::Tcp, &packet), expected(Transport::Tcp));
        assert_eq!(parse(Transport::Udp, &packet), expected(Transport::Udp));
        packet[33] = 0x12; // a server's answer to such a request
        assert_eq!(parse(Transport::Tcp, &packet), None);
        assert_eq!(parse(Transport::Tcp, &packet[..30]), None);
        assert_eq!(parse(Transport::Udp, b""), None);
    }
}
