//! What the tests of the client share: echo servers, and the client's summary.

// Each test program uses a part of this.
#![allow(dead_code)]
// Only what this machine itself may refuse is unwrapped, such as a socket of the test's own.
#![allow(clippy::unwrap_used)]

use labtest::{Cause, Client, Finished};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::thread;

pub const CLIENT: &str = env!("CARGO_BIN_EXE_rtt-client");

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
