//! Datagrams on their way through the relay, in the order in which they are due.

use crate::fate::{Direction, Fate};
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Datagrams that may wait, and their bytes. One on top of them is refused.
const DATAGRAMS_MAX: usize = 100_000;
const BYTES_MAX: usize = 64 << 20;

/// How long a datagram waits at most for the next one to change places with.
pub const SWAP_WAIT_MAX: Duration = Duration::from_millis(300);

/// A datagram, or a copy of one, that passes the relay.
#[derive(Clone, Debug, PartialEq)]
pub struct Datagram {
    /// The client's number.
    pub client: u64,
    /// The client's socket address.
    pub address: SocketAddr,
    /// Which way it goes.
    pub direction: Direction,
    /// The number of the request that it is or answers.
    pub number: u64,
    /// How many replies have come to this request with this one; 1 for a request.
    pub occurrence: u64,
    /// 1, or 2 for the copy that the relay made.
    pub copy: u8,
    /// It changes places with the next one.
    pub swapped: bool,
    /// When it came.
    pub arrived: Instant,
    /// What it carries.
    pub payload: Arc<[u8]>,
}

/// When a datagram is due, and its place among those that are due at the same time.
type Slot = (Instant, u64);

/// Datagrams that wait until they are due.
#[derive(Default)]
pub struct Queue {
    waiting: BTreeMap<Slot, Datagram>,
    bytes: usize,
    places: u64,
    /// Where the copies of a datagram are that waits for the next one of its client and direction.
    held: HashMap<(u64, Direction), Vec<Slot>>,
}

impl Queue {
    /// Lets a datagram and its copies wait as long as its fate says. False if there is no room.
    ///
    /// One that is to change places with the next one is due right behind it, or after [`SWAP_WAIT_MAX`].
    pub fn enter(&mut self, datagram: &Datagram, fate: &Fate) -> bool {
        if self.waiting.len() + 2 > DATAGRAMS_MAX || self.bytes + 2 * datagram.payload.len() > BYTES_MAX {
            return false;
        }
        let stream = (datagram.client, datagram.direction);
        let swapped = fate.reordered && !self.held.contains_key(&stream);
        let copies = if fate.duplicated { 2 } else { 1 };
        let mut slots = Vec::new();
        for (copy, delay) in (1..=copies).zip(fate.delays) {
            let due = datagram.arrived + delay + if swapped { SWAP_WAIT_MAX } else { Duration::ZERO };
            slots.push(self.insert(due, Datagram { copy, swapped, ..datagram.clone() }));
        }
        if swapped {
            self.held.insert(stream, slots);
            return true;
        }
        // Whoever waited for this datagram follows it.
        let due = slots.iter().max().map_or(datagram.arrived, |slot| slot.0);
        for slot in self.held.remove(&stream).unwrap_or_default() {
            if let Some(held) = self.remove(slot) {
                self.insert(due, held);
            }
        }
        true
    }

    /// When the next datagram is due.
    pub fn next_due(&self) -> Option<Instant> {
        self.waiting.first_key_value().map(|((due, _), _)| *due)
    }

    /// Takes out the next datagram that is due by `now`.
    pub fn take_due(&mut self, now: Instant) -> Option<Datagram> {
        let slot = *self.waiting.first_key_value()?.0;
        if slot.0 > now {
            return None;
        }
        let datagram = self.remove(slot)?;
        let stream = (datagram.client, datagram.direction);
        if self.held.get(&stream).is_some_and(|held| held.contains(&slot)) {
            self.held.remove(&stream); // nothing came to change places with
        }
        Some(datagram)
    }

    fn insert(&mut self, due: Instant, datagram: Datagram) -> Slot {
        self.places += 1;
        self.bytes += datagram.payload.len();
        self.waiting.insert((due, self.places), datagram);
        (due, self.places)
    }

