//! Many clients, and a lack of descriptors, threads or memory.

#[cfg(target_os = "linux")]
use crate::site::begin_large;
#[cfg(unix)]
use crate::site::{SERVER, ask, await_ok};
use crate::site::{Site, request};
use labtest::TcpPeer;
#[cfg(unix)]
use labtest::{Server, patience};
#[cfg(unix)]
use std::io::Write;
#[cfg(unix)]
use std::time::Instant;

fn site() -> Site {
    Site::new().with("a.txt", "first\n").with_large()
}

#[test]
fn serves_many_clients_at_once() {
    let site = site();
    let server = site.serve(&["--quiet"]);
    let mut clients: Vec<TcpPeer> = (0..200).map(|_| server.tcp_client()).collect();
    for client in &mut clients {
        client.send(request("/a.txt").as_bytes());
    }
    // The last client reads first: no response may depend on another client.
    for client in clients.iter_mut().rev() {
        client.read_response(false).expect_file(b"first\n");
    }
}

#[cfg(unix)]
#[test]
fn survives_without_descriptors() {
    let site = site();
    let server = Server::limited("-n 20", SERVER, &["--root", site.root()]);
    let clients: Vec<TcpPeer> = (0..40).map(|_| server.tcp_client()).collect();
    for client in &clients {
        let _ = client.stream().write_all(request("/a.txt").as_bytes());
    }
    drop(clients);
    await_ok(&server);
}

#[cfg(target_os = "linux")]
#[test]
fn survives_without_threads() {
    let site = site();
    let server = Server::with_few_threads(8, SERVER, &["--root", site.root()]);
    let clients: Vec<TcpPeer> = (0..20).map(|_| server.tcp_client()).collect();
    drop(clients);
    await_ok(&server);
}

#[cfg(target_os = "linux")]
#[test]
fn neither_spins_nor_chatters_without_descriptors() {
    site().check_contract(|server| drop(server.stays_calm_without_descriptors(20, 40)));
}

#[cfg(target_os = "linux")]
#[test]
fn keeps_nothing_of_clients_that_are_gone() {
    let site = site();
    let server = site.serve(&["--quiet"]);
    let in_use = || {
        let count = |what: &str| {
            std::fs::read_dir(format!("/proc/{}/{what}", server.id())).map_or(0, Iterator::count)
        };
        (count("fd"), count("task"))
    };
    let mut client = server.tcp_client();
    ask(&mut client, "GET", "/a.txt", "").expect_status("200");
    let before = in_use();
    for _ in 0..300 {
        begin_large(&server).reset();
    }
    let start = Instant::now();
    // The server may still have had the first file open.
    let is_more = |now: (usize, usize)| now.0 > before.0 || now.1 > before.1;
    while is_more(in_use()) {
        if start.elapsed() > patience() {
            let what =
                format!("it had {before:?} descriptors and threads, and {:?} after 300 clients", in_use());
            server.fail(&what);
        }
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
            ask(&mut client, "GET", "/page", "").expect_status("200");
            client
        })
        .collect();
    // The goal is 40 KiB each; a program that is not optimised needs more for its stacks.
    let each_kib = if cfg!(debug_assertions) { 80 } else { 40 };
    let used_kib = server.memory_kib_max();
    if used_kib >= each_kib * clients.len() as u64 {
        let what = format!("it has {used_kib} KiB resident for {} idle connections", clients.len());
        server.fail_because(labtest::Cause::MemoryGrows, &what);
    }
}
