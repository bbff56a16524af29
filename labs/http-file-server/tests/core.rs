//! The exercise itself, in the steps of the handout: pages, and 404 for those that do not exist. A textbook web server,
//! in any language, passes these tests.
//!
//! The server runs in the directory that it must serve.

// Only what this machine itself may refuse is unwrapped, such as a time limit on a socket of the test's own.
#![allow(clippy::unwrap_used)]

mod site;

use labtest::{Cause, Server, TcpPeer, patience};
use site::{SERVER, Site, request};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// How long a check waits for bytes before it looks at the program's output.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

const PAGE: &str = "<!DOCTYPE html>\n<title>Hello</title>\n<p>Hello, you!\n";
const OTHER: &str = "<p>another page\n";

/// Waits for bytes on a connection. 0: the connection has ended, `None`: nothing has come within `time`.
fn peek(stream: &TcpStream, time: Duration) -> Option<u8> {
    let mut first = [0];
    stream.set_read_timeout(Some(time)).unwrap();
    match stream.peek(&mut first) {
        Ok(1) => Some(first[0]),
        Err(error) if labcore::is_timeout(&error) => None,
        _ => Some(0),
    }
}

/// Expects that the server prints `text` or, like the server of a textbook, answers.
#[track_caller]
fn expect_a_sign(server: &Server, client: &TcpPeer, text: &str) {
    let start = Instant::now();
    while start.elapsed() < patience() && !server.stdout().contains(text) {
        match peek(client.stream(), LOOK_AGAIN) {
            None => {}
            Some(0) => break, // what it has printed decides
            Some(_) => return,
        }
    }
    server.expect_output(text);
}

#[test]
fn accepts_a_connection() {
    let site = Site::new().with("hello.html", PAGE);
    let server = site.serve(&[]);
    let mut client = server.tcp_client();
    client.send(request("/hello.html").as_bytes());
    expect_a_sign(&server, &client, &format!("connected from {}", client.address()));
}

#[test]
fn reads_a_request() {
    let site = Site::new().with("hello.html", PAGE);
    let server = site.serve(&[]);
    let mut client = server.tcp_client();
    client.send(request("/hello.html").as_bytes());
    expect_a_sign(&server, &client, "GET /hello.html HTTP/1.1");
}

#[test]
fn answers_with_a_status_line() {
    let site = Site::new().with("hello.html", PAGE);
    // A server that serves no files yet may answer at `/` alone, and this request may have ended it.
    if site.serve(&[]).get("/hello.html").status().is_empty() {
        let response = site.serve(&[]).get("/");
        if response.status().is_empty() {
            response.expect_status("200"); // fails
        }
    }
}

#[test]
fn serves_a_page() {
    let site = Site::new().with("hello.html", PAGE);
    site.serve(&[]).get("/hello.html").expect_page(PAGE.as_bytes());
}

#[test]
fn serves_one_page_after_the_other() {
    let site = Site::new().with("hello.html", PAGE).with("other.html", OTHER);
    let server = site.serve(&[]);
    server.get("/hello.html").expect_page(PAGE.as_bytes());
    server.get("/other.html").expect_page(OTHER.as_bytes());
    server.get("/hello.html").expect_page(PAGE.as_bytes());
}

#[test]
fn says_404_for_a_page_that_does_not_exist() {
    let site = Site::new().with("hello.html", PAGE);
    let server = site.serve(&[]);
    server.get("/missing.html").expect_missing();
    // A server that answers 404 to every request has not looked for this page.
    server.get("/hello.html").expect_found();
}

#[test]
fn listens_where_it_is_told() {
    if let Some((_server, address)) = Server::start_as_told(SERVER) {
        let mut client = TcpPeer::connect(address);
        client.send(b"GET /missing.html HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        client.read_last_response().expect_missing();
    }
}

#[test]
fn shows_a_page_that_says_404() {
    let site = Site::new().with("hello.html", PAGE);
    site.serve(&[]).get("/missing.html").expect_some_body();
}

#[test]
fn goes_on_after_404() {
    let site = Site::new().with("hello.html", PAGE).with("other.html", OTHER);
    let server = site.serve(&[]);
    server.get("/hello.html").expect_page(PAGE.as_bytes());
    // Another check looks at this response.
    server.get("/missing.html");
    server.get("/hello.html").expect_page(PAGE.as_bytes());
    server.get("/other.html").expect_page(OTHER.as_bytes());
}

#[test]
fn serves_a_page_with_percent_signs() {
    let page = "<p>100 % of you: %s %d %n %5.2f %%\n";
    let site = Site::new().with("percent.html", page);
    site.serve(&[]).get("/percent.html").expect_page(page.as_bytes());
}

#[test]
fn serves_pages_in_folders() {
    let site =
        Site::new().with("a/b/c.html", "<p>deep\n").with("a/c.html", "<p>a\n").with("b/c.html", "<p>b\n");
    // One request: a server that serves a single one is right here, and may need its port for a while after its end.
    site.serve(&[]).get("/a/b/c.html").expect_page(b"<p>deep\n");
}

#[test]
fn answers_the_next_request_or_closes() {
    let site = Site::new().with("hello.html", PAGE).with("other.html", OTHER);
    let server = site.serve(&[]);
    let mut client = server.tcp_client();
    client.send(request("/hello.html").as_bytes());
    client.read_through(PAGE.as_bytes());
    if peek(client.stream(), Duration::from_millis(1)).is_none() {
        client.send(request("/other.html").as_bytes());
    }
    match peek(client.stream(), patience()) {
        // The server keeps the connection open: this is the next response, or its absence.
        Some(b'H') => client.read_response(false).expect_page(OTHER.as_bytes()),
        None => {
            let what = "it neither answers the next request on a connection nor closes the connection";
            server.fail_because(Cause::ConnectionNotClosed, what);
        }
        // It closes, perhaps after an end of line behind the page. Then it must accept the next connection.
        Some(_) => {
            client.read_to_end();
            server.get("/other.html").expect_page(OTHER.as_bytes());
        }
    }
}
