//! The client's options and messages.

use crate::common::{CLIENT, check_figures, echo, echo_tcp, start};
use crate::files::{check_counts, json, number, requests};
#[cfg(unix)]
use crate::{files::read_json, scratch::scratch};
#[cfg(unix)]
use labtest::Finished;
use labtest::{TcpPeerListener, UdpPeer, check, check_eq, contract, run};
#[cfg(unix)]
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

#[test]
fn sends_requests_of_the_size_asked_for() {
    let mut server = UdpPeer::server();
    let mut client = start("udp --count 1 --size 1000", server.address());
    let request = server.receive_any();
    check_eq!(request.len(), 1000, "bytes in the datagram");
    server.send(&request.to_ascii_uppercase());
    check_counts(&client.wait(), [1, 1, 0, 0, 0, 0, 0]);

    let listener = TcpPeerListener::bind();
    let mut client = start("tcp --count 1 --size 1000", listener.address());
    let mut server = listener.accept();
    let request = server.read_line();
    check_eq!(request.len(), 1000, "bytes in the line");
    server.send(&request.to_ascii_uppercase());
    check_counts(&client.wait(), [1, 1, 0, 0, 0, 0, 0]);
}

#[test]
fn says_that_it_waits_without_a_limit() {
    let mut server = UdpPeer::server();
    let mut client = start("udp --count 1 --timeout none", server.address());
    let reply = server.receive_any().to_ascii_uppercase();
    server.send(&reply);
    let finished = client.wait();
    check!(finished.stdout.contains(", no timeout\n"), "the settings:\n{}", finished.stdout);
}

// Only here does the system report an ICMP message to a UDP socket for certain.
#[cfg(target_os = "linux")]
#[test]
fn is_refused_over_udp_where_nobody_listens() {
    let nobody = UdpPeer::server().address();
    let finished = start("udp --count 10", nobody).wait();
    let error = format!("error: failed to get a reply from `{nobody}`: Connection refused");
    finished.expect_error(&error, "; is the server running?");
    finished.expect_last_printed("\n\nUDP: 1 request sent, no reply.\n");
}

// Only here does the system report every refusal.
#[cfg(target_os = "linux")]
#[test]
fn names_each_error_of_the_system_once() {
    let mut server = UdpPeer::server();
    let path = scratch("refused.json");
    let args = format!("udp --count 20 --interval 10ms --timeout 100ms --json {}", path.display());
    let mut client = start(&args, server.address());
    let reply = server.receive_any().to_ascii_uppercase();
    server.send(&reply);
    client.expect_output("UDP 1: sent ");
    drop(server);
    let finished = client.wait();
    let named: Vec<&str> =
        finished.stdout.lines().filter(|line| line.starts_with("UDP: the system reported ")).collect();
    let [line] = *named else { client.fail(&format!("it names the system's error {} times", named.len())) };
    check!(line.ends_with(" × Connection refused (os error 111)."), "the error is not named in `{line}`");
    let error = &read_json(&path)["series"][0]["errors"][0];
    check_eq!(error["error"], json!("Connection refused (os error 111)"), "`error` in the JSON");
    check!(line.contains(&format!(" {} × ", error["count"])), "`{line}` and the JSON differ: {error}");
    finished.expect_status(0);
}

#[test]
fn is_refused_over_tcp_where_nobody_listens() {
    let nobody = TcpPeerListener::bind().address();
    let finished = start("tcp --count 10", nobody).wait();
    let error = format!("error: failed to connect to `{nobody}`: ");
    finished.expect_error_with(&error).expect_error_with("; is the server running?\n");
    finished.expect_status(1).expect_stdout("");
}

#[test]
fn says_that_a_name_is_unknown() {
    let finished = run(CLIENT, &["compare", "no-such-host.invalid"]);
    finished.expect_error("error: failed to resolve `no-such-host.invalid`: ", "");
}

#[test]
fn splits_no_datagram() {
    let finished = run(CLIENT, &["udp", "127.0.0.1:9", "--split-write"]);
    finished.expect_stderr("error: `--split-write` is for TCP: over UDP, two writes are two datagrams\n");
    finished.expect_status(1);
}

#[test]
fn goes_on_with_one_protocol_when_the_other_fails() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    echo_tcp(listener);
    let finished = start("compare --count 3 --interval 1ms --timeout 100ms", address).wait();
    check_figures(&finished, "received", &["0", "3"]);
    finished.expect_status(0);
}

