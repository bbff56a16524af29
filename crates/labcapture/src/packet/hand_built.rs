//! Packets made by hand for the unit tests of this crate.

use crate::checksum::Status;
use crate::link::LinkType;
use crate::packet::flags::Flags;
use crate::packet::headers::{Content, Packet, Tcp, Transport, Udp};
use std::net::SocketAddr;

/// The client's socket address.
pub const CLIENT: SocketAddr = address(2, 43_000);

/// The server's socket address.
pub const SERVER: SocketAddr = address(1, 25_000);

const fn address(host: u8, port: u16) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 3, host)), port)
}

/// Wraps `content` in frame number `frame`. Frames are 1 µs apart.
pub fn packet(frame: u64, content: Content<'_>) -> Packet<'_> {
    Packet {
        frame,
        time_ns: frame * 1000,
        link: LinkType::Ethernet,
        zero_addresses: false,
        length: 0,
        truncated: false,
        content,
    }
}

fn transport(from: SocketAddr, header_length: u16, payload: &[u8]) -> Transport<'_> {
    Transport {
        source: from,
        destination: if from == SERVER { CLIENT } else { SERVER },
        ip_header_length: 20,
        header_length,
        checksum: 0,
        checksum_status: Status::Right,
        payload,
        payload_length: u32::try_from(payload.len()).unwrap(),
    }
}

/// Builds a datagram from `CLIENT` or `SERVER` to the other one.
pub fn datagram(from: SocketAddr, payload: &[u8]) -> Udp<'_> {
    Udp { transport: transport(from, 8, payload), length: u16::try_from(8 + payload.len()).unwrap() }
}

/// Builds a segment from `CLIENT` or `SERVER` to the other one. An acknowledgment number sets the flag ACK.
pub fn segment(
    from: SocketAddr,
    flags: Flags,
    sequence: u32,
    acknowledgment: Option<u32>,
    payload: &[u8],
) -> Tcp<'_> {
    let ack = if acknowledgment.is_some() { Flags::ACK } else { Flags::default() };
    Tcp {
        transport: transport(from, 20, payload),
        sequence,
        acknowledgment: acknowledgment.unwrap_or(0),
        flags: Flags(flags.0 | ack.0),
        window: 500,
        mss: flags.has(Flags::SYN).then_some(1460),
    }
}
