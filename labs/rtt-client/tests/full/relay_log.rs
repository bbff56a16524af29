//! A relay in the process of the test, its log, and an echo server behind it.

// Only what this machine itself may refuse is unwrapped, such as a socket of the test's own.
#![allow(clippy::unwrap_used)]

use crate::files::read_written;
use labcore::{EventLog, EventLogArgs};
use labrelay::{Impairments, LOG_HEAD, Relay};
use labtest::{check, check_eq, fail_check};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A relay that runs until the end of the test.
pub struct TestRelay {
    pub address: SocketAddr,
    log: SharedLog,
}

#[derive(Clone, Default)]
struct SharedLog(Arc<Mutex<Vec<u8>>>);

impl Write for SharedLog {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl TestRelay {
    /// Starts a relay to `server`.
    pub fn start(server: SocketAddr, impairments: Impairments) -> TestRelay {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let log = SharedLog::default();
        let event_log = EventLog::open(EventLogArgs { quiet: true, timestamps: false }).unwrap();
        let forget_after = Duration::from_secs(60);
        let log_copy = Box::new(log.clone());
        let relay = Relay::new(socket, server, impairments, forget_after, Some(log_copy), event_log).unwrap();
        thread::spawn(move || relay.run());
        TestRelay { address, log }
    }

    /// Returns the rows of the log so far.
    #[track_caller]
    pub fn rows(&self) -> Vec<Row> {
        let text = String::from_utf8(self.log.0.lock().unwrap().clone()).unwrap();
        let (head, rows) = text.split_once('\n').unwrap_or((&text, ""));
        check_eq!(head, LOG_HEAD);
        let row =
            |line| Row::parse(line).unwrap_or_else(|| fail_check(&format!("a wrong row in the log: {line}")));
        rows.lines().map(row).collect()
    }
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
    pub copy: u64,
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
            copy: number(6)?,
        })
    }
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

/// What a client must have counted, according to the log, in the order of [`crate::files::COUNTS`].
///
/// The log does not contain what happens outside the relay: on a busy machine, a program may stop at any time between its
/// clock and its call. So the log gives a lower bound for each round-trip time, and whether a reply was late follows from
/// the time that the client measured, `rtts_us`.
#[track_caller]
pub fn truth(log: &[Row], rtts_us: &BTreeMap<u64, u64>, timeout_us: u64) -> [u64; 7] {
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
        late += u64::from(rtt_us > timeout_us);
        reordered += u64::from(row.number < highest);
        highest = highest.max(row.number);
    }
    let (sent, received) = (asked.len() as u64, answered.len() as u64);
    [sent, received, late, sent - received, duplicated, reordered, 0]
}
