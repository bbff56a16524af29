//! The end of the server: after one response, or when a signal asks for it.

use crate::site::{Site, ask, get};

#[test]
fn answers_one_request_and_exits() {
    let site = Site::new().with("a.txt", "first\n");
    let mut server = site.serve(&["--once"]);
    // A connection without a request, as browsers open them in advance, does not count.
    server.tcp_client().close();
    let mut client = server.tcp_client();
    let response = ask(&mut client, "GET", "/a.txt", "");
    response.expect_file(b"first\n");
    response.expect_field("Connection", "close");
    client.expect_end();
    client.close();
    server.expect_exit(0);
}

#[test]
fn exits_after_404_too() {
    let site = Site::new();
    let mut server = site.serve(&["--once"]);
    get(&server, "/missing").expect_status("404");
    server.expect_exit(0);
}

#[cfg(unix)]
mod signals {
    use crate::site::{LARGE_BYTES, SERVER, Site, ask, begin_large, get};
    use labtest::{Cause, Server, Signal, check, patience};
    use std::net::TcpStream;
    use std::time::{Duration, Instant};

    fn site() -> Site {
        Site::new().with("a.txt", "first\n").with_large()
    }

    #[test]
    fn exits_at_once_when_it_has_nothing_to_do() {
        let site = site();
        for signal in [Signal::INT, Signal::TERM] {
            let mut server = site.serve(&[]);
            let mut idle = server.tcp_client();
            ask(&mut idle, "GET", "/a.txt", "").expect_status("200");
            let _silent = server.tcp_client();
            let start = Instant::now();
            server.signal(signal);
            idle.expect_end();
            server.expect_exit(0);
            let time = start.elapsed();
            check!(
                time < Duration::from_secs(4),
                "it took {time:?} to end, and no client waited for anything"
            );
        }
    }

    #[test]
    fn finishes_what_it_sends_and_accepts_nobody() {
        let site = site();
        let mut server = site.serve(&[]);
        let mut client = begin_large(&server);
        let mut idle = server.tcp_client();
        server.signal(Signal::TERM);
        idle.expect_end();
        let start = Instant::now();
        while TcpStream::connect(server.address()).is_ok() {
            check!(start.elapsed() < patience(), "the server still accepts clients after the signal");
        }
        client.read_exact(LARGE_BYTES);
        client.expect_end();
        server.expect_exit(0);
    }

    #[test]
    fn does_not_wait_for_ever_for_a_client_that_reads_nothing() {
        let site = site();
        let mut server = site.serve(&[]);
        let _client = begin_large(&server);
        let start = Instant::now();
        server.signal(Signal::INT);
        server.expect_exit(0);
        let time = start.elapsed();
        if time < Duration::from_secs(4) {
            let what = format!("it ended {time:?} after the signal, and a client was still reading");
            server.fail_because(Cause::ClosedTooEarly, &what);
        }
    }

    #[test]
    fn does_not_wait_for_ever_for_its_one_client_either() {
        let site = site();
        let mut server = site.serve(&["--once"]);
        let _client = begin_large(&server);
        server.signal(Signal::TERM);
        server.expect_exit(0);
    }

    #[test]
    fn stops_while_it_waits_for_its_one_request() {
        let site = site();
        let mut server = site.serve(&["--once"]);
        let _silent = server.tcp_client();
        server.signal(Signal::INT);
        server.expect_exit(0);
    }

    #[test]
    fn stops_on_all_addresses() {
        let site = site();
        let mut server = Server::at(SERVER, &["0.0.0.0:0", "--root", site.root()]);
        get(&server, "/a.txt").expect_file(b"first\n");
        server.signal(Signal::TERM);
        server.expect_exit(0);
    }
}
