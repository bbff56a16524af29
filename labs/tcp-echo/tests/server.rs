//! The TCP echo server for one client at a time, seen from its clients.

use labtest::{Server, TcpPeer, run};
use std::time::Duration;

const SERVER: &str = env!("CARGO_BIN_EXE_tcp-echo-server");

/// Long enough for a wrong server to give itself away; a right one is never late, however long this is.
const SILENCE: Duration = Duration::from_millis(200);

#[track_caller]
fn check(bytes: &[u8], expected: &[u8]) {
    let server = Server::start(SERVER, &[]);
    let mut client = server.tcp_client();
    client.send(bytes);
    client.expect(expected);
    client.expect_nothing_for(SILENCE); // and not a byte more
}

#[test]
fn answers_in_upper_case() {
    let server = Server::start(SERVER, &[]);
    let mut client = server.tcp_client();
    client.send(b"hello world\n");
    client.expect(b"HELLO WORLD\n");
    client.half_close();
    client.expect_end();
}

#[test]
fn leaves_everything_but_a_to_z_alone() {
    check(b"`{@[ 0189 &*! ABC xyz\n", b"`{@[ 0189 &*! ABC XYZ\n");
}

#[test]
fn leaves_bytes_that_are_not_ascii_alone() {
    check("straße é \0\u{1b}[2J\n".as_bytes(), "STRAßE é \0\u{1b}[2J\n".as_bytes());
    check(b"\xff\xfe a \xc3\n", b"\xff\xfe A \xc3\n");
}

#[test]
fn answers_at_once_without_a_newline() {
    check(b"hello", b"HELLO");
}

#[test]
fn answers_line_after_line() {
    let server = Server::start(SERVER, &[]);
    let mut client = server.tcp_client();
    for text in ["one\n", "two\n", "a rather long line\n", "x\n"] {
        client.send(text.as_bytes());
        client.expect(text.to_ascii_uppercase().as_bytes());
    }
}

#[test]
fn answers_every_line_of_one_segment() {
    check(b"one\ntwo\nthree\n", b"ONE\nTWO\nTHREE\n");
}

#[test]
fn answers_one_byte_at_a_time() {
    let server = Server::start(SERVER, &[]);
    let mut client = server.tcp_client();
    for byte in b"hello, world\n" {
        client.send(&[*byte]);
        client.expect(&[byte.to_ascii_uppercase()]);
    }
}

#[test]
fn answers_all_of_a_long_text() {
    let text = b"all of this comes back. ".repeat(2000);
    check(&text, &text.to_ascii_uppercase());
}

#[test]
fn answers_everything_before_a_half_close() {
    let server = Server::start(SERVER, &[]);
    let mut client = server.tcp_client();
    client.send(b"hello\nlast words without a newline");
    client.half_close();
    client.expect(b"HELLO\nLAST WORDS WITHOUT A NEWLINE");
    client.expect_end();
}

#[test]
fn serves_one_client_after_the_other() {
    let server = Server::start(SERVER, &[]);
    for _ in 0..3 {
        let mut client = server.tcp_client();
        client.send(b"hello\n");
        client.expect(b"HELLO\n");
        client.close();
    }
}

#[test]
fn lets_a_second_client_connect_and_wait_for_its_turn() {
    let server = Server::start(SERVER, &[]);
    let mut first = server.tcp_client();
    first.send(b"first\n");
    first.expect(b"FIRST\n");
    let mut second = server.tcp_client();
    second.send(b"second\n");
    second.expect_nothing_for(SILENCE);
    first.send(b"still here\n");
    first.expect(b"STILL HERE\n");
    first.close();
    second.expect(b"SECOND\n");
}

#[test]
fn survives_a_client_that_resets() {
    let server = Server::start(SERVER, &[]);
    let mut rude = server.tcp_client();
    rude.send(b"hello\n");
    rude.expect(b"HELLO\n");
    rude.reset();
    let mut client = server.tcp_client();
    client.send(b"hello\n");
    client.expect(b"HELLO\n");
}

#[cfg(target_os = "linux")]
#[test]
fn tells_a_reset_from_an_end() {
    for args in [&[][..], &["--once"]] {
        let server = Server::start(SERVER, args);
        server.tcp_client().reset();
        server.expect_output("client 1 disconnected: Connection reset by peer");
    }
}

#[test]
fn survives_a_client_that_says_nothing() {
    let server = Server::start(SERVER, &[]);
    server.tcp_client().close();
    server.tcp_client().reset();
    let mut client = server.tcp_client();
    client.send(b"hello\n");
    client.expect(b"HELLO\n");
}

