//! The relay, seen from a client and a server.

use crate::common::relay::{RELAY, echo, read_log, read_rtts_us, relay, truth};
use crate::common::{CLIENT, check_counts, scratch};
use labtest::{Client, UdpPeer, check, check_eq, contract, patience, run};
use std::net::UdpSocket;

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
        let mut rows: Vec<_> = read_log(&log)
            .into_iter()
            .map(|row| (row.request, row.number, row.occurrence, row.copy, row.fate))
            .collect();
        rows.sort();
        rows
    };
    let (first, again, other) = (fates("fates-1.csv", 1), fates("fates-2.csv", 1), fates("fates-3.csv", 2));
    check!(first == again, "two runs with the same seed differ");
    check!(first != other, "two runs with different seeds are the same");
}

#[test]
fn holds_datagrams_in_both_directions() {
    let (log, table) = (scratch("held.log"), scratch("held.csv"));
    let relay = relay(echo(None), &format!("--delay 10ms --log {}", log.display()));
    // The interval is shorter than the round trip, and nothing is lost.
    let args = format!("udp --count 50 --interval 4ms --timeout 9s --csv {}", table.display());
    let finished = Client::start(CLIENT, &args.split(' ').collect::<Vec<_>>(), relay.address()).wait();
    check_counts(&finished, [50, 50, 0, 0, 0, 0, 0]);
    let (log, rtts_us) = (read_log(&log), read_rtts_us(&table));
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
fn passes_everything_when_told_nothing() {
    let mut server = UdpPeer::server();
    let relay = relay(server.address(), "");
    let mut clients: Vec<UdpPeer> = (0..3).map(|_| relay.udp_client()).collect();
    for (letter, client) in (b'a'..).zip(&mut clients) {
        let datagram = vec![letter; 65_507];
        client.send(&datagram);
        server.expect(&datagram);
        server.send(&datagram.to_ascii_uppercase());
        // Each client gets its own reply: the server sees each at an address of its own.
        client.expect(&datagram.to_ascii_uppercase());
    }
    relay.expect_output("client 3: reply 1 sent\n");
}

#[test]
fn loses_everything_when_told_so() {
    let log = scratch("all.csv");
    let relay = relay(echo(None), &format!("--drop 100% --log {}", log.display()));
    let args = ["udp", "--count", "20", "--interval", "1ms", "--timeout", "50ms"];
    Client::start(CLIENT, &args, relay.address()).expect_exit(1);
    relay.expect_output("client 1: request 20 dropped\n");
    let log = read_log(&log);
    check!(log.len() == 20 && log.iter().all(|row| row.fate == "dropped"), "the log says {log:?}");
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
    // Now it is there. The system chose the port, so another test may have it by now.
    let Ok(server) = UdpSocket::bind(address) else { return };
    server.set_read_timeout(Some(patience())).unwrap();
    client.send(b"again");
    let mut buffer = [0; 10];
    match server.recv(&mut buffer) {
        Ok(size) => check_eq!(&buffer[..size], b"again", "the datagram that the server received"),
        Err(error) => relay.fail(&format!("it did not pass on the datagram: {error}")),
    }
    relay.expect_running();
}

#[test]
fn prints_its_usage_when_called_wrongly() {
    for words in ["", "--to 127.0.0.1 --drop 10", "--to 127.0.0.1 --delay 5"] {
        contract::prints_its_usage(RELAY, &[&words.split_whitespace().collect::<Vec<_>>()], "");
    }
}

#[test]
fn refuses_to_send_to_itself() {
    let address = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let finished = run(RELAY, &[&address, "--to", &address]);
    finished.expect_error_with(" would send to itself; ").expect_error("", "");
}

#[test]
fn knows_that_no_server_is_at_port_0() {
    let finished = run(RELAY, &["127.0.0.1:0", "--to", "127.0.0.1:0"]);
    finished.expect_stderr(
        "error: no server is at port 0; give the port after `listening on` on the server's screen\n",
    );
    finished.expect_status(1);
}

#[test]
fn says_what_it_can_not_open() {
    let finished = run(RELAY, &["127.0.0.1:0", "--to", "127.0.0.1:9", "--log", "/no/such/folder/log.csv"]);
    finished.expect_error("error: failed to create `/no/such/folder/log.csv`: ", "");
}
