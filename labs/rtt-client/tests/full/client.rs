//! The client, seen from its server and its user. The tests play the server.

use crate::common::{check_figures, echo, echo_udp, figure, figures, start};
use crate::files::{check_counts, read_json, requests};
use crate::scratch::scratch;
use labtest::{Cause, TcpPeerListener, UdpPeer, check, check_eq, fail_check, patience};
use std::net::UdpSocket;

/// A line of the output, such as `UDP 1: sent 2026-01-31 …, received 2026-01-31 …, RTT 0.100 ms`.
struct Line {
    sent: String,
    /// From sending to receiving, as the two times say.
    between_us: i64,
    rtt_ms: f64,
}

impl Line {
    fn parse(line: &str, protocol: &str, number: usize) -> Option<Line> {
        let rest = line.strip_prefix(&format!("{} {number}: sent ", protocol.to_uppercase()))?;
        let (sent, rest) = rest.split_once(", received ")?;
        let (received, rtt) = rest.split_once(", RTT ")?;
        let time = |text| chrono::DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.6f %:z").ok();
        let between_us = (time(received)? - time(sent)?).num_microseconds()?;
        Some(Line { sent: sent.to_owned(), between_us, rtt_ms: rtt.strip_suffix(" ms")?.parse().ok()? })
    }
}

#[test]
fn prints_when_it_sent_and_received_and_the_round_trip_time() {
    for protocol in ["udp", "tcp"] {
        let finished = start(&format!("{protocol} --count 2 --interval 1ms"), echo()).wait();
        for number in [1, 2] {
            let begin = format!("{} {number}: ", protocol.to_uppercase());
            let text = finished.stdout.lines().find(|line| line.starts_with(&begin)).unwrap_or_default();
            let Some(line) = Line::parse(text, protocol, number) else {
                let what = format!("line `{begin}` does not hold two times and an RTT: `{text}`");
                finished.fail_because(Cause::WrongOutput, &what);
            };
            check_eq!(
                line.sent.len(),
                "2026-01-31 23:59:59.999999 +00:00".len(),
                "length of a time in `{text}`"
            );
            let difference_us = line.rtt_ms * 1e3 - line.between_us as f64;
            if difference_us.abs() > 1.01 {
                let what = format!("the two times are {} µs apart in `{text}`", line.between_us);
                finished.fail_because(Cause::WrongRoundTripTime, &what);
            }
        }
        check_counts(&finished, [2, 2, 0, 0, 0, 0, 0]);
        finished.expect_status(0).expect_stderr("");
    }
}

#[test]
fn sums_up_what_it_printed() {
    let finished = start("udp --count 3 --interval 1ms", echo()).wait();
    let rtts = finished.stdout.lines().filter_map(|line| line.split_once(", RTT ")?.1.strip_suffix(" ms"));
    let mut rtts: Vec<f64> = rtts.filter_map(|rtt| rtt.parse().ok()).collect();
    rtts.sort_by(f64::total_cmp);
    let [minimum, median, maximum] = *rtts else {
        let what = format!("3 replies came, and the lines show {} round-trip times", rtts.len());
        finished.fail_because(Cause::WrongOutput, &what);
    };
    let mean = (minimum + median + maximum) / 3.0;
    for (name, expected) in [("minimum", minimum), ("mean", mean), ("median", median), ("maximum", maximum)] {
        let found: f64 = figure(&finished, name);
        if (found - expected).abs() >= 0.0011 {
            let (name, found, wanted) = (name.to_owned(), Some(found.to_string()), expected.to_string());
            let what = "the summary does not agree with the lines";
            finished.fail_because(Cause::WrongFigure { name, found, wanted }, what);
        }
    }
}