#[test]
fn survives_a_client_that_leaves_before_its_reply() {
    let server = Server::start(SERVER, &[]);
    for _ in 0..20 {
        let mut rude = server.tcp_client();
        rude.send(&[b'x'; 10_000]);
        rude.close();
    }
    let mut client = server.tcp_client();
    client.send(b"hello\n");
    client.expect(b"HELLO\n");
}

#[cfg(target_os = "linux")]
#[test]
fn says_once_that_it_has_no_descriptor_and_goes_on_when_it_has() {
    if !labtest::has_tool("prlimit") {
        return;
    }
    let server = Server::at(SERVER, &["127.0.0.1:0"]);
    let allow = |count: &str| {
        let limited = run("prlimit", &[&format!("--nofile={count}:"), "--pid", &server.id().to_string()]);
        assert!(limited.status.success(), "{}", limited.stderr);
    };
    allow("4"); // three and the listening socket: there is none for a connection
    // If the server waits in `accept` already, that call has its descriptor. One client uses it up.
    server.tcp_client().close();
    server.expect_output("failed to accept a client: ");
    let mut client = server.tcp_client();
    client.send(b"hello\n");
    client.expect_nothing_for(Duration::from_millis(500));
    assert_eq!(server.stdout().matches("failed to accept").count(), 1, "{}", server.stdout());
    allow("64");
    client.expect(b"HELLO\n");
}

/// A computer that is switched off sends no end of the connection, and whoever waits for his turn would wait for ever.
#[cfg(target_os = "linux")]
#[test]
fn asks_after_clients_that_may_be_gone() {
    let server = Server::at(SERVER, &["127.0.0.1:0"]);
    let mut client = server.tcp_client();
    client.send(b"hello\n");
    client.expect(b"HELLO\n");
    // In the system's table, the server's end of the connection (state 01) has a timer (02) that is to ask.
    let local = format!(":{:04X}", server.address().port());
    let table = || std::fs::read_to_string("/proc/net/tcp").unwrap();
    let asks = |row: &str| {
        let fields: Vec<&str> = row.split_whitespace().collect();
        fields[1].ends_with(&local) && fields[3] == "01" && fields[5].starts_with("02:")
    };
    let begun = std::time::Instant::now();
    while !table().lines().any(asks) {
        assert!(begun.elapsed() < labtest::patience(), "nothing asks after the client:\n{}", table());
    }
}

#[test]
fn closes_after_the_first_line_with_once() {
    let server = Server::start(SERVER, &["--once"]);
    for _ in 0..3 {
        let mut client = server.tcp_client();
        client.send(b"hello\n");
        client.expect(b"HELLO\n");
        client.expect_end();
    }
}

#[test]
fn closes_after_a_pause_with_once_when_no_newline_comes() {
    let server = Server::start(SERVER, &["--once"]);
    let mut client = server.tcp_client();
    client.send(b"hello");
    client.expect(b"HELLO");
    client.expect_end();
    client.close();
    server.expect_output("client 1 disconnected\n");
}

#[cfg(target_os = "linux")]
#[test]
fn goes_on_waiting_with_once_after_it_was_stopped() {
    use labtest::Signal;
    let server = Server::start(SERVER, &["--once"]);
    for number in 1..=5 {
        let mut client = server.tcp_client();
        client.send(b"no newline");
        client.expect(b"NO NEWLINE");
        // The wait for a newline is interrupted: that is no error of this client.
        server.signal(Signal::STOP);
        server.expect_stopped();
        server.signal(Signal::CONT);
        client.expect_end();
        client.close();
        server.expect_output(&format!("client {number} disconnected\n"));
    }
}

#[test]
fn loses_no_reply_with_once_when_the_line_comes_in_pieces() {
    let server = Server::start(SERVER, &["--once"]);
    for _ in 0..10 {
        let mut client = server.tcp_client();
        for byte in b"hello\nand more" {
            client.send(&[*byte]);
        }
        client.expect(b"HELLO\n");
        // More than the first line gets no answer, but the end is an end and no reset.
        client.expect_end();
    }
}

#[test]
fn loses_no_reply_with_once_when_much_more_comes() {
    let server = Server::start(SERVER, &["--once"]);
    let mut client = server.tcp_client();
    // More than one read takes, so closing right after the reply would be a reset.
    client.send(&[b"hello\n", &[b'x'; 300_000][..]].concat());
    client.expect(b"HELLO\n");
    client.expect_end();
}

/// Sends `mebibytes`, or what a slow server can do in some seconds, while reading what comes back, and compares it. Tells
/// how many bytes that were.
fn stream(client: &mut TcpPeer, mebibytes: usize) -> usize {
    let text: Vec<u8> = (0..1 << 16).map(|at| b"abcXYZ019\n{`@["[at % 14]).collect();
    client.exchange(&text, &text.to_ascii_uppercase(), mebibytes << 4)
}

