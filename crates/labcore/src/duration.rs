//! Durations on the command line.

use std::time::Duration;

/// The longest duration that a program accepts, so that adding it to a point in time never overflows.
const DURATION_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// What `none` stands for: ten years, a timeout that every system accepts and that never ends.
pub const NO_TIMEOUT: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// Parses a timeout, such as `2s` or `200ms`. Zero is an error, and `none` is a timeout that never ends.
///
/// # Errors
/// A message that says why `word` is not a duration, for clap to print.
pub fn parse_timeout(word: &str) -> Result<Duration, String> {
    if word == "none" {
        return Ok(NO_TIMEOUT);
    }
    match parse_interval(word)? {
        Duration::ZERO => Err("a timeout must be longer than zero, like `2s`, or `none`".to_owned()),
        timeout => Ok(timeout),
    }
}

/// Parses the time between two events, such as `200ms`. Zero is allowed.
///
/// # Errors
/// A message that says why `word` is not a duration, for clap to print.
pub fn parse_interval(word: &str) -> Result<Duration, String> {
    match humantime::parse_duration(word) {
        Ok(duration) if duration <= DURATION_MAX => Ok(duration),
        Ok(_) => Err("longer than a day".to_owned()),
        Err(_) => Err("write a number and its unit, like `2s` or `200ms`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::{DURATION_MAX, NO_TIMEOUT, parse_interval, parse_timeout};
    use std::time::{Duration, Instant};

    #[test]
    fn takes_a_number_with_its_unit() {
        assert_eq!(parse_timeout("2s"), Ok(Duration::from_secs(2)));
        assert_eq!(parse_timeout("200ms"), Ok(Duration::from_millis(200)));
        assert_eq!(parse_interval("0ms"), Ok(Duration::ZERO));
        assert_eq!(parse_interval("1day"), Ok(DURATION_MAX));
    }

    #[test]
    fn takes_a_timeout_that_never_ends() {
        assert_eq!(parse_timeout("none"), Ok(NO_TIMEOUT));
        assert!(parse_interval("none").is_err());
        assert!(Instant::now().checked_add(NO_TIMEOUT).is_some());
    }

    #[test]
    fn says_why_a_word_is_not_a_duration() {
        for word in ["2", "", "-1s", "soon", "25h", "99999999999999999999s"] {
            assert!(parse_interval(word).is_err(), "{word}");
        }
        assert!(parse_timeout("0s").is_err());
    }
}
