//! Causes that only all peers of a check together show.

#![allow(clippy::unwrap_used)]

use labtest::failure::Verdict;
use labtest::{Cause, Failure, TcpPeer, UdpPeer};
#[cfg(target_os = "linux")]
use labtest::{Server, has_tool};
use std::io::{Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Duration;

/// How long a check waits for a reply that never comes.
const PATIENCE: Duration = Duration::from_secs(1);

/// The failure that a check ends with.
fn failure(check: impl FnOnce()) -> Failure {
    labtest::set_patience(PATIENCE);
    let panic = catch_unwind(AssertUnwindSafe(check)).unwrap_err();
    *panic.downcast().unwrap()
}

#[track_caller]
fn expect_cause(cause: Cause, check: impl FnOnce()) {
    let failure = failure(check);
    assert_eq!(failure.cause, Some(cause), "{failure}");
}

/// A server that serves one client at a time.
fn sequential_server() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for connection in listener.incoming() {
            let (mut connection, mut buffer) = (connection.unwrap(), [0; 100]);
            while let Ok(size @ 1..) = connection.read(&mut buffer) {
                let _ = connection.write_all(&buffer[..size].to_ascii_uppercase());
            }
        }
    });
    address
}

#[test]
fn sees_that_one_client_waits_for_another() {
    let address = sequential_server();
    let (_first, mut second) = (TcpPeer::connect(address), TcpPeer::connect(address));
    second.send(b"hello\n");
    let failure = failure(|| second.expect(b"HELLO\n"));
    assert_eq!(failure.cause, Some(Cause::ClientsWait { one_at_a_time: true }), "{failure}");
    assert_eq!(failure.verdict, Verdict::Timeout);
}

#[test]
fn sees_that_a_reply_went_to_another_client() {
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    let (first, mut second) = (UdpPeer::client_of(address), UdpPeer::client_of(address));
    second.send(b"hello");
    server.send_to(b"HELLO", first.address()).unwrap();
    let transport = labtest::failure::Transport::Udp;
    expect_cause(Cause::SentToOtherClient { transport }, || second.expect(b"HELLO"));
}

#[test]
fn does_not_mistake_an_unread_reply_for_another_clients_reply() {
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    let (mut first, mut second) = (UdpPeer::client_of(address), UdpPeer::client_of(address));
    first.send(b"one");
    second.send(b"two");
    let transport = labtest::failure::Transport::Udp;
    // Linux shows that both datagrams are unread.
    #[cfg(target_os = "linux")]
    expect_cause(Cause::DoesNotRead, || second.expect(b"TWO"));
    for _ in 0..2 {
        server.recv_from(&mut [0; 10]).unwrap();
    }
    server.send_to(b"ONE", first.address()).unwrap();
    expect_cause(Cause::NoReply { transport, was_received: false }, || second.expect(b"TWO"));
    server.send_to(b"ONE", first.address()).unwrap();
    server.send_to(b"TWO", first.address()).unwrap();
    expect_cause(Cause::SentToOtherClient { transport }, || second.expect(b"TWO"));
}

#[test]
fn tells_a_lasting_connection_from_one_reply() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let accepted = || (TcpPeer::connect(address), listener.accept().unwrap().0);

    let (mut peer, server) = accepted();
    peer.send(b"one\n");
    drop(server); // over unread bytes, which resets the connection
    expect_cause(Cause::NeverRead, || peer.expect(b"ONE\n"));

    let (mut peer, mut server) = accepted();
    peer.send(b"one\n");
    server.write_all(b"O").unwrap();
    drop(server);
    expect_cause(Cause::OneReadForAll, || peer.expect(b"ONE\n"));

    let (mut peer, mut server) = accepted();
    let mut exchange = |peer: &mut TcpPeer| {
        peer.send(b"one\n");
        server.read_exact(&mut [0; 4]).unwrap();
        server.write_all(b"ONE\n").unwrap();
        peer.expect(b"ONE\n");
        peer.send(b"two\n");
        server.read_exact(&mut [0; 4]).unwrap();
    };
    exchange(&mut peer);
    server.write_all(b"ONE\nTWO\n").unwrap();
    expect_cause(Cause::OlderMessageFirst, || peer.expect(b"TWO\n"));

    let (mut peer, mut server) = accepted();
    peer.send(b"one\n");
    server.read_exact(&mut [0; 4]).unwrap();
    server.write_all(b"ONE\n").unwrap();
    peer.expect(b"ONE\n");
    peer.send(b"two\n");
    expect_cause(Cause::StopsAnswering { replies: 1 }, || peer.expect(b"TWO\n"));
    server.read_exact(&mut [0; 4]).unwrap();
    drop(server);
    expect_cause(Cause::ClosedAfterReplies { replies: 1 }, || peer.expect(b"TWO\n"));
}

#[cfg(target_os = "linux")]
#[test]
fn waits_for_the_reply_of_a_server_that_has_closed_its_output() {
    if !has_tool("python3") {
        return;
    }
    const CLOSES: &str = "import os, socket, time
server = socket.create_server(('127.0.0.1', 0))
print('listening on 127.0.0.1:%d' % server.getsockname()[1], flush=True)
os.close(1), os.close(2)
client = server.accept()[0]
time.sleep(0.5)
client.sendall(client.recv(100).upper())";
    let server = Server::at("python3", &["-c", CLOSES]);
    let mut client = server.tcp_client();
    client.send(b"hello");
    client.expect(b"HELLO");
}

#[cfg(target_os = "linux")]
#[test]
fn names_the_part_that_is_not_written_yet() {
    // What a Rust program prints that reaches a `todo!`.
    const STUB: &str = "echo \"thread 'main' panicked at labs/udp-echo/src/lib.rs:21:5:\" >&2
echo 'not yet implemented: serve: receive a datagram first' >&2
exit 101";
    let failure = failure(|| drop(Server::at("/bin/sh", &["-c", STUB])));
    let (function, file) = (Some("serve".to_owned()), "labs/udp-echo/src/lib.rs".to_owned());
    let task = Some("receive a datagram first".to_owned());
    assert_eq!(
        failure.cause,
        Some(Cause::NotWritten { function, file, line: 21, step: None, task }),
        "{failure}"
    );
    assert_eq!(failure.verdict, Verdict::NotWritten);
    let first = failure.to_string();
    let first = first.lines().next().unwrap();
    assert_eq!(first, "this part is not written yet: `serve`, labs/udp-echo/src/lib.rs:21");
}
