//! Requests of every kind, right and wrong.

use crate::site::Site;
use crate::{Reply, ask, get, read_reply};
use labtest::Server;

const GET: &str = "GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n";

fn site() -> Site {
    Site::new().with("a.txt", "first\n").with("b.txt", "second\n")
}

/// A head without what changes from one answer to the next.
fn without_date(reply: &Reply) -> String {
    let kept = reply.head.lines().filter(|line| !line.starts_with("Date: "));
    kept.map(|line| format!("{line}\r\n")).collect()
}

/// Sends a request, and expects this status and the end of the connection.
#[track_caller]
fn check_refused(server: &Server, request: &str, expected: &str) {
    let mut client = server.tcp_client();
    client.send(request.as_bytes());
    let reply = read_reply(&mut client, false);
    assert_eq!(reply.status(), expected, "{request:?}: {}", reply.head);
    assert_eq!(reply.field("Connection"), Some("close"), "{request:?}");
    assert!(reply.body.starts_with(b"<!DOCTYPE html>"), "{request:?}");
    client.expect_end();
}

#[test]
fn answers_with_every_field_that_belongs_to_a_file() {
    let site = site();
    let server = site.serve(&[]);
    let reply = get(&server, "/a.txt");
    assert!(reply.head.starts_with("HTTP/1.1 200 OK\r\n"), "{}", reply.head);
    for (name, expected) in [
        ("Content-Length", "6"),
        ("Content-Type", "text/plain; charset=utf-8"),
        ("X-Content-Type-Options", "nosniff"),
        ("Accept-Ranges", "bytes"),
        ("Cache-Control", "no-cache"),
        ("Connection", "close"),
        ("Server", concat!("http-file-server/", env!("CARGO_PKG_VERSION"))),
    ] {
        assert_eq!(reply.field(name), Some(expected), "{}", reply.head);
    }
    for name in ["Date", "Last-Modified"] {
        assert!(reply.field(name).unwrap().ends_with(" GMT"), "{}", reply.head);
    }
    assert!(reply.field("ETag").unwrap().starts_with('"'), "{}", reply.head);
}

#[test]
fn answers_head_with_the_head_of_get() {
    let site = site().with("dir/x", "");
    let server = site.serve(&[]);
    let mut client = server.tcp_client();
    for path in ["/a.txt", "/missing", "/dir", "/dir/"] {
        let head = ask(&mut client, "HEAD", path, "");
        let get = ask(&mut client, "GET", path, "");
        assert_eq!(without_date(&head), without_date(&get), "{path}");
    }
}

#[test]
fn keeps_a_connection_for_many_requests() {
    let site = site();
    let server = site.serve(&[]);
    let mut client = server.tcp_client();
    for _ in 0..50 {
        assert_eq!(ask(&mut client, "GET", "/a.txt", "").body, b"first\n");
        assert_eq!(ask(&mut client, "GET", "/missing", "").status(), "404");
        assert_eq!(ask(&mut client, "POST", "/a.txt", "Content-Length: 0\r\n").status(), "405");
    }
}

#[test]
fn closes_when_the_client_asks_for_it() {
    let site = site();
    let server = site.serve(&[]);
    for (version, connection, closes) in [
        ("1.1", "", false),
        ("1.1", "Connection: x, Close\r\n", true),
        ("1.1", "Connection: x\r\nConnection: close\r\n", true),
        ("1.9", "", false),
        ("1.0", "", true),
        ("1.0", "Connection: Keep-Alive\r\n", false),
    ] {
        let mut client = server.tcp_client();
        client.send(format!("GET /a.txt HTTP/{version}\r\nHost: a\r\n{connection}\r\n").as_bytes());
        let reply = read_reply(&mut client, false);
        assert_eq!((reply.status(), &*reply.body), ("200", &b"first\n"[..]));
        assert_eq!(reply.field("Connection"), Some(if closes { "close" } else { "keep-alive" }));
        if closes {
            client.expect_end();
        } else {
            assert_eq!(ask(&mut client, "GET", "/b.txt", "").body, b"second\n");
        }
    }
}

