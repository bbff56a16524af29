//! The UDP echo client, seen from its server and its user.

use labtest::{Cause, Client, UdpPeer, run};

const CLIENT: &str = env!("CARGO_BIN_EXE_udp-echo-client");

#[test]
fn sends_a_line_as_one_datagram_and_prints_the_reply() {
    let mut server = UdpPeer::server();
    let mut client = Client::start(CLIENT, &[], server.address());
    client.write(b"hello world\n");
    server.expect(b"hello world");
    server.send(b"HELLO WORLD");
    client.expect_output("HELLO WORLD");
}

#[test]
fn sends_line_after_line() {
    let mut server = UdpPeer::server();
    let mut client = Client::start(CLIENT, &[], server.address());
    for line in ["one", "two", "", "four"] {
        client.write(format!("{line}\n").as_bytes());
        server.expect(line.as_bytes());
        let reply = line.to_uppercase();
        server.send(reply.as_bytes());
        client.expect_output(&reply);
    }
    client.end_input();
    client.expect_exit(0);
}

#[test]
fn prints_replies_alone_where_nobody_types() {
    let mut server = UdpPeer::server();
    let mut client = Client::start(CLIENT, &[], server.address());
    client.write(b"one\n\n");
    for (line, reply) in [(&b"one"[..], &b"ONE"[..]), (b"", b"")] {
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
    let mut server = UdpPeer::server();
    let mut client = Client::start(CLIENT, &["-m", "hello"], server.address());
    server.expect(b"hello");
    server.send(b"HELLO");
    client.expect_exit(0);
    assert_eq!(client.stdout(), "From server: HELLO\n");
}

#[test]
fn sends_bytes_as_they_are() {
    let mut server = UdpPeer::server();
    let mut client = Client::start(CLIENT, &[], server.address());
    client.write(b"\xff\x00 caf\xc3\xa9 \\o/\n");
    server.expect(b"\xff\x00 caf\xc3\xa9 \\o/");
}

#[test]
fn lets_no_server_control_the_terminal() {
    let mut server = UdpPeer::server();
    let mut client = Client::start(CLIENT, &[], server.address());
    client.write(b"hello\n");
    server.expect(b"hello");
    server.send("\u{1b}[2J CAF\u{e9} \\O/".as_bytes());
    client.expect_output("From server: \\u{1b}[2J CAF\u{e9} \\O/\n");
}

#[cfg(not(target_os = "macos"))] // its largest is 9,216 bytes (net.inet.udp.maxdgram)
#[test]
fn prints_the_largest_reply_whole() {
    let mut server = UdpPeer::server();
    let mut client = Client::start(CLIENT, &["-m", &"x".repeat(65_507)], server.address());
    server.expect(&[b'x'; 65_507]);
    server.send(&[b'X'; 65_507]);
    client.expect_exit(0);
    client.expect_output(&"X".repeat(65_507));
}

#[test]
fn ignores_replies_of_strangers() {
    let mut server = UdpPeer::server();
    let mut client = Client::start(CLIENT, &[], server.address());
    client.write(b"hello\n");
    let address = server.expect_from(b"hello");
    UdpPeer::client_of(address).send(b"FROM A STRANGER");
    server.send(b"HELLO");
    client.end_input();
    client.expect_exit(0);
    if client.stdout().contains("STRANGER") {
        client.fail_because(Cause::AcceptsStrangers, "it shows a reply that did not come from its server");
    }
    client.expect_output("HELLO");
}

#[test]
fn gives_up_when_no_reply_comes() {
    let mut server = UdpPeer::server();
    let mut client = Client::start(CLIENT, &["-m", "hello", "--timeout", "100ms"], server.address());
    server.expect(b"hello");
    if !matches!(client.wait().status.code(), Some(1..=127)) {
        client.fail("it does not end with the status of a failure, such as 1");
    }
}

#[test]
fn says_who_did_not_reply() {
    let mut server = UdpPeer::server();
    let address = server.address();
    let mut client = Client::start(CLIENT, &["-m", "hello", "--timeout", "100ms"], address);
    server.expect(b"hello");
    let finished = client.wait();
    assert_eq!(
        finished.stderr,
        format!("error: no reply from `{address}` within 0.1 s; is the server running?\n")
    );
    assert_eq!((finished.status.code(), finished.stdout.as_str()), (Some(1), ""));
}

#[cfg(unix)]
#[test]
fn goes_on_waiting_after_it_was_stopped() {
    use labtest::Signal;
    let mut server = UdpPeer::server();
    let mut client = Client::start(CLIENT, &["-m", "hello", "--timeout", "60s"], server.address());
    server.expect(b"hello");
    for _ in 0..20 {
        client.signal(Signal::STOP);
        #[cfg(target_os = "linux")] // elsewhere it may go on before it has stopped, and this shows less
        client.expect_stopped();
        client.signal(Signal::CONT);
    }
    server.send(b"HELLO");
    client.expect_exit(0);
    client.expect_output("HELLO");
}

// Only here does the system report an ICMP message to a UDP socket for certain.
#[cfg(target_os = "linux")]
#[test]
fn is_refused_where_nobody_listens() {
    let nobody = UdpPeer::server().address();
    let mut client = Client::at(CLIENT, &["-m", "hello", &nobody.to_string()]);
    let finished = client.wait();
    assert!(
        finished
            .stderr
            .starts_with(&format!("error: failed to get a reply from `{nobody}`: Connection refused"))
    );
    assert!(finished.stderr.ends_with("; is the server running?\n"), "{}", finished.stderr);
    assert_eq!(finished.status.code(), Some(1));
}

#[test]
fn tries_every_address_of_a_name() {
    // `localhost` is ::1 before 127.0.0.1 on many machines, and the server is on one of them only.
    let mut server = UdpPeer::server();
    let port = server.address().port().to_string();
    let mut client = Client::at(CLIENT, &["localhost", &port]);
    for line in ["hello", "again"] {
        client.write(format!("{line}\n").as_bytes());
        server.expect(line.as_bytes());
        server.send(line.to_uppercase().as_bytes());
    }
    client.expect_output("From server: HELLO\nFrom server: AGAIN\n");
}

#[test]
fn says_that_a_text_is_too_long_for_a_datagram() {
    let finished = run(CLIENT, &["127.0.0.1:9", "-m", &"x".repeat(65_508)]);
    assert_eq!(finished.stderr, "error: a datagram carries at most 65507 bytes, and this text has 65508\n");
    assert_eq!(finished.status.code(), Some(1));
}

#[test]
fn says_that_a_name_is_unknown() {
    // No part of a name is longer than 63 characters, so nobody on the network need be asked.
    let name = "x".repeat(64);
    let finished = run(CLIENT, &[&name, "-m", "hello"]);
    assert!(
        finished.stderr.starts_with(&format!("error: failed to resolve `{name}`: ")),
        "{}",
        finished.stderr
    );
    assert_eq!((finished.status.code(), finished.stderr.lines().count()), (Some(1), 1));
}

#[test]
fn prints_its_usage_when_called_wrongly() {
    let finished = run(CLIENT, &[]);
    assert_eq!(finished.status.code(), Some(2));
    assert!(finished.stderr.contains("Usage: udp-echo-client <HOST[:PORT]> [PORT]"), "{}", finished.stderr);
    let finished = run(CLIENT, &["127.0.0.1", "--timeout", "2"]);
    assert_eq!(finished.status.code(), Some(2));
    assert!(finished.stderr.contains("write a number and its unit, like `2s`"), "{}", finished.stderr);
}

#[cfg(unix)]
#[test]
fn asks_a_person_for_each_line() {
    let mut server = UdpPeer::server();
    let mut client = labtest::Terminal::start(CLIENT, &[&server.address().to_string()]);
    client.expect_output("Input lowercase sentence: ");
    client.write(b"hello\n");
    server.expect(b"hello");
    server.send(b"HELLO");
    client.expect_output("From server: HELLO\r\nInput lowercase sentence: ");
    client.write(b"\x04"); // Ctrl+D
    client.expect_exit(0);
}
