//! The TCP echo client, seen from its server and its user.

use labtest::{Client, TcpPeerListener, run};
use std::net::TcpListener;
use std::time::Duration;

const CLIENT: &str = env!("CARGO_BIN_EXE_tcp-echo-client");

/// Long enough for a client that goes on too early; one that waits is never late.
const SILENCE: Duration = Duration::from_millis(200);

#[test]
fn sends_a_line_and_prints_the_reply() {
    let listener = TcpPeerListener::bind();
    let mut client = Client::start(CLIENT, &[], listener.address());
    let mut server = listener.accept();
    client.write(b"hello world\n");
    server.expect(b"hello world\n");
    server.send(b"HELLO WORLD\n");
    client.expect_output("HELLO WORLD");
}

#[test]
fn sends_line_after_line_over_one_connection() {
    let listener = TcpPeerListener::bind();
    let mut client = Client::start(CLIENT, &[], listener.address());
    let mut server = listener.accept();
    for line in ["one\n", "two\n", "\n", "four\n"] {
        client.write(line.as_bytes());
        server.expect(line.as_bytes());
        let reply = line.to_uppercase();
        server.send(reply.as_bytes());
        client.expect_output(reply.trim_end());
    }
    client.end_input();
    server.expect_end();
    server.close();
    client.expect_exit(0);
}

#[test]
fn prints_replies_alone_where_nobody_types() {
    let listener = TcpPeerListener::bind();
    let mut client = Client::start(CLIENT, &[], listener.address());
    let mut server = listener.accept();
    client.write(b"one\n\n");
    for (line, reply) in [(&b"one\n"[..], &b"ONE\n"[..]), (b"\n", b"\n")] {
        server.expect(line);
        server.send(reply);
    }
    client.end_input();
    let finished = client.wait();
    assert_eq!(finished.stdout, "From server: ONE\nFrom server: \n");
    assert_eq!((finished.status.code(), finished.stderr.as_str()), (Some(0), ""));
}

#[test]
fn sends_the_message_of_its_command_line_alone() {
    let listener = TcpPeerListener::bind();
    let mut client = Client::start(CLIENT, &["-m", "hello"], listener.address());
    let mut server = listener.accept();
    server.expect(b"hello\n");
    server.send(b"HELLO\n");
    server.expect_end();
    client.expect_exit(0);
    assert_eq!(client.stdout(), "From server: HELLO\n");
}

#[test]
fn puts_a_reply_in_pieces_together() {
    let listener = TcpPeerListener::bind();
    let mut client = Client::start(CLIENT, &[], listener.address());
    let mut server = listener.accept();
    client.write(b"hello\nworld\n");
    server.expect(b"hello\n");
    server.send(b"H");
    server.expect_nothing_for(SILENCE); // who takes this for the reply sends the next line
    server.send(b"EL");
    server.send(b"LO\nWOR"); // the next reply has begun
    server.expect(b"world\n");
    server.send(b"LD\n");
    client.end_input();
    client.expect_output("HELLO");
    client.expect_output("WORLD");
}

#[test]
fn takes_a_reply_that_ends_with_the_connection() {
    let listener = TcpPeerListener::bind();
    let mut client = Client::start(CLIENT, &[], listener.address());
    let mut server = listener.accept();
    client.write(b"hello\n");
    server.expect(b"hello\n");
    server.send(b"HELLO");
    server.close();
    client.end_input();
    client.expect_output("HELLO");
}

#[test]
fn shows_a_reply_without_newline_with_a_note() {
    let listener = TcpPeerListener::bind();
    let mut client = Client::start(CLIENT, &["-m", "hello", "--timeout", "200ms"], listener.address());
    let mut server = listener.accept();
    server.expect(b"hello\n");
    server.send(b"HELLO");
    let finished = client.wait();
    assert_eq!(finished.stdout, "From server: HELLO\n");
    assert_eq!(finished.stderr, "note: the reply had no newline within 0.2 s\n");
    assert_eq!(finished.status.code(), Some(0));
}

#[test]
fn gives_up_on_a_server_that_never_ends_its_reply() {
    let listener = TcpPeerListener::bind();
    let mut client = Client::start(CLIENT, &["-m", "hello", "--timeout", "60s"], listener.address());
    let mut server = listener.accept();
    server.expect(b"hello\n");
    server.send(&vec![b'x'; 3 << 20]);
    let finished = client.wait();
    assert!(finished.stderr.ends_with(": the reply is too long and has no newline\n"), "{}", finished.stderr);
    assert_eq!(finished.status.code(), Some(1));
}

#[test]
fn takes_the_longest_reply_that_it_collects() {
    let listener = TcpPeerListener::bind();
    let mut client = Client::start(CLIENT, &["-m", "hello", "--timeout", "60s"], listener.address());
    let mut server = listener.accept();
    server.expect(b"hello\n");
    server.send(&vec![b'X'; 2 << 20]);
    server.close();
    client.expect_exit(0);
}

#[test]
fn says_how_many_replies_came_before_the_server_closed() {
    for (replies, expected) in [(0, "0 replies"), (1, "1 reply"), (2, "2 replies")] {
        let listener = TcpPeerListener::bind();
        let mut client = Client::start(CLIENT, &[], listener.address());
        let mut server = listener.accept();
        for _ in 0..replies {
            client.write(b"hello\n");
            server.expect(b"hello\n");
            server.send(b"HELLO\n");
        }
        client.write(b"hello\n");
        server.expect(b"hello\n");
        server.close();
        let finished = client.wait();
        let address = listener.address();
        assert_eq!(finished.stderr, format!("error: `{address}` closed the connection after {expected}\n"));
        assert_eq!(finished.status.code(), Some(1));
    }
}

