//! `echo-load` against servers that are right, and servers that are not.

// A server that fails here fails the test.
#![allow(clippy::unwrap_used)]

use labtest::{Finished, run};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::thread;

const ECHO_LOAD: &str = env!("CARGO_BIN_EXE_echo-load");

/// Starts a TCP server with a thread per connection, each of which does `serve`.
fn tcp_server(serve: fn(TcpStream)) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for connection in listener.incoming() {
            thread::spawn(move || serve(connection.unwrap()));
        }
    });
    address
}

/// Starts a UDP server that sends what `answer` makes of the datagram with this number, counted from 0.
fn udp_server(answer: fn(usize, &[u8]) -> Vec<Vec<u8>>) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 65_507];
        for number in 0.. {
            let (size, client) = socket.recv_from(&mut buffer).unwrap();
            for reply in answer(number, &buffer[..size]) {
                // The client may have gone.
                let _ = socket.send_to(&reply, client);
            }
        }
    });
    address
}

fn upper(mut connection: TcpStream) {
    let mut buffer = [0; 10_000];
    while let Ok(size @ 1..) = connection.read(&mut buffer) {
        if connection.write_all(&buffer[..size].to_ascii_uppercase()).is_err() {
            return;
        }
    }
}

fn load(protocol: &str, server: SocketAddr, options: &str) -> Finished {
    let server = server.to_string();
    let options = options.split_whitespace();
    run(ECHO_LOAD, &[protocol, &server].into_iter().chain(options).collect::<Vec<_>>())
}

#[track_caller]
fn check(finished: &Finished, status: i32, on_screen: &[&str], error: &str) {
    for text in on_screen {
        assert!(finished.stdout.contains(text), "no `{text}`: {finished:?}");
    }
    assert!(finished.stderr.contains(error), "no `{error}`: {finished:?}");
    assert_eq!(finished.status.code(), Some(status), "{finished:?}");
}

#[test]
fn finds_every_reply_of_a_right_server_right() {
    for options in [
        "--clients 50",
        "--size 1 --outstanding 100",
        "--size 1000000 --outstanding 2",
        "--clients 4 --reconnect",
    ] {
        let finished = load("tcp", tcp_server(upper), &format!("--count 500 {options}"));
        check(&finished, 0, &["wrong 0   lost 0   held back 0   broken connections 0"], "");
    }
    let server = udp_server(|_, bytes| vec![bytes.to_ascii_uppercase()]);
    for options in ["--clients 20", "--size 8", "--size 65507"] {
        let finished = load("udp", server, &format!("--count 500 {options}"));
        check(&finished, 0, &["wrong 0   lost 0"], "");
    }
}

#[test]
fn lets_a_server_only_echo_if_told_to() {
    let server = udp_server(|_, bytes| vec![bytes.to_vec()]);
    check(&load("udp", server, "--count 20 --capitals"), 0, &["wrong 0   lost 0"], "");
    check(&load("udp", server, "--count 20 --timeout 100ms"), 1, &["wrong "], "answers none");
}

#[test]
fn keeps_to_a_rate() {
    let finished = load("tcp", tcp_server(upper), "--clients 3 --rate 200 --duration 1s");
    // 0 ms, 5 ms, … 995 ms; the last may come after the end.
    let sent: u32 =
        finished.stdout.split_once("sent ").unwrap().1.split_once(' ').unwrap().0.parse().unwrap();
    assert!((190..=201).contains(&sent), "{finished:?}");
    check(&finished, 0, &["wrong 0   lost 0   held back 0"], "");
}

#[test]
fn finds_wrong_replies() {
    fn one_byte_wrong(mut connection: TcpStream) {
        let mut buffer = [0; 32];
        for number in 0_u64.. {
            if connection.read_exact(&mut buffer).is_err() {
                return;
            }
            buffer.make_ascii_uppercase();
            if number == 5 {
                buffer[3] ^= 1;
            }
            if connection.write_all(&buffer).is_err() {
                return;
            }
        }
    }
    let finished = load("tcp", tcp_server(one_byte_wrong), "");
    check(
        &finished,
        1,
        &["answered 5   wrong 1 "],
        "error: 1 reply is wrong; the first: byte 163 of a connection is wrong",
    );

    let server = udp_server(|number, bytes| match number {
        5 => vec![bytes.to_vec()],
        _ => vec![bytes.to_ascii_uppercase()],
    });
    let finished = load("udp", server, "--count 20 --timeout 100ms");
    check(
        &finished,
        1,
        &["wrong 1   lost 1 "],
        "error: 1 reply is wrong; the first: a datagram of 32 bytes answers none",
    );
}

