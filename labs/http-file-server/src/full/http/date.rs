//! Dates as HTTP writes them: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7).

use std::fmt::{self, Display};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The last second of the year 9999: an HTTP date has four digits for its year.
const SECONDS_MAX: u64 = 253_402_300_799;

/// A point in time in whole seconds, from the beginning of 1970 to the end of 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HttpDate(httpdate::HttpDate);

impl HttpDate {
    /// Reads the clock.
    pub fn now() -> HttpDate {
        SystemTime::now().into()
    }

    /// Parses a date in one of the three formats: today's, RFC 850's and that of C's `asctime`.
    pub fn parse(text: &str) -> Option<HttpDate> {
        // A year of two digits is one from 1970 to 2069, so never more than 50 years ahead.
        text.parse().ok().map(HttpDate)
    }
}

impl From<SystemTime> for HttpDate {
    /// Cuts fractions of a second. A time before 1970 or after 9999, as a file may have, becomes the nearest HTTP date.
    fn from(time: SystemTime) -> HttpDate {
        HttpDate(time.clamp(UNIX_EPOCH, UNIX_EPOCH + Duration::from_secs(SECONDS_MAX)).into())
    }
}

impl Display for HttpDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::HttpDate;
    use std::time::{Duration, UNIX_EPOCH};

    fn date(seconds: u64) -> HttpDate {
        (UNIX_EPOCH + Duration::from_secs(seconds)).into()
    }

    #[test]
    fn reads_all_three_formats() {
        let expected = date(784_111_777);
        for text in
            ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
        {
            assert_eq!(HttpDate::parse(text), Some(expected), "{text}");
        }
        assert_eq!(expected.to_string(), "Sun, 06 Nov 1994 08:49:37 GMT");
    }

    #[test]
    fn reads_nothing_else() {
        for text in [
            "",
            "0",
            "yesterday",
            "Sun, 06 Nov 1994",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 31 Feb 1994 08:49:37 GMT",
            "Mon, 06 Nov 1994 08:49:37 GMT",
            "1994-11-06T08:49:37Z",
        ] {
            assert_eq!(HttpDate::parse(text), None, "{text}");
        }
    }

    #[test]
    fn writes_every_date_as_it_reads_it() {
        for step in 0..10_000 {
            let date = date(step * 25_340_231);
            assert_eq!(HttpDate::parse(&date.to_string()), Some(date), "{date}");
        }
    }

    #[test]
    fn writes_any_time_of_a_file() {
        let far = UNIX_EPOCH + Duration::from_secs(1 << 40);
        assert_eq!(HttpDate::from(far).to_string(), "Fri, 31 Dec 9999 23:59:59 GMT");
        let Some(early) = UNIX_EPOCH.checked_sub(Duration::from_secs(1 << 32)) else { return };
        assert_eq!(HttpDate::from(early).to_string(), "Thu, 01 Jan 1970 00:00:00 GMT");
    }
}