    fn remove(&mut self, slot: Slot) -> Option<Datagram> {
        let datagram = self.waiting.remove(&slot)?;
        self.bytes -= datagram.payload.len();
        Some(datagram)
    }
}

#[cfg(test)]
mod tests {
    use super::{DATAGRAMS_MAX, Datagram, Queue, SWAP_WAIT_MAX};
    use crate::fate::{Direction, Fate};
    use std::time::{Duration, Instant};

    const MS: Duration = Duration::from_millis(1);
    const PLAIN: Fate = Fate { dropped: false, reordered: false, duplicated: false, delays: [MS, MS] };
    const SWAP: Fate = Fate { reordered: true, ..PLAIN };
    const TWICE: Fate = Fate { duplicated: true, ..PLAIN };

    /// Enters datagrams a microsecond apart, and gives the numbers that are due `after` that, in their order.
    #[track_caller]
    fn check(fates: &[Fate], after: Duration, expected: &[u64]) {
        let (mut queue, start) = (Queue::default(), Instant::now());
        for (number, fate) in (1..).zip(fates) {
            let arrived = start + Duration::from_micros(number);
            assert!(queue.enter(&datagram(number, arrived), fate));
        }
        let due: Vec<u64> =
            std::iter::from_fn(|| queue.take_due(start + after)).map(|found| found.number).collect();
        assert_eq!(due, expected);
    }

    fn datagram(number: u64, arrived: Instant) -> Datagram {
        Datagram {
            client: 1,
            address: ([127, 0, 0, 1], 1).into(),
            direction: Direction::Request,
            number,
            occurrence: 1,
            copy: 1,
            swapped: false,
            arrived,
            payload: Vec::new().into(),
        }
    }

    #[test]
    fn holds_each_for_its_delay() {
        check(&[PLAIN, PLAIN, PLAIN], MS + Duration::from_micros(2), &[1, 2]);
        let slow = Fate { delays: [5 * MS, MS], ..PLAIN };
        check(&[slow, PLAIN], 9 * MS, &[2, 1]);
    }

    #[test]
    fn changes_places_with_the_next_one() {
        check(&[SWAP, PLAIN, PLAIN], 9 * MS, &[2, 1, 3]);
        check(&[SWAP, SWAP, PLAIN], 9 * MS, &[2, 1, 3]);
        check(&[PLAIN, SWAP], 9 * MS, &[1]);
        check(&[PLAIN, SWAP], SWAP_WAIT_MAX + 9 * MS, &[1, 2]);
    }

    #[test]
    fn sends_copies_one_after_the_other() {
        check(&[TWICE, PLAIN], 9 * MS, &[1, 1, 2]);
        check(&[Fate { duplicated: true, ..SWAP }, TWICE], 9 * MS, &[2, 2, 1, 1]);
    }

    #[test]
    fn keeps_other_clients_and_directions_out_of_a_swap() {
        let (mut queue, start) = (Queue::default(), Instant::now());
        queue.enter(&datagram(1, start), &SWAP);
        queue.enter(&Datagram { client: 2, ..datagram(2, start) }, &PLAIN);
        queue.enter(&Datagram { direction: Direction::Reply, ..datagram(3, start) }, &PLAIN);
        let due: Vec<u64> =
            std::iter::from_fn(|| queue.take_due(start + MS)).map(|found| found.number).collect();
        assert_eq!(due, [2, 3]);
        assert_eq!(queue.next_due(), Some(start + MS + SWAP_WAIT_MAX));
    }

    #[test]
    fn refuses_what_it_has_no_room_for() {
        let (mut queue, start) = (Queue::default(), Instant::now());
        let entered = (0..).take_while(|number| queue.enter(&datagram(*number, start), &PLAIN)).count();
        assert!((DATAGRAMS_MAX - 2..=DATAGRAMS_MAX).contains(&entered), "{entered}");
        queue.take_due(start + MS);
        assert!(queue.enter(&datagram(0, start), &PLAIN));
    }
}
