//! The end of the server: after one answer, or when a signal asks for it.

use crate::site::Site;
use crate::{ask, get};
#[cfg(unix)]
use labtest::TcpPeer;

#[test]
fn answers_one_request_and_exits() {
    let site = Site::new().with("a.txt", "first\n");
    let mut server = site.serve(&["--once"]);
    // One that asks for nothing, as browsers open them in advance, is none.
    server.tcp_client().close();
    let mut client = server.tcp_client();
    let reply = ask(&mut client, "GET", "/a.txt", "");
    assert_eq!((&*reply.body, reply.field("Connection")), (&b"first\n"[..], Some("close")));
    client.expect_end();
    client.close();
    server.expect_exit(0);
}

#[test]
fn exits_after_404_too() {
    let site = Site::new();
    let mut server = site.serve(&["--once"]);
    assert_eq!(get(&server, "/missing").status(), "404");
    server.expect_exit(0);
}

#[cfg(unix)]
mod signals {
    use super::{Site, TcpPeer, ask, get};
    use labtest::{Server, Signal};
    use std::fs::File;
    use std::net::TcpStream;
    use std::time::{Duration, Instant};

    const LARGE: usize = 64 << 20;

    fn site() -> Site {
        let site = Site::new().with("a.txt", "first\n").with("large", "");
        File::options().write(true).open(site.path("large")).unwrap().set_len(LARGE as u64).unwrap();
        site
    }

    #[track_caller]
    fn begin(server: &Server) -> TcpPeer {
        let mut client = server.tcp_client();
        client.send(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
        client.read_through(b"\r\n\r\n");
        client
    }

    #[test]
    fn exits_at_once_when_it_has_nothing_to_do() {
        let site = site();
        for signal in [Signal::INT, Signal::TERM] {
            let mut server = site.serve(&[]);
            let mut idle = server.tcp_client();
            ask(&mut idle, "GET", "/a.txt", "");
            let silent = server.tcp_client();
            let begun = Instant::now();
            server.signal(signal);
            idle.expect_end();
            server.expect_exit(0);
            assert!(begun.elapsed() < Duration::from_secs(4), "waited for clients who wait for nothing");
            drop(silent);
        }
    }

    #[test]
    fn finishes_what_it_sends_and_accepts_nobody() {
        let site = site();
        let mut server = site.serve(&[]);
        let mut client = begin(&server);
        let mut idle = server.tcp_client();
        server.signal(Signal::TERM);
        idle.expect_end();
        let begun = Instant::now();
        while TcpStream::connect(server.address()).is_ok() {
            assert!(begun.elapsed() < labtest::patience(), "the server still accepts clients");
        }
        assert_eq!(client.read_exact(LARGE).len(), LARGE);
        client.expect_end();
        server.expect_exit(0);
    }

    #[test]
    fn does_not_wait_for_ever_for_a_client_that_reads_nothing() {
        let site = site();
        let mut server = site.serve(&[]);
        let client = begin(&server);
        let begun = Instant::now();
        server.signal(Signal::INT);
        server.expect_exit(0);
        assert!(begun.elapsed() >= Duration::from_secs(4), "the client had no time");
        drop(client);
    }

    #[test]
    fn does_not_wait_for_ever_for_its_one_client_either() {
        let site = site();
        let mut server = site.serve(&["--once"]);
        let client = begin(&server);
        server.signal(Signal::TERM);
        server.expect_exit(0);
        drop(client);
    }

    #[test]
    fn stops_while_it_waits_for_its_one_request() {
        let site = site();
        let mut server = site.serve(&["--once"]);
        let silent = server.tcp_client();
        server.signal(Signal::INT);
        server.expect_exit(0);
        drop(silent);
    }

    #[test]
    fn stops_on_all_addresses() {
        let site = site();
        let root = site.path("");
        let mut server = Server::at(crate::site::SERVER, &["0.0.0.0:0", "--root", root.to_str().unwrap()]);
        assert_eq!(get(&server, "/a.txt").body, b"first\n");
        server.signal(Signal::TERM);
        server.expect_exit(0);
    }
}
