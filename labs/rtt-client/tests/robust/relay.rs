//! The client, compared with the log of the relay between it and its server.

use crate::common::relay::{echo, read_log, read_rtts_us, relay, truth};
use crate::common::{CLIENT, COUNTS, figure, scratch};
use labtest::{Cause, Client, check, check_eq};
use std::thread;
use std::time::Duration;

/// Runs the client through a relay that impairs everything, compares what both say, and returns it.
fn check_seed(seed: u64) -> [u64; 7] {
    let (log, table) = (scratch(&format!("seed-{seed}.log")), scratch(&format!("seed-{seed}.csv")));
    let args = format!(
        "--drop 10% --delay 3ms --jitter 6ms --duplicate 10% --reorder 10% --seed {seed} --quiet --log {}",
        log.display()
    );
    let relay = relay(echo(Some(Duration::from_millis(1200))), &args);
    let args = format!("udp --count 100 --interval 2ms --timeout 500ms --csv {}", table.display());
    let mut client = Client::start(CLIENT, &args.split(' ').collect::<Vec<_>>(), relay.address());
    let finished = client.wait();
    let seen = COUNTS.map(|name| figure::<u64>(&finished, name));
    let truth = truth(&read_log(&log), &read_rtts_us(&table), 500_000);
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
    let [happened @ .., garbage] = all;
    check!(happened.iter().all(|count| *count > 0), "over all seeds, the client counted {all:?}");
    check_eq!(garbage, 0, "datagrams that answer no request");
}
