//! The link layer: the header before the IP packet, for each kind of interface.

use std::fmt;

/// The maximum number of VLAN tags before an IP packet.
const TAGS_MAX: usize = 4;

const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;
const ARP: u16 = 0x0806;

/// A kind of interface. The numbers of the link types are registered at tcpdump.org.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LinkType {
    /// Ethernet, and loopback on Linux.
    Ethernet,
    /// Loopback on macOS and BSD: the header is a four-byte address family.
    Loopback,
    /// IP without a header before it.
    Raw,
    /// The interface `any` on Linux, version 1.
    Sll,
    /// The interface `any` on Linux, version 2.
    Sll2,
    /// Anything else.
    Unknown(i32),
}

impl LinkType {
    fn of(link: i32) -> LinkType {
        match link {
            1 => LinkType::Ethernet,
            0 | 108 => LinkType::Loopback,
            12 | 14 | 101 | 228 | 229 => LinkType::Raw,
            113 => LinkType::Sll,
            276 => LinkType::Sll2,
            other => LinkType::Unknown(other),
        }
    }
}

impl fmt::Display for LinkType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LinkType::Ethernet => f.write_str("Ethernet"),
            LinkType::Loopback => f.write_str("loopback (NULL)"),
            LinkType::Raw => f.write_str("raw IP"),
            LinkType::Sll => f.write_str("Linux `any` (SLL)"),
            LinkType::Sll2 => f.write_str("Linux `any` (SLL2)"),
            LinkType::Unknown(number) => write!(f, "link type {number}"),
        }
    }
}

/// What a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload<'a> {
    /// An IP packet, possibly followed by padding.
    Ip(&'a [u8]),
    /// An ARP request or reply, possibly followed by padding.
    Arp(&'a [u8]),
    /// Another protocol.
    Other,
}

/// A decoded link-layer header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link<'a> {
    /// The kind of interface.
    pub kind: LinkType,
    /// Whether both hardware addresses are zero, as on loopback on Linux.
    pub zero_addresses: bool,
    /// The length of the header in bytes.
    pub header_length: usize,
    /// What follows the header.
    pub payload: Payload<'a>,
}

/// Decodes the link-layer header of a frame with link type `link`.
pub fn decode(link: i32, bytes: &[u8]) -> Link<'_> {
    let kind = LinkType::of(link);
    let (mut at, mut protocol) = match kind {
        LinkType::Ethernet => (14, number(bytes, 12)),
        // The family is in the byte order of the capturing host, and its values differ between systems. The version
        // field of the packet is reliable.
        LinkType::Loopback => (4, ip_version(bytes.get(4..))),
        LinkType::Raw => (0, ip_version(Some(bytes))),
        LinkType::Sll => (16, number(bytes, 14)),
        LinkType::Sll2 => (20, number(bytes, 0)),
        LinkType::Unknown(_) => (0, None),
    };
    for _ in 0..TAGS_MAX {
        if !matches!(protocol, Some(0x8100 | 0x88a8 | 0x9100)) {
            break;
        }
        protocol = number(bytes, at + 2);
        at += 4;
    }
    let payload = match (protocol, bytes.get(at..)) {
        (Some(IPV4 | IPV6), Some(packet)) => Payload::Ip(packet),
        (Some(ARP), Some(packet)) => Payload::Arp(packet),
        _ => Payload::Other,
    };
    let zero_addresses = kind == LinkType::Ethernet && bytes.get(..12).is_some_and(|macs| macs == [0; 12]);
    Link { kind, zero_addresses, header_length: at, payload }
}

fn number(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn ip_version(packet: Option<&[u8]>) -> Option<u16> {
    match packet?.first()? >> 4 {
        4 => Some(IPV4),
        6 => Some(IPV6),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{LinkType, Payload, decode};

    #[track_caller]
    fn check(link: i32, header: &[u8], kind: LinkType) {
        let frame = [header, &[0x45, 0, 0, 0]].concat();
        let decoded = decode(link, &frame);
        assert_eq!((decoded.kind, decoded.payload), (kind, Payload::Ip(&[0x45, 0, 0, 0])));
        assert_eq!(decoded.header_length, header.len());
        for length in 0..header.len() {
            assert_eq!(decode(link, &frame[..length]).payload, Payload::Other);
        }
    }

    #[test]
    fn finds_the_packet_after_each_link_layer_header() {
        check(1, &[&[1; 12][..], &[8, 0]].concat(), LinkType::Ethernet);
        check(1, &[&[1; 12][..], &[0x88, 0xa8, 0, 1, 0x81, 0, 0, 2, 8, 0]].concat(), LinkType::Ethernet);
        check(0, &[2, 0, 0, 0], LinkType::Loopback);
        check(0, &[0, 0, 0, 2], LinkType::Loopback);
        check(113, &[&[0; 14][..], &[8, 0]].concat(), LinkType::Sll);
        check(276, &[&[8, 0][..], &[0; 18]].concat(), LinkType::Sll2);
        assert_eq!(decode(101, &[0x60]).payload, Payload::Ip(&[0x60]));
        assert_eq!(decode(147, &[0x60]).payload, Payload::Other);
    }

    #[test]
    fn notices_loopback_and_arp() {
        let frame = [&[0; 12][..], &[8, 6]].concat();
        let decoded = decode(1, &frame);
        assert!(decoded.zero_addresses);
        assert_eq!(decoded.payload, Payload::Arp(&[]));
    }
}
