//! The close of a connection: by a FIN in each direction (RFC 9293, section 3.6), or by an RST.

use crate::conversation::endpoint::{PerSide, Side};
use crate::conversation::moment::Moment;
use crate::conversation::tcp::direction::Direction;

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Close {
    /// Both endpoints closed, in three or four segments.
    Complete {
        /// The endpoint that sent the first FIN.
        began: Side,
        /// The frames with a FIN or with the ACK of a FIN.
        frames: Vec<u64>,
    },
    /// A FIN or the ACK of a FIN is not in the capture.
    Incomplete {
        /// The endpoint that sent the first FIN.
        began: Side,
        /// The frames with a FIN or with the ACK of a FIN.
        frames: Vec<u64>,
    },
    /// One endpoint sent a FIN, or both did, and then one of them reset the connection before the close was complete.
    FinThenReset {
        /// The endpoints that sent a FIN, each with its frame, in the order of the frames.
        fins: Vec<(Side, u64)>,
        /// The endpoint that sent the RST.
        by: Side,
        /// The RST.
        at: Moment,
        /// The frames with a FIN, with the ACK of a FIN, or with the RST.
        frames: Vec<u64>,
    },
    /// One endpoint reset the connection before any FIN.
    Reset {
        /// The endpoint that sent the RST.
        by: Side,
        /// The RST.
        at: Moment,
    },
    /// The connection was open when the capture ended.
    Open,
}

impl Close {
    /// Tells how a connection ended, given its directions and the first RST.
    pub fn of(directions: &PerSide<Direction>, first_reset: Option<(Side, Moment)>) -> Close {
        let acks = Side::BOTH.map(|side| directions[side].fin_acknowledged);
        if let Some((by, at)) = first_reset {
            // An RST after both FINs were acknowledged changes nothing: the connection is closed already.
            let is_late = acks.iter().all(|ack| ack.is_some_and(|ack| ack.frame < at.frame));
            if !is_late {
                return Close::reset(directions, by, at);
            }
        }
        let fins = fins(directions);
        let Some((began, _)) = fins.first() else { return Close::Open };
        let mut frames: Vec<u64> = fins.iter().map(|(_, frame)| *frame).collect();
        frames.extend(acks.iter().flatten().map(|at| at.frame));
        frames.sort_unstable();
        // A FIN often acknowledges the other one in the same segment.
        frames.dedup();
        if fins.len() == 2 && acks.iter().all(Option::is_some) {
            Close::Complete { began: *began, frames }
        } else {
            Close::Incomplete { began: *began, frames }
        }
    }

    fn reset(directions: &PerSide<Direction>, by: Side, at: Moment) -> Close {
        let mut fins = fins(directions);
        fins.retain(|(_, frame)| *frame < at.frame);
        if fins.is_empty() {
            return Close::Reset { by, at };
        }
        let acks = Side::BOTH.into_iter().filter_map(|side| directions[side].fin_acknowledged);
        let acks = acks.map(|ack| ack.frame).filter(|frame| *frame < at.frame);
        let mut frames: Vec<u64> = fins.iter().map(|(_, frame)| *frame).chain(acks).collect();
        frames.push(at.frame);
        frames.sort_unstable();
        frames.dedup();
        Close::FinThenReset { fins, by, at, frames }
    }

    /// Returns the frames that close or reset the connection.
    pub fn frames(&self) -> Vec<u64> {
        match self {
            Close::Complete { frames, .. }
            | Close::Incomplete { frames, .. }
            | Close::FinThenReset { frames, .. } => frames.clone(),
            Close::Reset { at, .. } => vec![at.frame],
            Close::Open => Vec::new(),
        }
    }
}

/// Returns the endpoints that sent a FIN, each with its frame, in the order of the frames.
fn fins(directions: &PerSide<Direction>) -> Vec<(Side, u64)> {
    let fins = Side::BOTH.map(|side| directions[side].fin.map(|fin| (side, fin.at.frame)));
    let mut fins: Vec<(Side, u64)> = fins.into_iter().flatten().collect();
    fins.sort_by_key(|(_, frame)| *frame);
    fins
}

#[cfg(test)]
mod tests {
    use super::Close;
    use crate::conversation::endpoint::{PerSide, Side};
    use crate::conversation::moment::Moment;
    use crate::conversation::tcp::direction::{Direction, Fin};

    fn at(frame: u64) -> Moment {
        Moment { frame, time_ns: 0 }
    }

    /// A direction with a FIN and its acknowledgment in these frames.
    fn direction(fin: Option<u64>, acknowledged: Option<u64>) -> Direction {
        let mut direction = Direction::default();
        direction.fin = fin.map(|frame| Fin { at: at(frame), end: 2 });
        direction.fin_acknowledged = acknowledged.map(at);
        direction
    }

    #[track_caller]
    fn check(client: Direction, server: Direction, reset: Option<(Side, u64)>, expected: Close) {
        let directions = PerSide { client, server };
        assert_eq!(Close::of(&directions, reset.map(|(by, frame)| (by, at(frame)))), expected);
    }

    #[test]
    fn takes_three_or_four_segments() {
        let (began, three, four) = (Side::Client, vec![7, 8, 9], vec![7, 8, 9, 10]);
        let client = || direction(Some(7), Some(8));
        check(client(), direction(Some(8), Some(9)), None, Close::Complete { began, frames: three });
        check(client(), direction(Some(9), Some(10)), None, Close::Complete { began, frames: four });
    }

    #[test]
    fn names_the_side_that_began() {
        let close = Close::Complete { began: Side::Server, frames: vec![7, 8, 9] };
        check(direction(Some(8), Some(9)), direction(Some(7), Some(8)), None, close);
    }

    #[test]
    fn is_incomplete_without_each_fin_and_its_acknowledgment() {
        let incomplete = |frames| Close::Incomplete { began: Side::Client, frames };
        check(direction(Some(7), None), direction(None, None), None, incomplete(vec![7]));
        check(direction(Some(7), Some(8)), direction(Some(8), None), None, incomplete(vec![7, 8]));
        check(direction(None, None), direction(None, None), None, Close::Open);
    }

    #[test]
    fn is_a_reset_unless_both_sides_have_closed_before() {
        let reset = Close::Reset { by: Side::Server, at: at(9) };
        check(direction(None, None), direction(None, None), Some((Side::Server, 9)), reset.clone());
        // A FIN that comes after the RST closes nothing.
        check(direction(Some(10), None), direction(None, None), Some((Side::Server, 9)), reset);
        let closed = Close::Complete { began: Side::Client, frames: vec![5, 6, 7] };
        check(direction(Some(5), Some(6)), direction(Some(6), Some(7)), Some((Side::Server, 9)), closed);
    }

    #[test]
    fn names_the_fins_before_a_reset() {
        let reset = |fins, frames| Close::FinThenReset { fins, by: Side::Server, at: at(9), frames };
        let client = vec![(Side::Client, 7)];
        let by_server = Some((Side::Server, 9));
        check(direction(Some(7), None), direction(None, None), by_server, reset(client.clone(), vec![7, 9]));
        // The RST may be the ACK of the FIN.
        let acknowledged = reset(client.clone(), vec![7, 9]);
        check(direction(Some(7), Some(9)), direction(None, None), by_server, acknowledged);
        let acknowledged = reset(client, vec![7, 8, 9]);
        check(direction(Some(7), Some(8)), direction(None, None), by_server, acknowledged);
        let both = reset(vec![(Side::Server, 6), (Side::Client, 8)], vec![6, 7, 8, 9]);
        check(direction(Some(8), None), direction(Some(6), Some(7)), by_server, both);
    }
}
