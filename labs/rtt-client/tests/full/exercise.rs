//! The pure functions of the model solution.

use labtest::check_eq;
use rtt_client::{request, statistics, text_of_reply};
use std::time::Duration;

#[track_caller]
fn check(times_us: &[u64], figures_us: [u64; 4]) {
    let times: Vec<Duration> = times_us.iter().copied().map(Duration::from_micros).collect();
    check_eq!(statistics(&times), Some(figures_us.map(Duration::from_micros)));
}

#[test]
fn describes_times() {
    check(&[7], [7, 7, 7, 7]);
    check(&[40, 10], [10, 25, 25, 40]);
    check(&[10, 1000, 25], [10, 345, 25, 1000]);
    check(&[5, 1, 4, 2], [1, 3, 3, 5]);
    check_eq!(statistics(&[]), None);
}

#[test]
fn tells_a_reply_by_its_number() {
    check_eq!(request(2, b"hello"), b"2 hello");
    check_eq!(text_of_reply(2, b"2 HELLO"), Some(&b"HELLO"[..]));
    check_eq!(text_of_reply(2, b"1 HELLO"), None);
    check_eq!(text_of_reply(2, b"22 HELLO"), None);
}
