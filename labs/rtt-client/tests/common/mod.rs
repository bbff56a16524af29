//! What the tests of the client and of the relay share: echo servers, the client's summary, and its files.

// Each test program uses a part of this.
#![allow(dead_code)]
// Only what this machine itself may refuse is unwrapped, such as a socket of the test's own.
#![allow(clippy::unwrap_used)]

pub mod relay;
mod scratch;

pub use scratch::scratch;

use labtest::{Cause, Client, Finished, UdpPeer, fail_check};
use serde_json::Value;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::thread;

pub const CLIENT: &str = env!("CARGO_BIN_EXE_rtt-client");

/// The rows of the summary that count.
pub const COUNTS: [&str; 7] =
    ["sent", "received", "  of these late", "lost", "duplicated", "reordered", "garbage"];

/// Starts the client with these words, and the server's address behind them.
#[track_caller]
pub fn start(args: &str, server: SocketAddr) -> Client {
    Client::start(CLIENT, &args.split(' ').collect::<Vec<_>>(), server)
}

/// The figures in the first row of the summary that has this name, one for each protocol. None if there is no such row.
pub fn figures<'a>(finished: &'a Finished, name: &str) -> Vec<&'a str> {
    let row = finished.stdout.lines().find_map(|line| line.strip_prefix(name));
    row.unwrap_or_default().split_whitespace().collect()
}

/// Compares the figures in a row of the summary.
#[track_caller]
pub fn check_figures(finished: &Finished, name: &str, expected: &[&str]) {
    let found = figures(finished, name);
    if found != expected {
        let found = Some(found.join(" ")).filter(|found| !found.is_empty());
        let (name, wanted) = (name.trim().to_owned(), expected.join(" "));
        let what = format!("the summary has a wrong row `{name}`");
        finished.fail_because(Cause::WrongFigure { name, found, wanted }, &what);
    }
}

/// The first figure of a row as a number.
#[track_caller]
pub fn figure<T: std::str::FromStr>(finished: &Finished, name: &str) -> T {
    let found = figures(finished, name).first().and_then(|figure| figure.parse().ok());
    found.unwrap_or_else(|| {
        let text = name.trim().to_owned();
        let what = format!("the summary has no row `{text}` with a number");
        finished.fail_because(Cause::NotPrinted { text }, &what)
    })
}

/// Compares the rows [`COUNTS`] of a run over one protocol.
#[track_caller]
pub fn check_counts(finished: &Finished, expected: [u64; 7]) {
    for (name, expected) in COUNTS.into_iter().zip(expected) {
        let found = figures(finished, name).first().copied().map(str::to_owned);
        let wanted = expected.to_string();
        if found.as_deref() != Some(&*wanted) {
            let name = name.trim().to_owned();
            let what = format!("the summary has a wrong row `{name}`");
            finished.fail_because(Cause::WrongFigure { name, found, wanted }, &what);
        }
    }
}

/// Receives `count` requests of a UDP client, and returns the replies to them.
#[track_caller]
pub fn requests(server: &mut UdpPeer, count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|_| server.receive_any().to_ascii_uppercase()).collect()
}

/// Answers every datagram in upper case, for as long as the test runs.
pub fn echo_udp(socket: UdpSocket) {
    thread::spawn(move || {
        let mut buffer = [0; 65_535];
        while let Ok((size, client)) = socket.recv_from(&mut buffer) {
            buffer[..size].make_ascii_uppercase();
            let _ = socket.send_to(&buffer[..size], client);
        }
    });
}

/// Answers one TCP client after the other in upper case, a line at a time, for as long as the test runs.
pub fn echo_tcp(listener: TcpListener) {
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let _ = echo_lines(connection);
        }
    });
}

fn echo_lines(mut connection: TcpStream) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut line = Vec::new();
    let mut byte = [0];
    while connection.read(&mut byte)? > 0 {
        line.push(byte[0].to_ascii_uppercase());
        if byte == *b"\n" {
            connection.write_all(&line)?;
            line.clear();
        }
    }
    Ok(())
}

/// Starts an echo server for UDP and TCP at one address.
pub fn echo() -> SocketAddr {
    loop {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        // The port may be taken for UDP.
        if let Ok(socket) = UdpSocket::bind(address) {
            echo_udp(socket);
            echo_tcp(listener);
            return address;
        }
    }
}

/// Reads a file that the program under test has written.
#[track_caller]
pub fn read_written(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| {
        fail_check(&format!("the file `{}` that the program should write: {error}", path.display()))
    })
}

#[track_caller]
pub fn read_json(path: &Path) -> Value {
    let text = read_written(path);
    serde_json::from_str(&text).unwrap_or_else(|error| {
        fail_check(&format!("the file written is not JSON: {error}; it holds {text}"))
    })
}

/// Runs the client with `--json`, and returns what it wrote.
#[track_caller]
pub fn json(name: &str, args: &str, server: SocketAddr) -> Value {
    let path = scratch(name);
    start(&format!("{args} --json {}", path.display()), server).wait().expect_status(0);
    read_json(&path)
}

#[track_caller]
pub fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| fail_check(&format!("a number is missing in the JSON: found {value}")))
}
