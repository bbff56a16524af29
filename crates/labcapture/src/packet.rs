//! A packet: what the headers of one frame say.

use crate::capture::Frame;
use crate::checksum::{self, Status};
use crate::fragments::{Fragments, Key};
use crate::link::{self, Kind, Payload};
use etherparse::{
    Ipv4HeaderSlice, Ipv6FragmentHeaderSlice, Ipv6HeaderSlice, LaxIpSlice, LenSource, TcpOptionElement,
    TcpOptionsIterator, UdpHeaderSlice,
};
use serde::Serialize;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMPV6: u8 = 58;

/// Extension headers of one IPv6 packet.
const EXTENSIONS_MAX: usize = 16;

/// One frame's headers, and the text that it carries.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// Number of the frame, from 1.
    pub frame: u64,
    /// Nanoseconds since 1970.
    pub time_ns: u64,
    /// The kind of interface.
    pub link: Kind,
    /// Both hardware addresses are zero.
    pub zero_addresses: bool,
    /// Bytes of the frame on the wire.
    pub length: u32,
    /// Not all of them are in the file.
    pub cut: bool,
    /// What the frame is for.
    pub content: Content<'a>,
}

/// What a frame is for.
#[derive(Clone, Copy, Debug)]
pub enum Content<'a> {
    /// A datagram of UDP.
    Udp(Udp<'a>),
    /// A segment of TCP.
    Tcp(Tcp<'a>),
    /// An ICMP error about a packet of UDP or TCP.
    Unreachable(Unreachable),
    /// Another message of ICMP, such as a ping.
    Icmp,
    /// A fragment of a datagram that is not complete yet.
    Fragment,
    /// A question or an answer about hardware addresses.
    Arp,
    /// Anything else, also what is broken or cut off within its headers.
    Other,
}

/// What UDP and TCP have in common.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    /// The sender's socket address.
    pub source: SocketAddr,
    /// The receiver's.
    pub destination: SocketAddr,
    /// Bytes of the IP header, options or extensions included.
    pub ip_header_length: u16,
    /// Bytes of the header of UDP or TCP.
    pub header_length: u16,
    /// The checksum field.
    pub checksum: u16,
    /// What it proves.
    pub checksum_status: Status,
    /// The text that was captured.
    pub text: &'a [u8],
    /// The length of the text on the wire.
    pub text_length: u32,
}

/// A datagram of UDP.
#[derive(Clone, Copy, Debug)]
pub struct Udp<'a> {
    /// Addresses, checksum, text.
    pub segment: Segment<'a>,
    /// The Length field: header and text.
    pub length: u16,
}

/// A segment of TCP.
#[derive(Clone, Copy, Debug)]
pub struct Tcp<'a> {
    /// Addresses, checksum, text.
    pub segment: Segment<'a>,
    /// The sequence number, raw.
    pub sequence: u32,
    /// The acknowledgment number, raw.
    pub acknowledgment: u32,
    /// The flags.
    pub flags: Flags,
    /// The window field, not scaled.
    pub window: u16,
    /// The maximum segment size, from the options of a SYN.
    pub mss: Option<u16>,
}

/// ICMP's message that a packet did not reach its receiver.
#[derive(Clone, Copy, Debug)]
pub struct Unreachable {
    /// Who says so.
    pub from: IpAddr,
    /// The packet was of TCP.
    pub tcp: bool,
    /// The sender of the packet.
    pub source: SocketAddr,
    /// Its receiver.
    pub destination: SocketAddr,
    /// Nobody has a socket at that port (and not, for example, that there is no such host).
    pub port: bool,
}

/// The flags of a TCP segment, as the last nine bits of its thirteenth and fourteenth byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
pub struct Flags(pub u16);

impl Flags {
    /// The sender has no more to say.
    pub const FIN: Flags = Flags(1);
    /// The first segment of a direction.
    pub const SYN: Flags = Flags(2);
    /// The connection is broken off.
    pub const RST: Flags = Flags(4);
    /// What has come so far should be given to the program.
    pub const PSH: Flags = Flags(8);
    /// The acknowledgment number counts.
    pub const ACK: Flags = Flags(16);

    /// The names, highest bit last.
    pub const NAMES: [(&'static str, u16); 9] = [
        ("FIN", 1),
        ("SYN", 2),
        ("RST", 4),
        ("PSH", 8),
        ("ACK", 16),
        ("URG", 32),
        ("ECE", 64),
        ("CWR", 128),
        ("AE", 256),
    ];

    /// All flags of `other` are set.
    pub fn has(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }
}

impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> =
            Flags::NAMES.iter().filter(|(_, bit)| self.0 & bit != 0).map(|(name, _)| *name).collect();
        f.pad(&if names.is_empty() { "none".to_owned() } else { names.join(", ") })
    }
}

/// Decodes frames. It remembers fragments until their datagram is complete.
#[derive(Default)]
pub struct Decoder {
    fragments: Fragments,
}

