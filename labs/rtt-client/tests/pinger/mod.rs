//! A client in any language that sends a series of requests over UDP, and prints round-trip times in any wording.

use crate::shown;
use labtest::{Cause, Client, UdpPeer, patience};
use std::thread;
use std::time::{Duration, Instant};

/// The options of the crate's own client for a series. Another program gets them if it takes options, or has the number of
/// requests in its code.
pub const SERIES: &[&str] = &["udp", "--count", "4", "--interval", "500ms", "--timeout", "1s"];

/// How many requests are answered at most. Few programs send more than ten.
const REQUESTS_MAX: usize = 20;

/// Starts the client for a server on UDP, and types a sentence for a program that asks for one.
pub fn start(args: &[&str], server: &UdpPeer) -> Client {
    let mut client = Client::start_if_taken(env!("CARGO_BIN_EXE_rtt-client"), args, server.address());
    client.write(b"how long does this take?\n");
    client
}

/// Answers each request after `delay`, until the client shows `count` round trip times of that length.
#[track_caller]
pub fn check_shown(args: &[&str], count: usize, delay: Duration) {
    let mut server = UdpPeer::server();
    let mut client = start(args, &server);
    let mut requests = 0;
    for number in 0..REQUESTS_MAX {
        // The first request must come, and `receive_any` fails if it does not.
        if number > 0 && !server.has_datagram_for(patience()) {
            break;
        }
        let request = server.receive_any();
        requests += 1;
        thread::sleep(delay);
        server.send(&request.to_ascii_uppercase());
        if shown::count_round_trip_times(&client.stdout(), delay, delay + shown::SLACK) >= count {
            return;
        }
    }
    // Some clients print everything when they end.
    let finished = client.wait();
    let found = shown::count_round_trip_times(&finished.stdout, delay, delay + shown::SLACK);
    if requests < count {
        let what =
            format!("{requests} request came, and then the client ended; expected a series of requests");
        client.fail(&what);
    }
    if found < count {
        let what = format!(
            "each reply came {} ms after its request, and {found} such times are shown; expected one for each reply",
            delay.as_millis()
        );
        client.fail_because(Cause::WrongRoundTripTime, &what);
    }
}

/// Waits until the client says, in any wording, that something was lost, or until it ends. True if it said so.
#[track_caller]
pub fn tells_of_loss(client: &mut Client) -> bool {
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
        let text = shown::measurements(text).to_lowercase();
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
