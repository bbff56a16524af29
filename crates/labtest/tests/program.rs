//! Programs under test that end, or take no input.

#![cfg(unix)]
#![allow(clippy::unwrap_used)]

use labtest::Client;
#[cfg(target_os = "linux")]
use labtest::Failure;
#[cfg(target_os = "linux")]
use std::panic::{AssertUnwindSafe, catch_unwind};

#[cfg(target_os = "linux")]
fn failure(check: impl FnOnce()) -> Failure {
    *catch_unwind(AssertUnwindSafe(check)).unwrap_err().downcast().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn waits_for_the_last_output_of_a_program_that_is_about_to_end() {
    if !labtest::has_tool("python3") {
        return;
    }
    // Longer than a program is waited for that does nothing.
    const DIES: &str = "import sys, time\nwhile time.process_time() < 0.4: pass\nsys.exit('its last words')";
    let client = Client::at("python3", &["-c", DIES]);
    let failure = failure(|| client.fail("it is wrong"));
    assert_eq!(failure.output[0].stderr, "its last words\n");
}

#[cfg(unix)]
#[test]
fn types_nothing_when_the_input_has_ended() {
    let mut client = Client::at("/bin/sh", &["-c", "read line"]);
    assert!(client.offer_line("hello"));
    client.end_input();
    assert!(!client.offer_line("and more"));
}

#[cfg(target_os = "linux")]
#[test]
fn blames_a_program_that_has_ended_for_what_it_does_not_do() {
    use labtest::Signal;
    let ended = || {
        let mut program = Client::at("/bin/sh", &["-c", "exit 3"]);
        program.wait();
        program
    };
    assert!(failure(|| ended().signal(Signal::TERM)).summary.contains("cannot be sent signal"));
    assert!(failure(|| assert!(ended().cpu_time().is_zero())).summary.contains("cannot be measured"));
    assert!(failure(|| assert_eq!(ended().memory_kib_max(), 0)).summary.contains("cannot be measured"));
}

#[cfg(target_os = "linux")]
#[test]
fn gives_up_early_on_a_client_that_does_nothing() {
    use std::time::{Duration, Instant};
    let start = Instant::now();
    let mut server = labtest::UdpPeer::server();
    let _client = Client::at("sleep", &["1000"]);
    assert_eq!(failure(|| drop(server.receive_any())).verdict, labtest::failure::Verdict::Timeout);
    // A patience that was asked for is not shortened.
    if std::env::var_os("LAB_PATIENCE").is_none() {
        let range = Duration::from_secs(2)..labtest::patience() / 2;
        assert!(range.contains(&start.elapsed()), "{:?}", start.elapsed());
    }
    labtest::set_patience(Duration::from_secs(3));
    let start = Instant::now();
    assert_eq!(failure(|| drop(server.receive_any())).verdict, labtest::failure::Verdict::Timeout);
    assert!(start.elapsed() >= Duration::from_secs(3), "{:?}", start.elapsed());
}
