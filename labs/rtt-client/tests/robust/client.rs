//! The client, seen from its server and its user. The tests play the server themselves.

// A test that cannot go on panics: that is how it fails.
#![allow(clippy::unwrap_used)]

mod scratch;

use labtest::{Client, Finished, TcpPeerListener, UdpPeer, patience, run};
use scratch::scratch;
use serde_json::{Value, json};
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::thread;
use std::time::Duration;

const CLIENT: &str = env!("CARGO_BIN_EXE_rtt-client");

/// The figures in the first row of the summary that has this name, one for each protocol.
#[track_caller]
fn figures<'a>(finished: &'a Finished, name: &str) -> Vec<&'a str> {
    let row = finished.stdout.lines().find_map(|line| line.strip_prefix(name));
    row.unwrap_or_else(|| panic!("no row `{name}` in\n{}", finished.stdout)).split_whitespace().collect()
}

/// Compares the rows `sent`, `received`, `of these late`, `lost`, `duplicated`, `reordered` and `garbage`.
#[track_caller]
fn check_counts(finished: &Finished, expected: [u64; 7]) {
    let rows = ["sent", "received", "  of these late", "lost", "duplicated", "reordered", "garbage"];
    let counts = rows.map(|row| figures(finished, row)[0].parse::<u64>().unwrap());
    assert_eq!(counts, expected, "{rows:?} in\n{}", finished.stdout);
}

/// Starts the client with few exchanges in quick succession.
fn start(args: &str, server: SocketAddr) -> Client {
    Client::start(CLIENT, &args.split(' ').collect::<Vec<_>>(), server)
}

/// Takes `count` requests of a UDP client, and gives the replies to them.
fn requests(server: &mut UdpPeer, count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|_| server.receive_any().to_ascii_uppercase()).collect()
}

/// Answers every datagram in upper case, for as long as the test runs.
fn echo_udp(socket: UdpSocket) {
    thread::spawn(move || {
        let mut buffer = [0; 65_535];
        while let Ok((size, client)) = socket.recv_from(&mut buffer) {
            buffer[..size].make_ascii_uppercase();
            let _ = socket.send_to(&buffer[..size], client);
        }
    });
}

/// Answers one TCP client after the other in upper case, a line at a time, for as long as the test runs.
fn echo_tcp(listener: TcpListener) {
    thread::spawn(move || {
        for connection in listener.incoming() {
            let _ = echo_lines(connection.unwrap());
        }
    });
}

