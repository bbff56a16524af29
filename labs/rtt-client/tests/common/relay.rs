//! The relay, seen from a client and a server; and the client, compared with the relay's log.

// A test that cannot go on panics: that is how it fails.
#![allow(clippy::unwrap_used)]

mod scratch;

use labtest::{Client, Finished, Server, UdpPeer, patience, run};
use scratch::scratch;
use std::collections::BTreeMap;
use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

const RELAY: &str = env!("CARGO_BIN_EXE_udp-relay");
const CLIENT: &str = env!("CARGO_BIN_EXE_rtt-client");

/// Starts a relay to `server`.
fn relay(server: SocketAddr, args: &str) -> Server {
    let to = server.to_string();
    let args: Vec<&str> = args.split_whitespace().collect();
    Server::at(RELAY, &[&["127.0.0.1:0", "--to", &to], &args[..]].concat())
}

/// Answers datagrams in upper case for as long as the test runs. Every tenth one is answered `slow` later.
fn echo(slow: Option<Duration>) -> SocketAddr {
    let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").unwrap());
    let address = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 65_535];
        for number in 1.. {
            let Ok((size, client)) = socket.recv_from(&mut buffer) else { return };
            let reply = buffer[..size].to_ascii_uppercase();
            let socket = Arc::clone(&socket);
            let answer = move || drop(socket.send_to(&reply, client));
            match slow.filter(|_| number % 10 == 0) {
                Some(slow) => drop(thread::spawn(move || {
                    thread::sleep(slow);
                    answer();
                })),
                None => answer(),
            }
        }
    });
    address
}

/// One line of the relay's log.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    arrived_us: u64,
    sent_us: Option<u64>,
    request: bool,
    number: u64,
    occurrence: u64,
    copy: u64,
    fate: String,
}

fn read_log(path: &Path) -> Vec<Row> {
    let text = fs::read_to_string(path).unwrap();
    let (head, rows) = text.split_once('\n').unwrap();
    assert_eq!(head, "arrived_us,sent_us,client,direction,number,occurrence,copy,bytes,fate,swapped");
    let row = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |at: usize| fields[at].parse().ok();
        Row {
            arrived_us: number(0).unwrap(),
            sent_us: number(1),
            request: fields[3] == "request",
            number: number(4).unwrap(),
            occurrence: number(5).unwrap(),
            copy: number(6).unwrap(),
            fate: fields[8].to_owned(),
        }
    };
    rows.lines().map(row).collect()
}

/// The round trip time of each answered request in the client's table.
fn read_rtts_us(path: &Path) -> BTreeMap<u64, u64> {
    let table = fs::read_to_string(path).unwrap();
    let rtt_us = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        Some((fields[2].parse().unwrap(), fields[7].parse::<u64>().ok()? / 1000))
    };
    table.lines().skip(1).filter_map(rtt_us).collect()
}

/// What a client must have seen, according to the log: sent, received, late, lost, duplicated, reordered, garbage.
///
/// The log does not hold what happens outside the relay: on a busy machine, a program may stop for a while between its
/// clock and its call. `rtts_us` shows that, and a reply that was held up in this way for long is late, too.
fn truth(log: &[Row], rtts_us: &BTreeMap<u64, u64>, timeout_us: u64) -> [u64; 7] {
    const STOPPED_US_MIN: u64 = 100_000;
    let mut asked = BTreeMap::new();
    for row in log.iter().filter(|row| row.request && row.copy == 1) {
        asked.insert(row.number, row.arrived_us);
    }
    let [mut late, mut duplicated, mut reordered, mut highest] = [0; 4];
    let mut answered = BTreeMap::new();
    for row in log.iter().filter(|row| !row.request) {
        let Some(sent_us) = row.sent_us else { continue };
        if answered.insert(row.number, ()).is_some() {
            duplicated += 1;
            continue;
        }
        let inside_us = sent_us - asked[&row.number];
        let rtt_us = rtts_us.get(&row.number).copied().unwrap_or(u64::MAX); // missed: another count will differ
        assert!(
            inside_us <= rtt_us.saturating_add(1),
            "request {}: {inside_us} µs of {rtt_us} µs",
            row.number
        );
        let stopped = rtt_us > timeout_us && rtt_us - inside_us > STOPPED_US_MIN;
        late += u64::from(inside_us > timeout_us || stopped);
        reordered += u64::from(row.number < highest);
        highest = highest.max(row.number);
    }
    let (sent, received) = (asked.len() as u64, answered.len() as u64);
    [sent, received, late, sent - received, duplicated, reordered, 0]
}

