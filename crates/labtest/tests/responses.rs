//! What a check says of a web server's response.

#![allow(clippy::unwrap_used)] // helpers of tests

use labtest::{Cause, Failure, Response, TcpPeer};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\n\r\n";

/// Starts a server that sends these bytes to its one client when a request has come, and ends its sending side.
fn ask(bytes: &'static [u8]) -> TcpPeer {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        connection.read_exact(&mut [0; REQUEST.len()]).unwrap();
        connection.write_all(bytes).unwrap();
        connection.shutdown(Shutdown::Write).unwrap();
        let _ = connection.read(&mut [0]); // until the client has left
    });
    let mut client = TcpPeer::connect(address);
    client.send(REQUEST);
    client
}

/// Reads responses to these requests of one connection, checks the last one, and returns the cause of the failure.
#[track_caller]
fn cause(bytes: &'static [u8], methods: &[&str], check: impl FnOnce(&Response)) -> Option<Cause> {
    let mut client = ask(bytes);
    let failure = catch_unwind(AssertUnwindSafe(|| {
        let responses = methods.iter().map(|method| client.read_response(*method == "HEAD"));
        check(&responses.last().unwrap());
    }));
    failure.unwrap_err().downcast::<Failure>().unwrap().cause
}

fn missing(name: &str) -> Option<Cause> {
    Some(Cause::WrongField { name: name.to_owned(), found: None, wanted: None })
}

#[test]
fn accepts_a_right_response() {
    let mut client = ask(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: \"x\"\r\n\r\nhello");
    let response = client.read_response(false);
    response.expect_file(b"hello");
    response.expect_field("etag", "\"x\"").expect_no_field("Location").expect_in_page("ell");
    assert_eq!(response.expect_some_field("ETag"), "\"x\"");
    client.read_last_response().expect_nothing();
}

#[test]
fn names_what_is_wrong_with_a_head() {
    let ok = |_: &Response| ();
    assert_eq!(cause(b"", &["GET"], ok), Some(Cause::ClosedWithoutResponse));
    assert_eq!(cause(b"hello\n", &["GET"], ok), Some(Cause::FileWithoutHead));
    assert_eq!(cause(b"HTTP/1.1 200 OK\r\nhello\n", &["GET"], ok), Some(Cause::HeadWithoutEnd));
    let page: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    assert_eq!(
        cause(page, &["GET"], |response| {
            response.expect_some_field("ETag");
        }),
        missing("ETag")
    );
    let lacks = Some(Cause::PageLacks { text: "bye".to_owned() });
    assert_eq!(
        cause(page, &["GET"], |response| {
            response.expect_in_page("bye");
        }),
        lacks
    );
}

#[test]
fn names_what_is_wrong_with_the_length() {
    let short: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello";
    assert_eq!(cause(short, &["GET"], |_| ()), Some(Cause::LengthTooLarge));
    let without: &[u8] = b"HTTP/1.1 200 OK\r\n\r\nhello";
    assert_eq!(
        cause(without, &["GET"], |response| response.expect_file(b"hello")),
        missing("Content-Length")
    );
}

#[test]
fn names_what_follows_an_earlier_response() {
    let head: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    assert_eq!(cause(head, &["HEAD", "GET"], |_| ()), Some(Cause::ExtraAfterFile));
    assert_eq!(cause(head, &["GET", "GET"], |_| ()), Some(Cause::ClosedAfterReplies { replies: 1 }));
}

#[test]
fn keeps_a_limited_part_of_an_endless_response() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        while connection.write_all(&[b'x'; 1 << 16]).is_ok() {} // until the client leaves
    });
    let mut client = TcpPeer::connect(address);
    let received = client.read_to_end().len();
    assert!((100 << 20..200 << 20).contains(&received), "{received} bytes are kept");
    client.reset();
    server.join().unwrap();
}

#[test]
fn reads_a_limited_part_of_a_head_without_end() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let _ = connection.write_all(b"HTTP/1.1 200 OK\r\n");
        while connection.write_all(b"X: y\r\n").is_ok() {} // until the client leaves
    });
    let mut client = TcpPeer::connect(address);
    let failure = catch_unwind(AssertUnwindSafe(|| client.read_response(false))).err().unwrap();
    assert_eq!(failure.downcast::<Failure>().unwrap().cause, Some(Cause::HeadWithoutEnd));
    client.reset();
    server.join().unwrap();
}