/// More than any buffer on the way holds, so a server that reads to the end before it answers would stand still.
#[test]
fn returns_a_gigabyte_while_it_is_sent() {
    let server = Server::start(SERVER, &[]);
    stream(&mut server.tcp_client(), 1024);
}

#[cfg(target_os = "linux")]
#[test]
fn needs_little_memory_for_a_long_stream() {
    let server = Server::start(SERVER, &[]);
    // What a language needs for itself is not the question.
    stream(&mut server.tcp_client(), 2);
    let before = server.memory_kib_max();
    let mut client = server.tcp_client();
    let streamed = stream(&mut client, 256) as u64 / 1024;
    let after = server.memory_kib_max();
    // And some let things lie about for a while.
    if after > before + (streamed / 16).max(2048) {
        server.fail(&format!("it had {before} KiB, and {after} KiB after {streamed} KiB had come and gone"));
    }
}

/// Languages that bring a machine of their own need more for that alone.
#[cfg(target_os = "linux")]
#[test]
fn needs_less_than_ten_mebibytes() {
    let server = Server::start(SERVER, &[]);
    stream(&mut server.tcp_client(), 64);
    assert!(server.memory_kib_max() < 10 * 1024, "{} KiB", server.memory_kib_max());
}

#[test]
fn shows_who_came_what_they_said_and_that_they_left() {
    let server = Server::start(SERVER, &[]);
    let mut client = server.tcp_client();
    client.send(b"hello\n");
    client.expect(b"HELLO\n");
    let address = client.stream().local_addr().unwrap();
    client.close();
    server.expect_output(&format!(
        "client 1 connected from {address}\nclient 1: hello\nclient 1 disconnected\n"
    ));
    server.tcp_client().close();
    server.expect_output("client 2 disconnected\n");
}

#[test]
fn lets_no_client_control_the_terminal() {
    let server = Server::start(SERVER, &[]);
    server.tcp_client().send(b"\x1b[2Jgone\r\nfake line\xff\n");
    server.expect_output("client 1: \\u{1b}[2Jgone\\r\\nfake line\\xff\n");
}

#[test]
fn prints_only_where_it_listens_when_quiet() {
    let server = Server::start(SERVER, &["--quiet"]);
    let mut client = server.tcp_client();
    client.send(b"hello\n");
    client.expect(b"HELLO\n");
    server.expect_no_more_output_for(SILENCE, &format!("listening on {}\n", server.address()));
}

#[cfg(unix)]
#[test]
fn goes_on_without_its_screen() {
    // The pipe is closed after the first line.
    let script = format!("'{SERVER}' 127.0.0.1 0 | {{ head -n 1; exec <&-; echo gone; }}");
    let server = Server::at("/bin/sh", &["-c", &script]);
    server.expect_output("gone\n");
    // So often that it has noticed.
    for _ in 0..300 {
        let mut client = server.tcp_client();
        client.send(b"hello\n");
        client.expect(b"HELLO\n");
        client.close();
    }
}

#[test]
fn listens_on_ipv6() {
    let server = Server::at(SERVER, &["::1", "0"]);
    let mut client = server.tcp_client();
    client.send(b"hello\n");
    client.expect(b"HELLO\n");
}

#[test]
fn fails_when_the_port_is_taken() {
    let server = Server::at(SERVER, &["127.0.0.1:0"]);
    let address = server.address().to_string();
    let second = run(SERVER, &[&address]);
    assert_eq!(second.status.code(), Some(1));
    assert!(second.stderr.starts_with(&format!("error: failed to bind `{address}`: ")), "{}", second.stderr);
    assert!(second.stderr.ends_with("; is another server running? try port 0\n"), "{}", second.stderr);
    assert_eq!(second.stderr.lines().count(), 1);
}

#[test]
fn starts_again_on_its_port_at_once() {
    let server = Server::at(SERVER, &["127.0.0.1:0", "--once"]);
    let address = server.address().to_string();
    let mut client = server.tcp_client();
    client.send(b"hello\n");
    client.expect(b"HELLO\n");
    client.expect_end(); // the server closed first: its end stays in TIME_WAIT
    drop(server);
    let server = Server::at(SERVER, &[&address]);
    let mut client = server.tcp_client();
    client.send(b"hello\n");
    client.expect(b"HELLO\n");
}

#[test]
fn prints_its_usage_when_called_wrongly() {
    let finished = run(SERVER, &["--no-such-option"]);
    assert_eq!(finished.status.code(), Some(2));
    assert!(
        finished.stderr.contains("Usage: tcp-echo-server [OPTIONS] [HOST[:PORT]] [PORT]"),
        "{}",
        finished.stderr
    );
}
