//! The exercise itself: a client, in any language, that asks for a sentence, sends it once over UDP or TCP, and shows the
//! reply, when it sent the request, when the reply came, and how long that took.
//!
//! The wording, the format of the times, their unit and what surrounds the sentence are up to the program.

mod exchange;
mod shown;

use exchange::{Exchange, Pace};
use labtest::Transport::{self, Tcp, Udp};
use std::time::Duration;

/// A reply that comes at once takes no time that can be told from others. Two delays show that the time is measured.
#[track_caller]
fn check_round_trip_times(transport: Transport) {
    for delay_ms in [160, 360] {
        let pace = Pace::Delay(Duration::from_millis(delay_ms));
        Exchange::over(transport, pace).check_round_trip_time();
    }
}

#[test]
fn sends_the_sentence() {
    Exchange::over(Udp, Pace::AtOnce).check_sentence();
}

#[test]
fn shows_the_reply() {
    let mut exchange = Exchange::over(Udp, Pace::AtOnce);
    exchange.check_sentence();
    exchange.check_reply();
}

#[test]
fn shows_the_round_trip_time() {
    check_round_trip_times(Udp);
}

#[test]
fn shows_when_it_sent_and_received() {
    Exchange::over(Udp, Pace::TwoSeconds).check_times();
}

#[test]
fn sends_the_sentence_and_shows_the_reply_over_tcp() {
    let mut exchange = Exchange::over(Tcp, Pace::AtOnce);
    exchange.check_sentence();
    exchange.check_reply();
}

#[test]
fn shows_the_round_trip_time_over_tcp() {
    check_round_trip_times(Tcp);
}

#[test]
fn shows_when_it_sent_and_received_over_tcp() {
    Exchange::over(Tcp, Pace::TwoSeconds).check_times();
}
