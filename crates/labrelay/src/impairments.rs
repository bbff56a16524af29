//! Decides what the relay does to each datagram. The decisions depend on the seed alone, not on time or chance.

use labcore::random::SplitMix64;
use std::fmt::{self, Display};
use std::time::Duration;

/// The impairments of a relay. Shares are from 0 to 1.
#[derive(Clone, Copy, Debug)]
pub struct Impairments {
    /// Share of the datagrams that are dropped.
    pub drop: f64,
    /// Share of the datagrams that are sent twice.
    pub duplicate: f64,
    /// Share of the datagrams that change places with the next one of the same client in the same direction.
    pub reorder: f64,
    /// How long each datagram is held, in each direction.
    pub delay: Duration,
    /// How much longer it is held at most. Each time from 0 to this is equally likely.
    pub jitter: Duration,
    /// Chooses the datagrams that are affected.
    pub seed: u64,
}

/// The direction of a datagram.
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

/// What the relay does to one datagram.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Action {
    /// Whether it is dropped.
    pub dropped: bool,
    /// Whether it changes places with the next one.
    pub reordered: bool,
    /// Whether it is sent twice.
    pub duplicated: bool,
    /// How long the datagram and its copy are held.
    pub delays: [Duration; 2],
}

impl Impairments {
    /// Decides on datagram `number` of a client. `occurrence` counts the datagrams with this number.
    ///
    /// The same seed gives the same decision for the same numbers, however fast the datagrams arrive.
    pub fn action(&self, direction: Direction, number: u64, occurrence: u64) -> Action {
        let mut random = SplitMix64::new(self.seed);
        for word in [direction as u64, number, occurrence] {
            random = SplitMix64::new(random.next_u64() ^ word);
        }
        // All are drawn, always in this order: changing one share leaves the other decisions as they were.
        let [drop, duplicate, reorder, first, second] = std::array::from_fn(|_| random.fraction());
        Action {
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
/// A message that says why `word` is not a share, for clap to print.
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
    use super::{Action, Impairments, parse_share};
    use std::time::Duration;

    const IMPAIRMENTS: Impairments = Impairments {
        drop: 0.1,
        duplicate: 0.2,
        reorder: 0.3,
        delay: Duration::from_millis(10),
        jitter: Duration::from_millis(4),
        seed: 1,
    };

    /// Counts for how many of 10,000 datagrams `is` is true.
    fn count(impairments: Impairments, is: fn(&Action) -> bool) -> usize {
        (0..10_000).filter(|number| is(&impairments.action(Request, *number, 1))).count()
    }

    #[test]
    fn keeps_the_shares() {
        for (is, expected) in [
            ((|action| action.dropped) as fn(&Action) -> bool, 1000),
            (|action| action.duplicated, 2000),
            (|action| action.reordered, 3000),
            (|action| action.delays[0] > Duration::from_millis(12), 5000),
        ] {
            let found = count(IMPAIRMENTS, is);
            assert!(found.abs_diff(expected) < 150, "{found}, not {expected}");
        }
    }

    #[test]
    fn holds_for_the_delay_and_at_most_the_jitter() {
        let within =
            |action: &Action| action.delays.iter().all(|delay| (10..14).contains(&delay.as_millis()));
        assert_eq!(count(IMPAIRMENTS, within), 10_000);
        let all = Impairments { drop: 1.0, duplicate: 0.0, jitter: Duration::ZERO, ..IMPAIRMENTS };
        assert_eq!(count(all, |action| action.dropped && !action.duplicated), 10_000);
        assert_eq!(all.action(Reply, 1, 1).delays, [Duration::from_millis(10); 2]);
    }

    #[test]
    fn repeats_only_with_the_same_seed() {
        let actions = |seed, direction| -> Vec<Action> {
            (0..100).map(|number| Impairments { seed, ..IMPAIRMENTS }.action(direction, number, 1)).collect()
        };
        assert_eq!(actions(1, Request), actions(1, Request));
        assert_ne!(actions(1, Request), actions(2, Request));
        assert_ne!(actions(1, Request), actions(1, Reply));
    }

    #[test]
    fn changes_one_decision_alone() {
        let without_loss = Impairments { drop: 0.0, ..IMPAIRMENTS };
        for number in 0..100 {
            let (with, without) =
                (IMPAIRMENTS.action(Reply, number, 1), without_loss.action(Reply, number, 1));
            assert_eq!(Action { dropped: false, ..with }, without);
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