/// The same figures from the client's summary.
fn counts(finished: &Finished) -> [u64; 7] {
    let rows = ["sent", "received", "  of these late", "lost", "duplicated", "reordered", "garbage"];
    rows.map(|name| {
        let row = finished.stdout.lines().find_map(|line| line.strip_prefix(name));
        row.unwrap_or_else(|| panic!("no row `{name}` in\n{}", finished.stdout)).trim().parse().unwrap()
    })
}

/// Runs the client through a relay that does its worst, compares what both say, and gives it.
fn check_seed(seed: u64) -> [u64; 7] {
    let (log, table) = (scratch(&format!("seed-{seed}.log")), scratch(&format!("seed-{seed}.csv")));
    let args = format!(
        "--drop 10% --delay 3ms --jitter 6ms --duplicate 10% --reorder 10% --seed {seed} --quiet --log {}",
        log.display()
    );
    let relay = relay(echo(Some(Duration::from_millis(1200))), &args);
    let args = format!("udp --count 100 --interval 2ms --timeout 500ms --csv {}", table.display());
    let mut client = Client::start(CLIENT, &args.split(' ').collect::<Vec<_>>(), relay.address());
    let seen = counts(&client.wait());
    assert_eq!(seen, truth(&read_log(&log), &read_rtts_us(&table), 500_000), "seed {seed}");
    seen
}

#[test]
fn client_and_relay_count_the_same_over_twenty_seeds() {
    let mut all = [0; 7];
    for seeds in (1..=20).collect::<Vec<u64>>().chunks(10) {
        thread::scope(|scope| {
            let runs: Vec<_> = seeds.iter().map(|seed| scope.spawn(|| check_seed(*seed))).collect();
            for run in runs {
                let seen = run.join().unwrap();
                all = std::array::from_fn(|at| all[at] + seen[at]);
            }
        });
    }
    // All of it happened, or the comparison would prove little. No garbage did.
    assert!(all[..6].iter().all(|count| *count > 0) && all[6] == 0, "{all:?}");
}

#[test]
fn does_the_same_to_the_same_datagrams() {
    let fates = |name: &str, seed: u64| {
        let log = scratch(name);
        let args = format!(
            "--drop 20% --jitter 4ms --duplicate 20% --reorder 20% --seed {seed} --log {}",
            log.display()
        );
        let relay = relay(echo(None), &args);
        let args = ["udp", "--count", "50", "--interval", "1ms", "--timeout", "400ms", "--quiet"];
        Client::start(CLIENT, &args, relay.address()).wait();
        let row = |row: Row| (row.request, row.number, row.occurrence, row.copy, row.fate);
        let mut rows: Vec<_> = read_log(&log).into_iter().map(row).collect();
        rows.sort();
        rows
    };
    let (first, again, other) = (fates("fates-1.csv", 1), fates("fates-2.csv", 1), fates("fates-3.csv", 2));
    assert_eq!(first, again);
    assert_ne!(first, other);
}

