//! The clock of a run: durations from the monotonic clock, and the date and time that belong to them.

use chrono::{DateTime, FixedOffset, Local, SecondsFormat, TimeDelta, Utc};
use rtt_client::TIME_FORMAT;
use std::time::{Duration, Instant};

/// A run's clock: nanoseconds since the run began, and the date and time that belong to them.
///
/// Durations come from the monotonic clock. The wall clock is read once, at the start: it may be adjusted during the
/// run (NTP does so), and a reply would then seem to arrive before its request.
pub struct Clock {
    start: Instant,
    started: DateTime<FixedOffset>,
}

impl Clock {
    /// Starts the clock at 0.
    pub fn start() -> Clock {
        Clock { start: Instant::now(), started: Local::now().fixed_offset() }
    }

    /// Returns the nanoseconds since the start.
    pub fn now_ns(&self) -> u64 {
        nanoseconds(self.start.elapsed())
    }

    /// Returns date and time at the start, with the local offset from UTC.
    pub fn started(&self) -> DateTime<FixedOffset> {
        self.started
    }
}

/// Formats the time `after_ns` nanoseconds after `started` for people: date, microseconds, offset from UTC.
pub fn human(started: DateTime<FixedOffset>, after_ns: u64) -> impl std::fmt::Display {
    (started + delta(after_ns)).format(TIME_FORMAT)
}

/// Formats the same time for programs (RFC 3339).
pub fn rfc3339(started: DateTime<FixedOffset>, after_ns: u64) -> String {
    (started + delta(after_ns)).to_rfc3339_opts(SecondsFormat::Micros, false)
}

/// Formats another time of the wall clock in the same way, with the offset from UTC that `started` has.
pub fn rfc3339_at(started: DateTime<FixedOffset>, wall: DateTime<Utc>) -> String {
    wall.with_timezone(started.offset()).to_rfc3339_opts(SecondsFormat::Micros, false)
}

fn delta(after_ns: u64) -> TimeDelta {
    TimeDelta::nanoseconds(i64::try_from(after_ns).unwrap_or(i64::MAX))
}

/// Converts a duration to nanoseconds. 64 bits hold 584 years of them.
pub fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{human, rfc3339};
    use chrono::DateTime;

    #[test]
    fn shows_date_microseconds_and_offset() {
        let started = DateTime::parse_from_rfc3339("2026-03-29T23:59:59.999999+02:00").unwrap();
        assert_eq!(human(started, 0).to_string(), "2026-03-29 23:59:59.999999 +02:00");
        assert_eq!(human(started, 1_500).to_string(), "2026-03-30 00:00:00.000000 +02:00");
        assert_eq!(rfc3339(started, 1_500), "2026-03-30T00:00:00.000000+02:00");
    }
}