#[test]
fn finds_more_than_was_asked_for() {
    fn twice(mut connection: TcpStream) {
        let mut buffer = [0; 251];
        while connection.read_exact(&mut buffer).is_ok() {
            let upper = buffer.to_ascii_uppercase();
            // The text repeats itself after 251 bytes: what is too much is right, but for its place.
            if connection.write_all(&[&upper[..], &upper[..]].concat()).is_err() {
                return;
            }
        }
    }
    check(
        &load("tcp", tcp_server(twice), "--size 251"),
        1,
        &["wrong 1"],
        "byte 251 of a connection is wrong",
    );
}

#[test]
fn counts_lost_datagrams_once_and_copies_not_at_all() {
    let server = udp_server(|number, bytes| {
        let reply = bytes.to_ascii_uppercase();
        match number {
            3 | 4 => vec![],
            _ => vec![reply.clone(), reply],
        }
    });
    let finished = load("udp", server, "--count 20 --timeout 50ms");
    check(&finished, 0, &["wrong 0   lost 2 "], "");
}

#[test]
fn tells_connections_that_the_server_closed() {
    fn one_shot(mut connection: TcpStream) {
        let mut buffer = [0; 32];
        if connection.read_exact(&mut buffer).is_ok() {
            let _ = connection.write_all(&buffer.to_ascii_uppercase());
        }
    }
    let finished = load("tcp", tcp_server(one_shot), "--clients 3");
    let error = "error: 3 of 3 connections failed; the first: ";
    check(&finished, 1, &["answered 3   wrong 0", "broken connections 3"], error);
}

#[test]
fn gives_up_on_a_silent_server() {
    fn silent(mut connection: TcpStream) {
        let _ = connection.read_to_end(&mut Vec::new());
    }
    let finished = load("tcp", tcp_server(silent), "--clients 2 --timeout 200ms");
    check(&finished, 1, &["answered 0   wrong 0   lost 2"], "error: no reply from `127.0.0.1:");
}

#[test]
fn says_that_nobody_listens() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    check(&load("tcp", address, ""), 1, &[], &format!("error: failed to connect to `{address}`: "));
    #[cfg(target_os = "linux")]
    check(
        &load("udp", address, ""),
        1,
        &["answered 0"],
        &format!("error: no reply from `{address}`: Connection refused"),
    );
}

#[test]
fn refuses_sizes_that_make_no_sense() {
    let address = "127.0.0.1:9".parse().unwrap();
    check(&load("udp", address, "--size 7"), 1, &[], "error: `7` bytes: over UDP it takes 8 to 65507");
    check(&load("tcp", address, "--size 0"), 1, &[], "error: `0` bytes: over TCP it takes 1 to 1048576");
    check(&load("udp", address, "--reconnect"), 1, &[], "error: `--reconnect` is for TCP");
    check(&load("tcp", address, "--clients 0"), 2, &[], "'0'");
}

#[test]
fn writes_figures_that_read_back() {
    let path = std::env::temp_dir().join(format!("echo-load-{}.json", std::process::id()));
    let finished =
        load("tcp", tcp_server(upper), &format!("--clients 2 --count 100 --json {}", path.display()));
    check(&finished, 0, &[], "");
    let figures: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(figures["version"], 1);
    assert_eq!(figures["protocol"], "TCP");
    assert_eq!(figures["plan"]["clients"], 2);
    assert!(figures["answered"].as_u64() >= Some(100), "{figures}");
    let latency = |name: &str| figures["latency_us"][name].as_f64().unwrap();
    let names = ["min", "p50", "p90", "p99", "p999", "max"];
    assert!(names.windows(2).all(|two| latency(two[0]) <= latency(two[1])), "{figures}");
    check(
        &load("tcp", tcp_server(upper), "--count 1 --json /no/such/folder/x"),
        1,
        &[],
        "error: failed to write `/no/such/folder/x`",
    );
}
