//! The datagrams that the relay holds, in the order in which they are due.

use crate::impairments::{Action, Direction};
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The most datagrams that may wait, and the most bytes in them. Further datagrams are refused.
const DATAGRAMS_MAX: usize = 100_000;
const BYTES_MAX: usize = 16 << 20;

/// The longest time that a datagram waits for the next one to change places with.
pub(crate) const SWAP_WAIT_MAX: Duration = Duration::from_millis(300);

/// A datagram in the relay, or a copy of one.
#[derive(Clone, Debug, PartialEq)]
pub struct Datagram {
    /// The client's number.
    pub client: u64,
    /// The client's socket address.
    pub address: SocketAddr,
    /// Its direction.
    pub direction: Direction,
    /// The number of the request, or of the request that it answers.
    pub number: u64,
    /// For a reply, how many replies to its request have arrived, including this one. For a request, 1.
    pub occurrence: u64,
    /// 1, or 2 for the relay's duplicate.
    pub copy: u8,
    /// Whether it changes places with the next one.
    pub swapped: bool,
    /// When it arrived.
    pub arrived: Instant,
    /// Its payload.
    pub payload: Arc<[u8]>,
}

/// When a datagram is due, and a number that orders datagrams which are due at the same time.
type Slot = (Instant, u64);

/// Datagrams that wait until they are due.
#[derive(Default)]
pub struct Queue {
    waiting: BTreeMap<Slot, Datagram>,
    bytes: usize,
    slots_so_far: u64,
    /// For each client and direction, the slots of the datagram (and its copy) that waits for the next one.
    held: HashMap<(u64, Direction), Vec<Slot>>,
}

impl Queue {
    /// Adds a datagram, and its copy, with the delays that `action` has for them. False if there is no room.
    ///
    /// A datagram that changes places with the next one is due right after it, or after [`SWAP_WAIT_MAX`].
    pub fn push(&mut self, datagram: &Datagram, action: &Action) -> bool {
        if self.waiting.len() + 2 > DATAGRAMS_MAX || self.bytes + 2 * datagram.payload.len() > BYTES_MAX {
            return false;
        }
        let stream = (datagram.client, datagram.direction);
        let swapped = action.reordered && !self.held.contains_key(&stream);
        let copies = if action.duplicated { 2 } else { 1 };
        let mut slots = Vec::new();
        for (copy, delay) in (1..=copies).zip(action.delays) {
            let due = datagram.arrived + delay + if swapped { SWAP_WAIT_MAX } else { Duration::ZERO };
            slots.push(self.insert(due, Datagram { copy, swapped, ..datagram.clone() }));
        }
        if swapped {
            self.held.insert(stream, slots);
            return true;
        }
        // A datagram that waited for this one follows it.
        let due = slots.iter().max().map_or(datagram.arrived, |slot| slot.0);
        for slot in self.held.remove(&stream).unwrap_or_default() {
            if let Some(held) = self.remove(slot) {
                self.insert(due, held);
            }
        }
        true
    }

    /// Returns when the next datagram is due.
    pub fn next_due(&self) -> Option<Instant> {
        self.waiting.first_key_value().map(|((due, _), _)| *due)
    }

    /// Removes the next datagram that is due by `now`.
    pub fn take_due(&mut self, now: Instant) -> Option<Datagram> {
        let slot = *self.waiting.first_key_value()?.0;
        if slot.0 > now {
            return None;
        }
        let datagram = self.remove(slot)?;
        let stream = (datagram.client, datagram.direction);
        if self.held.get(&stream).is_some_and(|held| held.contains(&slot)) {
            self.held.remove(&stream); // no other datagram arrived to change places with
        }
        Some(datagram)
    }

    fn insert(&mut self, due: Instant, datagram: Datagram) -> Slot {
        self.slots_so_far += 1;
        self.bytes += datagram.payload.len();
        self.waiting.insert((due, self.slots_so_far), datagram);
        (due, self.slots_so_far)
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
    use crate::impairments::{Action, Direction};
    use std::time::{Duration, Instant};

    const MS: Duration = Duration::from_millis(1);
    const PLAIN: Action = Action { dropped: false, reordered: false, duplicated: false, delays: [MS, MS] };
    const SWAP: Action = Action { reordered: true, ..PLAIN };
    const TWICE: Action = Action { duplicated: true, ..PLAIN };

    /// Adds datagrams a microsecond apart, and compares the numbers that are due `after` the start, in their order.
    #[track_caller]
    fn check(actions: &[Action], after: Duration, expected: &[u64]) {
        let (mut queue, start) = (Queue::default(), Instant::now());
        for (number, action) in (1..).zip(actions) {
            let arrived = start + Duration::from_micros(number);
            assert!(queue.push(&datagram(number, arrived), action));
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
        let slow = Action { delays: [5 * MS, MS], ..PLAIN };
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
        check(&[Action { duplicated: true, ..SWAP }, TWICE], 9 * MS, &[2, 2, 1, 1]);
    }

    #[test]
    fn keeps_other_clients_and_directions_out_of_a_swap() {
        let (mut queue, start) = (Queue::default(), Instant::now());
        queue.push(&datagram(1, start), &SWAP);
        queue.push(&Datagram { client: 2, ..datagram(2, start) }, &PLAIN);
        queue.push(&Datagram { direction: Direction::Reply, ..datagram(3, start) }, &PLAIN);
        let due: Vec<u64> =
            std::iter::from_fn(|| queue.take_due(start + MS)).map(|found| found.number).collect();
        assert_eq!(due, [2, 3]);
        assert_eq!(queue.next_due(), Some(start + MS + SWAP_WAIT_MAX));
    }

    #[test]
    fn refuses_what_it_has_no_room_for() {
        let (mut queue, start) = (Queue::default(), Instant::now());
        let entered = (0..).take_while(|number| queue.push(&datagram(*number, start), &PLAIN)).count();
        assert!((DATAGRAMS_MAX - 2..=DATAGRAMS_MAX).contains(&entered), "{entered}");
        queue.take_due(start + MS);
        assert!(queue.push(&datagram(0, start), &PLAIN));
    }
}
