//! More clients than the server has room for.

use crate::site::{LARGE_BYTES, SERVER, Site, ask, await_ok, request};
use labtest::contract;
#[cfg(target_os = "linux")]
use labtest::{Cause, Server, TcpPeer};
use std::time::Duration;

fn site() -> Site {
    Site::new().with("a.txt", "first\n").with_large()
}

#[test]
fn gives_a_request_its_time_when_its_turn_comes() {
    const TIMEOUT: Duration = Duration::from_millis(500);
    let site = site();
    let server = site.serve(&["--request-timeout", "500ms"]);
    let mut client = server.tcp_client();
    client.send(format!("{}GET /a.txt HTTP/1.1\r\nHost: local", request("/large")).as_bytes());
    std::thread::sleep(TIMEOUT * 2); // the server cannot finish the first response meanwhile
    let large = client.read_response(false);
    // The time limit runs now, and comparing so many bytes takes long.
    client.send(b"host\r\n\r\n");
    large.expect_file(&vec![0; LARGE_BYTES]);
    client.read_response(false).expect_file(b"first\n");
}

#[test]
fn turns_clients_away_when_it_is_full_and_recovers() {
    let site = site();
    let server = site.serve(&["--max-connections", "2"]);
    let mut clients = [server.tcp_client(), server.tcp_client()];
    for client in &mut clients {
        ask(client, "GET", "/a.txt", "").expect_status("200");
    }
    // Whether the client sends a request or not.
    for request in [String::new(), request("/a.txt")] {
        let mut client = server.tcp_client();
        client.send(request.as_bytes());
        client.read_response(false).expect_status("503").expect_field("Retry-After", "1");
        client.expect_end();
    }
    let [first, mut second] = clients;
    first.close();
    await_ok(&server);
    ask(&mut second, "GET", "/a.txt", "").expect_status("200");
}

#[cfg(target_os = "linux")]
#[test]
fn drops_clients_when_there_is_no_room_to_turn_them_away() {
    use labtest::Signal;
    let site = site();
    let server = site.serve(&["--max-connections", "1", "--quiet"]);
    // All connect at once when the server goes on, and none leaves by itself.
    server.signal(Signal::STOP);
    let mut crowd: Vec<TcpPeer> = (0..300).map(|_| server.tcp_client()).collect();
    server.signal(Signal::CONT);
    let mut dropped = 0;
    for client in &mut crowd[1..] {
        let response = client.read_last_response();
        if response.status().is_empty() {
            dropped += 1;
        } else {
            response.expect_status("503");
        }
    }
    if dropped == 0 {
        let what = "there is room for one client, and it sent a response to each of 300";
        server.fail_because(Cause::MemoryGrows, what);
    }
}

#[test]
fn wants_room_for_at_least_one_client() {
    for number in ["0", "10001"] {
        let error = format!("invalid value '{number}'");
        contract::prints_its_usage(SERVER, &[&["--max-connections", number]], &error);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn survives_without_memory() {
    let site = site();
    // There is room for fewer threads than the 1,000 that the server would have.
    let server = Server::limited("-d 90000", SERVER, &["--root", site.root()]);
    let mut client = server.tcp_client();
    for _ in 0..5 {
        let others: Vec<TcpPeer> = (0..700).map(|_| server.tcp_client()).collect();
        server.expect_output(" \"\" 503 ");
        ask(&mut client, "GET", "/a.txt", "").expect_file(b"first\n");
        drop(others);
    }
    drop(client);
    await_ok(&server);
}

#[cfg(target_os = "linux")]
#[test]
fn survives_many_large_listings_without_memory() {
    let site = site();
    for number in 0..10_000 {
        let name = format!("a name of ordinary length {number}.jpg");
        std::fs::File::create(site.path(&name)).unwrap();
    }
    let server = Server::limited("-d 90000", SERVER, &["--root", site.root()]);
    let mut clients: Vec<TcpPeer> = (0..100).map(|_| server.tcp_client()).collect();
    for client in &mut clients {
        client.send(request("/").as_bytes());
    }
    for client in &mut clients {
        client.read_through(b"\r\n"); // and no more
    }
    drop(clients);
    await_ok(&server);
}
