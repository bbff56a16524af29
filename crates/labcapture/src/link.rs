//! The link layer: what stands before the IP packet, for each kind of interface.

use std::fmt;

/// VLAN tags before an IP packet.
const TAGS_MAX: usize = 4;

const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;
const ARP: u16 = 0x0806;

/// The kinds of interface that are understood, by their numbers at tcpdump.org.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Ethernet, also Linux's loopback.
    Ethernet,
    /// The loopback of macOS and BSD: four bytes for the address family.
    Loopback,
    /// IP without anything before it.
    Raw,
    /// Linux's `any` interface, first form.
    Sll,
    /// Linux's `any` interface, second form.
    Sll2,
    /// Anything else.
    Unknown(i32),
}

impl Kind {
    fn of(link: i32) -> Kind {
        match link {
            1 => Kind::Ethernet,
            0 | 108 => Kind::Loopback,
            12 | 14 | 101 | 228 | 229 => Kind::Raw,
            113 => Kind::Sll,
            276 => Kind::Sll2,
            other => Kind::Unknown(other),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Ethernet => f.write_str("Ethernet"),
            Kind::Loopback => f.write_str("loopback (NULL)"),
            Kind::Raw => f.write_str("raw IP"),
            Kind::Sll => f.write_str("Linux `any` (SLL)"),
            Kind::Sll2 => f.write_str("Linux `any` (SLL2)"),
            Kind::Unknown(number) => write!(f, "link type {number}"),
        }
    }
}

/// What a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload<'a> {
    /// An IP packet, perhaps with padding after it.
    Ip(&'a [u8]),
    /// A question or an answer about hardware addresses.
    Arp,
    /// Another protocol.
    Other,
}

/// A frame without its link layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link<'a> {
    /// The kind of interface.
    pub kind: Kind,
    /// Both hardware addresses are zero, as on Linux's loopback.
    pub zero_addresses: bool,
    /// Bytes before the payload.
    pub header_length: usize,
    /// What follows.
    pub payload: Payload<'a>,
}

/// Takes the link layer off `bytes`.
pub fn decode(link: i32, bytes: &[u8]) -> Link<'_> {
    let kind = Kind::of(link);
    let (mut at, mut protocol) = match kind {
        Kind::Ethernet => (14, number(bytes, 12)),
        // The family is in the byte order of the host that captured, so the packet itself is asked.
        Kind::Loopback => (4, ip_version(bytes.get(4..))),
        Kind::Raw => (0, ip_version(Some(bytes))),
        Kind::Sll => (16, number(bytes, 14)),
        Kind::Sll2 => (20, number(bytes, 0)),
        Kind::Unknown(_) => (0, None),
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
        (Some(ARP), _) => Payload::Arp,
        _ => Payload::Other,
    };
    let zero_addresses = kind == Kind::Ethernet && bytes.get(..12).is_some_and(|macs| macs == [0; 12]);
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
    use super::{Kind, Payload, decode};

    #[track_caller]
    fn check(link: i32, header: &[u8], kind: Kind) {
        let frame = [header, &[0x45, 0, 0, 0]].concat();
        let decoded = decode(link, &frame);
        assert_eq!((decoded.kind, decoded.payload), (kind, Payload::Ip(&[0x45, 0, 0, 0])));
        assert_eq!(decoded.header_length, header.len());
        for length in 0..header.len() {
            assert_eq!(decode(link, &frame[..length]).payload, Payload::Other);
        }
    }

    #[test]
    fn finds_the_packet_behind_each_link_layer() {
        check(1, &[&[1; 12][..], &[8, 0]].concat(), Kind::Ethernet);
        check(1, &[&[1; 12][..], &[0x88, 0xa8, 0, 1, 0x81, 0, 0, 2, 8, 0]].concat(), Kind::Ethernet);
        check(0, &[2, 0, 0, 0], Kind::Loopback);
        check(0, &[0, 0, 0, 2], Kind::Loopback);
        check(113, &[&[0; 14][..], &[8, 0]].concat(), Kind::Sll);
        check(276, &[&[8, 0][..], &[0; 18]].concat(), Kind::Sll2);
        assert_eq!(decode(101, &[0x60]).payload, Payload::Ip(&[0x60]));
        assert_eq!(decode(147, &[0x60]).payload, Payload::Other);
    }

    #[test]
    fn notices_loopback_and_arp() {
        let frame = [&[0; 12][..], &[8, 6]].concat();
        let decoded = decode(1, &frame);
        assert!(decoded.zero_addresses);
        assert_eq!(decoded.payload, Payload::Arp);
    }
}
