//! What the relay does to each datagram. The seed decides, not the clock and not chance.

use crate::random::Random;
use std::fmt::{self, Display};
use std::time::Duration;

/// What a relay does to the datagrams that pass it. Shares are from 0 to 1.
#[derive(Clone, Copy, Debug)]
pub struct Treatment {
    /// Share of the datagrams that are lost.
    pub drop: f64,
    /// Share that is sent twice.
    pub duplicate: f64,
    /// Share that changes places with the next datagram of the same client in the same direction.
    pub reorder: f64,
    /// How long each is held, in each direction.
    pub delay: Duration,
    /// How much longer at most: any time between nothing and this is as likely.
    pub jitter: Duration,
    /// Chooses which datagrams it happens to.
    pub seed: u64,
}

/// Which way a datagram goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From a client to the server.
    Request,
    /// From the server to a client.
    Reply,
}

impl Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Direction::Request => "request",
            Direction::Reply => "reply",
        })
    }
}

/// What is done to one datagram.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fate {
    /// It is lost.
    pub dropped: bool,
    /// It changes places with the next one.
    pub reordered: bool,
    /// It is sent twice.
    pub duplicated: bool,
    /// How long the datagram and its copy are held.
    pub delays: [Duration; 2],
}

impl Treatment {
    /// Decides on the datagram number `number` of a client, the `occurrence`th of this number.
    ///
    /// The same seed gives the same answer for the same numbers, however fast the datagrams come.
    pub fn fate(&self, direction: Direction, number: u64, occurrence: u64) -> Fate {
        let mut random = Random::new(self.seed);
        for word in [direction as u64, number, occurrence] {
            random = Random::new(random.bits() ^ word);
        }
        // Always drawn in this order, so that one share can be changed and the other decisions stay.
        let [drop, duplicate, reorder, first, second] = std::array::from_fn(|_| random.share());
        Fate {
            dropped: drop < self.drop,
            duplicated: duplicate < self.duplicate,
            reordered: reorder < self.reorder,
            delays: [first, second].map(|share| self.delay + self.jitter.mul_f64(share)),
        }
    }
}

/// Parses a share, written as `10%` or `0.1`.
///
/// # Errors
/// A text that says why `word` is not a share, for clap to print.
pub fn parse_share(word: &str) -> Result<f64, String> {
    let share = match word.strip_suffix('%') {
        Some(percent) => percent.parse::<f64>().map(|percent| percent / 100.0),
        None => word.parse(),
    };
    match share {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        Ok(_) => Err("a share lies between 0% and 100%".to_owned()),
        Err(_) => Err("write a share like `10%` or `0.1`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::Direction::{Reply, Request};
    use super::{Fate, Treatment, parse_share};
    use std::time::Duration;

    const TREATMENT: Treatment = Treatment {
        drop: 0.1,
        duplicate: 0.2,
        reorder: 0.3,
        delay: Duration::from_millis(10),
        jitter: Duration::from_millis(4),
        seed: 1,
    };

    /// How many of 10,000 datagrams `is` true for.
    fn count(treatment: Treatment, is: fn(&Fate) -> bool) -> usize {
        (0..10_000).filter(|number| is(&treatment.fate(Request, *number, 1))).count()
    }

    #[test]
    fn keeps_the_shares() {
        for (is, expected) in [
            ((|fate| fate.dropped) as fn(&Fate) -> bool, 1000),
            (|fate| fate.duplicated, 2000),
            (|fate| fate.reordered, 3000),
            (|fate| fate.delays[0] > Duration::from_millis(12), 5000),
        ] {
            let found = count(TREATMENT, is);
            assert!(found.abs_diff(expected) < 150, "{found}, not {expected}");
        }
    }

    #[test]
    fn holds_for_the_delay_and_at_most_the_jitter() {
        let within = |fate: &Fate| fate.delays.iter().all(|delay| (10..14).contains(&delay.as_millis()));
        assert_eq!(count(TREATMENT, within), 10_000);
        let all = Treatment { drop: 1.0, duplicate: 0.0, jitter: Duration::ZERO, ..TREATMENT };
        assert_eq!(count(all, |fate| fate.dropped && !fate.duplicated), 10_000);
        assert_eq!(all.fate(Reply, 1, 1).delays, [Duration::from_millis(10); 2]);
    }

    #[test]
    fn repeats_with_the_same_seed_only() {
        let fates = |seed, direction| -> Vec<Fate> {
            (0..100).map(|number| Treatment { seed, ..TREATMENT }.fate(direction, number, 1)).collect()
        };
        assert_eq!(fates(1, Request), fates(1, Request));
        assert_ne!(fates(1, Request), fates(2, Request));
        assert_ne!(fates(1, Request), fates(1, Reply));
    }

    #[test]
    fn changes_one_decision_alone() {
        let without_loss = Treatment { drop: 0.0, ..TREATMENT };
        for number in 0..100 {
            let (with, without) = (TREATMENT.fate(Reply, number, 1), without_loss.fate(Reply, number, 1));
            assert_eq!(Fate { dropped: false, ..with }, without);
        }
    }

    #[test]
    fn reads_a_share() {
        assert_eq!(parse_share("10%"), Ok(0.1));
        assert_eq!(parse_share("0.1"), Ok(0.1));
        assert_eq!(parse_share("100%"), Ok(1.0));
        for word in ["101%", "2", "-1%", "NaN", "ten", "", "%"] {
            assert!(parse_share(word).is_err(), "{word}");
        }
    }
}