#[test]
fn prints_no_line_per_exchange_when_quiet() {
    let finished = start("udp --count 3 --interval 1ms --quiet", echo()).wait();
    check_counts(&finished, [3, 3, 0, 0, 0, 0, 0]);
    finished.expect_not_printed("UDP 1: ");
}

#[test]
fn leaves_the_warm_up_out_of_the_count() {
    let finished = start("udp --warm-up 2 --count 3 --interval 1ms", echo()).wait();
    check_counts(&finished, [3, 3, 0, 0, 0, 0, 0]);
    finished.expect_printed("UDP 2 (warm-up): sent ").expect_printed("UDP 5: sent ");
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
        contract::prints_its_usage(CLIENT, &[&words.split_whitespace().collect::<Vec<_>>()], "--help");
    }
}

/// Interrupts a client after its third request and the reply to the first one. Returns what it printed and what it
/// wrote about UDP.
#[cfg(unix)]
#[track_caller]
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
    finished.expect_status(0);
    let series = read_json(&path)["series"][0].clone();
    (finished, series)
}

#[cfg(unix)]
#[test]
fn listens_a_second_at_most_when_interrupted() {
    let (finished, series) = interrupted("unfinished.json", "--count 100000");
    check_figures(&finished, "received", &["1"]);
    check_eq!(series["unfinished"], series["lost"], "`unfinished` in the JSON");
    let lost = &series["lost"];
    finished.expect_printed(&format!(
        "UDP: {lost} of the lost still had time for a reply when the run was stopped."
    ));
}

#[cfg(unix)]
#[test]
fn misses_no_warm_up_when_interrupted() {
    let (finished, series) = interrupted("cold.json", "--count 1 --warm-up 100000");
    check_eq!(series["lost"], json!(0), "`lost` in the JSON");
    check_eq!(series["unfinished"], json!(0), "`unfinished` in the JSON");
    finished.expect_not_printed(" of the lost ");
}

#[cfg(unix)]
#[test]
fn shows_on_a_terminal_how_far_a_long_run_is() {
    // The first sign of life comes after a while.
    labtest::set_patience(std::time::Duration::from_secs(10));
    let server = echo();
    let args = ["udp", &server.to_string(), "--count", "100000", "--interval", "10ms", "--quiet"];
    let mut client = labtest::Terminal::start(CLIENT, &args);
    client.expect_output(" of 100000 exchanges, ");
    client.signal(labtest::Signal::INT);
    client.expect_output("received  ");
    client.expect_exit(0);
}

#[test]
fn names_the_likely_causes_of_a_slow_first_exchange() {
    let mut server = UdpPeer::server();
    let mut client = start("udp --count 3 --interval 1s --timeout 9s", server.address());
    // This server is slow to begin: it answers when all three have come, so they take at least 2 s, 1 s and 0 s.
    for reply in requests(&mut server, 3) {
        server.send(&reply);
    }
    let finished = client.wait();
    finished.expect_printed("UDP: the first exchange took ");
    finished.expect_printed(" times the median of the others. Likely causes: ");
}

#[test]
fn tells_the_times_from_the_schedule_apart_when_the_server_stalls() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || -> std::io::Result<()> {
        let (mut connection, _) = listener.accept()?;
        let mut line = [0; 32];
        for number in 1.. {
            connection.read_exact(&mut line)?; // an error at the end of the run
            if number == 100 {
                thread::sleep(Duration::from_secs(1));
            }
            line.make_ascii_uppercase();
            connection.write_all(&line)?;
        }
        Ok(())
    });
    let found = json("stall.json", "tcp --count 400 --interval 10ms --timeout 5s", address);
    let series = &found["series"][0];
    let p90_ms = |from: &str| number(&series[from]["p90_ms"]);
    let (schedule_ms, sending_ms) = (p90_ms("from_schedule"), p90_ms("from_sending"));
    check!(schedule_ms > 500.0, "after a stall of 1 s, `p90_ms` of `from_schedule` is {schedule_ms}");
    // On an idle machine it is well below 1 ms.
    check!(sending_ms < 100.0, "only one reply was slow, and `p90_ms` of `from_sending` is {sending_ms}");
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
    check!(nagle_ms >= 30.0, "with two writes, the median is {nagle_ms} ms: no delayed acknowledgement");
    let no_delay_ms = median_ms("no-delay.json", "--no-delay true");
    // On an idle machine it is well below 1 ms.
    check!(no_delay_ms < 20.0, "with TCP_NODELAY, the median is {no_delay_ms} ms");
}

