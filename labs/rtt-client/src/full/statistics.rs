//! Figures that describe a list of times. These are pure functions, in any unit.
//!
//! Each definition names its source. `tests/full/statistics.csv` contains the same figures from Python's `statistics` and
//! from `numpy`, for comparison.

/// The figures of a list of times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// The number of times.
    pub count: usize,
    /// The shortest time.
    pub min: f64,
    /// The arithmetic mean. A single long time moves it.
    pub mean: f64,
    /// [`percentile`] 50: half of the times are shorter. A single long time does not move it.
    pub median: f64,
    /// [`percentile`] 90: nine of ten times are shorter.
    pub p90: f64,
    /// [`percentile`] 99: 99 of 100 times are shorter. With fewer than a hundred times it is close to the longest.
    pub p99: f64,
    /// The longest time.
    pub max: f64,
    /// See [`standard_deviation`].
    pub standard_deviation: Option<f64>,
    /// See [`mean_consecutive_difference`].
    pub mean_consecutive_difference: Option<f64>,
    /// See [`jitter`].
    pub jitter: Option<f64>,
}

/// Calculates the figures of `times`, which are in the order of arrival. `None` if the list is empty.
pub fn summarize(times: &[f64]) -> Option<Summary> {
    let mut sorted = times.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    Some(Summary {
        count: times.len(),
        min: *sorted.first()?,
        mean: mean(times)?,
        median: percentile(&sorted, 50.0)?,
        p90: percentile(&sorted, 90.0)?,
        p99: percentile(&sorted, 99.0)?,
        max: *sorted.last()?,
        standard_deviation: standard_deviation(times),
        mean_consecutive_difference: mean_consecutive_difference(times),
        jitter: jitter(times),
    })
}

/// Calculates the arithmetic mean.
pub fn mean(times: &[f64]) -> Option<f64> {
    (!times.is_empty()).then(|| times.iter().sum::<f64>() / times.len() as f64)
}

/// Calculates the value below which `percent` of a hundred values lie, in a list in ascending order.
///
/// Between two values it interpolates linearly: type 7 of Hyndman and Fan, "Sample quantiles in
/// statistical packages", The American Statistician 50 (1996), pages 361–365. It is numpy's default, and in Python's
/// `statistics.quantiles` it is called inclusive.
pub fn percentile(sorted: &[f64], percent: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let position = last as f64 * percent / 100.0;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // between 0 and `last`
    let below = position.floor() as usize;
    let (low, high) = (sorted[below], sorted[(below + 1).min(last)]);
    Some(low + (high - low) * (position - below as f64))
}

/// Calculates how far the times lie from their mean: the root of the sum of squared distances divided by n − 1.
///
/// Dividing by n − 1 estimates the spread of all the times that could have been measured (Bessel's correction). It
/// takes at least two times.
pub fn standard_deviation(times: &[f64]) -> Option<f64> {
    let mean = mean(times)?;
    let squares: f64 = times.iter().map(|time| (time - mean).powi(2)).sum();
    (times.len() > 1).then(|| (squares / (times.len() - 1) as f64).sqrt())
}

/// Calculates how far a time lies from the one before, on average: the mean of |x₂ − x₁|, |x₃ − x₂|, …
///
/// Unlike the standard deviation it depends on the order: it is small for a slow drift and large for an alternation.
/// Many tools call it jitter. RFC 3393 calls the difference between the delays of consecutive packets their variation.
pub fn mean_consecutive_difference(times: &[f64]) -> Option<f64> {
    let differences = times.len().checked_sub(1).filter(|count| *count > 0)?;
    let sum: f64 = times.windows(2).map(|pair| (pair[1] - pair[0]).abs()).sum();
    Some(sum / differences as f64)
}

