//! Clients that are slow, silent, rude, or too many.

use crate::site::Site;
use crate::{Reply, ask, get, read_reply};
use labtest::{Server, TcpPeer, run};
use std::fs::File;
use std::io::Read;
use std::time::{Duration, Instant};

/// Short, so that tests need not wait long, and long enough for a busy machine.
const SHORT: &str = "500ms";
const SHORT_TIME: Duration = Duration::from_millis(500);

fn site() -> Site {
    let site = Site::new().with("a.txt", "first\n").with("large", "");
    File::options().write(true).open(site.path("large")).unwrap().set_len(64 << 20).unwrap();
    site
}

/// Asks for 64 MiB and reads the beginning of the answer.
#[track_caller]
fn begin(server: &Server) -> TcpPeer {
    let mut client = server.tcp_client();
    client.send(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
    client.read_through(b"\r\n\r\n");
    client
}

#[test]
fn closes_a_connection_on_which_nothing_comes() {
    let site = site();
    let server = site.serve(&["--request-timeout", SHORT]);
    let mut client = server.tcp_client();
    let begun = Instant::now();
    client.expect_end();
    assert!(begun.elapsed() >= SHORT_TIME);
}

#[test]
fn closes_a_connection_that_is_idle_between_requests() {
    let site = site();
    let server = site.serve(&["--idle-timeout", SHORT]);
    let mut client = server.tcp_client();
    assert_eq!(ask(&mut client, "GET", "/a.txt", "").status(), "200");
    // The server's time begins when it has answered, and that is later than this.
    let begun = Instant::now();
    assert_eq!(ask(&mut client, "GET", "/a.txt", "").status(), "200");
    client.expect_end();
    assert!(begun.elapsed() >= SHORT_TIME);
}

/// Sends a byte now and then, until an answer comes or the connection ends.
#[track_caller]
fn drip(client: &mut TcpPeer) -> Reply {
    let begun = Instant::now();
    client.stream().set_read_timeout(Some(SHORT_TIME / 10)).unwrap();
    let mut first = [0];
    loop {
        client.send(b"x");
        match client.stream().read(&mut first) {
            Err(error) if labcore::is_timeout(&error) => {}
            result => {
                assert_eq!(result.unwrap(), 1);
                break;
            }
        }
        assert!(begun.elapsed() < labtest::patience(), "the server waits for a client that drips");
    }
    assert!(begun.elapsed() >= SHORT_TIME, "answered before its time");
    assert_eq!(first, *b"H");
    read_reply(client, false)
}

#[test]
fn gives_a_head_that_drips_a_time_in_all() {
    let site = site();
    let server = site.serve(&["--request-timeout", SHORT]);
    for first in [true, false] {
        let mut client = server.tcp_client();
        if !first {
            ask(&mut client, "GET", "/a.txt", "");
        }
        client.send(b"GET /a.txt HTTP/1.1\r\nHost: localhost\r\nX: ");
        let reply = drip(&mut client);
        assert!(reply.head.starts_with("TTP/1.1 408 "), "{}", reply.head);
        assert_eq!(reply.field("Connection"), Some("close"));
        client.expect_end();
    }
}

#[test]
fn gives_a_body_that_drips_a_time_in_all() {
    let site = site();
    let server = site.serve(&["--request-timeout", SHORT]);
    let mut client = server.tcp_client();
    client.send(b"GET /a.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999\r\n\r\n");
    assert!(drip(&mut client).head.starts_with("TTP/1.1 408 "));
}

#[test]
fn drops_a_client_that_reads_nothing() {
    let site = site();
    let mut server = site.serve(&["--write-timeout", SHORT]);
    let mut client = begin(&server);
    server.expect_output("\"GET /large HTTP/1.1\" 200 ");
    let received = client.read_to_end();
    assert!(received.len() < 64 << 20, "it was sent everything");
    server.expect_running();
}

#[test]
fn waits_for_a_client_that_reads_slowly() {
    let site = site();
    let server = site.serve(&["--write-timeout", SHORT]);
    let mut client = begin(&server);
    let begun = Instant::now();
    let mut left = 64 << 20;
    // Longer than the server waits for one that reads nothing.
    while begun.elapsed() < SHORT_TIME * 3 {
        left -= client.read_exact(1 << 20).len();
        std::thread::sleep(SHORT_TIME / 20); // it takes its time
    }
    client.read_exact(left);
}

#[test]
fn gives_a_request_its_time_when_its_turn_comes() {
    let site = site();
    let server = site.serve(&["--request-timeout", SHORT]);
    let mut client = server.tcp_client();
    client.send(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\nGET /a.txt HTTP/1.1\r\nHost: local");
    std::thread::sleep(SHORT_TIME * 2); // in which the server can't finish the first
    assert_eq!(read_reply(&mut client, false).body.len(), 64 << 20);
    client.send(b"host\r\n\r\n");
    assert_eq!(read_reply(&mut client, false).body, b"first\n");
}

#[test]
fn survives_clients_that_reset_in_the_middle() {
    let site = site();
    let server = site.serve(&[]);
    for _ in 0..20 {
        begin(&server).reset();
        let mut client = server.tcp_client();
        client.send(b"GET /a.txt HT");
        client.reset();
    }
    assert_eq!(get(&server, "/a.txt").body, b"first\n");
}

#[test]
fn turns_clients_away_when_it_is_full_and_recovers() {
    let site = site();
    let server = site.serve(&["--max-connections", "2"]);
    let mut clients = [server.tcp_client(), server.tcp_client()];
    for client in &mut clients {
        assert_eq!(ask(client, "GET", "/a.txt", "").status(), "200");
    }
    // Whether it asks or not.
    for request in ["", "GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n"] {
        let mut client = server.tcp_client();
        client.send(request.as_bytes());
        let reply = read_reply(&mut client, false);
        assert_eq!((reply.status(), reply.field("Retry-After")), ("503", Some("1")));
        client.expect_end();
    }
    let [first, mut second] = clients;
    first.close();
    await_ok(&server);
    assert_eq!(ask(&mut second, "GET", "/a.txt", "").status(), "200");
}

#[cfg(target_os = "linux")]
#[test]
fn drops_clients_when_there_is_no_room_to_turn_them_away() {
    use labtest::Signal;
    let site = site();
    let server = site.serve(&["--max-connections", "1", "--quiet"]);
    // All come in at once when it goes on, and none leaves by itself.
    server.signal(Signal::STOP);
    let mut crowd: Vec<TcpPeer> = (0..300).map(|_| server.tcp_client()).collect();
    server.signal(Signal::CONT);
    let mut dropped = 0;
    for client in &mut crowd[1..] {
        let received = client.read_to_end();
        assert!(received.is_empty() || received.starts_with(b"HTTP/1.1 503 "), "{received:?}");
        dropped += usize::from(received.is_empty());
    }
    assert!(dropped > 0, "each of 300 clients has a thread, and there is room for one");
}

#[test]
fn wants_room_for_at_least_one_client() {
    for number in ["0", "10001"] {
        let finished = run(crate::site::SERVER, &["--max-connections", number]);
        assert_eq!(finished.status.code(), Some(2), "{}", finished.stderr);
        assert!(finished.stderr.contains(&format!("invalid value '{number}'")), "{}", finished.stderr);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn lets_a_crowd_wait_at_the_door() {
    use labtest::Signal;
    let site = site();
    let server = site.serve(&["--quiet"]);
    // While it is stopped, the system alone lets clients in, up to the backlog. Those above would not be connected.
    server.signal(Signal::STOP);
    let mut crowd: Vec<TcpPeer> = (0..300).map(|_| server.tcp_client()).collect();
    server.signal(Signal::CONT);
    for client in &mut crowd {
        assert_eq!(ask(client, "GET", "/a.txt", "").body, b"first\n");
    }
}

/// Asks until there is room.
#[track_caller]
fn await_ok(server: &Server) {
    let begun = Instant::now();
    while get(server, "/a.txt").status() != "200" {
        assert!(begun.elapsed() < labtest::patience(), "the server does not recover");
    }
}

#[cfg(unix)]
#[test]
fn survives_without_descriptors() {
    let site = site();
    let root = site.path("");
    let server = Server::limited("-n 20", crate::site::SERVER, &["--root", root.to_str().unwrap()]);
    let mut clients: Vec<TcpPeer> = (0..40).map(|_| server.tcp_client()).collect();
    server.expect_output("failed to accept a client: ");
    // The ones that were accepted take all descriptors, so that soon there is none to open a file with.
    let begun = Instant::now();
    loop {
        let reply = ask(&mut clients[0], "GET", "/a.txt", "");
        if reply.status() == "503" {
            assert_eq!(reply.field("Retry-After"), Some("1"));
            break;
        }
        assert_eq!(reply.status(), "200");
        assert!(begun.elapsed() < labtest::patience(), "there is always a descriptor left");
    }
    drop(clients);
    await_ok(&server);
}

#[cfg(target_os = "linux")]
#[test]
fn neither_spins_nor_chatters_without_descriptors() {
    let site = site();
    let root = site.path("");
    let server = Server::limited("-n 20", crate::site::SERVER, &["--root", root.to_str().unwrap()]);
    let mut clients: Vec<TcpPeer> = (0..40).map(|_| server.tcp_client()).collect();
    server.expect_output("failed to accept a client: ");
    let before = server.cpu_time();
    clients[0].expect_nothing_for(SHORT_TIME);
    assert!(server.cpu_time() - before < Duration::from_millis(200), "{:?}", server.cpu_time() - before);
    // Said once, or twice if one more found a place, but not each time that it is tried again.
    let told = server.stdout().matches("failed to accept").count();
    assert!(told <= 2, "{told} times: {}", server.stdout());
}

#[cfg(target_os = "linux")]
#[test]
fn survives_without_threads() {
    let site = site();
    let root = site.path("");
    let args = ["--root", root.to_str().unwrap()];
    let server = Server::with_few_threads(8, crate::site::SERVER, &args);
    let clients: Vec<TcpPeer> = (0..20).map(|_| server.tcp_client()).collect();
    server.expect_output("lost a client: failed to start a thread: ");
    drop(clients);
    let begun = Instant::now();
    loop {
        let mut client = server.tcp_client();
        client.send(b"GET /a.txt HTTP/1.0\r\n\r\n");
        if client.read_to_end().ends_with(b"first\n") {
            break;
        }
        assert!(begun.elapsed() < labtest::patience(), "the server does not recover");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn survives_without_memory() {
    let site = site();
    let root = site.path("");
    // Room for fewer threads than the 1,000 that it would have.
    let server = Server::limited("-d 90000", crate::site::SERVER, &["--root", root.to_str().unwrap()]);
    let mut client = server.tcp_client();
    for _ in 0..5 {
        let others: Vec<TcpPeer> = (0..700).map(|_| server.tcp_client()).collect();
        server.expect_output(" \"\" 503 ");
        assert_eq!(ask(&mut client, "GET", "/a.txt", "").body, b"first\n");
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
        File::create(site.path(&format!("a name of ordinary length {number}.jpg"))).unwrap();
    }
    let root = site.path("");
    let server = Server::limited("-d 90000", crate::site::SERVER, &["--root", root.to_str().unwrap()]);
    let mut clients: Vec<TcpPeer> = (0..100).map(|_| server.tcp_client()).collect();
    for client in &mut clients {
        client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }
    for client in &mut clients {
        client.read_through(b"\r\n"); // and no more
    }
    drop(clients);
    await_ok(&server);
}

#[cfg(target_os = "linux")]
#[test]
fn keeps_nothing_of_clients_that_are_gone() {
    let site = site();
    let server = site.serve(&["--quiet"]);
    let in_use = || {
        let process = format!("/proc/{}", server.id());
        let count = |what: &str| std::fs::read_dir(format!("{process}/{what}")).unwrap().count();
        (count("fd"), count("task"))
    };
    let mut client = server.tcp_client();
    ask(&mut client, "GET", "/a.txt", "");
    let before = in_use();
    for _ in 0..300 {
        begin(&server).reset();
    }
    let begun = Instant::now();
    while in_use() != before {
        assert!(begun.elapsed() < labtest::patience(), "descriptors and threads: {before:?}, {:?}", in_use());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn keeps_idle_connections_in_little_memory() {
    let site = Site::new().with("page", [b'x'; 4096]);
    let server = site.serve(&["--quiet"]);
    let clients: Vec<TcpPeer> = (0..400)
        .map(|_| {
            let mut client = server.tcp_client();
            ask(&mut client, "GET", "/page", "");
            client
        })
        .collect();
    // The goal is 40 KiB each; a program that is not optimised needs more of its stacks.
    let each_kib = if cfg!(debug_assertions) { 80 } else { 40 };
    let used_kib = server.memory_kib_max();
    assert!(used_kib < each_kib * clients.len() as u64, "{used_kib} KiB for {}", clients.len());
}

#[test]
fn serves_many_clients_at_once() {
    let site = site();
    let server = site.serve(&["--quiet"]);
    let mut clients: Vec<TcpPeer> = (0..200).map(|_| server.tcp_client()).collect();
    for client in &mut clients {
        client.send(b"GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }
    // The last one first: nobody waits for anybody.
    for client in clients.iter_mut().rev() {
        assert_eq!(read_reply(client, false).body, b"first\n");
    }
}

#[test]
fn serves_clients_of_ipv6() {
    let site = site();
    let root = site.path("");
    let server = Server::at(crate::site::SERVER, &["[::1]:0", "--root", root.to_str().unwrap()]);
    assert_eq!(get(&server, "/a.txt").body, b"first\n");
    server.expect_output("::1 - - [");
}