#[test]
fn says_the_same_of_a_server_that_resets() {
    let listener = TcpPeerListener::bind();
    let mut client = Client::start(CLIENT, &["-m", "hello"], listener.address());
    let mut server = listener.accept();
    server.expect(b"hello\n");
    server.reset();
    let finished = client.wait();
    let address = listener.address();
    assert_eq!(finished.stderr, format!("error: `{address}` closed the connection after 0 replies\n"));
}

#[test]
fn shows_what_came_of_a_reply_before_a_reset() {
    let listener = TcpPeerListener::bind();
    let mut client = Client::start(CLIENT, &["-m", "hello"], listener.address());
    let mut server = listener.accept();
    server.expect(b"hello\n");
    server.send(b"HEL");
    server.reset();
    client.expect_exit(0);
    assert_eq!(client.stdout(), "From server: HEL\n");
}

#[test]
fn gives_up_when_no_reply_comes() {
    let listener = TcpPeerListener::bind();
    let options = ["-m", "hello", "--timeout", "100ms"];
    let mut client = Client::start(CLIENT, &options, listener.address());
    let mut server = listener.accept();
    server.expect(b"hello\n");
    if !matches!(client.wait().status.code(), Some(1..=127)) {
        client.fail("it does not end with the status of a failure, such as 1");
    }
}

#[test]
fn says_who_did_not_reply() {
    let listener = TcpPeerListener::bind();
    let address = listener.address();
    let mut client = Client::start(CLIENT, &["-m", "hello", "--timeout", "100ms"], address);
    let mut server = listener.accept();
    server.expect(b"hello\n");
    let finished = client.wait();
    assert_eq!(
        finished.stderr,
        format!("error: no reply from `{address}` within 0.1 s; is it busy with another client?\n")
    );
    assert_eq!((finished.status.code(), finished.stdout.as_str()), (Some(1), ""));
}

#[test]
fn refuses_a_message_of_two_lines() {
    let listener = TcpPeerListener::bind();
    let finished = run(CLIENT, &[&listener.address().to_string(), "-m", "one\ntwo"]);
    assert!(
        finished.stderr.starts_with("error: a text with a newline in it is several lines"),
        "{}",
        finished.stderr
    );
    assert_eq!(finished.status.code(), Some(1));
}

#[test]
fn is_refused_where_nobody_listens() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let finished = run(CLIENT, &[&nobody.to_string(), "-m", "hello"]);
    assert!(
        finished.stderr.starts_with(&format!("error: failed to connect to `{nobody}`: ")),
        "{}",
        finished.stderr
    );
    assert!(finished.stderr.ends_with("; is the server running?\n"), "{}", finished.stderr);
    assert_eq!((finished.status.code(), finished.stderr.lines().count()), (Some(1), 1));
}

#[test]
fn tries_every_address_of_a_name() {
    // `localhost` is ::1 before 127.0.0.1 on many machines, and the server is on one of them only.
    let listener = TcpPeerListener::bind();
    let port = listener.address().port().to_string();
    let mut client = Client::at(CLIENT, &["localhost", &port, "-m", "hello"]);
    let mut server = listener.accept();
    server.expect(b"hello\n");
    server.send(b"HELLO\n");
    client.expect_exit(0);
}

#[test]
fn names_every_address_that_it_tried() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let finished = run(CLIENT, &["localhost", &nobody.port().to_string(), "-m", "hello"]);
    let name = format!("error: failed to connect to `localhost:{}` (", nobody.port());
    assert!(finished.stderr.starts_with(&name), "{}", finished.stderr);
    assert!(finished.stderr.contains("127.0.0.1"), "{}", finished.stderr);
}

#[test]
fn sends_bytes_as_they_are() {
    let listener = TcpPeerListener::bind();
    let mut client = Client::start(CLIENT, &[], listener.address());
    let mut server = listener.accept();
    client.write(b"\xff\x00 caf\xc3\xa9 \\o/\n");
    server.expect(b"\xff\x00 caf\xc3\xa9 \\o/\n");
}

#[test]
fn lets_no_server_control_the_terminal() {
    let listener = TcpPeerListener::bind();
    let mut client = Client::start(CLIENT, &[], listener.address());
    let mut server = listener.accept();
    client.write(b"hello\n");
    server.expect(b"hello\n");
    server.send("\u{1b}[2J CAF\u{e9} \\O/\n".as_bytes());
    client.expect_output("From server: \\u{1b}[2J CAF\u{e9} \\O/\n");
}

#[cfg(unix)]
#[test]
fn asks_a_person_for_each_line() {
    let listener = TcpPeerListener::bind();
    let mut client = labtest::Terminal::start(CLIENT, &[&listener.address().to_string()]);
    let mut server = listener.accept();
    client.expect_output("Input lowercase sentence: ");
    client.write(b"hello\n");
    server.expect(b"hello\n");
    server.send(b"HELLO\n");
    client.expect_output("From server: HELLO\r\nInput lowercase sentence: ");
    client.write(b"\x04"); // Ctrl+D
    client.expect_exit(0);
}

#[test]
fn prints_its_usage_when_called_wrongly() {
    let finished = run(CLIENT, &[]);
    assert_eq!(finished.status.code(), Some(2));
    assert!(finished.stderr.contains("Usage: tcp-echo-client <HOST[:PORT]> [PORT]"), "{}", finished.stderr);
}