impl Decoder {
    /// Decodes one frame.
    pub fn decode<'a>(&'a mut self, frame: &Frame<'a>) -> Packet<'a> {
        let link = link::decode(frame.link, frame.bytes);
        let content = match link.payload {
            Payload::Ip(bytes) => {
                let length = u64::from(frame.length).saturating_sub(link.header_length as u64);
                self.ip(bytes, u32::try_from(length).unwrap_or(u32::MAX)).unwrap_or(Content::Other)
            }
            Payload::Arp => Content::Arp,
            Payload::Other => Content::Other,
        };
        Packet {
            frame: frame.number,
            time_ns: frame.time_ns,
            link: link.kind,
            zero_addresses: link.zero_addresses,
            length: frame.length,
            cut: (frame.bytes.len() as u64) < u64::from(frame.length),
            content,
        }
    }

    /// Decodes an IP packet that has `length` bytes on the wire, with the padding after it.
    fn ip<'a>(&'a mut self, bytes: &'a [u8], length: u32) -> Option<Content<'a>> {
        let (ip, _) = LaxIpSlice::from_slice(bytes).ok()?;
        let payload = ip.payload().clone();
        let captured = payload.payload;
        let (header_length, stated) = match &ip {
            LaxIpSlice::Ipv4(packet) => {
                let authentication = packet.extensions().auth.map_or(0, |header| header.slice().len());
                let header = packet.header();
                (header.slice().len() + authentication, u32::from(header.total_len()))
            }
            LaxIpSlice::Ipv6(packet) => {
                let extensions = packet.extensions().slice().len();
                (40 + extensions, 40 + u32::from(packet.header().payload_length()))
            }
        };
        let envelope = Envelope {
            source: ip.source_addr(),
            destination: ip.destination_addr(),
            protocol: payload.ip_number.0,
            header_length: u16::try_from(header_length).ok()?,
        };
        // A length of 0 stands for one that the network card was to fill in: the frame's own length counts.
        let whole = payload.len_source != LenSource::Slice || payload.incomplete;
        let stated = if whole { stated } else { length };
        let wire_length = stated.saturating_sub(u32::from(envelope.header_length));
        if payload.fragmented {
            // A fragment that was cut off would leave a hole, or end the datagram too early.
            if (captured.len() as u64) < u64::from(wire_length) {
                return Some(Content::Fragment);
            }
            let (identification, offset, more) = fragment(&ip, bytes)?;
            let key = Key {
                source: envelope.source,
                destination: envelope.destination,
                identification,
                protocol: envelope.protocol,
            };
            let Some(joined) = self.fragments.join(key, offset, more, captured) else {
                return Some(Content::Fragment);
            };
            let length = u32::try_from(joined.len()).ok()?;
            return transport(&envelope, joined, length);
        }
        transport(&envelope, captured, wire_length)
    }
}

/// Identification, offset in bytes, and whether more fragments follow.
fn fragment(ip: &LaxIpSlice<'_>, bytes: &[u8]) -> Option<(u32, usize, bool)> {
    match ip {
        LaxIpSlice::Ipv4(packet) => {
            let header = packet.header();
            let offset = usize::from(header.fragments_offset().value()) * 8;
            Some((u32::from(header.identification()), offset, header.more_fragments()))
        }
        LaxIpSlice::Ipv6(packet) => {
            let mut next = packet.header().next_header().0;
            let mut rest = bytes.get(40..)?;
            for _ in 0..EXTENSIONS_MAX {
                if next == 44 {
                    let header = Ipv6FragmentHeaderSlice::from_slice(rest).ok()?;
                    let offset = usize::from(header.fragment_offset().value()) * 8;
                    return Some((header.identification(), offset, header.more_fragments()));
                }
                next = *rest.first()?;
                rest = rest.get(usize::from(*rest.get(1)?) * 8 + 8..)?;
            }
            None
        }
    }
}

/// What the IP header says about a segment.
struct Envelope {
    source: IpAddr,
    destination: IpAddr,
    protocol: u8,
    header_length: u16,
}

/// Decodes a segment that has `length` bytes by its IP header; perhaps fewer were captured.
fn transport<'a>(envelope: &Envelope, bytes: &'a [u8], length: u32) -> Option<Content<'a>> {
    match envelope.protocol {
        UDP => udp(envelope, bytes, length).map(Content::Udp),
        TCP => tcp(envelope, bytes, length).map(Content::Tcp),
        ICMP | ICMPV6 => Some(unreachable(envelope, bytes).map_or(Content::Icmp, Content::Unreachable)),
        _ => None,
    }
}

fn udp<'a>(envelope: &Envelope, bytes: &'a [u8], length: u32) -> Option<Udp<'a>> {
    let header = UdpHeaderSlice::from_slice(bytes).ok()?;
    // The datagram may be shorter than its IP packet. A Length that can't be is ignored, and the checksum is wrong.
    let stated = u32::from(header.length());
    let length = if (8..=length).contains(&stated) { stated } else { length };
    let datagram = &bytes[..bytes.len().min(length as usize)];
    let stored = header.checksum();
    let checksum_status = match stored {
        0 => Status::Absent,
        _ => checksum::judge(envelope.source, envelope.destination, UDP, datagram, length, stored),
    };
    let segment = Segment {
        source: SocketAddr::new(envelope.source, header.source_port()),
        destination: SocketAddr::new(envelope.destination, header.destination_port()),
        ip_header_length: envelope.header_length,
        header_length: 8,
        checksum: stored,
        checksum_status,
        text: datagram.get(8..)?,
        text_length: length.saturating_sub(8),
    };
    Some(Udp { segment, length: header.length() })
}

