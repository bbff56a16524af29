//! The exercise with delays that no program can know beforehand. Students do not see these tests.

mod exchange;
mod shown;

use exchange::{Exchange, Pace};
use labtest::{Transport, unforeseen_text};
use std::time::Duration;

#[track_caller]
fn check(transport: Transport) {
    let drawn: u64 = unforeseen_text(8).bytes().map(u64::from).sum();
    let delay = Duration::from_millis(180 + drawn % 200);
    Exchange::over(transport, Pace::Delay(delay)).check_round_trip_time();
}

#[test]
fn measures_a_delay_that_nobody_could_foresee() {
    check(Transport::Udp);
}

#[test]
fn measures_a_delay_over_tcp_that_nobody_could_foresee() {
    check(Transport::Tcp);
}
