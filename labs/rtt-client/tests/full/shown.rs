//! Finding the times in an output of any wording.

use crate::shown_by_any::{count_round_trip_times, has_epoch, times_of_day};
use labtest::{check, check_eq};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// 05:53:56.844703 in every time zone with whole quarters of an hour.
fn moment() -> SystemTime {
    UNIX_EPOCH + Duration::new(1_764_309_236, 844_703_000)
}

#[test]
fn finds_times_of_day_in_any_format() {
    for text in [
        "sent 2025-11-28 05:53:56.844703 +00:00, port 25000",
        "2025-11-28T05:53:56.844Z",
        "Fri Nov 28 05:53:56 2025",
        "5:53:56 AM",
        "11/28/2025, 11:23:56 PM (India)",
        "at 05h53m56s",
        "at 5 hours, 53 minutes, 56.8 seconds",
        "05:53:56,844",
        "Sent:05:53:56.844",
        "Sent...05:53:56.844 to 127.0.0.1:25000",
        "[28/Nov/2025:05:53:56 +0000]",
        "kl. 05.53.56",
    ] {
        let times = times_of_day(text);
        check_eq!(times.len(), 1, "times in `{text}`");
        check!(times[0].is_before(moment()) && times[0].is_after(moment()), "{:?} in `{text}`", times[0]);
    }
}

#[test]
fn takes_nothing_else_for_a_time_of_day() {
    for text in
        ["1764309236.844703", "127.0.0.1:25000", "2026-11-28", "[::1]:25000", "0.160 ms", "05:53", "53.56.01"]
    {
        check_eq!(times_of_day(text).len(), 0, "times in `{text}`");
    }
    check!(has_epoch("sent at 1764309236.84"), "an epoch");
    check!(!has_epoch("sent at 05:53:56.844703 to port 25000"), "no epoch");
}

#[test]
fn tells_a_wrong_time_of_day() {
    let is_before = |text: &str| times_of_day(text)[0].is_before(moment());
    let is_after = |text: &str| times_of_day(text)[0].is_after(moment());
    check!(is_before("05:53:56.1") && !is_before("05:53:54.9"), "a moment before");
    check!(!is_before("05:53:56.95") && !is_before("05:53:57"), "a moment after");
    check!(is_after("05:53:57.7") && !is_after("05:53:58.0"), "a moment after");
    check!(!is_after("05:53:56.7") && !is_after("05:53:55"), "a moment before");
    check!(!is_before("05:44:56.8") && is_before("05:38:56.8"), "another quarter of an hour");
    let midnight = UNIX_EPOCH + Duration::from_millis(1_764_288_000_100);
    check!(times_of_day("23:59:59.9")[0].is_before(midnight), "midnight");
}

#[test]
fn tells_round_trip_times_from_times_of_day() {
    let count =
        |text: &str| count_round_trip_times(text, Duration::from_millis(160), Duration::from_millis(400));
    check_eq!(count("RTT 0.165"), 1);
    check_eq!(count("RTT: 165.3 ms"), 1);
    check_eq!(count("RTT 0:00:00.165300"), 1);
    check_eq!(count("sent 05:53:00.165300"), 0);
    check_eq!(count("Sent:05:53:00.165300"), 0);
    check_eq!(count("RTT = 0.165 ms"), 0);
}

#[test]
fn reads_numbers_as_any_country_and_language_writes_them() {
    let count =
        |text: &str| count_round_trip_times(text, Duration::from_millis(160), Duration::from_millis(400));
    check_eq!(count("RTT 0,165234 seconds"), 1);
    check_eq!(count("RTT 1.652341e-01 s"), 1);
    check_eq!(count("RTT 1.65E2 ms"), 1);
    check_eq!(count("RTT 165,234 us"), 2, "in two readings");
    check_eq!(count("1764309236.2,0.165,127.0.0.1"), 1);
    check_eq!(count("RTT 1.65e-05 s"), 0);
    check_eq!(count("a buffer of 200 bytes, sent 300 times, at most 600 ms"), 0);
}

#[test]
fn reads_a_line_that_begins_with_a_prompt() {
    check_eq!(times_of_day("Sentence (waits, timeout 2s): sent 05:53:56").len(), 1);
    check_eq!(times_of_day("measuring `05:53:56` over UDP, timeout 2s").len(), 0);
}