fn tcp<'a>(envelope: &Envelope, bytes: &'a [u8], length: u32) -> Option<Tcp<'a>> {
    // Where the capture cuts frames off, the options may be missing: all that is asked about stands before them.
    let header: &[u8; 20] = bytes.first_chunk()?;
    let short = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
    let long = |at: usize| u32::from(short(at)) << 16 | u32::from(short(at + 2));
    let header_length = u16::from(header[12] >> 4) * 4;
    if header_length < 20 || u32::from(header_length) > length {
        return None;
    }
    let header_end = bytes.len().min(usize::from(header_length));
    let stored = short(16);
    let status = checksum::judge(envelope.source, envelope.destination, TCP, bytes, length, stored);
    let flags = Flags(short(12) & 0x1ff);
    let mss = TcpOptionsIterator::from_slice(&bytes[20..header_end]).find_map(|option| match option {
        Ok(TcpOptionElement::MaximumSegmentSize(size)) => Some(size),
        _ => None,
    });
    let segment = Segment {
        source: SocketAddr::new(envelope.source, short(0)),
        destination: SocketAddr::new(envelope.destination, short(2)),
        ip_header_length: envelope.header_length,
        header_length,
        checksum: stored,
        checksum_status: status,
        text: &bytes[header_end..],
        text_length: length.saturating_sub(u32::from(header_length)),
    };
    Some(Tcp {
        segment,
        sequence: long(4),
        acknowledgment: long(8),
        flags,
        window: short(14),
        mss: mss.filter(|_| flags.has(Flags::SYN)),
    })
}

/// An ICMP error, with the addresses of the packet that it quotes.
fn unreachable(envelope: &Envelope, bytes: &[u8]) -> Option<Unreachable> {
    let (kind, code, quoted) = (*bytes.first()?, *bytes.get(1)?, bytes.get(8..)?);
    let port = match (envelope.protocol, kind) {
        (ICMP, 3) => code == 3,
        (ICMPV6, 1) => code == 4,
        _ => return None,
    };
    let (source, destination, protocol, rest) = match envelope.protocol {
        ICMP => {
            let header = Ipv4HeaderSlice::from_slice(quoted).ok()?;
            let rest = quoted.get(header.slice().len()..)?;
            (header.source_addr().into(), header.destination_addr().into(), header.protocol().0, rest)
        }
        _ => {
            let header = Ipv6HeaderSlice::from_slice(quoted).ok()?;
            let rest = quoted.get(40..)?;
            (
                IpAddr::from(header.source_addr()),
                IpAddr::from(header.destination_addr()),
                header.next_header().0,
                rest,
            )
        }
    };
    if protocol != UDP && protocol != TCP {
        return None;
    }
    let port_at = |at: usize| Some(u16::from_be_bytes([*rest.get(at)?, *rest.get(at + 1)?]));
    Some(Unreachable {
        from: envelope.source,
        tcp: protocol == TCP,
        source: SocketAddr::new(source, port_at(0)?),
        destination: SocketAddr::new(destination, port_at(2)?),
        port,
    })
}

#[cfg(test)]
mod tests {
    use super::{Decoder, Flags};
    use crate::capture::Frame;
    use proptest::prelude::*;

    #[test]
    fn names_flags_in_the_order_of_their_bits() {
        assert_eq!(Flags(0x12).to_string(), "SYN, ACK");
        assert_eq!(Flags(0x18).to_string(), "PSH, ACK");
        assert_eq!(Flags(0).to_string(), "none");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn decodes_any_bytes_without_panic(
            link in prop::sample::select(vec![0, 1, 101, 113, 276]),
            head in prop::sample::select(vec![
                vec![0x45, 0, 0, 40, 0, 1, 0, 0, 64, 6], vec![0x45, 0, 0, 40, 0, 1, 0x20, 0, 64, 17],
                vec![0x46, 0, 0, 0, 0, 1, 0, 0, 64, 17], vec![0x60, 0, 0, 0, 0, 40, 44, 64],
                vec![0x60, 0, 0, 0, 0, 40, 0, 64], vec![0x45, 0, 0, 60, 0, 1, 0, 0, 64, 1], vec![],
            ]),
            tail in prop::collection::vec(any::<u8>(), 0..120),
            length: u32,
        ) {
            let header = match link { 1 => 14, 113 => 16, 276 => 20, 0 => 4, _ => 0 };
            let mut bytes = vec![0; header];
            match link { 1 => bytes[12] = 8, 113 => bytes[14] = 8, 276 => bytes[0] = 8, _ => {} }
            bytes.extend(head);
            bytes.extend(tail);
            let mut decoder = Decoder::default();
            let packet = decoder.decode(&Frame { number: 1, time_ns: 0, link, bytes: &bytes, length });
            prop_assert_eq!(packet.frame, 1);
        }
    }
}
