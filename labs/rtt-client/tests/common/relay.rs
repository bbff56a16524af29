//! The relay, its log, and an echo server behind it.

use super::read_written;
use labtest::{Server, check, check_eq, fail_check};
use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

pub const RELAY: &str = env!("CARGO_BIN_EXE_udp-relay");

/// Starts a relay to `server`.
#[track_caller]
pub fn relay(server: SocketAddr, args: &str) -> Server {
    let to = server.to_string();
    let args: Vec<&str> = args.split_whitespace().collect();
    Server::at(RELAY, &[&["127.0.0.1:0", "--to", &to], &args[..]].concat())
}

/// Answers datagrams in upper case for as long as the test runs. Every tenth reply comes `slow` later.
pub fn echo(slow: Option<Duration>) -> SocketAddr {
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
pub struct Row {
    pub arrived_us: u64,
    pub sent_us: Option<u64>,
    pub request: bool,
    pub number: u64,
    pub occurrence: u64,
    pub copy: u64,
    pub fate: String,
}

impl Row {
    fn parse(line: &str) -> Option<Row> {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |at: usize| fields.get(at)?.parse().ok();
        Some(Row {
            arrived_us: number(0)?,
            sent_us: number(1),
            request: *fields.get(3)? == "request",
            number: number(4)?,
            occurrence: number(5)?,
            copy: number(6)?,
            fate: (*fields.get(8)?).to_owned(),
        })
    }
}

#[track_caller]
pub fn read_log(path: &Path) -> Vec<Row> {
    let text = read_written(path);
    let (head, rows) = text.split_once('\n').unwrap_or((&text, ""));
    check_eq!(head, "arrived_us,sent_us,client,direction,number,occurrence,copy,bytes,fate,swapped");
    let row =
        |line| Row::parse(line).unwrap_or_else(|| fail_check(&format!("a wrong row in the log: {line}")));
    rows.lines().map(row).collect()
}

/// Reads the round-trip time of each answered request from the client's table.
pub fn read_rtts_us(path: &Path) -> BTreeMap<u64, u64> {
    let table = read_written(path);
    let rtt_us = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        Some((fields.get(2)?.parse().ok()?, fields.get(7)?.parse::<u64>().ok()? / 1000))
    };
    table.lines().skip(1).filter_map(rtt_us).collect()
}

/// What a client must have seen, according to the log, in the order of [`super::COUNTS`].
///
/// The log does not contain what happens outside the relay: on a busy machine, a program may stop for a while between
/// its clock and its call. `rtts_us` shows that, and a reply that was held up in this way for long is late, too.
#[track_caller]
pub fn truth(log: &[Row], rtts_us: &BTreeMap<u64, u64>, timeout_us: u64) -> [u64; 7] {
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
        let Some(arrived_us) = asked.get(&row.number) else {
            fail_check(&format!("the relay logged a reply to request {}, and no such request", row.number));
        };
        let inside_us = sent_us.saturating_sub(*arrived_us);
        let rtt_us = rtts_us.get(&row.number).copied().unwrap_or(u64::MAX); // missed: another count will differ
        check!(
            inside_us <= rtt_us.saturating_add(1),
            "request {} was {inside_us} µs inside the relay, and the client measured {rtt_us} µs in all",
            row.number
        );
        let stopped = rtt_us > timeout_us && rtt_us.saturating_sub(inside_us) > STOPPED_US_MIN;
        late += u64::from(inside_us > timeout_us || stopped);
        reordered += u64::from(row.number < highest);
        highest = highest.max(row.number);
    }
    let (sent, received) = (asked.len() as u64, answered.len() as u64);
    [sent, received, late, sent - received, duplicated, reordered, 0]
}
