//! Decodes frames down to UDP, TCP and ICMP: the link layer, IP with its extension headers, and fragments.

use crate::capture_file::Frame;
use crate::fragments::{Fragments, Key};
use crate::link::{self, Payload};
use crate::packet::headers::{Content, Packet};
use crate::packet::resolution;
use crate::packet::transport::{IpFields, transport};
use etherparse::{Ipv6FragmentHeaderSlice, LaxIpSlice, LenSource};

/// The maximum number of extension headers of an IPv6 packet that are examined.
const EXTENSIONS_MAX: usize = 16;

/// The number of the IPv6 fragment header.
const FRAGMENT_HEADER: u8 = 44;

/// Decodes frames one by one, and keeps fragments until their datagram is complete.
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
            Payload::Arp(bytes) => Content::Arp(resolution::arp(bytes)),
            Payload::Other => Content::Other,
        };
        Packet {
            frame: frame.number,
            time_ns: frame.time_ns,
            link: link.kind,
            zero_addresses: link.zero_addresses,
            length: frame.length,
            truncated: (frame.bytes.len() as u64) < u64::from(frame.length),
            content,
        }
    }

    /// Decodes an IP packet. `length` counts its bytes on the wire, including padding after the packet.
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
        let ip_fields = IpFields {
            source: ip.source_addr(),
            destination: ip.destination_addr(),
            protocol: payload.ip_number.0,
            header_length: u16::try_from(header_length).ok()?,
        };
        // A total length of 0 means that the network card fills it in later (segmentation offload), so the length of
        // the frame is used.
        let whole = payload.len_source != LenSource::Slice || payload.incomplete;
        let stated = if whole { stated } else { length };
        let wire_length = stated.saturating_sub(u32::from(ip_fields.header_length));
        if payload.fragmented {
            // A truncated fragment would leave a gap or make the datagram too short.
            if (captured.len() as u64) < u64::from(wire_length) {
                return Some(Content::Fragment);
            }
            let (identification, offset, more) = fragment(&ip, bytes)?;
            let key = Key {
                source: ip_fields.source,
                destination: ip_fields.destination,
                identification,
                protocol: ip_fields.protocol,
            };
            let Some(joined) = self.fragments.join(key, offset, more, captured) else {
                return Some(Content::Fragment);
            };
            let length = u32::try_from(joined.len()).ok()?;
            return transport(&ip_fields, joined, length);
        }
        transport(&ip_fields, captured, wire_length)
    }
}

/// Returns the identification, the offset in bytes, and whether more fragments follow.
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
                if next == FRAGMENT_HEADER {
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

#[cfg(test)]
mod tests {
    use super::Decoder;
    use crate::capture_file::Frame;
    use proptest::prelude::*;

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
