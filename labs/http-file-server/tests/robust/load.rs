//! Many clients, and a lack of descriptors, threads or memory.

#[cfg(unix)]
use crate::site::{SERVER, await_ok};
use crate::site::{Site, request};
#[cfg(target_os = "linux")]
use crate::site::{ask, begin_large};
#[cfg(target_os = "linux")]
use labtest::Cause;
#[cfg(unix)]
use labtest::Server;
use labtest::TcpPeer;
#[cfg(target_os = "linux")]
use labtest::patience;
#[cfg(unix)]
use std::io::Write;
#[cfg(target_os = "linux")]
use std::time::{Duration, Instant};

/// How long a server without descriptors is watched, and the processor time that it may use meanwhile.
#[cfg(target_os = "linux")]
const CALM_TIME: Duration = Duration::from_millis(500);
#[cfg(target_os = "linux")]
const BUSY_MAX: Duration = Duration::from_millis(200);

fn site() -> Site {
    Site::new().with("a.txt", "first\n").with_large()
}

#[test]
fn serves_many_clients_at_once() {
    let site = site();
    let server = site.serve(&[]);
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
    let site = site();
    let server = Server::limited("-n 20", SERVER, &["--root", site.root()]);
    let clients: Vec<TcpPeer> = (0..40).map(|_| server.tcp_client()).collect();
    let start = Instant::now();
    // Once it has accepted as many as it can, it prints nothing, and needs no time, until a client leaves.
    loop {
        let (output, time) = (server.stdout(), server.cpu_time());
        std::thread::sleep(CALM_TIME); // the time that is measured
        let used = server.cpu_time().saturating_sub(time);
        let printed = server.stdout().len().saturating_sub(output.len());
        if printed == 0 && used < BUSY_MAX {
            break;
        }
        if start.elapsed() > patience() {
            let cause = if printed > 0 { Cause::RepeatsComplaint } else { Cause::BusyWaiting };
            let what = format!(
                "without a free descriptor, it printed {printed} bytes and used {used:?} of processor time in {CALM_TIME:?}"
            );
            server.fail_because(cause, &what);
        }
    }
    // Calm, and not dead.
    drop(clients);
    await_ok(&server);
}

#[cfg(target_os = "linux")]
#[test]
fn keeps_nothing_of_clients_that_are_gone() {
    let site = site();
    let server = site.serve(&[]);
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
    let server = site.serve(&[]);
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
        server.fail_because(Cause::MemoryGrows, &what);
    }
}
