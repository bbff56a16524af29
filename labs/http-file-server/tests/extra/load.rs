//! What the reference program says when descriptors or threads run out, and how many clients may wait.

use crate::site::{SERVER, Site, ask, await_ok};
use labtest::{Server, TcpPeer, check, patience};
use std::time::Instant;

fn site() -> Site {
    Site::new().with("a.txt", "first\n").with_large()
}

#[test]
fn reports_that_it_has_no_descriptors() {
    let site = site();
    let server = Server::limited("-n 20", SERVER, &["--root", site.root()]);
    let mut clients: Vec<TcpPeer> = (0..40).map(|_| server.tcp_client()).collect();
    server.expect_output("failed to accept a client: ");
    // The accepted connections take all descriptors, so that soon there is none to open a file with.
    let start = Instant::now();
    loop {
        let response = ask(&mut clients[0], "GET", "/a.txt", "");
        if response.status() == "503" {
            response.expect_field("Retry-After", "1");
            break;
        }
        response.expect_status("200");
        check!(
            start.elapsed() < patience(),
            "with 40 clients and 20 descriptors, one is always left for a file"
        );
    }
    drop(clients);
    await_ok(&server);
}

#[cfg(target_os = "linux")]
#[test]
fn reports_that_it_can_start_no_thread() {
    let site = site();
    let server = Server::with_few_threads(8, SERVER, &["--root", site.root()]);
    let clients: Vec<TcpPeer> = (0..20).map(|_| server.tcp_client()).collect();
    server.expect_output("lost a client: failed to start a thread: ");
    drop(clients);
    let start = Instant::now();
    loop {
        let mut client = server.tcp_client();
        client.send(b"GET /a.txt HTTP/1.0\r\n\r\n");
        let response = client.read_last_response();
        if response.body() == b"first\n" {
            break;
        }
        if start.elapsed() > patience() {
            response.expect_file(b"first\n"); // fails
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn lets_a_crowd_wait_at_the_door() {
    use labtest::Signal;
    let site = site();
    let server = site.serve(&["--quiet"]);
    // While the server is stopped, the system completes connections up to the backlog, and no further ones.
    server.signal(Signal::STOP);
    let mut crowd: Vec<TcpPeer> = (0..300).map(|_| server.tcp_client()).collect();
    server.signal(Signal::CONT);
    for client in &mut crowd {
        ask(client, "GET", "/a.txt", "").expect_file(b"first\n");
    }
}
