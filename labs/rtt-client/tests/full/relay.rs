//! The client, compared with the log of a relay between it and its server.

use crate::common::{CLIENT, figure, start};
use crate::files::{COUNTS, check_counts};
use crate::relay_log::{TestRelay, echo, read_rtts_us, truth};
use crate::scratch::scratch;
use labrelay::Impairments;
use labtest::{Cause, Client, check, set_patience};
use std::thread;
use std::time::Duration;

/// A relay that does nothing.
const NONE: Impairments = Impairments {
    drop: 0.0,
    duplicate: 0.0,
    reorder: 0.0,
    delay: Duration::ZERO,
    jitter: Duration::ZERO,
    seed: 1,
};

/// The client's timeout. It is far from both kinds of round trips: most take less than 0.7 s, even if both datagrams wait
/// to change places, and the slow ones take [`SLOW`] longer.
const TIMEOUT_US: u64 = 3_000_000;

/// The client listens for twice its timeout after its last request. On a busy machine, replies that arrived near that
/// end would be received or not by chance, so the slow ones come well before it.
const SLOW: Duration = Duration::from_millis(3200);

/// Runs the client through a relay that impairs everything, compares what both say, and returns what the client counted.
fn check_seed(seed: u64) -> [u64; 7] {
    set_patience(Duration::from_secs(60));
    let table = scratch(&format!("seed-{seed}.csv"));
    let impairments = Impairments {
        drop: 0.1,
        duplicate: 0.1,
        reorder: 0.1,
        delay: Duration::from_millis(3),
        jitter: Duration::from_millis(6),
        seed,
    };
    let relay = TestRelay::start(echo(Some(SLOW)), impairments);
    let args = format!("udp --count 100 --interval 2ms --timeout {TIMEOUT_US}us --csv {}", table.display());
    let finished = start(&args, relay.address).wait();
    let seen = COUNTS.map(|name| figure::<u64>(&finished, name));
    let truth = truth(&relay.rows(), &read_rtts_us(&table), TIMEOUT_US);
    for ((name, seen), truth) in COUNTS.into_iter().zip(seen).zip(truth) {
        if seen != truth {
            let (name, found) = (name.trim().to_owned(), Some(seen.to_string()));
            let what = format!("with seed {seed}, the relay's log and the summary differ");
            finished.fail_because(Cause::WrongFigure { name, found, wanted: truth.to_string() }, &what);
        }
    }
    seen
}

#[test]
fn client_and_relay_count_the_same_over_twenty_seeds() {
    let mut all = [0; 7];
    for seeds in (1..=20).collect::<Vec<u64>>().chunks(10) {
        thread::scope(|scope| {
            let runs: Vec<_> = seeds.iter().map(|seed| scope.spawn(|| check_seed(*seed))).collect();
            for run in runs {
                let seen = run.join().unwrap_or_else(|failure| std::panic::resume_unwind(failure));
                all = std::array::from_fn(|at| all[at] + seen[at]);
            }
        });
    }
    // If something never happened, the comparison would show little. Only garbage must not happen.
    for (name, count) in COUNTS.into_iter().zip(all) {
        let name = name.trim();
        let is_right = if name == "garbage" { count == 0 } else { count > 0 };
        check!(is_right, "over all seeds, the client counted {count} for `{name}`");
    }
}

#[test]
fn measures_a_delay_in_both_directions() {
    let table = scratch("held.csv");
    let relay = TestRelay::start(echo(None), Impairments { delay: Duration::from_millis(10), ..NONE });
    // The interval is shorter than the round trip, and nothing is lost.
    let args = format!("udp --count 50 --interval 4ms --timeout 9s --csv {}", table.display());
    let finished = start(&args, relay.address).wait();
    check_counts(&finished, [50, 50, 0, 0, 0, 0, 0]);
    let (log, rtts_us) = (relay.rows(), read_rtts_us(&table));
    check_counts(&finished, truth(&log, &rtts_us, 9_000_000));
    for row in &log {
        let held_us = row.sent_us.map(|sent_us| sent_us.saturating_sub(row.arrived_us));
        check!(held_us.is_some_and(|held_us| held_us >= 10_000), "held too short: {row:?}");
    }
    check!(
        rtts_us.values().all(|rtt_us| *rtt_us >= 20_000),
        "too short for two delays of 10 ms: {rtts_us:?}"
    );
    // On an idle machine they are 20.1 to 20.5 ms.
    let mut sorted: Vec<u64> = rtts_us.into_values().collect();
    sorted.sort_unstable();
    check!(sorted.get(25).is_some_and(|median_us| *median_us < 500_000), "far too long: {sorted:?}");
}

#[test]
fn gets_no_reply_through_a_relay_that_loses_everything() {
    let relay = TestRelay::start(echo(None), Impairments { drop: 1.0, ..NONE });
    let args = ["udp", "--count", "20", "--interval", "1ms", "--timeout", "50ms"];
    Client::start(CLIENT, &args, relay.address).expect_exit(1);
    check!(relay.rows().len() == 20, "the relay logged {} datagrams", relay.rows().len());
}
