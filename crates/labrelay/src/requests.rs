//! The requests of a client, and the replies to them.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

/// The number of a client's latest requests whose replies are recognised.
const REMEMBERED_MAX: usize = 2_000;

/// The memory that they take: hash tables are at most half empty after they grow.
pub(crate) const REMEMBERED_BYTES_MAX: usize = REMEMBERED_MAX * 64;

/// The latest requests of one client, by their text.
#[derive(Default)]
pub(crate) struct Requests {
    count: u64,
    /// The number of the latest request with this text, and how many replies to it have arrived.
    by_text: HashMap<u64, (u64, u64)>,
    /// The keys of `by_text`, the oldest first.
    order: VecDeque<u64>,
    /// The number of replies to unknown requests.
    unknown: u64,
}

impl Requests {
    /// Adds a request, and returns its number.
    pub(crate) fn add(&mut self, payload: &[u8]) -> u64 {
        self.count += 1;
        let text = hash_text(payload);
        if self.by_text.insert(text, (self.count, 0)).is_none() {
            self.order.push_back(text);
        }
        if self.order.len() > REMEMBERED_MAX {
            self.order.pop_front().map(|oldest| self.by_text.remove(&oldest));
        }
        self.count
    }

    /// Finds the request that a reply answers. Returns its number, and how many replies to it have arrived so far.
    ///
    /// The number is 0 if the request is not known.
    pub(crate) fn find(&mut self, payload: &[u8]) -> (u64, u64) {
        match self.by_text.get_mut(&hash_text(payload)) {
            Some((number, replies)) => {
                *replies += 1;
                (*number, *replies)
            }
            None => {
                self.unknown += 1;
                (0, self.unknown)
            }
        }
    }
}

/// Hashes a text without regard to capitals.
fn hash_text(payload: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    payload.to_ascii_uppercase().hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::{REMEMBERED_MAX, Requests};

    #[test]
    fn finds_the_request_that_a_reply_answers() {
        let mut requests = Requests::default();
        assert_eq!((requests.add(b"hello"), requests.add(b"world")), (1, 2));
        assert_eq!(requests.find(b"WORLD"), (2, 1));
        assert_eq!(requests.find(b"HELLO"), (1, 1));
        assert_eq!(requests.find(b"hello"), (1, 2));
        assert_eq!(requests.find(b"HELLO!"), (0, 1));
        assert_eq!(requests.add(b"hello"), 3);
        assert_eq!(requests.find(b"HELLO"), (3, 1));
    }

    #[test]
    fn forgets_the_oldest_request() {
        let mut requests = Requests::default();
        for number in 0..=REMEMBERED_MAX {
            requests.add(number.to_string().as_bytes());
        }
        assert_eq!(requests.find(b"0"), (0, 1));
        assert_eq!(requests.find(b"1"), (2, 1));
        assert_eq!(requests.by_text.len(), REMEMBERED_MAX);
    }
}
