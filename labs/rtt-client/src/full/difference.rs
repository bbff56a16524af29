//! Decides which of two protocols is slower, or that the measurement can't tell.

use crate::statistics::percentile;
use labcore::random::SplitMix64;

/// The difference between two medians, with its confidence interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// The second median less the first.
    pub estimate: f64,
    /// The lower end of the 95 % confidence interval.
    pub low: f64,
    /// The upper end of the interval.
    pub high: f64,
}

/// Replies that each side must have. With fewer, the interval is unreliably narrow.
pub const REPLIES_MIN: usize = 8;

/// How often the run is resampled. More samples would hardly move the ends of the interval.
const RESAMPLES: usize = 1000;

/// Any number works. A fixed one gives the same verdict for the same times.
const SEED: u64 = 25000;

impl Difference {
    /// Compares the medians of two lists of times. Times at the same index were measured side by side. A lost reply is
    /// `None`.
    ///
    /// The interval comes from the bootstrap: the run is resampled many times from its own exchanges, and the middle 95
    /// % of the resulting differences are kept (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter
    /// 13). It draws blocks of neighbouring exchanges, of both lists together, because times that are measured one
    /// after the other resemble each other (Carlstein, Annals of Statistics 14, 1986): a machine that was busy for a
    /// while must not count as many independent samples. A block is a twentieth of the run. Where neighbours resemble
    /// each other for longer than that, the interval is too narrow, and a longer run is needed.
    ///
    /// `None` if a list has fewer than [`REPLIES_MIN`] times: too few samples prove nothing.
    pub fn of_medians(first: &[Option<f64>], second: &[Option<f64>]) -> Option<Difference> {
        let size = first.len().max(second.len());
        let block_size = (size / 20).max(1);
        let blocks = size.div_ceil(block_size);
        let sides = [Side::new(first, block_size, blocks), Side::new(second, block_size, blocks)];
        if sides.iter().any(|side| side.sorted.len() < REPLIES_MIN) {
            return None;
        }
        let difference = |weights: &[u32]| Some(sides[1].median(weights)? - sides[0].median(weights)?);
        let estimate = difference(&vec![1; blocks])?;

        let mut random = SplitMix64::new(SEED);
        let mut weights = vec![0; blocks];
        let mut differences: Vec<f64> = (0..RESAMPLES)
            .filter_map(|_| {
                weights.fill(0);
                for _ in 0..blocks {
                    weights[random.below(blocks)] += 1;
                }
                difference(&weights)
            })
            .collect();
        differences.sort_unstable_by(f64::total_cmp);
        let (low, high) = (percentile(&differences, 2.5)?, percentile(&differences, 97.5)?);
        Some(Difference { estimate, low, high })
    }

    /// True when the interval does not contain zero: one side is slower, whatever the spread.
    pub fn is_clear(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// The times of one side, prepared to find the median of any choice of blocks in one pass.
struct Side {
    /// Each time with the index of its block, sorted by time.
    sorted: Vec<(f64, usize)>,
    /// The number of times in each block.
    counts: Vec<u32>,
}

impl Side {
    fn new(times: &[Option<f64>], block_size: usize, blocks: usize) -> Side {
        let mut counts = vec![0; blocks];
        let mut sorted = Vec::with_capacity(times.len());
        for (block, times) in times.chunks(block_size).enumerate() {
            for time in times.iter().flatten() {
                counts[block] += 1;
                sorted.push((*time, block));
            }
        }
        sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        Side { sorted, counts }
    }

    /// Returns the median when each block counts as often as its weight says.
    fn median(&self, weights: &[u32]) -> Option<f64> {
        let products = self.counts.iter().zip(weights).map(|(count, weight)| u64::from(count * weight));
        let total: u64 = products.sum();
        let (lower, upper) = (total.checked_sub(1)? / 2, total / 2);
        let mut passed = 0;
        let mut below = None;
        for &(time, block) in &self.sorted {
            passed += u64::from(weights[block]);
            if passed > lower {
                below = below.or(Some(time));
            }
            if passed > upper {
                return Some((below? + time) / 2.0);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{Difference, REPLIES_MIN, Side};
    use labcore::random::SplitMix64;

    /// A typical run of round-trip times: a minimum, most times a little above it, a few far above it. `drift` says how
    /// strongly a time resembles the one before.
    fn times(random: &mut SplitMix64, count: usize, shift: f64, drift: f64) -> Vec<Option<f64>> {
        let mut state = 0.0;
        let time = |random: &mut SplitMix64| {
            let normal: f64 = (0..12).map(|_| random.fraction()).sum::<f64>() - 6.0;
            state = drift * state + (1.0 - drift * drift).sqrt() * normal;
            Some(1.0 + shift + 0.1 * (0.8 * state).exp())
        };
        std::iter::repeat_with({
            let mut time = time;
            move || time(random)
        })
        .take(count)
        .collect()
    }

    /// Counts the runs, of 200, in which a difference is found.
    fn found(count: usize, shift: f64, drift: f64) -> usize {
        let mut random = SplitMix64::new(7);
        let mut run = |shift| times(&mut random, count, shift, drift);
        (0..200).filter(|_| Difference::of_medians(&run(0.0), &run(shift)).unwrap().is_clear()).count()
    }

    #[test]
    fn rarely_finds_a_difference_where_there_is_none() {
        for (count, drift) in [(REPLIES_MIN, 0.0), (20, 0.0), (100, 0.5)] {
            let found = found(count, 0.0, drift);
            assert!(found <= 16, "in {found} of 200 runs of {count} with drift {drift}: more than 8 %");
        }
        // Times that resemble each other over many exchanges.
        let found = found(400, 0.0, 0.9);
        assert!(found <= 45, "in {found} of 200 runs");
    }

    #[test]
    fn finds_a_difference_where_there_is_one() {
        let found = found(50, 0.1, 0.0);
        assert!(found >= 190, "in {found} of 200 runs");
    }

    #[test]
    fn gives_difference_and_interval() {
        let first: Vec<_> = (0..100).map(|n| Some(f64::from(n % 10))).collect();
        let second: Vec<_> = (0..100).map(|n| Some(f64::from(n % 10) + 20.0)).collect();
        let difference = Difference::of_medians(&first, &second).unwrap();
        assert_eq!(difference.estimate, 20.0);
        assert!(difference.low <= 20.0 && 20.0 <= difference.high && difference.is_clear(), "{difference:?}");
        assert!(!Difference::of_medians(&first, &first).unwrap().is_clear());
    }

    #[test]
    fn gives_no_verdict_on_few_replies() {
        let many = vec![Some(1.0); 100];
        let mut few = vec![None; 100];
        few[..REPLIES_MIN - 1].fill(Some(2.0));
        assert_eq!(Difference::of_medians(&many, &few), None);
        assert_eq!(Difference::of_medians(&[Some(12.1)], &[Some(1.16)]), None);
        assert_eq!(Difference::of_medians(&[], &[]), None);
    }

    #[test]
    fn finds_the_median_of_repeated_blocks() {
        let side = Side::new(&[Some(5.0), Some(1.0), None, Some(3.0)], 1, 4);
        assert_eq!(side.median(&[1, 1, 1, 1]), Some(3.0));
        assert_eq!(side.median(&[2, 1, 0, 1]), Some(4.0));
        assert_eq!(side.median(&[0, 3, 9, 1]), Some(1.0));
        assert_eq!(side.median(&[0, 0, 1, 0]), None);
    }
}
