//! Reassembles fragmented IP datagrams (RFC 791, section 3.2; RFC 8200, section 4.5).

use std::collections::VecDeque;
use std::net::IpAddr;

/// The maximum number of incomplete datagrams, which together need at most 12 MiB. A further one replaces the oldest.
const WAITING_MAX: usize = 64;

/// The largest payload of a datagram.
const DATAGRAM_BYTES_MAX: usize = 65_535;

/// The maximum number of fragments of one datagram: 65,535 bytes in fragments of at least 8.
const PIECES_MAX: usize = 8192;

/// What the fragments of one datagram have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The sender.
    pub source: IpAddr,
    /// The receiver.
    pub destination: IpAddr,
    /// The identification field, which the sender chooses.
    pub identification: u32,
    /// The number of the protocol that the datagram carries.
    pub protocol: u8,
}

/// The datagrams that are still incomplete.
#[derive(Default)]
pub struct Fragments {
    waiting: VecDeque<Datagram>,
    joined: Vec<u8>,
}

struct Datagram {
    key: Key,
    bytes: Vec<u8>,
    /// Start and end of each fragment, in the order of arrival.
    pieces: Vec<(usize, usize)>,
    length: Option<usize>,
}

impl Fragments {
    /// Adds a fragment. Returns the payload of the datagram if no fragment is missing any more.
    pub fn join(&mut self, key: Key, start: usize, more: bool, bytes: &[u8]) -> Option<&[u8]> {
        let end = start + bytes.len();
        if end > DATAGRAM_BYTES_MAX || bytes.is_empty() {
            return None;
        }
        let at = self.waiting.iter().position(|datagram| datagram.key == key).unwrap_or_else(|| {
            if self.waiting.len() == WAITING_MAX {
                self.waiting.pop_front();
            }
            self.waiting.push_back(Datagram { key, bytes: Vec::new(), pieces: Vec::new(), length: None });
            self.waiting.len() - 1
        });
        let datagram = &mut self.waiting[at];
        if datagram.bytes.len() < end {
            datagram.bytes.resize(end, 0);
        }
        datagram.bytes[start..end].copy_from_slice(bytes);
        if datagram.pieces.len() < PIECES_MAX {
            datagram.pieces.push((start, end));
        }
        if !more {
            datagram.length = Some(end);
        }
        let length = datagram.length.filter(|length| datagram.is_covered(*length))?;
        let datagram = self.waiting.remove(at)?;
        self.joined = datagram.bytes;
        self.joined.get(..length)
    }
}

impl Datagram {
    fn is_covered(&mut self, length: usize) -> bool {
        self.pieces.sort_unstable();
        let mut covered = 0;
        for &(start, end) in &self.pieces {
            if start > covered {
                return false;
            }
            covered = covered.max(end);
        }
        covered >= length
    }
}

#[cfg(test)]
mod tests {
    use super::{Fragments, Key, WAITING_MAX};
    use std::net::{IpAddr, Ipv4Addr};

    fn key(identification: u32) -> Key {
        let host = IpAddr::V4(Ipv4Addr::new(10, 0, 3, 1));
        Key { source: host, destination: host, identification, protocol: 17 }
    }

    #[test]
    fn joins_fragments_in_any_order_and_with_duplicates() {
        let mut fragments = Fragments::default();
        assert_eq!(fragments.join(key(1), 8, true, b"ijklmnop"), None);
        assert_eq!(fragments.join(key(1), 16, false, b"q"), None);
        assert_eq!(fragments.join(key(2), 0, true, b"12345678"), None);
        assert_eq!(fragments.join(key(1), 8, true, b"ijklmnop"), None);
        assert_eq!(fragments.join(key(1), 0, true, b"abcdefgh"), Some(&b"abcdefghijklmnopq"[..]));
        assert_eq!(fragments.join(key(2), 8, false, b"9"), Some(&b"123456789"[..]));
    }

    #[test]
    fn drops_the_oldest_datagram_and_rejects_an_impossible_offset() {
        let mut fragments = Fragments::default();
        for number in 0..=u32::try_from(WAITING_MAX).unwrap() {
            fragments.join(key(number), 0, true, b"12345678");
        }
        assert_eq!(fragments.waiting.len(), WAITING_MAX);
        assert_eq!(fragments.join(key(0), 8, false, b"9"), None);
        assert_eq!(fragments.join(key(9), 65_528, false, b"12345678"), None);
    }
}
