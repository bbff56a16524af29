//! Dates as HTTP writes them: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7).

use chrono::{DateTime, Datelike, NaiveDateTime, Timelike};
use std::fmt::{self, Display};
use std::time::{SystemTime, UNIX_EPOCH};

/// The last second of the year 9999: a date has four digits for its year.
const SECONDS_MAX: i64 = 253_402_300_799;

/// The months, as dates and logs have them.
pub const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A point in time in whole seconds, which is all that an HTTP date can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HttpDate {
    /// Since the beginning of 1970, from 0 to [`SECONDS_MAX`].
    seconds: i64,
}

impl HttpDate {
    /// Reads the clock.
    pub fn now() -> HttpDate {
        SystemTime::now().into()
    }

    /// Reads a date in one of the three forms: today's, RFC 850's and that of C's `asctime`.
    pub fn parse(text: &str) -> Option<HttpDate> {
        // chrono takes a year of two digits for one from 1970 to 2069, so never for one over 50 years ahead.
        let forms = ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];
        let moment = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
        Some(HttpDate { seconds: moment.and_utc().timestamp() })
    }
}

impl From<SystemTime> for HttpDate {
    /// Cuts fractions of a second. What lies before 1970 or after 9999 becomes the nearest date that can be written.
    fn from(time: SystemTime) -> HttpDate {
        let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        HttpDate { seconds: i64::try_from(seconds).map_or(SECONDS_MAX, |seconds| seconds.min(SECONDS_MAX)) }
    }
}

impl Display for HttpDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let t = DateTime::from_timestamp(self.seconds, 0).unwrap_or_default();
        // chrono could do it by a pattern, in three times the time, and there are two dates in most answers.
        let (weekday, day, month, year) = (t.weekday(), t.day(), MONTHS[t.month0() as usize], t.year());
        let (hour, minute, second) = (t.hour(), t.minute(), t.second());
        write!(f, "{weekday}, {day:02} {month} {year} {hour:02}:{minute:02}:{second:02} GMT")
    }
}

#[cfg(test)]
mod tests {
    use super::HttpDate;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn reads_all_three_forms() {
        let expected = HttpDate { seconds: 784_111_777 };
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
    fn writes_any_time_of_a_file() {
        let far = UNIX_EPOCH + Duration::from_secs(1 << 40);
        assert_eq!(HttpDate::from(far).to_string(), "Fri, 31 Dec 9999 23:59:59 GMT");
        let Some(early) = UNIX_EPOCH.checked_sub(Duration::from_secs(1 << 32)) else { return };
        assert_eq!(HttpDate::from(early).to_string(), "Thu, 01 Jan 1970 00:00:00 GMT");
    }
}
