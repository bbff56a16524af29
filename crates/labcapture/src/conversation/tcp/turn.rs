//! Turns: what one endpoint sends until the other one answers.

use crate::conversation::endpoint::Side;
use crate::conversation::moment::Moment;
use crate::conversation::tcp::direction::NewPayload;
use std::ops::Range;

/// The maximum number of turns of one connection that are kept.
const TURNS_MAX: usize = 1000;

/// What one endpoint sends until the other one answers.
#[derive(Clone, Debug)]
pub struct Turn {
    /// The sender.
    pub from: Side,
    /// The first segment.
    pub first: Moment,
    /// The second segment, if there is one.
    pub second: Option<Moment>,
    /// The last segment.
    pub last: Moment,
    /// The number of segments.
    pub segments: u64,
    /// The length of the payload in bytes.
    pub length: u64,
    /// Where the sender's stream keeps the payload.
    pub payload: Range<usize>,
}

/// The turns of a connection in their order.
#[derive(Debug, Default)]
pub struct Turns(Vec<Turn>);

impl Turns {
    /// Adds payload that was sent for the first time: to the last turn, or to a new one if the sender changed. No turn
    /// is added without `keep`.
    pub fn add(&mut self, at: Moment, from: Side, new: NewPayload, keep: bool) {
        if let Some(turn) = self.0.last_mut().filter(|turn| turn.from == from) {
            turn.second.get_or_insert(at);
            turn.last = at;
            turn.segments += 1;
            turn.length += new.length;
            turn.payload.end = new.range.end;
        } else if keep && self.0.len() < TURNS_MAX {
            self.0.push(Turn {
                from,
                first: at,
                second: None,
                last: at,
                segments: 1,
                length: new.length,
                payload: new.range,
            });
        }
    }

    /// Returns the turns.
    pub fn all(&self) -> &[Turn] {
        &self.0
    }

    /// Pairs each turn of the client with the server's turn that follows it.
    pub fn requests(&self) -> impl Iterator<Item = (&Turn, Option<&Turn>)> {
        let requests = self.0.iter().enumerate().filter(|(_, turn)| turn.from == Side::Client);
        requests.map(|(index, turn)| (turn, self.0.get(index + 1)))
    }
}

#[cfg(test)]
mod tests {
    use super::{TURNS_MAX, Turns};
    use crate::conversation::endpoint::Side::{self, Client, Server};
    use crate::conversation::moment::Moment;
    use crate::conversation::tcp::direction::NewPayload;

    fn turns(segments: &[(Side, u64)]) -> Turns {
        let mut turns = Turns::default();
        for ((from, length), frame) in segments.iter().zip(1..) {
            let new = NewPayload { length: *length, range: 0..0 };
            turns.add(Moment { frame, time_ns: 0 }, *from, new, true);
        }
        turns
    }

    #[test]
    fn joins_segments_until_the_other_side_answers() {
        let turns = turns(&[(Client, 3), (Client, 4), (Client, 5), (Server, 12), (Client, 1)]);
        let all: Vec<(Side, u64, u64, u64)> = turns
            .all()
            .iter()
            .map(|turn| (turn.from, turn.first.frame, turn.last.frame, turn.length))
            .collect();
        assert_eq!(all, [(Client, 1, 3, 12), (Server, 4, 4, 12), (Client, 5, 5, 1)]);
        assert_eq!(turns.all()[0].second.map(|at| at.frame), Some(2));
    }

    #[test]
    fn pairs_requests_with_replies() {
        let turns = turns(&[(Server, 8), (Client, 3), (Server, 3), (Client, 1)]);
        let pairs: Vec<(u64, Option<u64>)> = turns
            .requests()
            .map(|(request, reply)| (request.first.frame, reply.map(|reply| reply.first.frame)))
            .collect();
        assert_eq!(pairs, [(2, Some(3)), (4, None)]);
    }

    #[test]
    fn is_bounded() {
        let segments: Vec<(Side, u64)> = [(Client, 1), (Server, 1)].repeat(TURNS_MAX);
        assert_eq!(turns(&segments).all().len(), TURNS_MAX);
    }
}
