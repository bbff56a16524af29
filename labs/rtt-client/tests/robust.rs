//! Edge cases: what the client prints, and lost, late and strange replies. A program in any language may pass these.

mod common;
mod exchange;
mod pinger;
mod shown;

use common::{CLIENT, check_figures, echo, figure, start};
use exchange::{Exchange, Pace};
use labtest::{Cause, Finished, TcpPeerListener, Transport, UdpPeer, check_eq, patience, unforeseen_text};
use pinger::{SERIES, tells_of_loss};
use std::net::UdpSocket;
use std::thread;
use std::time::Duration;

/// How far the two times in a line may be from the RTT: the clocks are read one after the other.
const CLOCKS_MS_MAX: f64 = 50.0;

/// Reads a line of the output, such as `UDP 1: sent 2026-01-31 …, received 2026-01-31 …, RTT 0.100 ms`. Returns the time
/// between the two times, and the RTT.
fn parse(line: &str) -> Option<(f64, f64)> {
    let (sent, rest) = line.split_once(": sent ")?.1.split_once(", received ")?;
    let (received, rtt) = rest.split_once(", RTT ")?;
    let between = (time(received)? - time(sent)?).num_microseconds()?;
    let rtt_ms = rtt.split_once(" ms")?.0.parse().ok()?;
    Some((between as f64 / 1e3, rtt_ms))
}

/// Reads a time for people, such as `2026-01-31 23:59:59.999999 +00:00`.
fn time(text: &str) -> Option<chrono::DateTime<chrono::FixedOffset>> {
    let has_microseconds = text.len() == "2026-01-31 23:59:59.999999 +00:00".len();
    chrono::DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.6f %:z").ok().filter(|_| has_microseconds)
}

/// Returns the RTT in the line that begins with `begin`, such as `UDP 1: `.
#[track_caller]
fn rtt_ms(finished: &Finished, begin: &str) -> f64 {
    let line = finished.stdout.lines().find(|line| line.starts_with(begin) && line.contains(", RTT "));
    let Some((between_ms, rtt_ms)) = line.and_then(parse) else {
        let what = match line {
            Some(line) => format!("this line does not hold two times and an RTT: `{line}`"),
            None => format!("no line begins with `{begin}` and has an RTT"),
        };
        finished.fail_because(Cause::WrongOutput, &what);
    };
    if (rtt_ms - between_ms).abs() > CLOCKS_MS_MAX {
        let what = format!("the two times are {between_ms} ms apart, and the RTT is {rtt_ms} ms");
        finished.fail_because(Cause::WrongRoundTripTime, &what);
    }
    rtt_ms
}

/// Checks that the RTT in a line is about as long as the server's delay.
#[track_caller]
fn check_rtt(finished: &Finished, begin: &str, delay: Duration) {
    let (rtt_ms, delay_ms) = (rtt_ms(finished, begin), delay.as_secs_f64() * 1e3);
    if rtt_ms < 0.95 * delay_ms {
        let what =
            format!("this reply came {delay_ms} ms after its request, and the RTT shown is {rtt_ms} ms");
        finished.fail_because(Cause::WrongRoundTripTime, &what);
    }
}

/// The options of the crate's own client for one exchange.
const ONE: &[&str] = &["udp", "--count", "1", "--timeout", "1s"];

#[test]
fn says_that_no_reply_came() {
    let server = UdpPeer::server();
    let mut client = pinger::start(ONE, &server);
    if !tells_of_loss(&mut client) {
        client.fail_because(Cause::LossNotReported, "no reply came, and it does not say so");
    }
}

#[test]
fn shows_a_round_trip_time_for_each_request() {
    let drawn: u64 = unforeseen_text(8).bytes().map(u64::from).sum();
    pinger::check_shown(SERIES, 2, Duration::from_millis(160 + drawn % 200));
}

#[test]
fn goes_on_after_a_lost_reply() {
    let mut server = UdpPeer::server();
    let _client = pinger::start(SERIES, &server);
    for lost in [false, true, false, true] {
        let request = server.receive_any();
        if !lost {
            server.send(&request.to_ascii_uppercase());
        }
    }
}

#[test]
fn tells_of_lost_replies() {
    let mut server = UdpPeer::server();
    let mut client = pinger::start(SERIES, &server);
    let request = server.receive_any();
    server.send(&request.to_ascii_uppercase());
    // No other request gets a reply.
    if !tells_of_loss(&mut client) {
        client.fail_because(
            Cause::LossNotReported,
            "one reply came and no more, and it does not say that any was lost",
        );
    }
}

#[test]
fn ends_or_says_so_where_nobody_listens() {
    let nobody = UdpPeer::server();
    let mut client = pinger::start(SERIES, &nobody);
    drop(nobody);
    // On the same machine the system may refuse each request. The client must neither crash nor wait without limit.
    tells_of_loss(&mut client);
}

