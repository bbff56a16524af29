//! Parts of HTTP that a small server can leave out.

use crate::site::{Site, ask, check_refused, get};
use labtest::Cause;

fn site() -> Site {
    Site::new().with("a.txt", "first\n").with("b.txt", "second\n")
}

#[test]
fn offers_two_methods() {
    let site = site();
    let server = site.serve(&[]);
    let mut client = server.tcp_client();
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"] {
        let response = ask(&mut client, method, "/a.txt", "");
        response.expect_status_or("405", &Cause::MethodIgnored).expect_field("Allow", "GET, HEAD");
    }
    for method in ["BREW", "get"] {
        ask(&mut client, method, "/a.txt", "").expect_status_or("501", &Cause::MethodIgnored);
    }
    client.send(b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n");
    client.read_response(false).expect_status("405");
    client.send(b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    client.read_response(false).expect_status("405");
}

#[test]
fn refuses_other_versions() {
    let site = site();
    let server = site.serve(&[]);
    check_refused(&server, "GET /a.txt HTTP/2.0\r\nHost: a\r\n\r\n", "505");
    check_refused(&server, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505");
    check_refused(&server, "GET /a.txt HTTP/0.9\r\n\r\n", "505");
    check_refused(&server, "GET /a.txt\r\n", "400");
}

#[test]
fn refuses_head_without_a_body() {
    let site = site();
    let server = site.serve(&[]);
    let mut client = server.tcp_client();
    client.send(b"HEAD /a.txt HTTP/1.1\r\n\r\n");
    client.read_response(true).expect_status("400");
    client.expect_end();
}

#[test]
fn takes_the_forms_of_a_target() {
    let site = site().with("a b/ü.txt", "umlaut");
    let server = site.serve(&[]);
    for target in [
        "/a.txt?x=../..",
        "//a.txt",
        "/%61.txt",
        "http://localhost/a.txt",
        "HTTP://127.0.0.1:6789/a.txt?q",
        "http://[::1]/a.txt",
    ] {
        get(&server, target).expect_file(b"first\n");
    }
    get(&server, "/a%20b/%C3%BC.txt").expect_file(b"umlaut");
    get(&server, "/a%20b/ü.txt").expect_file(b"umlaut");
}

#[test]
fn skips_bodies() {
    let site = site();
    let server = site.serve(&[]);
    let mut client = server.tcp_client();
    for (fields, body) in [
        ("Content-Length: 40\r\n", "GET /b.txt HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        ("Content-Length: 65536\r\n", &"x".repeat(65_536)),
        ("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"),
        (
            "Transfer-Encoding: chunked\r\n",
            "28;x=y\r\nGET /b.txt HTTP/1.1\r\nHost: localhost\r\n\r\n\r\n0\r\nA: b\r\n\r\n",
        ),
    ] {
        client.send(format!("GET /a.txt HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n{body}").as_bytes());
        client.read_response(false).expect_file(b"first\n");
    }
    ask(&mut client, "GET", "/b.txt", "").expect_file(b"second\n");
}

#[test]
fn closes_after_a_body_that_is_too_long() {
    let site = site();
    let server = site.serve(&[]);
    for (fields, body) in [
        ("Content-Length: 200000\r\n", "x".repeat(200_000)),
        // Where the body ends does not depend on how much of it comes at once.
        ("Content-Length: 65537\r\n", "x".repeat(65_537)),
        ("Transfer-Encoding: chunked\r\n", format!("FFF9\r\n{}\r\n0\r\n\r\n", "x".repeat(0xfff9))),
        ("Content-Length: 99999999999999999999999\r\n", "x".repeat(200_000)),
        ("Transfer-Encoding: chunked\r\n", format!("100\r\n{}\r\n", "x".repeat(256)).repeat(1000)),
        ("Transfer-Encoding: chunked\r\n", "FFFFFFFFFFFF\r\n".to_owned() + &"x".repeat(200_000)),
    ] {
        let mut client = server.tcp_client();
        client.send(format!("GET /a.txt HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n{body}").as_bytes());
        client.read_response(false).expect_status("200").expect_field("Connection", "close");
        client.expect_end();
    }
}

#[test]
fn refuses_bodies_of_doubtful_length() {
    let site = site();
    let server = site.serve(&[]);
    let request = |fields: &str| format!("GET /a.txt HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n\r\n");
    for fields in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Content-Length: 5\r\nContent-Length: 5",
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5, 5",
        "Content-Length: -1",
        "Content-Length: x",
        "Transfer-Encoding: chunked\r\n\r\nhello",
        "Transfer-Encoding: chunked\r\n\r\n5\r\nhello world",
    ] {
        check_refused(&server, &request(fields), "400");
    }
    for coding in ["gzip", "gzip, chunked", "chunked, gzip", "identity"] {
        check_refused(&server, &request(&format!("Transfer-Encoding: {coding}")), "501");
    }
}

#[test]
fn answers_without_a_body_that_waits_to_be_asked_for() {
    let site = site();
    let server = site.serve(&[]);
    let mut client = server.tcp_client();
    let response = ask(&mut client, "POST", "/a.txt", "Content-Length: 5\r\nExpect: 100-continue\r\n");
    response.expect_status_or("405", &Cause::MethodIgnored).expect_field("Connection", "close");
    client.expect_end();
}
