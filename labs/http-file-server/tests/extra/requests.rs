//! Parts of HTTP that a small server can leave out.

use crate::site::{Site, ask};
use labtest::Cause;

fn site() -> Site {
    Site::new().with("a.txt", "first\n").with("b.txt", "second\n")
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
fn answers_without_a_body_that_waits_to_be_asked_for() {
    let site = site();
    let server = site.serve(&[]);
    let mut client = server.tcp_client();
    let response = ask(&mut client, "POST", "/a.txt", "Content-Length: 5\r\nExpect: 100-continue\r\n");
    response.expect_status_or("405", &Cause::MethodIgnored).expect_field("Connection", "close");
    client.expect_end();
}