#[test]
fn sends_the_text_of_its_command_line() {
    let mut server = UdpPeer::server();
    let client = start("udp -m sentence", server.address());
    let request = server.receive_any();
    if !request.windows(8).any(|bytes| bytes == b"sentence") {
        client.fail_because(Cause::WrongOutput, "the datagram does not contain the text after `-m`");
    }
    server.send(&request.to_ascii_uppercase());
    client.expect_output("SENTENCE");
}

#[test]
fn shows_when_it_sent_and_received() {
    const DELAY: Duration = Duration::from_millis(200);
    let mut server = UdpPeer::server();
    let mut client = start("udp -m hello --count 1", server.address());
    let request = server.receive_any();
    thread::sleep(DELAY);
    server.send(&request.to_ascii_uppercase());
    let finished = client.wait();
    check_rtt(&finished, "UDP 1: ", DELAY);
    finished.expect_status(0).expect_stderr("");
}

#[test]
fn ignores_strangers() {
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    server.set_read_timeout(Some(patience())).unwrap();
    let mut client = start("udp -m hello --count 1 --timeout 9s", server.local_addr().unwrap());
    let mut request = [0; 100];
    let Ok((size, address)) = server.recv_from(&mut request) else {
        client.fail_because(Cause::SentNothing, "no request of at most 100 bytes came");
    };
    const DELAY: Duration = Duration::from_millis(200);
    let reply = request[..size].to_ascii_uppercase();
    UdpPeer::client_of(address).send(&reply);
    thread::sleep(DELAY);
    let _ = server.send_to(&reply, address); // if the client is gone, its line shows a short time
    check_rtt(&client.wait(), "UDP 1: ", DELAY);
}

#[test]
fn fails_when_no_reply_comes_at_all() {
    let server = UdpPeer::server();
    let address = server.address();
    let finished = start("udp -m hello --count 2 --interval 1ms --timeout 50ms", address).wait();
    finished
        .expect_stderr(&format!("error: no reply from `{address}` within 0.05 s; is the server running?\n"));
    finished.expect_status(1);
}

#[test]
fn finds_the_server_among_the_addresses_of_a_name() {
    // `localhost` is ::1 before 127.0.0.1 on many machines, and the server is on one of them only.
    let port = echo().port().to_string();
    for protocol in ["udp", "tcp"] {
        let finished = labtest::run(CLIENT, &[protocol, "localhost", &port, "-m", "hello", "--count", "1"]);
        rtt_ms(&finished, &format!("{} 1: ", protocol.to_uppercase()));
    }
}

#[test]
fn takes_no_late_reply_for_the_current_one() {
    const DELAY: Duration = Duration::from_millis(200);
    let mut server = UdpPeer::server();
    let mut client = start("udp -m hello --count 2 --interval 1200ms --timeout 1s", server.address());
    let [first, second] = [(); 2].map(|()| server.receive_any().to_ascii_uppercase());
    server.send(&first);
    thread::sleep(DELAY);
    server.send(&second);
    check_rtt(&client.wait(), "UDP 2: ", DELAY);
}

#[test]
fn counts_requests_replies_and_losses() {
    let mut server = UdpPeer::server();
    let mut client = start("udp -m hello --count 4 --interval 50ms --timeout 1s", server.address());
    for lost in [false, true, false, false] {
        let request = server.receive_any();
        if !lost {
            server.send(&request.to_ascii_uppercase());
        }
    }
    let finished = client.wait();
    for (name, count) in [("sent", "4"), ("received", "3"), ("lost", "1")] {
        check_figures(&finished, name, &[count]);
    }
}

#[test]
fn sums_up_what_it_printed() {
    for count in [3, 4] {
        let mut server = UdpPeer::server();
        let mut client =
            start(&format!("udp -m hello --count {count} --interval 1ms --timeout 9s"), server.address());
        // Times that lie far apart, and not in order.
        for delay_ms in &[60, 10, 100, 20][..count] {
            let request = server.receive_any();
            thread::sleep(Duration::from_millis(*delay_ms));
            server.send(&request.to_ascii_uppercase());
        }
        let finished = client.wait();
        let rtts = (1..=count).map(|number| rtt_ms(&finished, &format!("UDP {number}: ")));
        let mut rtts: Vec<f64> = rtts.collect();
        rtts.sort_by(f64::total_cmp);
        let figures = [
            ("minimum", rtts[0]),
            ("mean", rtts.iter().sum::<f64>() / rtts.len() as f64),
            ("median", (rtts[(rtts.len() - 1) / 2] + rtts[rtts.len() / 2]) / 2.0),
            ("maximum", rtts[rtts.len() - 1]),
        ];
        for (name, expected) in figures {
            let found: f64 = figure(&finished, name);
            if (found - expected).abs() >= 0.0021 {
                let (name, found, wanted) = (name.to_owned(), Some(found.to_string()), expected.to_string());
                let what = "the summary does not agree with the lines";
                finished.fail_because(Cause::WrongFigure { name, found, wanted }, what);
            }
        }
    }
}