#[test]
fn holds_datagrams_in_both_directions() {
    let (log, table) = (scratch("held.log"), scratch("held.csv"));
    let relay = relay(echo(None), &format!("--delay 10ms --log {}", log.display()));
    // The interval is shorter than the round trip, and loses nothing.
    let args = format!("udp --count 50 --interval 4ms --timeout 9s --csv {}", table.display());
    let finished = Client::start(CLIENT, &args.split(' ').collect::<Vec<_>>(), relay.address()).wait();
    let (log, rtts_us) = (read_log(&log), read_rtts_us(&table));
    assert_eq!(counts(&finished), [50, 50, 0, 0, 0, 0, 0]);
    assert_eq!(counts(&finished), truth(&log, &rtts_us, 9_000_000));
    for row in &log {
        assert!(row.sent_us.unwrap() - row.arrived_us >= 10_000, "{row:?}");
    }
    assert!(rtts_us.values().all(|rtt_us| *rtt_us >= 20_000), "{rtts_us:?}");
    // On an idle machine they are 20.1 to 20.5 ms.
    let mut sorted: Vec<u64> = rtts_us.into_values().collect();
    sorted.sort_unstable();
    assert!(sorted[25] < 500_000, "{sorted:?}");
}

#[test]
fn passes_everything_when_told_nothing() {
    let mut server = UdpPeer::server();
    let relay = relay(server.address(), "");
    let mut clients: Vec<UdpPeer> = (0..3).map(|_| relay.udp_client()).collect();
    for (letter, client) in (b'a'..).zip(&mut clients) {
        let datagram = vec![letter; 65_507];
        client.send(&datagram);
        server.expect(&datagram);
        server.send(&datagram.to_ascii_uppercase());
        // Each client gets its own reply: the server sees it behind an address of its own.
        client.expect(&datagram.to_ascii_uppercase());
    }
    relay.expect_output("client 3: reply 1 sent\n");
}

#[test]
fn loses_everything_when_told_so() {
    let log = scratch("all.csv");
    let relay = relay(echo(None), &format!("--drop 100% --log {}", log.display()));
    let args = ["udp", "--count", "20", "--interval", "1ms", "--timeout", "50ms"];
    let mut client = Client::start(CLIENT, &args, relay.address());
    client.expect_exit(1);
    relay.expect_output("client 1: request 20 dropped\n");
    let log = read_log(&log);
    assert!(log.len() == 20 && log.iter().all(|row| row.fate == "dropped"), "{log:?}");
}

#[test]
fn survives_a_server_that_is_not_there() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    drop(socket);
    let mut relay = relay(address, "");
    let mut client = relay.udp_client();
    client.send(b"hello");
    relay.expect_output("client 1: request 1 sent\n");
    // Now it is there; a port of the system's choice, so another test may have it.
    let Ok(server) = UdpSocket::bind(address) else { return };
    server.set_read_timeout(Some(patience())).unwrap();
    client.send(b"again");
    let mut buffer = [0; 10];
    let (size, _) = server.recv_from(&mut buffer).unwrap();
    assert_eq!(&buffer[..size], b"again");
    relay.expect_running();
}

#[test]
fn prints_its_usage_when_called_wrongly() {
    for words in ["", "--to 127.0.0.1 --drop 10", "--to 127.0.0.1 --delay 5"] {
        let finished = run(RELAY, &words.split_whitespace().collect::<Vec<_>>());
        assert_eq!(finished.status.code(), Some(2), "{words}: {}", finished.stderr);
    }
}

#[test]
fn refuses_to_send_to_itself() {
    let address = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let finished = run(RELAY, &[&address, "--to", &address]);
    assert!(finished.stderr.contains(" would send to itself; "), "{}", finished.stderr);
    assert_eq!((finished.status.code(), finished.stderr.lines().count()), (Some(1), 1));
}

#[test]
fn knows_that_no_server_is_at_port_0() {
    let finished = run(RELAY, &["127.0.0.1:0", "--to", "127.0.0.1:0"]);
    assert_eq!(
        finished.stderr,
        "error: no server is at port 0; give the port after `listening on` on the server's screen\n"
    );
    assert_eq!(finished.status.code(), Some(1));
}

#[test]
fn says_what_it_can_not_open() {
    let finished = run(RELAY, &["127.0.0.1:0", "--to", "127.0.0.1:9", "--log", "/no/such/folder/log.csv"]);
    assert!(
        finished.stderr.starts_with("error: failed to create `/no/such/folder/log.csv`: "),
        "{}",
        finished.stderr
    );
    assert_eq!((finished.status.code(), finished.stderr.lines().count()), (Some(1), 1));
}
