//! What is known about one packet: a struct for each header.

use crate::checksum::Status;
use crate::link::LinkType;
use crate::packet::flags::Flags;
use std::net::{IpAddr, SocketAddr};

/// The headers of one frame, and its payload.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// The frame number, starting at 1.
    pub frame: u64,
    /// Nanoseconds since 1970.
    pub time_ns: u64,
    /// The kind of interface.
    pub link: LinkType,
    /// Whether both hardware addresses are zero, as on loopback.
    pub zero_addresses: bool,
    /// The frame's length on the wire, in bytes.
    pub length: u32,
    /// Whether the capture holds only the start of the frame.
    pub truncated: bool,
    /// What the frame carries.
    pub content: Content<'a>,
}

/// What a frame carries.
#[derive(Clone, Copy, Debug)]
pub enum Content<'a> {
    /// A UDP datagram.
    Udp(Udp<'a>),
    /// A TCP segment.
    Tcp(Tcp<'a>),
    /// An ICMP error about a UDP or TCP packet.
    Unreachable(Unreachable),
    /// A request or an answer of neighbour discovery, the ARP of IPv6.
    NeighbourDiscovery(Resolution),
    /// Another ICMP message, such as a ping.
    Icmp,
    /// A fragment of a datagram that is still incomplete.
    Fragment,
    /// An ARP request or reply, or `None` if it is not about IPv4 addresses or is truncated.
    Arp(Option<Resolution>),
    /// Anything else, including malformed packets and headers that the capture truncates.
    Other,
}

/// What a UDP datagram and a TCP segment have in common.
#[derive(Clone, Copy, Debug)]
pub struct Transport<'a> {
    /// The sender's socket address.
    pub source: SocketAddr,
    /// The receiver's socket address.
    pub destination: SocketAddr,
    /// The IP header in bytes, including options and extension headers.
    pub ip_header_length: u16,
    /// The UDP or TCP header in bytes, including TCP options.
    pub header_length: u16,
    /// The checksum field.
    pub checksum: u16,
    /// Whether the checksum is right.
    pub checksum_status: Status,
    /// The captured part of the payload.
    pub payload: &'a [u8],
    /// The length of the payload on the wire, in bytes.
    pub payload_length: u32,
}

/// A UDP datagram.
#[derive(Clone, Copy, Debug)]
pub struct Udp<'a> {
    /// Addresses, checksum and payload.
    pub transport: Transport<'a>,
    /// The Length field: the bytes of header and payload.
    pub length: u16,
}

/// A TCP segment.
#[derive(Clone, Copy, Debug)]
pub struct Tcp<'a> {
    /// Addresses, checksum and payload.
    pub transport: Transport<'a>,
    /// The raw sequence number.
    pub sequence: u32,
    /// The raw acknowledgment number.
    pub acknowledgment: u32,
    /// The flags.
    pub flags: Flags,
    /// The window field, before window scaling.
    pub window: u16,
    /// The maximum segment size option of a SYN.
    pub mss: Option<u16>,
}

/// A message that finds out the hardware address of an IP address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// The host that sent it. `None` if the sender only checks that nobody has the address that it wants.
    pub sender: Option<IpAddr>,
    /// The host that is asked for its hardware address, or `None` if the message is an answer or an announcement.
    pub asked: Option<IpAddr>,
}

/// An ICMP error: a packet did not reach its destination.
#[derive(Clone, Copy, Debug)]
pub struct Unreachable {
    /// The sender of the ICMP message.
    pub from: IpAddr,
    /// Whether the lost packet was a TCP segment.
    pub tcp: bool,
    /// The source of the lost packet.
    pub source: SocketAddr,
    /// The destination of the lost packet.
    pub destination: SocketAddr,
    /// Whether the packet reached the host, but no socket is bound to the port.
    pub port: bool,
}
