//! The Internet checksum (RFC 1071) of UDP and TCP, which covers addresses, header and payload.

use serde::Serialize;
use std::net::IpAddr;

/// Whether a checksum is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It matches the bytes.
    Right,
    /// It does not match the bytes, for example because they were damaged.
    Wrong,
    /// It holds only the sum of the pseudo-header: the network card computes the rest after the capture.
    Partial,
    /// The sender left it out, as UDP over IPv4 may.
    Absent,
    /// It can't be verified, because the capture lacks some of the bytes that it covers.
    Unknown,
}

/// Verifies the checksum field `stored` of a `segment` whose length is `length` according to the IP header.
pub fn judge(
    source: IpAddr,
    destination: IpAddr,
    protocol: u8,
    segment: &[u8],
    length: u32,
    stored: u16,
) -> Status {
    if segment.len() as u64 != u64::from(length) {
        return Status::Unknown;
    }
    let pseudo = address_sum(source) + address_sum(destination) + u64::from(protocol) + u64::from(length);
    // With the right checksum, the sum of all words is all ones.
    if fold(pseudo + sum(segment)) == 0xffff {
        Status::Right
    } else if stored == fold(pseudo) {
        Status::Partial
    } else {
        Status::Wrong
    }
}

fn address_sum(address: IpAddr) -> u64 {
    match address {
        IpAddr::V4(address) => sum(&address.octets()),
        IpAddr::V6(address) => sum(&address.octets()),
    }
}

/// Adds the 16-bit words of `bytes`, two at a time; `fold` adds the carries later.
fn sum(bytes: &[u8]) -> u64 {
    let words = bytes.chunks_exact(4);
    let rest = words.remainder();
    let total: u64 =
        words.map(|word| u64::from(u32::from_be_bytes([word[0], word[1], word[2], word[3]]))).sum();
    let mut last = [0; 4];
    last[..rest.len()].copy_from_slice(rest);
    total + u64::from(u32::from_be_bytes(last))
}

#[allow(clippy::cast_possible_truncation)] // at most 0xffff after the loop
fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum >> 16) + (sum & 0xffff);
    }
    sum as u16
}

#[cfg(test)]
mod tests {
    use super::{Status, judge};
    use proptest::prelude::*;

    fn status(segment: &[u8]) -> Status {
        let host = |last| std::net::IpAddr::from([10, 0, 3, last]);
        let stored = u16::from_be_bytes([segment[6], segment[7]]);
        judge(host(1), host(2), 17, segment, u32::try_from(segment.len()).unwrap(), stored)
    }

    /// A datagram from port 1 to port 2 with the payload `hello`.
    const DATAGRAM: [u8; 13] = [0, 1, 0, 2, 0, 13, 0, 0, b'h', b'e', b'l', b'l', b'o'];

    #[test]
    fn tells_right_from_partial_and_wrong() {
        let with = |field: [u8; 2]| {
            let mut segment = DATAGRAM;
            segment[6..8].copy_from_slice(&field);
            status(&segment)
        };
        // 0a00 + 0301 + 0a00 + 0302 + 0011 + 000d = 1a21
        assert_eq!(with([0x1a, 0x21]), Status::Partial);
        // ... + 0001 + 0002 + 000d + 6865 + 6c6c + 6f00 = 15e02, folded 5e03, its complement a1fc
        assert_eq!(with([0xa1, 0xfc]), Status::Right);
        assert_eq!(with([0xa1, 0xfd]), Status::Wrong);
    }

    proptest! {
        #[test]
        fn a_changed_bit_makes_a_right_checksum_wrong(at in 0..13_usize, bit in 0..8_u8) {
            let mut segment = DATAGRAM;
            segment[6..8].copy_from_slice(&[0xa1, 0xfc]);
            segment[at] ^= 1 << bit;
            prop_assert_eq!(status(&segment), Status::Wrong);
        }
    }
}
