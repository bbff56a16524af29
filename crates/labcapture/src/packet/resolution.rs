//! Decodes the messages that find out hardware addresses: ARP (RFC 826) and neighbour discovery (RFC 4861).

use crate::packet::headers::Resolution;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const IPV4: [u8; 2] = [8, 0];
const REQUEST: [u8; 2] = [0, 1];
const SOLICITATION: u8 = 135;
const ADVERTISEMENT: u8 = 136;

/// Decodes an ARP packet about IPv4 addresses.
pub fn arp(bytes: &[u8]) -> Option<Resolution> {
    let &[_, _, protocol_high, protocol_low, hardware_length, 4, operation_high, operation_low, ..] = bytes
    else {
        return None;
    };
    if [protocol_high, protocol_low] != IPV4 {
        return None;
    }
    let hardware_length = usize::from(hardware_length);
    let address_at = |at: usize| Some(Ipv4Addr::from(*bytes.get(at..)?.first_chunk::<4>()?));
    let sender = address_at(8 + hardware_length)?;
    let target = address_at(12 + 2 * hardware_length)?;
    let is_request = [operation_high, operation_low] == REQUEST;
    Some(resolution(sender.into(), is_request.then_some(target.into())))
}

/// Decodes a solicitation or an advertisement. `source` is the sender of the packet, and `bytes` is its ICMPv6 message.
pub fn neighbour_discovery(source: IpAddr, bytes: &[u8]) -> Option<Resolution> {
    let target: IpAddr = Ipv6Addr::from(*bytes.get(8..)?.first_chunk::<16>()?).into();
    match *bytes.first()? {
        SOLICITATION => Some(resolution(source, Some(target))),
        ADVERTISEMENT => Some(resolution(target, None)),
        _ => None,
    }
}

fn resolution(sender: IpAddr, asked: Option<IpAddr>) -> Resolution {
    // A host that has no address yet asks for the one that it wants, from the unspecified address. A host that asks for
    // its own address announces it.
    let sender = Some(sender).filter(|sender| !sender.is_unspecified());
    Resolution { sender, asked: asked.filter(|asked| sender.is_some_and(|sender| sender != *asked)) }
}

#[cfg(test)]
mod tests {
    use super::{arp, neighbour_discovery};
    use crate::packet::headers::Resolution;
    use std::net::IpAddr;

    fn packet(operation: u8, sender: [u8; 4], target: [u8; 4]) -> Vec<u8> {
        [&[0, 1, 8, 0, 6, 4, 0, operation][..], &[2; 6], &sender, &[0; 6], &target, &[0; 18]].concat()
    }

    fn messages(sender: Option<[u8; 4]>, asked: Option<[u8; 4]>) -> Option<Resolution> {
        Some(Resolution { sender: sender.map(IpAddr::from), asked: asked.map(IpAddr::from) })
    }

    #[test]
    fn decodes_requests_and_replies() {
        let (one, other) = ([10, 0, 3, 2], [10, 0, 3, 1]);
        assert_eq!(arp(&packet(1, one, other)), messages(Some(one), Some(other)));
        assert_eq!(arp(&packet(2, other, one)), messages(Some(other), None));
        assert_eq!(arp(&packet(1, one, one)), messages(Some(one), None));
        assert_eq!(arp(&packet(1, [0; 4], one)), messages(None, None));
    }

    #[test]
    fn decodes_nothing_that_is_truncated() {
        let whole = packet(1, [10, 0, 3, 2], [10, 0, 3, 1]);
        assert!((0..28).all(|length| arp(&whole[..length]).is_none()));
        let source = "fd00::2".parse().unwrap();
        let message = [&[135, 0, 0, 0, 0, 0, 0, 0][..], &[9; 16]].concat();
        assert!((0..24).all(|length| neighbour_discovery(source, &message[..length]).is_none()));
        let asked = Some(IpAddr::from([9; 16]));
        assert_eq!(neighbour_discovery(source, &message), Some(Resolution { sender: Some(source), asked }));
    }
}