#[test]
fn gives_the_time_to_connect_a_row_of_its_own() {
    let finished = start("compare --count 1", echo()).wait();
    match *figures(&finished, "TCP connect") {
        ["-", tcp_ms] if tcp_ms.parse::<f64>().is_ok_and(|ms| ms > 0.0) => {}
        ref found => {
            let (name, found) = ("TCP connect".to_owned(), Some(found.join(" ")));
            let what = "the row `TCP connect` needs `-` for UDP, and a time for TCP";
            let wanted = "`-` and a time".to_owned();
            finished.fail_because(Cause::WrongFigure { name, found, wanted }, what);
        }
    }
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
fn tells_a_late_reply_from_a_lost_one() {
    let mut server = UdpPeer::server();
    let mut client = start("udp --count 3 --interval 1ms --timeout 50ms", server.address());
    let replies = requests(&mut server, 3);
    client.expect_output("no reply within 50ms"); // to the first request
    server.send(&replies[0]);
    let finished = client.wait();
    check_counts(&finished, [3, 1, 1, 2, 0, 0, 0]);
    finished.expect_printed(" ms, late\n").expect_status(0);
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
    const HEAD: &[u8] = b"RTT 00000000";
    let mut server = UdpPeer::server();
    let mut client = start("udp --count 1 --timeout 9s", server.address());
    let reply = server.receive_any().to_ascii_uppercase();
    let Some((_, rest)) = reply.split_at_checked(HEAD.len()) else {
        fail_check(&format!("the request has only {} bytes", reply.len()));
    };
    let other_run = [HEAD, rest].concat();
    let cut = &reply[..reply.len() - 1];
    for garbage in [&b"HELLO"[..], b"", &other_run, cut] {
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
    let Ok((_, address)) = server.recv_from(&mut request) else {
        client.fail_because(Cause::SentNothing, "no request of at most 32 bytes came");
    };
    request.make_ascii_uppercase();
    UdpPeer::client_of(address).send(&request);
    let _ = server.send_to(&request, address); // if the client is gone, its summary will be missing
    check_counts(&client.wait(), [1, 1, 0, 0, 0, 0, 0]);
}

#[test]
fn fails_when_no_reply_comes_at_all() {
    let server = UdpPeer::server();
    let address = server.address();
    let finished = start("udp --count 2 --interval 1ms --timeout 50ms", address).wait();
    // Nothing but the counts, and the reason once.
    finished.expect_last_printed("\n\nUDP: 2 requests sent, no reply.\n").expect_not_printed("received");
    finished
        .expect_stderr(&format!("error: no reply from `{address}` within 0.05 s; is the server running?\n"));
    finished.expect_status(1);
}

#[test]
fn finds_the_server_among_the_addresses_of_a_name() {
    // `localhost` is ::1 before 127.0.0.1 on many machines, and the server is on one of them only.
    let port = echo().port().to_string();
    for mode in ["udp", "tcp", "compare"] {
        let finished = labtest::run(crate::common::CLIENT, &[mode, "localhost", &port, "--count", "1"]);
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
    finished.expect_printed("TCP 1: sent ");
    check_figures(&finished, "received", &["2"]);
    let late: u64 = figure(&finished, "  of these late");
    check!(late > 0, "the reply to the first request came after its timeout, and it is not counted as late");
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
    finished.expect_printed("TCP: the run ended after 1 reply: ");
    finished.expect_printed("; if the server closes after each reply, use --connect-each.\n");
    let ended_by = &read_json(&path)["series"][0]["ended_by"];
    check!(ended_by.is_string(), "`ended_by` in the JSON does not say why the run ended: {ended_by}");
    finished.expect_status(0);
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
    client.wait().expect_not_printed("the run ended");
}

#[test]
fn fails_when_the_server_closes_without_a_reply() {
    let listener = TcpPeerListener::bind();
    let address = listener.address();
    let mut client = start("tcp --count 5 --timeout 9s", address);
    listener.accept().close();
    let start = format!("error: failed to get a reply from `{address}`: ");
    client.wait().expect_error_with(&start).expect_status(1);
}

#[test]
fn compares_udp_and_tcp_side_by_side() {
    let finished = start("compare --count 50 --interval 2ms", echo()).wait();
    check_figures(&finished, "exchanges", &["UDP", "TCP"]);
    check_figures(&finished, "received", &["50", "50"]);
    let verdict = finished.stdout.lines().last().unwrap_or_default();
    let has_verdict = verdict.contains(" is higher than ") || verdict.starts_with("No difference between ");
    check!(
        has_verdict,
        "the last line says neither which is higher nor that there is no difference: {verdict}"
    );
    finished.expect_printed("95 % interval of TCP − UDP: ");
}

#[test]
fn gives_no_verdict_on_one_sample() {
    start("compare --count 1", echo()).wait().expect_printed("\nNo verdict: ");
}

#[test]
fn measures_the_largest_requests() {
    let finished = start("compare --count 20 --interval 0s --size 65507 --timeout 9s", echo()).wait();
    check_figures(&finished, "received", &["20", "20"]);
}

#[cfg(unix)]
#[test]
fn sums_up_when_interrupted() {
    // Ctrl+C, and the signal that `timeout` and `kill` send.
    for signal in [labtest::Signal::INT, labtest::Signal::TERM] {
        let mut client = start("udp --count 100000 --interval 10ms", echo());
        client.expect_output("UDP 3: ");
        client.signal(signal);
        let finished = client.wait();
        let sent = figure::<u64>(&finished, "sent").to_string();
        check_figures(&finished, "received", &[&sent]);
        finished.expect_status(0);
    }
}
