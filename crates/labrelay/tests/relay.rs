//! The relay, seen from a client and a server.

// Only what this machine itself may refuse is unwrapped, such as a socket of the test's own.
#![allow(clippy::unwrap_used)]

use labtest::{Server, UdpPeer, check, check_eq, contract, fail_check, patience, run};
use std::net::{SocketAddr, UdpSocket};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;
use std::{fs, process};

const RELAY: &str = env!("CARGO_BIN_EXE_udp-relay");

/// Starts a relay to `server`.
#[track_caller]
fn relay(server: SocketAddr, args: &str) -> Server {
    let to = server.to_string();
    let args: Vec<&str> = args.split_whitespace().collect();
    Server::at(RELAY, &[&["127.0.0.1:0", "--to", &to], &args[..]].concat())
}

/// Answers datagrams in upper case for as long as the test runs.
fn echo() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 65_535];
        while let Ok((size, client)) = socket.recv_from(&mut buffer) {
            buffer[..size].make_ascii_uppercase();
            let _ = socket.send_to(&buffer[..size], client);
        }
    });
    address
}

/// A log file of the relay, removed at the end of the test.
struct Log(PathBuf);

impl Log {
    fn named(name: &str) -> Log {
        Log(Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{name}", process::id())))
    }

    /// The rows without their head, split into fields.
    #[track_caller]
    fn rows(&self) -> Vec<Vec<String>> {
        let text = fs::read_to_string(&self.0)
            .unwrap_or_else(|error| fail_check(&format!("the log `{}`: {error}", self.display())));
        let (head, rows) = text.split_once('\n').unwrap_or((&text, ""));
        check_eq!(head, "arrived_us,sent_us,client,direction,number,occurrence,copy,bytes,fate,swapped");
        rows.lines().map(|row| row.split(',').map(str::to_owned).collect()).collect()
    }
}

impl Deref for Log {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn does_the_same_to_the_same_datagrams() {
    const REQUESTS: usize = 50;
    let decisions = |name: &str, seed: u64| {
        let log = Log::named(name);
        let args = format!(
            "--drop 20% --jitter 4ms --duplicate 20% --reorder 20% --seed {seed} --log {}",
            log.display()
        );
        let relay = relay(echo(), &args);
        let mut client = relay.udp_client();
        for number in 0..REQUESTS {
            client.send(format!("request {number}").as_bytes());
        }
        // A datagram that waits to change places waits for 300 ms, in each direction.
        while client.has_datagram_for(Duration::from_secs(1)) {
            client.receive_any();
        }
        // Without the times, sorted by direction, number, occurrence and copy. Delays decide which datagrams are
        // neighbours, so whether two of them change places is left out.
        let mut rows: Vec<Vec<String>> = log.rows().into_iter().map(|row| row[3..9].to_vec()).collect();
        rows.sort();
        rows
    };
    let (first, again, other) = (decisions("1.csv", 1), decisions("1-again.csv", 1), decisions("2.csv", 2));
    check!(first.len() > REQUESTS, "the log has {} rows for {REQUESTS} requests", first.len());
    check!(first == again, "two runs with the same seed differ");
    check!(first != other, "two runs with different seeds are the same");
}

#[test]
fn holds_datagrams_in_both_directions() {
    let log = Log::named("held.csv");
    let relay = relay(echo(), &format!("--delay 10ms --log {}", log.display()));
    let mut client = relay.udp_client();
    for _ in 0..50 {
        client.send(b"hello");
        client.expect(b"HELLO");
    }
    let rows = log.rows();
    check_eq!(rows.len(), 100, "rows in the log");
    for row in rows {
        let [arrived_us, sent_us] = [&row[0], &row[1]].map(|field| field.parse::<u64>().unwrap_or_default());
        check!(sent_us >= arrived_us + 10_000, "held for less than 10 ms: {row:?}");
    }
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
    let log = Log::named("all.csv");
    let relay = relay(echo(), &format!("--drop 100% --log {}", log.display()));
    let mut client = relay.udp_client();
    for _ in 0..20 {
        client.send(b"hello");
    }
    relay.expect_output("client 1: request 20 dropped\n");
    let rows = log.rows();
    check!(rows.len() == 20 && rows.iter().all(|row| row[8] == "dropped"), "the log says {rows:?}");
}

#[test]
fn refuses_further_clients_when_there_are_too_many() {
    const CLIENTS_MAX: usize = 256;
    let mut server = UdpPeer::server();
    let mut relay = relay(server.address(), "");
    let mut clients: Vec<UdpSocket> = Vec::new();
    for number in 0..CLIENTS_MAX {
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        client.send_to(format!("client {number}").as_bytes(), relay.address()).unwrap();
        server.expect(format!("client {number}").as_bytes());
        clients.push(client);
    }
    let one_more = UdpSocket::bind("127.0.0.1:0").unwrap();
    one_more.send_to(b"one more", relay.address()).unwrap();
    let refused =
        format!("a datagram of {} is refused: there are too many clients\n", one_more.local_addr().unwrap());
    relay.expect_output(&refused);
    clients[0].send_to(b"again", relay.address()).unwrap();
    server.expect(b"again");
    relay.expect_running();
}

#[test]
fn forgets_a_client_that_is_silent() {
    let relay = relay(echo(), "--forget-after 100ms");
    let mut client = relay.udp_client();
    for number in 1..=2 {
        client.send(b"hello");
        client.expect(b"HELLO");
        relay.expect_output(&format!("client {number} calls from {}\n", client.address()));
        relay.expect_output(&format!("client {number} is silent and forgotten\n"));
    }
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