fn echo_lines(mut connection: TcpStream) -> std::io::Result<()> {
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
fn echo() -> SocketAddr {
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

#[test]
fn prints_when_it_sent_and_received_and_the_round_trip_time() {
    for protocol in ["udp", "tcp"] {
        let finished = start(&format!("{protocol} --count 2 --interval 1ms"), echo()).wait();
        let lines: Vec<&str> = finished.stdout.lines().skip(1).take(2).collect();
        for (at, line) in lines.iter().enumerate() {
            let parts = line.strip_prefix(&format!("{} {}: sent ", protocol.to_uppercase(), at + 1)).unwrap();
            let (sent, parts) = parts.split_once(", received ").unwrap();
            let (received, rtt) = parts.split_once(", RTT ").unwrap();
            let time = |text| chrono::DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.6f %:z").unwrap();
            let between_us = (time(received) - time(sent)).num_microseconds().unwrap();
            let rtt_ms: f64 = rtt.strip_suffix(" ms").unwrap().parse().unwrap();
            assert_eq!(sent.len(), "2026-01-31 23:59:59.999999 +00:00".len());
            assert!((rtt_ms * 1e3 - between_us as f64).abs() <= 1.01, "{line}");
        }
        check_counts(&finished, [2, 2, 0, 0, 0, 0, 0]);
        assert_eq!((finished.status.code(), finished.stderr.as_str()), (Some(0), ""));
    }
}

#[test]
fn sums_up_what_it_printed() {
    let finished = start("udp --count 3 --interval 1ms", echo()).wait();
    let rtts = finished.stdout.lines().filter_map(|line| line.split_once(", RTT ")?.1.strip_suffix(" ms"));
    let mut rtts: Vec<f64> = rtts.map(|rtt| rtt.parse().unwrap()).collect();
    rtts.sort_by(f64::total_cmp);
    let expected = [
        ("minimum", rtts[0]),
        ("mean", rtts.iter().sum::<f64>() / 3.0),
        ("median", rtts[1]),
        ("maximum", rtts[2]),
    ];
    for (name, expected) in expected {
        let found: f64 = figures(&finished, name)[0].parse().unwrap();
        assert!((found - expected).abs() < 0.0011, "{name} is {expected} in\n{}", finished.stdout);
    }
}

#[test]
fn gives_the_time_to_connect_a_row_of_its_own() {
    let finished = start("compare --count 1", echo()).wait();
    let connect = figures(&finished, "TCP connect");
    assert_eq!(connect[0], "-");
    assert!(connect[1].parse::<f64>().unwrap() > 0.0);
}

#[test]
fn sends_udp_on_schedule_and_waits_for_no_reply() {
    let mut server = UdpPeer::server();
    let mut client = start("udp --count 5 --interval 2ms --timeout 9s", server.address());
    for reply in requests(&mut server, 5) {
        server.send(&reply);
    }
    check_counts(&client.wait(), [5, 5, 0, 0, 0, 0, 0]);
}

#[test]
fn sends_requests_of_the_size_asked_for() {
    let mut server = UdpPeer::server();
    let mut client = start("udp --count 1 --size 1000", server.address());
    let request = server.receive_any();
    assert_eq!(request.len(), 1000);
    server.send(&request.to_ascii_uppercase());
    check_counts(&client.wait(), [1, 1, 0, 0, 0, 0, 0]);

    let listener = TcpPeerListener::bind();
    let mut client = start("tcp --count 1 --size 1000", listener.address());
    let mut server = listener.accept();
    let request = server.read_line();
    assert_eq!(request.len(), 1000);
    server.send(&request.to_ascii_uppercase());
    check_counts(&client.wait(), [1, 1, 0, 0, 0, 0, 0]);
}

#[test]
fn tells_a_late_reply_from_a_lost_one() {
    let mut server = UdpPeer::server();
    let mut client = start("udp --count 3 --interval 1ms --timeout 50ms", server.address());
    let replies = requests(&mut server, 3);
    client.expect_output("no reply within 50ms"); // to the first request
    server.send(&replies[0]);
    let finished = client.wait();
    check_counts(&finished, [3, 1, 1, 2, 0, 0, 0]);
    assert!(finished.stdout.contains(" ms, late\n"), "{}", finished.stdout);
    assert_eq!(finished.status.code(), Some(0));
}

#[test]
fn counts_duplicates_and_reordered_replies() {
    let mut server = UdpPeer::server();
    let mut client = start("udp --count 4 --interval 1ms --timeout 9s", server.address());
    let replies = requests(&mut server, 4);
    for at in [2, 0, 2, 1, 0, 3] {
        server.send(&replies[at]);
    }
    check_counts(&client.wait(), [4, 4, 0, 0, 2, 2, 0]);
}

#[test]
fn counts_what_answers_no_request_apart() {
    let mut server = UdpPeer::server();
    let mut client = start("udp --count 1 --timeout 9s", server.address());
    let reply = requests(&mut server, 1).remove(0);
    let other_run = [b"RTT 00000000", &reply[12..]].concat();
    for garbage in [&b"HELLO"[..], b"", &other_run, &reply[..reply.len() - 1]] {
        server.send(garbage);
    }
    server.send(&reply);
    check_counts(&client.wait(), [1, 1, 0, 0, 0, 0, 4]);
}

#[test]
fn ignores_strangers() {
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    server.set_read_timeout(Some(patience())).unwrap();
    let mut client = start("udp --count 1 --timeout 9s", server.local_addr().unwrap());
    let mut request = [0; 32];
    let (_, address) = server.recv_from(&mut request).unwrap();
    request.make_ascii_uppercase();
    UdpPeer::client_of(address).send(&request);
    server.send_to(&request, address).unwrap();
    check_counts(&client.wait(), [1, 1, 0, 0, 0, 0, 0]);
}

#[test]
fn fails_when_no_reply_comes_at_all() {
    let server = UdpPeer::server();
    let address = server.address();
    let finished = start("udp --count 2 --interval 1ms --timeout 50ms", address).wait();
    // Nothing but the counts, and the reason once.
    assert!(finished.stdout.ends_with("\n\nUDP: 2 requests sent, no reply.\n"), "{}", finished.stdout);
    assert!(!finished.stdout.contains("received"), "{}", finished.stdout);
    assert_eq!(
        finished.stderr,
        format!("error: no reply from `{address}` within 0.05 s; is the server running?\n")
    );
    assert_eq!(finished.status.code(), Some(1));
}

// Only here does the system report an ICMP message to a UDP socket for certain.
#[cfg(target_os = "linux")]
#[test]
fn is_refused_over_udp_where_nobody_listens() {
    let nobody = UdpPeer::server().address();
    let finished = start("udp", nobody).wait();
    assert!(
        finished
            .stderr
            .starts_with(&format!("error: failed to get a reply from `{nobody}`: Connection refused"))
    );
    assert!(finished.stderr.ends_with("; is the server running?\n"), "{}", finished.stderr);
    assert!(finished.stdout.ends_with("\n\nUDP: 1 request sent, no reply.\n"), "{}", finished.stdout);
    assert_eq!((finished.status.code(), finished.stderr.lines().count()), (Some(1), 1));
}

// Only here does the system report every refusal.
#[cfg(target_os = "linux")]
#[test]
fn names_each_error_of_the_system_once() {
    let mut server = UdpPeer::server();
    let path = scratch("refused.json");
    let args = format!("udp --count 20 --interval 10ms --timeout 100ms --json {}", path.display());
    let mut client = start(&args, server.address());
    let reply = requests(&mut server, 1).remove(0);
    server.send(&reply);
    client.expect_output("UDP 1: sent ");
    drop(server);
    let finished = client.wait();
    let named: Vec<&str> =
        finished.stdout.lines().filter(|line| line.starts_with("UDP: the system reported ")).collect();
    assert_eq!(named.len(), 1, "{}", finished.stdout);
    assert!(named[0].ends_with(" × Connection refused (os error 111)."), "{}", named[0]);
    let error = &read_json(&path)["series"][0]["errors"][0];
    assert_eq!(error["error"], json!("Connection refused (os error 111)"));
    assert!(named[0].contains(&format!(" {} × ", error["count"])), "{error}");
    assert_eq!(finished.status.code(), Some(0));
}

#[test]
fn is_refused_over_tcp_where_nobody_listens() {
    let nobody = TcpPeerListener::bind().address();
    let finished = start("tcp", nobody).wait();
    assert!(
        finished.stderr.starts_with(&format!("error: failed to connect to `{nobody}`: ")),
        "{}",
        finished.stderr
    );
    assert!(finished.stderr.ends_with("; is the server running?\n"), "{}", finished.stderr);
    assert_eq!((finished.status.code(), finished.stdout.as_str()), (Some(1), ""));
}

#[test]
fn says_that_a_name_is_unknown() {
    let finished = run(CLIENT, &["compare", "no-such-host.invalid"]);
    assert!(
        finished.stderr.starts_with("error: failed to resolve `no-such-host.invalid`: "),
        "{}",
        finished.stderr
    );
    assert_eq!((finished.status.code(), finished.stderr.lines().count()), (Some(1), 1));
}

#[test]
fn finds_the_server_among_the_addresses_of_a_name() {
    // `localhost` is ::1 before 127.0.0.1 on many machines, and the server is on one of them only.
    let port = echo().port().to_string();
    for mode in ["udp", "tcp", "compare"] {
        let finished = run(CLIENT, &[mode, "localhost", &port, "--count", "1"]);
        check_counts(&finished, [1, 1, 0, 0, 0, 0, 0]);
    }
}

#[test]
fn puts_a_tcp_reply_together_from_pieces() {
    let listener = TcpPeerListener::bind();
    let mut client = start("tcp --count 2 --interval 0s --timeout 9s", listener.address());
    let mut server = listener.accept();
    let first = server.read_line().to_ascii_uppercase();
    for byte in first.chunks(1) {
        server.send(byte);
    }
    let second = server.read_line().to_ascii_uppercase();
    // A server may add to the reply, and leave the newline out.
    server.send(&[b"YOU SAID: ", second.trim_ascii_end()].concat());
    check_counts(&client.wait(), [2, 2, 0, 0, 0, 0, 0]);
}

#[test]
fn matches_a_late_tcp_reply_to_its_own_request() {
    let listener = TcpPeerListener::bind();
    let mut client = start("tcp --count 2 --interval 1ms --timeout 100ms", listener.address());
    let mut server = listener.accept();
    let first = server.read_line();
    // The second request comes when the first one's timeout has passed, and both replies come at once.
    let second = server.read_line();
    server.send(&[first, second].concat().to_ascii_uppercase());
    let finished = client.wait();
    assert!(finished.stdout.contains("TCP 1: sent "), "{}", finished.stdout);
    assert_eq!(figures(&finished, "received"), ["2"]);
    assert_ne!(figures(&finished, "  of these late"), ["0"]);
}

#[test]
fn says_that_the_server_closed_the_connection() {
    let listener = TcpPeerListener::bind();
    let path = scratch("closed.json");
    let args = format!("tcp --count 5 --interval 1ms --timeout 9s --json {}", path.display());
    let mut client = start(&args, listener.address());
    let mut server = listener.accept();
    let reply = server.read_line().to_ascii_uppercase();
    server.send(&reply);
    client.expect_output("TCP 1: sent ");
    server.close();
    let finished = client.wait();
    assert!(finished.stdout.contains("TCP: the run ended after 1 reply: "), "{}", finished.stdout);
    assert!(read_json(&path)["series"][0]["ended_by"].is_string());
    assert_eq!(finished.status.code(), Some(0));
}

#[test]
fn does_not_mind_a_server_that_closes_after_the_last_reply() {
    let listener = TcpPeerListener::bind();
    // The port may be taken for UDP; then TCP alone shows it, too.
    let socket = UdpSocket::bind(listener.address());
    let mode = if socket.is_ok() { "compare" } else { "tcp" };
    let _ = socket.map(echo_udp);
    let mut client = start(&format!("{mode} --count 1"), listener.address());
    let mut server = listener.accept();
    let reply = server.read_line().to_ascii_uppercase();
    server.send(&reply);
    server.close();
    let finished = client.wait();
    assert!(!finished.stdout.contains("the run ended"), "{}", finished.stdout);
}

#[test]
fn fails_when_the_server_closes_without_a_reply() {
    let listener = TcpPeerListener::bind();
    let address = listener.address();
    let mut client = start("tcp --count 5 --timeout 9s", address);
    listener.accept().close();
    let finished = client.wait();
    assert!(finished.stderr.starts_with(&format!("error: failed to get a reply from `{address}`: ")));
    assert_eq!(finished.status.code(), Some(1));
}

#[test]
fn compares_udp_and_tcp_side_by_side() {
    let finished = start("compare --count 50 --interval 2ms", echo()).wait();
    assert_eq!(figures(&finished, "exchanges"), ["UDP", "TCP"]);
    assert_eq!(figures(&finished, "received"), ["50", "50"]);
    let verdict = finished.stdout.lines().last().unwrap();
    assert!(
        verdict.contains(" is higher than ") || verdict.starts_with("No difference between "),
        "{verdict}"
    );
    assert!(verdict.contains("95 % interval of TCP − UDP: "), "{verdict}");
}

#[test]
fn splits_no_datagram() {
    let finished = run(CLIENT, &["udp", "127.0.0.1:9", "--split-write"]);
    assert_eq!(
        finished.stderr,
        "error: `--split-write` is for TCP: over UDP, two writes are two datagrams\n"
    );
    assert_eq!(finished.status.code(), Some(1));
}

#[test]
fn gives_no_verdict_on_one_sample() {
    let finished = start("compare --count 1", echo()).wait();
    assert!(finished.stdout.contains("\nNo verdict: "), "{}", finished.stdout);
}

#[test]
fn goes_on_with_one_protocol_when_the_other_fails() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    echo_tcp(listener);
    let finished = start("compare --count 3 --interval 1ms --timeout 100ms", address).wait();
    assert_eq!(figures(&finished, "received"), ["0", "3"]);
    assert_eq!(finished.status.code(), Some(0));
}

#[test]
fn prints_no_line_per_exchange_when_quiet() {
    let finished = start("udp --count 3 --interval 1ms --quiet", echo()).wait();
    check_counts(&finished, [3, 3, 0, 0, 0, 0, 0]);
    assert!(!finished.stdout.contains("UDP 1: "), "{}", finished.stdout);
}

#[test]
fn measures_the_largest_requests() {
    let finished = start("compare --count 20 --interval 0s --size 65507 --timeout 9s", echo()).wait();
    assert_eq!(figures(&finished, "received"), ["20", "20"]);
}

#[test]
fn leaves_the_warm_up_out_of_the_count() {
    let finished = start("udp --warm-up 2 --count 3 --interval 1ms", echo()).wait();
    check_counts(&finished, [3, 3, 0, 0, 0, 0, 0]);
    assert!(finished.stdout.contains("UDP 2 (warm-up): sent "), "{}", finished.stdout);
    assert!(finished.stdout.contains("UDP 5: sent "), "{}", finished.stdout);
}

#[test]
fn prints_its_usage_when_called_wrongly() {
    let wrong = [
        "",
        "udp",
        "icmp 127.0.0.1",
        "udp 127.0.0.1 --count 0",
        "udp 127.0.0.1 --size 23",
        "tcp 127.0.0.1 --interval 5",
    ];
    for words in wrong {
        let finished = run(CLIENT, &words.split_whitespace().collect::<Vec<_>>());
        assert_eq!(finished.status.code(), Some(2), "{words}: {}", finished.stderr);
        assert!(finished.stderr.contains("--help"), "{words}: {}", finished.stderr);
    }
}

#[cfg(unix)]
#[test]
fn sums_up_when_interrupted() {
    // Ctrl+C, and what `timeout` and `kill` send.
    for signal in [labtest::Signal::INT, labtest::Signal::TERM] {
        let mut client = start("udp --count 100000 --interval 10ms", echo());
        client.expect_output("UDP 3: ");
        client.signal(signal);
        let finished = client.wait();
        assert_eq!(figures(&finished, "sent"), figures(&finished, "received"));
        assert_eq!(finished.status.code(), Some(0));
    }
}

/// Interrupts a client after its third request and the reply to the first one, and gives what it printed and wrote.
#[cfg(unix)]
fn interrupted(name: &str, args: &str) -> (Finished, Value) {
    let path = scratch(name);
    let mut server = UdpPeer::server();
    let args = format!("udp {args} --interval 10ms --timeout 1h --json {}", path.display());
    let mut client = start(&args, server.address());
    let replies = requests(&mut server, 3);
    server.send(&replies[0]);
    client.expect_output("received 20");
    client.signal(labtest::Signal::INT);
    let finished = client.wait();
    assert_eq!(finished.status.code(), Some(0));
    let series = read_json(&path)["series"][0].take();
    (finished, series)
}

#[cfg(unix)]
#[test]
fn listens_a_second_at_most_when_interrupted() {
    let (finished, series) = interrupted("unfinished.json", "--count 100000");
    assert_eq!(figures(&finished, "received"), ["1"]);
    assert_eq!(series["unfinished"], series["lost"]);
    let sentence =
        format!("UDP: {} of the lost still had time for a reply when the run was stopped.", series["lost"]);
    assert!(finished.stdout.contains(&sentence), "{}", finished.stdout);
}

#[cfg(unix)]
#[test]
fn misses_no_warm_up_when_interrupted() {
    let (finished, series) = interrupted("cold.json", "--count 1 --warm-up 100000");
    assert_eq!((&series["lost"], &series["unfinished"]), (&json!(0), &json!(0)));
    assert!(!finished.stdout.contains(" of the lost "), "{}", finished.stdout);
}

#[cfg(unix)]
#[test]
fn shows_on_a_terminal_how_far_a_long_run_is() {
    let server = echo();
    let args = ["udp", &server.to_string(), "--count", "100000", "--interval", "10ms", "--quiet"];
    let mut client = labtest::Terminal::start(CLIENT, &args);
    client.expect_output(" of 100000 exchanges, ");
    client.signal(labtest::Signal::INT);
    client.expect_output("received  ");
    client.expect_exit(0);
}

#[track_caller]
fn read_json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Runs the client with `--json`, and gives what it wrote.
#[track_caller]
fn json(name: &str, args: &str, server: SocketAddr) -> Value {
    let path = scratch(name);
    let finished = start(&format!("{args} --json {}", path.display()), server).wait();
    assert_eq!(finished.status.code(), Some(0), "{}", finished.stderr);
    read_json(&path)
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn writes_json_that_reads_back() {
    let server = echo();
    let found = json("run.json", "compare --count 20 --warm-up 2 --interval 1ms", server);
    assert_eq!((&found["version"], &found["target"]), (&json!(1), &json!(server.to_string())));
    let plan = json!({"count": 20, "warm_up": 2, "interval_ns": 1_000_000, "timeout_ns": 1_000_000_000, "size": 32,
        "split_write": false, "no_delay": true});
    assert_eq!(found["plan"], plan);
    assert!(number(&found["difference"]["low_ms"]) <= number(&found["difference"]["high_ms"]));
    for (series, protocol) in found["series"].as_array().unwrap().iter().zip(["udp", "tcp"]) {
        assert_eq!(
            (&series["protocol"], &series["sent"], &series["received"]),
            (&json!(protocol), &json!(20), &json!(20))
        );
        assert_eq!(series["connect_ms"].is_number(), protocol == "tcp");
        assert_eq!(
            (&series["errors"], &series["unfinished"], &series["ended_by"]),
            (&json!([]), &json!(0), &json!(null))
        );
        let exchanges = series["exchanges"].as_array().unwrap();
        assert_eq!(exchanges.len(), 22);
        let mut rtts = Vec::new();
        for exchange in exchanges {
            let (sent_ns, rtt_ns) = (number(&exchange["sent_ns"]), number(&exchange["rtt_ns"]));
            assert_eq!(number(&exchange["received_ns"]), sent_ns + rtt_ns);
            assert!(number(&exchange["due_ns"]) <= sent_ns);
            chrono::DateTime::parse_from_rfc3339(exchange["received"].as_str().unwrap()).unwrap();
            if exchange["warm_up"] == json!(false) {
                rtts.push(rtt_ns / 1e6);
            }
        }
        rtts.sort_by(f64::total_cmp);
        let median = number(&series["from_sending"]["median_ms"]);
        assert!((median - (rtts[9] + rtts[10]) / 2.0).abs() < 1e-9);
        assert!(number(&series["from_schedule"]["median_ms"]) >= median);
    }
}

/// The times in this field of a run over both protocols, in turns.
fn times_in_turns(run: &Value, field: &str) -> Vec<u64> {
    let [udp, tcp] = [0, 1].map(|at| run["series"][at]["exchanges"].as_array().unwrap());
    assert_eq!(udp.len(), tcp.len());
    udp.iter()
        .zip(tcp)
        .flat_map(|(udp, tcp)| [&udp[field], &tcp[field]])
        .map(|ns| ns.as_u64().unwrap())
        .collect()
}

#[test]
fn interleaves_the_two_protocols() {
    let run = json("interleaved.json", "compare --count 20 --interval 4ms", echo());
    let due_ns = times_in_turns(&run, "due_ns");
    assert!(due_ns.windows(2).all(|pair| pair[1] - pair[0] == 2_000_000), "{due_ns:?}");
}

#[test]
fn takes_turns_without_an_interval() {
    let run = json("turns.json", "compare --count 500 --interval 0s --timeout 9s --quiet", echo());
    let sent_ns = times_in_turns(&run, "sent_ns");
    assert!(sent_ns.is_sorted() && sent_ns.len() == 1000, "{sent_ns:?}");
}

#[test]
fn writes_a_table_that_reads_back() {
    let mut server = UdpPeer::server();
    let path = scratch("run.csv");
    let args = format!("udp --count 3 --interval 1ms --timeout 100ms --csv {}", path.display());
    let mut client = start(&args, server.address());
    let replies = requests(&mut server, 3);
    for at in [2, 0, 2] {
        server.send(&replies[at]);
    }
    client.expect_exit(0);
    let table = fs::read_to_string(&*path).unwrap();
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split(',').collect()).collect();
    assert!(rows.iter().all(|row| row.len() == 13), "{table}");
    let column = |name: &str| {
        let at = rows[0].iter().position(|column| *column == name).unwrap();
        rows[1..].iter().map(|row| row[at]).collect::<Vec<_>>()
    };
    assert_eq!(column("version"), ["1", "1", "1"]);
    assert_eq!(column("sequence"), ["1", "2", "3"]);
    assert_eq!(column("copies"), ["1", "0", "2"]);
    assert_eq!(column("reordered"), ["true", "false", "false"]);
    assert_eq!((column("received_ns")[1], column("rtt_ns")[1], column("received")[1]), ("", "", ""));
    let ns = |name: &str| column(name)[2].parse::<u64>().unwrap();
    assert_eq!(ns("received_ns"), ns("sent_ns") + ns("rtt_ns"));
}

#[test]
fn draws_a_picture() {
    for count in [30, 2000] {
        let path = scratch(&format!("run-{count}.svg"));
        let args = format!("compare --count {count} --interval 0s --quiet --plot {}", path.display());
        start(&args, echo()).expect_exit(0);
        let svg = fs::read_to_string(&*path).unwrap();
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"), "{svg}");
        assert!(svg.contains("prefers-color-scheme: dark") && svg.contains("round trip time in ms"));
        assert!(svg.contains("class=\"udp\"") && svg.contains("class=\"tcp\""));
        assert!(svg.len() < 200_000, "{} bytes", svg.len());
    }
}

#[cfg(unix)]
#[test]
fn ends_when_nobody_reads_its_output_and_keeps_the_files() {
    let path = scratch("head.csv");
    let script =
        format!("\"$0\" udp {} --count 100000 --interval 10ms --csv {} | head -2", echo(), path.display());
    let finished = run("/bin/sh", &["-c", &script, CLIENT]);
    assert!(finished.stdout.lines().nth(1).unwrap().starts_with("UDP 1: "), "{}", finished.stdout);
    assert!(
        finished.stderr.starts_with("error: failed to write to standard output: "),
        "{}",
        finished.stderr
    );
    assert!(fs::read_to_string(&*path).unwrap().lines().count() > 1);
}

#[test]
fn says_which_file_it_can_not_write() {
    for option in ["--json", "--csv", "--plot"] {
        let server = echo().to_string();
        let finished = run(CLIENT, &["udp", &server, option, "/no/such/folder/file"]);
        assert!(
            finished.stderr.starts_with("error: failed to create `/no/such/folder/file`: "),
            "{}",
            finished.stderr
        );
        assert_eq!((finished.status.code(), finished.stdout.as_str()), (Some(1), ""));
    }
}

#[test]
fn writes_no_file_over_another() {
    let path = scratch("twice");
    let file = path.display().to_string();
    let finished = run(CLIENT, &["udp", &echo().to_string(), "--json", &file, "--csv", &file]);
    assert_eq!(finished.stderr, format!("error: two results can't be written to one file, `{file}`\n"));
    assert_eq!((finished.status.code(), finished.stdout.as_str()), (Some(1), ""));
}

#[cfg(target_os = "linux")]
#[test]
fn says_that_there_is_no_room_for_so_many_exchanges() {
    let script = format!("ulimit -v 200000; \"$0\" compare {} --count 10000000", echo());
    let finished = run("/bin/sh", &["-c", &script, CLIENT]);
    assert!(
        finished.stderr.starts_with("error: failed to make room for 10000000 exchanges: "),
        "{}",
        finished.stderr
    );
    assert_eq!((finished.status.code(), finished.stderr.lines().count()), (Some(1), 1));
}

#[test]
fn names_the_likely_causes_of_a_slow_first_exchange() {
    let mut server = UdpPeer::server();
    let mut client = start("udp --count 3 --interval 1s --timeout 9s", server.address());
    // A server that is slow to begin: it has all three before it answers, so they took 2 s, 1 s and 0 s at least.
    for reply in requests(&mut server, 3) {
        server.send(&reply);
    }
    let finished = client.wait();
    let sentence = finished.stdout.lines().find(|line| line.starts_with("UDP: the first exchange took "));
    assert!(
        sentence.is_some_and(|line| line.contains(" times the median of the others. Likely causes: ")),
        "{}",
        finished.stdout
    );
}

#[test]
fn tells_the_times_from_the_schedule_apart_when_the_server_stalls() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let mut line = [0; 32];
        for number in 1.. {
            connection.read_exact(&mut line).unwrap();
            if number == 100 {
                thread::sleep(Duration::from_secs(1));
            }
            line.make_ascii_uppercase();
            connection.write_all(&line).unwrap();
        }
    });
    let found = json("stall.json", "tcp --count 400 --interval 10ms --timeout 5s", address);
    let series = &found["series"][0];
    let p90_ms = |from: &str| number(&series[from]["p90_ms"]);
    assert!(p90_ms("from_schedule") > 500.0, "{series}");
    // On an idle machine it is well below 1 ms.
    assert!(p90_ms("from_sending") < 100.0, "{}", series["from_sending"]);
}

// Elsewhere, acknowledgements are delayed for other times.
#[cfg(target_os = "linux")]
#[test]
fn meets_nagle_when_it_writes_twice() {
    let median_ms = |name: &str, option: &str| {
        let args = format!("tcp --count 30 --interval 0s --split-write {option}");
        number(&json(name, args.trim_end(), echo())["series"][0]["from_sending"]["median_ms"])
    };
    let nagle_ms = median_ms("nagle.json", "");
    assert!(nagle_ms >= 30.0, "{nagle_ms}");
    let no_delay_ms = median_ms("no-delay.json", "--no-delay true");
    assert!(no_delay_ms < 20.0, "{no_delay_ms}"); // on an idle machine well below 1 ms
}
