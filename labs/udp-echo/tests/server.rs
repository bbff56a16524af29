//! The UDP echo server, seen from its clients.

use labtest::{Server, run};
use std::time::Duration;

const SERVER: &str = env!("CARGO_BIN_EXE_udp-echo-server");

/// Long enough for a wrong server to give itself away; a right one has nothing to say, however long this is.
const SILENCE: Duration = Duration::from_millis(50);

#[track_caller]
fn check(datagram: &[u8], expected: &[u8]) {
    let server = Server::start(SERVER, &[]);
    let mut client = server.udp_client();
    client.send(datagram);
    client.expect(expected);
    // One answer to one datagram.
    client.expect_nothing_for(SILENCE);
}

#[test]
fn answers_in_upper_case() {
    check(b"hello world", b"HELLO WORLD");
}

#[test]
fn leaves_everything_but_a_to_z_alone() {
    check(b"`{@[ 0189 &*! ABC xyz", b"`{@[ 0189 &*! ABC XYZ");
}

#[test]
fn keeps_a_newline_and_adds_none() {
    check(b"hello\n", b"HELLO\n");
}

#[test]
fn leaves_bytes_that_are_not_ascii_alone() {
    check("straße é \0\u{1b}[2J".as_bytes(), "STRAßE é \0\u{1b}[2J".as_bytes());
    check(b"\xff\xfe a \xc3", b"\xff\xfe A \xc3");
}

#[test]
fn answers_an_empty_datagram_with_an_empty_one() {
    check(b"", b"");
}

#[cfg(not(target_os = "macos"))] // its largest is 9,216 bytes (net.inet.udp.maxdgram)
#[test]
fn returns_the_largest_datagram_whole() {
    check(&[b'x'; 65_507], &[b'X'; 65_507]);
}

#[test]
fn answers_a_short_text_after_a_long_one() {
    let server = Server::start(SERVER, &[]);
    let mut client = server.udp_client();
    for text in ["a rather long text", "short", "a", "and a longer one again"] {
        client.send(text.as_bytes());
        client.expect(text.to_ascii_uppercase().as_bytes());
    }
}

#[test]
fn answers_every_client_at_once() {
    let server = Server::start(SERVER, &[]);
    let mut clients: Vec<_> = (0..20).map(|_| server.udp_client()).collect();
    for (number, client) in clients.iter_mut().enumerate() {
        client.send(format!("client {number}").as_bytes());
    }
    // The last one first: nobody waits for anybody.
    for (number, client) in clients.iter_mut().enumerate().rev() {
        client.expect(format!("CLIENT {number}").as_bytes());
    }
}

#[test]
fn survives_a_client_that_leaves_before_its_reply() {
    let server = Server::start(SERVER, &[]);
    for _ in 0..20 {
        server.udp_client().send(b"nobody waits for this");
    }
    let mut client = server.udp_client();
    client.send(b"hello");
    client.expect(b"HELLO");
}

#[test]
fn shows_who_sent_what() {
    let server = Server::start(SERVER, &[]);
    let mut client = server.udp_client();
    client.send(b"hello");
    client.expect(b"HELLO");
    server.expect_on_screen(&format!("client 1 calls from {}\nclient 1: hello\n", client.address()));
    let mut other = server.udp_client();
    other.send(b"moin");
    other.expect(b"MOIN");
    server.expect_on_screen("client 2: moin\n");
    client.send(b"again");
    server.expect_on_screen("client 1: again\n");
}

#[test]
fn lets_no_client_control_the_terminal() {
    let server = Server::start(SERVER, &[]);
    server.udp_client().send(b"\x1b[2Jgone\r\n\xff");
    server.expect_on_screen("client 1: \\u{1b}[2Jgone\\r\\n\\xff\n");
}

#[test]
fn prints_only_where_it_listens_when_quiet() {
    let server = Server::start(SERVER, &["--quiet"]);
    let mut client = server.udp_client();
    client.send(b"hello");
    client.expect(b"HELLO");
    server.expect_nothing_more_on_screen_for(SILENCE, &format!("listening on {}\n", server.address()));
}

#[cfg(unix)]
#[test]
fn goes_on_without_its_screen() {
    // `server | head -1`: the pipe is closed after the first line.
    let server = Server::at("/bin/sh", &["-c", &format!("{SERVER} 127.0.0.1 0 | head -n 1")]);
    for _ in 0..3 {
        let mut client = server.udp_client();
        client.send(b"hello");
        client.expect(b"HELLO");
    }
}

#[test]
fn listens_on_ipv6() {
    let server = Server::at(SERVER, &["[::1]:0"]);
    let mut client = server.udp_client();
    client.send(b"hello");
    client.expect(b"HELLO");
    assert!(server.address().is_ipv6());
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
fn fails_in_one_line_on_a_wrong_address() {
    for (args, expected) in [
        (
            &["localhost:http"][..],
            "error: `localhost:http` has no port number; write one like `localhost:25000`\n",
        ),
        (
            &["127.0.0.1:1", "2"],
            "error: `127.0.0.1:1 2` gives the port twice; write it once, like `127.0.0.1 2`\n",
        ),
        (&["25000"], "error: `25000` is no host; give the host before the port, like `127.0.0.1 25000`\n"),
    ] {
        let finished = run(SERVER, args);
        assert_eq!((finished.stderr.as_str(), finished.status.code()), (expected, Some(1)));
    }
}

#[test]
fn prints_its_usage_when_called_wrongly() {
    for args in [&["--no-such-option"][..], &["a", "1", "b"]] {
        let finished = run(SERVER, args);
        assert_eq!(finished.status.code(), Some(2));
        assert!(
            finished.stderr.contains("Usage: udp-echo-server [OPTIONS] [HOST[:PORT]] [PORT]"),
            "{}",
            finished.stderr
        );
    }
}
