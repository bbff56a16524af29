//! Fragments of IP datagrams, joined when all have come (RFC 791, section 3.2; RFC 8200, section 4.5).

use std::collections::VecDeque;
use std::net::IpAddr;

/// Datagrams that wait for more fragments. The oldest is forgotten when another comes: 64 hold 12 MiB at most.
const WAITING_MAX: usize = 64;

/// The largest datagram, without its header.
const DATAGRAM_BYTES_MAX: usize = 65_535;

/// Pieces of one datagram: 65,535 bytes in pieces of at least 8.
const PIECES_MAX: usize = 8192;

/// What tells the fragments of one datagram from those of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The sender.
    pub source: IpAddr,
    /// The receiver.
    pub destination: IpAddr,
    /// The number that the sender gave to the datagram.
    pub identification: u32,
    /// What the datagram carries.
    pub protocol: u8,
}

/// The fragments that have come so far.
#[derive(Default)]
pub struct Fragments {
    waiting: VecDeque<Datagram>,
    joined: Vec<u8>,
}

struct Datagram {
    key: Key,
    bytes: Vec<u8>,
    /// Start and end of what has come, in the order of coming.
    pieces: Vec<(usize, usize)>,
    length: Option<usize>,
}

impl Fragments {
    /// Takes a fragment, and gives the whole payload of its datagram when this was the last one missing.
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
    fn joins_fragments_in_any_order_and_with_repetitions() {
        let mut fragments = Fragments::default();
        assert_eq!(fragments.join(key(1), 8, true, b"ijklmnop"), None);
        assert_eq!(fragments.join(key(1), 16, false, b"q"), None);
        assert_eq!(fragments.join(key(2), 0, true, b"12345678"), None);
        assert_eq!(fragments.join(key(1), 8, true, b"ijklmnop"), None);
        assert_eq!(fragments.join(key(1), 0, true, b"abcdefgh"), Some(&b"abcdefghijklmnopq"[..]));
        assert_eq!(fragments.join(key(2), 8, false, b"9"), Some(&b"123456789"[..]));
    }

    #[test]
    fn forgets_the_oldest_and_refuses_what_no_datagram_holds() {
        let mut fragments = Fragments::default();
        for number in 0..=u32::try_from(WAITING_MAX).unwrap() {
            fragments.join(key(number), 0, true, b"12345678");
        }
        assert_eq!(fragments.waiting.len(), WAITING_MAX);
        assert_eq!(fragments.join(key(0), 8, false, b"9"), None);
        assert_eq!(fragments.join(key(9), 65_528, false, b"12345678"), None);
    }
}
