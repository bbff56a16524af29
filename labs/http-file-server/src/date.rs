//! Dates as HTTP writes them: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7).

use chrono::{DateTime, Datelike, NaiveDateTime, Timelike};
use std::fmt::{self, Display};
use std::time::{SystemTime, UNIX_EPOCH};

/// The last second of the year 9999: a date has four digits for its year.
const SECONDS_MAX: i64 = 253_402_300_799;

const WEEKDAYS: [&[u8; 3]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];

const MONTHS: [&[u8; 3]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

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
        // Most answers have two dates, and filling in a form takes a tenth of the time of a format string.
        let mut form = *b"Thu, 01 Jan 1970 00:00:00 GMT";
        form[..3].copy_from_slice(WEEKDAYS[t.weekday().num_days_from_monday() as usize]);
        fill_in(&mut form[5..7], t.day());
        form[8..11].copy_from_slice(month(&t));
        fill_in(&mut form[12..16], t.year().unsigned_abs());
        fill_in_time(&mut form[17..25], &t);
        f.write_str(std::str::from_utf8(&form).unwrap_or_default())
    }
}

/// The name of a month, as dates and logs have it.
pub fn month(t: &impl Datelike) -> &'static [u8; 3] {
    MONTHS[t.month0() as usize]
}

/// Fills in `00:00:00`.
pub fn fill_in_time(form: &mut [u8], t: &impl Timelike) {
    fill_in(&mut form[..2], t.hour());
    fill_in(&mut form[3..5], t.minute());
    fill_in(&mut form[6..8], t.second());
}

/// Fills a place in with the last digits of a number.
pub fn fill_in(place: &mut [u8], mut number: u32) {
    for digit in place.iter_mut().rev() {
        *digit = b"0123456789"[number as usize % 10];
        number /= 10;
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
    fn writes_every_date_as_it_reads_it() {
        for step in 0..10_000 {
            let date = HttpDate { seconds: step * 25_340_231 };
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