#[test]
fn shows_the_same_times_over_tcp() {
    const DELAY: Duration = Duration::from_millis(200);
    let listener = TcpPeerListener::bind();
    let mut client = start("tcp -m hello --count 2 --interval 1ms", listener.address());
    let mut server = listener.accept();
    for _ in 0..2 {
        let request = server.read_line();
        thread::sleep(DELAY);
        server.send(&request.to_ascii_uppercase());
    }
    let finished = client.wait();
    check_rtt(&finished, "TCP 1: ", DELAY);
    check_rtt(&finished, "TCP 2: ", DELAY);
    finished.expect_printed("HELLO").expect_status(0).expect_stderr("");
}

#[test]
fn shows_when_it_requested_the_connection() {
    Exchange::over(Transport::Tcp, Pace::TwoSeconds).check_all_times();
}

#[test]
fn shows_how_long_the_connection_took() {
    const BEGIN: &str = "TCP: connection requested ";
    let finished = start("tcp -m hello --count 1", echo()).wait();
    let line = finished.stdout.lines().find_map(|line| line.strip_prefix(BEGIN)).unwrap_or_default();
    let is_right = line.split_once(", connected after ").is_some_and(|(requested, connect)| {
        let connect_ms = connect.strip_suffix(" ms").and_then(|connect| connect.parse::<f64>().ok());
        time(requested).is_some() && connect_ms.is_some_and(|ms| ms > 0.0)
    });
    if !is_right {
        let what = format!("no line `{BEGIN}TIME, connected after … ms`");
        finished.fail_because(Cause::WrongOutput, &what);
    }
    rtt_ms(&finished, "TCP 1: ");
}

#[test]
fn puts_a_tcp_reply_together_from_pieces() {
    let listener = TcpPeerListener::bind();
    let mut client = start("tcp -m hello --count 1 --timeout 9s", listener.address());
    let mut server = listener.accept();
    for byte in server.read_line().to_ascii_uppercase().chunks(1) {
        server.send(byte);
    }
    let finished = client.wait();
    rtt_ms(&finished, "TCP 1: ");
    check_eq!(finished.stdout.matches("HELLO").count(), 1, "replies shown");
}

#[test]
fn takes_no_late_tcp_reply_for_the_current_one() {
    const DELAY: Duration = Duration::from_millis(200);
    let listener = TcpPeerListener::bind();
    let mut client = start("tcp -m hello --count 2 --interval 1200ms --timeout 1s", listener.address());
    let mut server = listener.accept();
    let [first, second] = [(); 2].map(|()| server.read_line().to_ascii_uppercase());
    server.send(&first);
    thread::sleep(DELAY);
    server.send(&second);
    check_rtt(&client.wait(), "TCP 2: ", DELAY);
}

#[test]
fn does_not_mind_a_server_that_closes_after_the_last_reply() {
    let listener = TcpPeerListener::bind();
    let mut client = start("tcp -m hello --count 1", listener.address());
    let mut server = listener.accept();
    let reply = server.read_line().to_ascii_uppercase();
    server.send(&reply);
    server.close();
    let finished = client.wait();
    rtt_ms(&finished, "TCP 1: ");
    finished.expect_status(0).expect_stderr("");
}

#[test]
fn fails_when_the_server_closes_without_a_reply() {
    let listener = TcpPeerListener::bind();
    let address = listener.address();
    let mut client = start("tcp -m hello --count 5 --timeout 9s", address);
    let mut server = listener.accept();
    // A connection that is closed with unread bytes is reset instead.
    server.read_line();
    server.close();
    let start = format!("error: failed to get a reply from `{address}`: ");
    client.wait().expect_error_with(&start).expect_status(1);
}

/// Server and client on two hosts, as in the lab room.
mod two_hosts {
    use crate::common::CLIENT;
    use labtest::contract::two_hosts::{asks_another_host, await_datagram};
    use labtest::{Client, UdpPeer};

    /// The options for the crate's own client, and others that take options.
    const OWN_ARGS: [&str; 5] = ["udp", "--count", "1", "--timeout", "1s"];

    #[test]
    fn client_asks_another_host() {
        asks_another_host(|| {
            let mut server = UdpPeer::server();
            let mut client = Client::start_if_taken(CLIENT, &OWN_ARGS, server.address());
            client.write(b"hello\n"); // for a program that asks for a sentence
            await_datagram(&server);
            server.receive_any();
        });
    }
}
