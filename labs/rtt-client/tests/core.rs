//! The exercise itself: a client, in any language, that sends requests over UDP and prints how long each took. A program
//! that asks for a sentence gets one.
//!
//! The number of requests, their content, the timeout and the wording of the output are up to the program.

mod pinger;

use labtest::{Cause, Client, UdpPeer, patience};
use pinger::SERIES;
use std::thread;
use std::time::{Duration, Instant};

/// The options of the crate's own client for one exchange.
const ONE: &[&str] = &["udp", "--count", "1", "--timeout", "1s"];

/// Waits until the client says, in any wording, that something was lost, or until it ends. True if it said so.
#[track_caller]
fn tells_of_loss(client: &mut Client) -> bool {
    const WORDS: [&str; 16] = [
        "timed out",
        "timeout",
        "time out",
        "time-out",
        "expired",
        "lost",
        "loss",
        "no reply",
        "no response",
        "no answer",
        "unreachable",
        "refused",
        "failed",
        "dropped",
        "missing",
        "not received",
    ];
    let has_word = |text: &str| {
        let text = pinger::measurements(text).to_lowercase();
        WORDS.iter().any(|word| text.contains(word))
    };
    let deadline = Instant::now() + patience();
    while Instant::now() < deadline {
        if has_word(&client.stdout()) {
            return true;
        }
        if client.has_crashed() {
            break;
        }
        thread::sleep(Duration::from_millis(20));
    }
    let finished = client.wait();
    if client.has_crashed() {
        client.fail_because(Cause::CrashedAtLoss, "no reply came, and it crashed");
    }
    has_word(&finished.stdout) || has_word(&finished.stderr)
}

#[test]
fn sends_a_request() {
    let mut server = UdpPeer::server();
    let _client = pinger::start(ONE, &server);
    server.receive_any();
}

#[test]
fn says_that_no_reply_came() {
    let server = UdpPeer::server();
    let mut client = pinger::start(ONE, &server);
    if !tells_of_loss(&mut client) {
        client.fail_because(Cause::LossNotReported, "no reply came, and it does not say so");
    }
}

#[test]
fn shows_the_round_trip_time() {
    pinger::check_shown(ONE, 1, Duration::from_millis(160));
}

#[test]
fn shows_a_round_trip_time_for_each_request() {
    pinger::check_shown(SERIES, 2, Duration::from_millis(160));
}

#[test]
fn goes_on_after_a_lost_reply() {
    let mut server = UdpPeer::server();
    let _client = pinger::start(SERIES, &server);
    for lost in [false, true, false, true] {
        let request = server.receive_any();
        if !lost {
            server.send(&request.to_ascii_uppercase());
        }
    }
}

#[test]
fn tells_of_lost_replies() {
    let mut server = UdpPeer::server();
    let mut client = pinger::start(SERIES, &server);
    let request = server.receive_any();
    server.send(&request.to_ascii_uppercase());
    // No other request gets a reply.
    if !tells_of_loss(&mut client) {
        client.fail_because(
            Cause::LossNotReported,
            "one reply came and no more, and it does not say that any was lost",
        );
    }
}

#[test]
fn ends_or_says_so_where_nobody_listens() {
    let nobody = UdpPeer::server();
    let mut client = pinger::start(SERIES, &nobody);
    drop(nobody);
    // On the same machine the system may refuse each request. The client must neither crash nor wait without limit.
    tells_of_loss(&mut client);
}