#[test]
fn answers_requests_that_come_together_in_order() {
    let site = site();
    let server = site.serve(&[]);
    let mut client = server.tcp_client();
    let requests: String = ["/a.txt", "/b.txt", "/missing", "/a.txt"]
        .map(|path| format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"))
        .concat();
    client.send(requests.repeat(50).as_bytes());
    for _ in 0..50 {
        assert_eq!(read_reply(&mut client, false).body, b"first\n");
        assert_eq!(read_reply(&mut client, false).body, b"second\n");
        assert_eq!(read_reply(&mut client, false).status(), "404");
        assert_eq!(read_reply(&mut client, false).body, b"first\n");
    }
}

#[test]
fn answers_a_request_that_comes_byte_by_byte() {
    let site = site();
    let server = site.serve(&[]);
    let mut client = server.tcp_client();
    let whole = ask(&mut client, "GET", "/a.txt", "");
    for byte in GET.as_bytes() {
        client.send(&[*byte]);
    }
    let pieces = read_reply(&mut client, false);
    assert_eq!((without_date(&pieces), pieces.body), (without_date(&whole), whole.body));
}

#[test]
fn answers_a_client_that_has_ended_its_side() {
    let site = site();
    let server = site.serve(&[]);
    let mut client = server.tcp_client();
    client.send(GET.repeat(2).as_bytes());
    client.half_close();
    assert_eq!(read_reply(&mut client, false).body, b"first\n");
    assert_eq!(read_reply(&mut client, false).body, b"first\n");
    client.expect_end();
}

#[test]
fn ends_with_a_client_that_ends_in_the_middle_of_a_request() {
    let site = site();
    let server = site.serve(&[]);
    let mut client = server.tcp_client();
    client.send(&GET.as_bytes()[..20]);
    client.half_close();
    client.expect_end();
}

#[test]
fn offers_two_methods() {
    let site = site();
    let server = site.serve(&[]);
    let mut client = server.tcp_client();
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"] {
        let reply = ask(&mut client, method, "/a.txt", "");
        assert_eq!((reply.status(), reply.field("Allow")), ("405", Some("GET, HEAD")), "{method}");
    }
    for method in ["BREW", "get"] {
        assert_eq!(ask(&mut client, method, "/a.txt", "").status(), "501", "{method}");
    }
    client.send(b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(read_reply(&mut client, false).status(), "405");
    client.send(b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(read_reply(&mut client, false).status(), "405");
}

#[test]
fn refuses_malformed_requests_and_closes() {
    let site = site();
    let server = site.serve(&[]);
    for request in [
        "GET /a.txt HTTP/1.1\r\n\r\n",
        "GET /a.txt HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "GET /a.txt HTTP/1.1\r\nHost: a/b\r\n\r\n",
        "GET /a.txt HTTP/1.1\r\nHost: a b\r\n\r\n",
        "GET /a.txt HTTP/1.1\nHost: a\n\n",
        "GET /a.txt HTTP/1.1\r\nHost: a\n\r\n",
        "GET /a.txt HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n",
        "GET /a.txt HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET /a.txt HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n",
        "GET /a.txt HTTP/1.1\r\nHost: a\r\nX: b\rc\r\n\r\n",
        "GET /a.txt HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n",
        "GET /a.txt%00 HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET a.txt HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET ftp://a/a.txt HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET  /a.txt HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a.txt\r\nHost: a\r\n\r\n",
        "\x16\x03\x01\x02\0\x01\0\x01\u{fc}\x03\x03\r\n\r\n",
    ] {
        check_refused(&server, request, "400");
    }
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
fn limits_the_length_of_a_head() {
    let site = site();
    let server = site.serve(&[]);
    let line = |bytes: usize| format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(bytes - 14));
    let field = |bytes: usize| format!("GET /a.txt HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(bytes));
    let fields =
        |count: usize| format!("GET /a.txt HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(count - 1));
    for (request, expected) in [(line(8192), "404"), (field(16_000), "200"), (fields(100), "200")] {
        let mut client = server.tcp_client();
        client.send(request.as_bytes());
        assert_eq!(read_reply(&mut client, false).status(), expected);
    }
    check_refused(&server, &line(8193), "414");
    check_refused(&server, &field(17_000), "431");
    check_refused(&server, &fields(101), "431");
    // Not even when it never ends.
    check_refused(&server, &"x".repeat(100_000), "414");
    check_refused(&server, &format!("GET / HTTP/1.1\r\n{}", "X: y\r\n".repeat(100_000)), "431");
}

#[test]
fn refuses_head_without_a_body() {
    let site = site();
    let server = site.serve(&[]);
    let mut client = server.tcp_client();
    client.send(b"HEAD /a.txt HTTP/1.1\r\n\r\n");
    assert_eq!(read_reply(&mut client, true).status(), "400");
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
        assert_eq!(get(&server, target).body, b"first\n", "{target}");
    }
    assert_eq!(get(&server, "/a%20b/%C3%BC.txt").body, b"umlaut");
    assert_eq!(get(&server, "/a%20b/ü.txt").body, b"umlaut");
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
        assert_eq!(read_reply(&mut client, false).body, b"first\n", "{fields}");
    }
    assert_eq!(ask(&mut client, "GET", "/b.txt", "").body, b"second\n");
}

#[test]
fn closes_after_a_body_that_is_too_long() {
    let site = site();
    let server = site.serve(&[]);
    for (fields, body) in [
        ("Content-Length: 200000\r\n", "x".repeat(200_000)),
        // Where it ends does not depend on how much of it comes at once.
        ("Content-Length: 65537\r\n", "x".repeat(65_537)),
        ("Transfer-Encoding: chunked\r\n", format!("FFF9\r\n{}\r\n0\r\n\r\n", "x".repeat(0xfff9))),
        ("Content-Length: 99999999999999999999999\r\n", "x".repeat(200_000)),
        ("Transfer-Encoding: chunked\r\n", format!("100\r\n{}\r\n", "x".repeat(256)).repeat(1000)),
        ("Transfer-Encoding: chunked\r\n", "FFFFFFFFFFFF\r\n".to_owned() + &"x".repeat(200_000)),
    ] {
        let mut client = server.tcp_client();
        client.send(format!("GET /a.txt HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n{body}").as_bytes());
        let reply = read_reply(&mut client, false);
        assert_eq!((reply.status(), reply.field("Connection")), ("200", Some("close")), "{fields}");
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
    let reply = ask(&mut client, "POST", "/a.txt", "Content-Length: 5\r\nExpect: 100-continue\r\n");
    assert_eq!((reply.status(), reply.field("Connection")), ("405", Some("close")));
    client.expect_end();
}
