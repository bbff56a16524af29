//! Decodes what an IP packet carries: UDP, TCP, and the ICMP errors about either.

use crate::checksum::{self, Status};
use crate::packet::flags::Flags;
use crate::packet::headers::{Content, Tcp, Transport, Udp, Unreachable};
use crate::packet::resolution::neighbour_discovery;
use etherparse::{Ipv4HeaderSlice, Ipv6HeaderSlice, TcpOptionElement, TcpOptionsIterator, UdpHeaderSlice};
use std::net::{IpAddr, SocketAddr};

const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMPV6: u8 = 58;

/// The fields of an IP header that decoding the next header needs.
pub struct IpFields {
    pub source: IpAddr,
    pub destination: IpAddr,
    pub protocol: u8,
    pub header_length: u16,
}

/// Decodes the payload of an IP packet. `length` is its length according to the IP header; `bytes` may hold fewer.
pub fn transport<'a>(ip_fields: &IpFields, bytes: &'a [u8], length: u32) -> Option<Content<'a>> {
    match ip_fields.protocol {
        UDP => udp(ip_fields, bytes, length).map(Content::Udp),
        TCP => tcp(ip_fields, bytes, length).map(Content::Tcp),
        ICMP | ICMPV6 => Some(icmp(ip_fields, bytes)),
        _ => None,
    }
}

fn udp<'a>(ip_fields: &IpFields, bytes: &'a [u8], length: u32) -> Option<Udp<'a>> {
    let header = UdpHeaderSlice::from_slice(bytes).ok()?;
    // The datagram may be shorter than its IP packet. An impossible Length is ignored; the checksum is then wrong.
    let stated = u32::from(header.length());
    let length = if (8..=length).contains(&stated) { stated } else { length };
    let datagram = &bytes[..bytes.len().min(length as usize)];
    let stored = header.checksum();
    let checksum_status = match stored {
        0 => Status::Absent,
        _ => checksum::judge(ip_fields.source, ip_fields.destination, UDP, datagram, length, stored),
    };
    let transport = Transport {
        source: SocketAddr::new(ip_fields.source, header.source_port()),
        destination: SocketAddr::new(ip_fields.destination, header.destination_port()),
        ip_header_length: ip_fields.header_length,
        header_length: 8,
        checksum: stored,
        checksum_status,
        payload: datagram.get(8..)?,
        payload_length: length.saturating_sub(8),
    };
    Some(Udp { transport, length: header.length() })
}

fn tcp<'a>(ip_fields: &IpFields, bytes: &'a [u8], length: u32) -> Option<Tcp<'a>> {
    // A snapshot length may cut the options off. Every field that is needed comes before them, so a slice of the whole
    // header is not required.
    let header: &[u8; 20] = bytes.first_chunk()?;
    let short = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
    let long = |at: usize| u32::from(short(at)) << 16 | u32::from(short(at + 2));
    let header_length = u16::from(header[12] >> 4) * 4;
    if header_length < 20 || u32::from(header_length) > length {
        return None;
    }
    let header_end = bytes.len().min(usize::from(header_length));
    let stored = short(16);
    let status = checksum::judge(ip_fields.source, ip_fields.destination, TCP, bytes, length, stored);
    let flags = Flags(short(12) & 0x1ff);
    let mss = TcpOptionsIterator::from_slice(&bytes[20..header_end]).find_map(|option| match option {
        Ok(TcpOptionElement::MaximumSegmentSize(size)) => Some(size),
        _ => None,
    });
    let transport = Transport {
        source: SocketAddr::new(ip_fields.source, short(0)),
        destination: SocketAddr::new(ip_fields.destination, short(2)),
        ip_header_length: ip_fields.header_length,
        header_length,
        checksum: stored,
        checksum_status: status,
        payload: &bytes[header_end..],
        payload_length: length.saturating_sub(u32::from(header_length)),
    };
    Some(Tcp {
        transport,
        sequence: long(4),
        acknowledgment: long(8),
        flags,
        window: short(14),
        mss: mss.filter(|_| flags.has(Flags::SYN)),
    })
}

fn icmp<'a>(ip_fields: &IpFields, bytes: &[u8]) -> Content<'a> {
    if let Some(unreachable) = unreachable(ip_fields, bytes) {
        return Content::Unreachable(unreachable);
    }
    let is_version_6 = ip_fields.protocol == ICMPV6;
    let resolution = is_version_6.then(|| neighbour_discovery(ip_fields.source, bytes)).flatten();
    resolution.map_or(Content::Icmp, Content::NeighbourDiscovery)
}

/// Decodes an ICMP error, with the addresses of the packet that it quotes.
fn unreachable(ip_fields: &IpFields, bytes: &[u8]) -> Option<Unreachable> {
    let (kind, code, quoted) = (*bytes.first()?, *bytes.get(1)?, bytes.get(8..)?);
    let port = match (ip_fields.protocol, kind) {
        (ICMP, 3) => code == 3,
        (ICMPV6, 1) => code == 4,
        _ => return None,
    };
    let (source, destination, protocol, rest) = match ip_fields.protocol {
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
        from: ip_fields.source,
        tcp: protocol == TCP,
        source: SocketAddr::new(source, port_at(0)?),
        destination: SocketAddr::new(destination, port_at(2)?),
        port,
    })
}
