//! Neighbours: hosts of the same network that were asked for their hardware address, and did not answer.
//!
//! IPv4 asks by ARP, IPv6 by neighbour discovery. Until the answer comes, no packet is sent to the host, so these
//! requests are all that a capture shows of a host that does not exist.

use crate::packet::Resolution;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// The maximum number of pairs of hosts whose requests are kept.
const PAIRS_MAX: usize = 1024;

/// The maximum number of requests of one host for another whose frames are kept. The others are only counted.
const FRAMES_MAX: usize = 64;

/// The maximum time between a request and its repetition. Systems repeat a request after about a second.
const REPETITION_NS_MAX: u64 = 5_000_000_000;

/// The hosts that were asked, and who asked.
#[derive(Debug, Default)]
pub struct Neighbours {
    /// By the host that was asked, then by the host that asked.
    asked: BTreeMap<IpAddr, BTreeMap<IpAddr, Asked>>,
    pairs: usize,
}

/// The requests of one host for the hardware address of another, since that one was last heard of.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The number of requests.
    pub requests: u64,
    /// The frames of the first requests.
    pub frames: Vec<u64>,
    /// Whether a packet of the host was captured before.
    pub was_there: bool,
    last_ns: u64,
    /// Whether a request was repeated shortly after the one before.
    is_repeated: bool,
}

/// A host that did not answer another.
#[derive(Clone, Copy, Debug)]
pub struct Unanswered<'a> {
    /// The host that was asked.
    pub host: IpAddr,
    /// The host that asked.
    pub by: IpAddr,
    /// The requests.
    pub asked: &'a Asked,
}

impl Neighbours {
    /// Adds a request or an answer.
    pub fn take(&mut self, frame: u64, time_ns: u64, resolution: &Resolution) {
        if let Some(sender) = resolution.sender {
            self.hear_from(sender);
        }
        let (Some(by), Some(host)) = (resolution.sender, resolution.asked) else { return };
        let is_known = self.asked.get(&host).is_some_and(|asked| asked.contains_key(&by));
        if !is_known && self.pairs == PAIRS_MAX {
            return;
        }
        self.pairs += usize::from(!is_known);
        let asked = self.asked.entry(host).or_default().entry(by).or_default();
        let is_first = asked.requests == 0;
        asked.is_repeated |= !is_first && time_ns.saturating_sub(asked.last_ns) <= REPETITION_NS_MAX;
        asked.last_ns = time_ns;
        asked.requests += 1;
        if asked.frames.len() < FRAMES_MAX {
            asked.frames.push(frame);
        }
    }

    /// Notes that a host sent something, which answers all earlier requests: the host is there, even if its answer was
    /// sent only to another host than the one that captures.
    pub fn hear_from(&mut self, host: IpAddr) {
        for asked in self.asked.get_mut(&host).into_iter().flat_map(BTreeMap::values_mut) {
            *asked = Asked { was_there: true, ..Asked::default() };
        }
    }

    /// Returns the hosts that did not answer. An answer goes only to the host that asked, so a capture on a third host
    /// lacks it. But then the request is not repeated, and requests that are not repeated are left out.
    pub fn unanswered(&self) -> impl Iterator<Item = Unanswered<'_>> {
        let all = self
            .asked
            .iter()
            .flat_map(|(host, asked)| asked.iter().map(move |(by, asked)| (host, by, asked)));
        let unanswered = all.filter(|(.., asked)| asked.is_repeated);
        unanswered.map(|(host, by, asked)| Unanswered { host: *host, by: *by, asked })
    }
}

#[cfg(test)]
mod tests {
    use super::{FRAMES_MAX, Neighbours, PAIRS_MAX};
    use crate::packet::Resolution;
    use std::net::{IpAddr, Ipv4Addr};

    const SECOND: u64 = 1_000_000_000;

    fn host(number: u16) -> IpAddr {
        let [high, low] = number.to_be_bytes();
        Ipv4Addr::new(10, 0, high, low).into()
    }

    fn ask(neighbours: &mut Neighbours, time_s: u64, by: u16, asked: u16) {
        let resolution = Resolution { sender: Some(host(by)), asked: Some(host(asked)) };
        neighbours.take(time_s + 1, time_s * SECOND, &resolution);
    }

    /// The numbers of the hosts that did not answer, with the frames of the requests.
    fn unanswered(neighbours: &Neighbours) -> Vec<(IpAddr, Vec<u64>)> {
        neighbours.unanswered().map(|one| (one.host, one.asked.frames.clone())).collect()
    }

    #[test]
    fn tells_which_hosts_did_not_answer() {
        let mut neighbours = Neighbours::default();
        for time_s in [0, 1, 2, 30] {
            ask(&mut neighbours, time_s, 2, 9);
            ask(&mut neighbours, time_s, 2, 1);
        }
        neighbours.take(5, 31 * SECOND, &Resolution { sender: Some(host(1)), asked: None });
        assert_eq!(unanswered(&neighbours), [(host(9), vec![1, 2, 3, 31])]);
    }

    #[test]
    fn counts_from_the_last_packet_of_the_host() {
        let mut neighbours = Neighbours::default();
        ask(&mut neighbours, 0, 2, 1);
        neighbours.hear_from(host(1));
        assert!(unanswered(&neighbours).is_empty());
        ask(&mut neighbours, 60, 2, 1);
        ask(&mut neighbours, 61, 2, 1);
        assert_eq!(unanswered(&neighbours), [(host(1), vec![61, 62])]);
        assert!(neighbours.unanswered().all(|one| one.asked.was_there));
    }

    #[test]
    fn blames_no_host_whose_answers_another_host_gets() {
        let mut neighbours = Neighbours::default();
        ask(&mut neighbours, 0, 3, 4);
        ask(&mut neighbours, 60, 3, 4);
        ask(&mut neighbours, 61, 2, 4);
        assert!(unanswered(&neighbours).is_empty());
    }

    #[test]
    fn is_bounded() {
        let mut neighbours = Neighbours::default();
        for asked in 0..2000 {
            ask(&mut neighbours, 0, 2, asked);
        }
        for time_s in 1..200 {
            ask(&mut neighbours, time_s, 2, 7);
            ask(&mut neighbours, time_s, 2, 1999);
        }
        assert_eq!(neighbours.pairs, PAIRS_MAX);
        let one = neighbours.unanswered().next().unwrap();
        assert_eq!((one.asked.requests, one.asked.frames.len()), (200, FRAMES_MAX));
        assert_eq!(neighbours.unanswered().count(), 1);
    }
}
