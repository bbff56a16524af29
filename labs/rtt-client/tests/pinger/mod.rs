//! A client in any language that prints round-trip times in any wording.

use labtest::{Cause, Client, UdpPeer, patience};
use std::thread;
use std::time::Duration;

/// The options of the crate's own client for a series. Other programs have the number of requests in their code.
pub const SERIES: &[&str] = &["udp", "--count", "4", "--interval", "500ms", "--timeout", "1s"];

/// How many requests are answered at most. Few programs send more than ten.
const REQUESTS_MAX: usize = 20;

/// How much longer than the server's delay a round trip may take, on a busy machine.
const SLACK: Duration = Duration::from_millis(500);

/// The lines of `output` that report measurements. The reference also prints a line about the settings (`…, one every
/// 500ms, timeout 1s`) and one about the schedule, which contain other times.
pub fn measurements(output: &str) -> String {
    let is_given = |line: &&str| line.contains(", timeout ") || line.contains("scheduled");
    output.lines().filter(|line| !is_given(line)).map(|line| format!("{line}\n")).collect()
}

/// Starts the client for a server on UDP, and types a sentence for a program that asks for one.
pub fn start(own_args: &[&str], server: &UdpPeer) -> Client {
    let mut client = Client::start_with_own(env!("CARGO_BIN_EXE_rtt-client"), own_args, server.address());
    client.write(b"how long does this take?\n");
    client
}

/// Answers each request after `delay`, until the client shows `count` round trip times of that length.
#[track_caller]
pub fn check_shown(own_args: &[&str], count: usize, delay: Duration) {
    let mut server = UdpPeer::server();
    let mut client = start(own_args, &server);
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
        if times(&measurements(&client.stdout()), delay) >= count {
            return;
        }
    }
    // Some clients print everything when they end.
    let finished = client.wait();
    let found = times(&measurements(&finished.stdout), delay);
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

/// Counts the numbers in `text` that are equal to `delay` or slightly more. A number without a unit may have any unit.
fn times(text: &str, delay: Duration) -> usize {
    let range = delay.as_secs_f64() * 0.95..(delay + SLACK).as_secs_f64();
    let is_time = |(number, unit): (f64, &str)| {
        let units: &[f64] = match unit.to_lowercase().as_str() {
            "s" | "sec" | "secs" | "second" | "seconds" => &[1.0],
            "ms" | "msec" | "millisecond" | "milliseconds" => &[1e-3],
            "us" | "µs" | "μs" | "usec" | "microsecond" | "microseconds" => &[1e-6],
            "ns" | "nanosecond" | "nanoseconds" => &[1e-9],
            _ => &[1.0, 1e-3, 1e-6, 1e-9],
        };
        units.iter().any(|unit| range.contains(&(number * unit)))
    };
    numbers(text).into_iter().filter(|number| is_time(*number)).count()
}

/// Finds the numbers in a text, each with the word behind it.
fn numbers(text: &str) -> Vec<(f64, &str)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(|character: char| character.is_ascii_digit()) {
        rest = &rest[start..];
        let is_part = |character: char| character.is_ascii_digit() || character == '.';
        let (number, behind) =
            rest.split_at(rest.find(|character| !is_part(character)).unwrap_or(rest.len()));
        let word = behind.trim_start_matches([' ', '(', '[']);
        let word = &word[..word.find(|character: char| !character.is_alphabetic()).unwrap_or(word.len())];
        // Python prints small numbers like 1.5e-05, which is not 1.5.
        let small = behind.starts_with("e-");
        found.extend(
            number.trim_end_matches('.').parse().ok().filter(|_| !small).map(|number| (number, word)),
        );
        rest = behind;
    }
    found
}