#[test]
fn sends_a_text_and_shows_the_first_reply() {
    for mode in ["udp", "tcp", "compare"] {
        let finished = run(CLIENT, &[mode, &echo().to_string(), "-m", "hello &*! 42", "--count", "2"]);
        check_figures(&finished, "received", &["2", "2"][..if mode == "compare" { 2 } else { 1 }]);
        check_eq!(finished.stdout.matches("From server: HELLO &*! 42\n").count(), 1, "replies shown");
        finished.expect_status(0);
    }
    let finished = run(CLIENT, &["udp", "127.0.0.1:9", "-m", "two\nlines"]);
    finished.expect_error_with("the text is one line").expect_status(2);
}

#[test]
fn asks_for_a_text_and_sends_it_once() {
    for protocol in ["udp", "tcp"] {
        let mut client = start(protocol, echo());
        client.write(b"hello &*! 42\n");
        let finished = client.wait();
        check_figures(&finished, "sent", &["1"]);
        finished.expect_printed("From server: HELLO &*! 42\n").expect_status(0).expect_stderr("");
    }
    let finished = run(CLIENT, &["udp", &echo().to_string()]);
    finished.expect_error("error: standard input has no line to send; ", "");
}

#[cfg(unix)]
#[test]
fn prompts_for_a_text_on_a_terminal() {
    let mut client = labtest::Terminal::start(CLIENT, &["tcp", &echo().to_string()]);
    client.expect_output("Input lowercase sentence: ");
    client.write(b"hello\n");
    client.expect_output("From server: HELLO");
    client.expect_exit(0);
}

#[test]
fn connects_for_each_request() {
    const ARGS: &str = "tcp --count 3 --interval 10ms --timeout 9s --connect-each";
    // As the textbook's server: one reply, and the connection is closed. Each is accepted when the one before is over.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || -> std::io::Result<()> {
        loop {
            let (mut connection, _) = listener.accept()?;
            let mut line = [0; 32];
            connection.read_exact(&mut line)?;
            thread::sleep(Duration::from_millis(5));
            connection.write_all(&line.to_ascii_uppercase())?;
        }
    });
    let finished = start(ARGS, address).wait();
    check_counts(&finished, [3, 3, 0, 0, 0, 0, 0]);
    check_eq!(finished.stdout.matches("TCP: connection requested ").count(), 3, "connections shown");
    finished.expect_printed("TCP: the times from the schedule include the time to connect.\n");
    finished.expect_not_printed("the run ended").expect_status(0).expect_stderr("");

    // A server that waits for its client to close works, too.
    check_counts(&start(ARGS, echo()).wait(), [3, 3, 0, 0, 0, 0, 0]);
    check_counts(&start(&ARGS.replace("10ms", "0s"), echo()).wait(), [3, 3, 0, 0, 0, 0, 0]);
    let finished = start(&ARGS.replace("tcp", "compare"), echo()).wait();
    check_figures(&finished, "received", &["3", "3"]);

    let found = json("connect-each.json", ARGS, address);
    let exchanges = &found["series"][0]["exchanges"];
    let times = [0, 1, 2].map(|at| exchanges[at]["connection_requested"].clone());
    check!(times[0] != times[1] && times[1] != times[2], "three connections were requested at {times:?}");
    for at in 0..3 {
        let (rtt_ns, connect_ns) = (number(&exchanges[at]["rtt_ns"]), number(&exchanges[at]["connect_ns"]));
        check!(connect_ns > 0.0 && rtt_ns >= 5e6, "`connect_ns` is {connect_ns}, and `rtt_ns` {rtt_ns}");
    }

    let finished = run(CLIENT, &["udp", "127.0.0.1:9", "--count", "1", "--connect-each"]);
    finished.expect_stderr("error: `--connect-each` is for TCP: UDP has no connections\n").expect_status(1);
}

#[test]
fn loses_only_the_request_that_gets_no_reply_when_it_connects_for_each() {
    let listener = TcpPeerListener::bind();
    let mut client =
        start("tcp --count 3 --interval 10ms --timeout 200ms --connect-each", listener.address());
    for is_answered in [true, false, true] {
        let mut server = listener.accept();
        let request = server.read_line();
        if is_answered {
            server.send(&request.to_ascii_uppercase());
            server.close();
        } else {
            server.read_to_end();
        }
    }
    check_counts(&client.wait(), [3, 2, 0, 1, 0, 0, 0]);
}