/// Calculates RTP's running estimate of jitter: J ← J + (|D| − J) / 16, from J = 0, where D is the difference from the
/// time before.
///
/// It is defined in RFC 3550, section 6.4.1, with code in appendix A.8. There D compares one-way transit times. With
/// round-trip times the clocks of the two machines need not agree. A single step of 16 ms raises the estimate by 1 ms.
pub fn jitter(times: &[f64]) -> Option<f64> {
    let step = |jitter: f64, pair: &[f64]| jitter + ((pair[1] - pair[0]).abs() - jitter) / 16.0;
    (times.len() > 1).then(|| times.windows(2).fold(0.0, step))
}

#[cfg(test)]
mod tests {
    use super::{Summary, jitter, percentile, standard_deviation, summarize};

    #[track_caller]
    fn check(times: &[f64], expected: Summary) {
        assert_eq!(summarize(times), Some(expected));
    }

    #[test]
    fn describes_an_alternation() {
        // By hand: deviations are all 40, so the sum of squares is 9600, and 9600 / 5 = 1920.
        // Jitter: 80 (1 − (15/16)⁵).
        check(
            &[10.0, 90.0, 10.0, 90.0, 10.0, 90.0],
            Summary {
                count: 6,
                min: 10.0,
                mean: 50.0,
                median: 50.0,
                p90: 90.0,
                p99: 90.0,
                max: 90.0,
                standard_deviation: Some(1920.0_f64.sqrt()),
                mean_consecutive_difference: Some(80.0),
                jitter: Some(80.0 * (1.0 - (15.0_f64 / 16.0).powi(5))),
            },
        );
    }

    #[test]
    fn describes_one_time_without_a_spread() {
        let one = Summary {
            count: 1,
            min: 3.0,
            mean: 3.0,
            median: 3.0,
            p90: 3.0,
            p99: 3.0,
            max: 3.0,
            standard_deviation: None,
            mean_consecutive_difference: None,
            jitter: None,
        };
        check(&[3.0], one);
        assert_eq!(summarize(&[]), None);
    }

    #[test]
    fn finds_percentiles_between_two_times() {
        let sorted = [1.0, 2.0, 3.0, 4.0];
        for (percent, expected) in [(0.0, 1.0), (50.0, 2.5), (90.0, 3.7), (100.0, 4.0)] {
            let found = percentile(&sorted, percent).unwrap();
            assert!((found - expected).abs() < 1e-12, "{percent}: {found}");
        }
    }

    #[test]
    fn depends_on_the_order_only_where_it_should() {
        let (up, shuffled) = ([1.0, 2.0, 3.0, 4.0], [3.0, 1.0, 4.0, 2.0]);
        assert_eq!(standard_deviation(&up), standard_deviation(&shuffled));
        assert!(jitter(&up) < jitter(&shuffled));
    }

    /// Compares with another library: each row is `figure,value,times…`, made by `tests/full/statistics.py`.
    #[test]
    fn agrees_with_python_and_numpy() {
        let table = include_str!("../../tests/full/statistics.csv");
        let mut rows = 0;
        for row in table.lines().skip(1) {
            let (figure, numbers) = row.split_once(',').unwrap();
            let numbers: Vec<f64> = numbers.split(',').map(|number| number.parse().unwrap()).collect();
            let (expected, times) = (numbers[0], &numbers[1..]);
            let summary = summarize(times).unwrap();
            let found = match figure {
                "min" => summary.min,
                "mean" => summary.mean,
                "median" => summary.median,
                "p90" => summary.p90,
                "p99" => summary.p99,
                "max" => summary.max,
                "standard_deviation" => summary.standard_deviation.unwrap(),
                "mean_consecutive_difference" => summary.mean_consecutive_difference.unwrap(),
                "jitter" => summary.jitter.unwrap(),
                _ => panic!("unknown figure {figure}"),
            };
            assert!((found - expected).abs() <= 1e-9 * expected.abs(), "{row}: {found}");
            rows += 1;
        }
        assert!(rows >= 9 * 10, "{rows} rows");
    }
}
