//! Clients that are slow, silent or rude.

use crate::site::{LARGE_BYTES, Site, ask, begin_large, get};
use labtest::{Cause, Server, TcpPeer, check, patience};
use std::time::{Duration, Instant};

/// Short, so that tests need not wait long, and long enough for a busy machine.
const SHORT: &str = "500ms";
const SHORT_TIME: Duration = Duration::from_millis(500);

fn site() -> Site {
    Site::new().with("a.txt", "first\n").with_large()
}

/// Fails unless the time limit [`SHORT_TIME`] has passed since `start`.
#[track_caller]
fn check_time(server: &Server, start: Instant) {
    if start.elapsed() < SHORT_TIME {
        let what = format!("it closed the connection after {:?}, with a limit of {SHORT}", start.elapsed());
        server.fail_because(Cause::ClosedTooEarly, &what);
    }
}

#[test]
fn survives_a_blank_request() {
    let site = site();
    let server = site.serve(&[]);
    let mut client = server.tcp_client();
    client.send(b"\r\n\r\n");
    client.half_close();
    client.read_to_end();
    server.get("/a.txt").expect_page(b"first\n");
}

#[test]
fn survives_a_client_that_leaves_without_a_word() {
    let site = site();
    let server = site.serve(&[]);
    server.tcp_client().close();
    server.tcp_client().reset();
    server.get("/a.txt").expect_page(b"first\n");
}

#[test]
fn closes_a_connection_on_which_nothing_comes() {
    let site = site();
    let server = site.serve(&["--request-timeout", SHORT]);
    let mut client = server.tcp_client();
    let start = Instant::now();
    client.expect_end();
    check_time(&server, start);
}

#[test]
fn closes_a_connection_that_is_idle_between_requests() {
    let site = site();
    let server = site.serve(&["--idle-timeout", SHORT]);
    let mut client = server.tcp_client();
    ask(&mut client, "GET", "/a.txt", "").expect_status("200");
    // The server's time begins after its response, and that is later than this.
    let start = Instant::now();
    ask(&mut client, "GET", "/a.txt", "").expect_status("200");
    client.expect_end();
    check_time(&server, start);
}

/// Sends a byte now and then, and expects a response 408 when the time is up.
#[track_caller]
fn drip(server: &Server, client: &mut TcpPeer) {
    let start = Instant::now();
    client.stream().set_read_timeout(Some(SHORT_TIME / 10)).unwrap();
    while client.stream().peek(&mut [0]).is_err_and(|error| labcore::is_timeout(&error)) {
        client.send(b"x");
        if start.elapsed() > patience() {
            server.fail_because(Cause::NoDeadline, "it waits for a client that sends a byte now and then");
        }
    }
    check_time(server, start);
    client.read_response(false).expect_status("408").expect_field("Connection", "close");
    client.expect_end();
}

#[test]
fn gives_a_head_that_drips_a_time_in_all() {
    let site = site();
    let server = site.serve(&["--request-timeout", SHORT]);
    for is_first in [true, false] {
        let mut client = server.tcp_client();
        if !is_first {
            ask(&mut client, "GET", "/a.txt", "");
        }
        client.send(b"GET /a.txt HTTP/1.1\r\nHost: localhost\r\nX: ");
        drip(&server, &mut client);
    }
}

#[test]
fn gives_a_body_that_drips_a_time_in_all() {
    let site = site();
    let server = site.serve(&["--request-timeout", SHORT]);
    let mut client = server.tcp_client();
    client.send(b"GET /a.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999\r\n\r\n");
    drip(&server, &mut client);
}

#[test]
fn drops_a_client_that_reads_nothing() {
    let site = site();
    let mut server = site.serve(&["--write-timeout", SHORT]);
    let mut client = begin_large(&server);
    server.expect_output("\"GET /large HTTP/1.1\" 200 ");
    let received = client.read_to_end();
    check!(received.len() < LARGE_BYTES, "a client that read nothing for a while was sent everything");
    server.expect_running();
}

#[test]
fn waits_for_a_client_that_reads_slowly() {
    let site = site();
    let server = site.serve(&["--write-timeout", SHORT]);
    let mut client = begin_large(&server);
    let start = Instant::now();
    let mut left = LARGE_BYTES;
    // Longer than the server waits for a client that reads nothing.
    while start.elapsed() < SHORT_TIME * 3 {
        left -= client.read_exact(1 << 20).len();
        std::thread::sleep(SHORT_TIME / 20); // this client is slow
    }
    client.read_exact(left);
}

#[test]
fn survives_clients_that_reset_in_the_middle() {
    let site = site();
    let server = site.serve(&[]);
    for _ in 0..20 {
        begin_large(&server).reset();
        let mut client = server.tcp_client();
        client.send(b"GET /a.txt HT");
        client.reset();
    }
    get(&server, "/a.txt").expect_file(b"first\n");
}

#[test]
fn serves_clients_of_ipv6() {
    site().check_contract(|server| drop(server.listens_on_ipv6(&["[::1]:0"])));
}
