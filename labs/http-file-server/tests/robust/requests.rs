//! Requests of every kind, right and wrong.

use crate::site::{Site, ask, check_refused, check_same_head, get, request};
use labtest::{Cause, patience};
use std::io::Write;

fn site() -> Site {
    Site::new().with("a.txt", "first\n").with("b.txt", "second\n")
}

#[test]
fn reads_a_request_that_comes_in_pieces() {
    let site = Site::new().with("hello.html", "<p>Hello, you!\n");
    let server = site.serve(&[]);
    let pieces = ["GET /hel", "lo.html HTTP/1.1\r\nHost: local", "host\r\nConnection: close\r\n\r\n"];
    server.get_in_pieces(&pieces).expect_page(b"<p>Hello, you!\n");
}

#[test]
fn answers_with_every_field_that_belongs_to_a_file() {
    let site = site();
    let response = get(&site.serve(&[]), "/a.txt");
    response.expect_status("200");
    let head = response.head();
    let line = head.lines().next().unwrap_or_default();
    if line != "HTTP/1.1 200 OK" {
        let (found, wanted) = (Some(line.to_owned()), "HTTP/1.1 200 OK".to_owned());
        response.fail_because(Cause::WrongStatus { found, wanted }, "has another status line");
    }
    for (name, expected) in
        [("Content-Length", "6"), ("Content-Type", "text/plain; charset=utf-8"), ("Connection", "close")]
    {
        response.expect_field(name, expected);
    }
}

#[test]
fn answers_head_with_the_head_of_get() {
    let site = site().with("dir/x", "");
    let server = site.serve(&[]);
    let mut client = server.tcp_client();
    for path in ["/a.txt", "/missing", "/dir", "/dir/"] {
        let head = ask(&mut client, "HEAD", path, "");
        let get = ask(&mut client, "GET", path, "");
        check_same_head(&head, &get);
    }
}

#[test]
fn keeps_a_connection_for_many_requests() {
    let site = site();
    let server = site.serve(&[]);
    let mut client = server.tcp_client();
    for _ in 0..50 {
        ask(&mut client, "GET", "/a.txt", "").expect_file(b"first\n");
        ask(&mut client, "GET", "/missing", "").expect_status("404");
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
        let response = client.read_response(false);
        response.expect_file(b"first\n");
        response.expect_field("Connection", if closes { "close" } else { "keep-alive" });
        if closes {
            client.expect_end();
        } else {
            ask(&mut client, "GET", "/b.txt", "").expect_file(b"second\n");
        }
    }
}

#[test]
fn answers_requests_that_come_together_in_order() {
    let site = site();
    let server = site.serve(&[]);
    let mut client = server.tcp_client();
    let requests = ["/a.txt", "/b.txt", "/missing", "/a.txt"].map(request).concat();
    client.send(requests.repeat(50).as_bytes());
    for _ in 0..50 {
        client.read_response(false).expect_file(b"first\n");
        client.read_response(false).expect_file(b"second\n");
        client.read_response(false).expect_status("404");
        client.read_response(false).expect_file(b"first\n");
    }
}

#[test]
fn answers_a_request_that_comes_byte_by_byte() {
    let site = site();
    let server = site.serve(&[]);
    let mut client = server.tcp_client();
    let whole = ask(&mut client, "GET", "/a.txt", "");
    for byte in request("/a.txt").as_bytes() {
        client.send(&[*byte]);
    }
    let pieces = client.read_response(false);
    check_same_head(&pieces, &whole);
    pieces.expect_body(&whole.body());
}

#[test]
fn answers_a_client_that_has_ended_its_side() {
    let site = site();
    let server = site.serve(&[]);
    let mut client = server.tcp_client();
    client.send(request("/a.txt").repeat(2).as_bytes());
    client.half_close();
    client.read_response(false).expect_file(b"first\n");
    client.read_response(false).expect_file(b"first\n");
    client.expect_end();
}

#[test]
fn ends_with_a_client_that_ends_in_the_middle_of_a_request() {
    let site = site();
    let server = site.serve(&[]);
    let mut client = server.tcp_client();
    client.send(&request("/a.txt").as_bytes()[..20]);
    client.half_close();
    client.read_last_response().expect_nothing();
}

#[test]
fn refuses_what_is_not_a_request() {
    let site = site();
    let server = site.serve(&[]);
    for request in [
        "nonsense\r\n\r\n",
        "GET /a.txt\r\nHost: a\r\n\r\n",
        "GET /a.txt HTTP/1.1 please\r\nHost: a\r\n\r\n",
        "GET a.txt HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a.txt MAIL/1.1\r\nHost: a\r\n\r\n",
        "\x16\x03\x01\x02\0\x01\0\x01\u{fc}\x03\x03\r\n\r\n",
    ] {
        check_refused(&server, request, "400");
    }
}

#[test]
fn gives_up_on_a_head_that_never_ends() {
    let site = site();
    let server = site.serve(&[]);
    let client = server.tcp_client();
    // Less than the 10 s after which a server closes anyway, because the request has not arrived.
    client.stream().set_read_timeout(Some(patience() * 4 / 5)).unwrap();
    let mut stream = client.stream();
    // A server that has given up does not read, and may even reset the connection.
    let result =
        stream.write_all(b"GET /a.txt HTTP/1.1\r\n").and_then(|()| stream.write_all(&[b'x'; 1 << 17]));
    if result.is_ok() && stream.peek(&mut [0]).is_err_and(|error| labcore::is_timeout(&error)) {
        server.fail_because(Cause::MemoryGrows, "it waits for the end of a head of more than 128 KiB");
    }
    get(&server, "/a.txt").expect_file(b"first\n");
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
        client.read_response(false).expect_status(expected);
    }
    check_refused(&server, &line(8193), "414");
    check_refused(&server, &field(17_000), "431");
    check_refused(&server, &fields(101), "431");
    // The server must answer even if the head never ends.
    check_refused(&server, &"x".repeat(100_000), "414");
    check_refused(&server, &format!("GET / HTTP/1.1\r\n{}", "X: y\r\n".repeat(100_000)), "431");
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
    for _ in 0..50 {
        let post = ask(&mut client, "POST", "/a.txt", "Content-Length: 0\r\n");
        post.expect_status_or("405", &Cause::MethodIgnored);
        ask(&mut client, "GET", "/a.txt", "").expect_file(b"first\n");
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
