//! The exercise itself: a server in any language, right by the textbook, passes these.
//!
//! Lines are short and plain, and the server may end its answers as it likes.

use labtest::{Cause, Server, TcpPeer};

const SERVER: &str = env!("CARGO_BIN_EXE_tcp-threaded-server");

#[track_caller]
fn check_answer(client: &mut TcpPeer, text: &str) {
    client.send(format!("{text}\n").as_bytes());
    client.expect_text(&text.to_ascii_uppercase());
}

#[test]
fn server_answers_in_upper_case() {
    let server = Server::start(SERVER, &[]);
    let mut client = server.tcp_client();
    check_answer(&mut client, "hello world &*! 42");
    client.expect_no_more_text();
}

#[test]
fn server_answers_line_after_line() {
    let server = Server::start(SERVER, &[]);
    let mut client = server.tcp_client();
    for text in ["a rather long line to begin with", "Short", "and one MORE"] {
        check_answer(&mut client, text);
    }
    client.expect_no_more_text();
}

#[test]
fn server_answers_while_another_client_is_silent() {
    let server = Server::start(SERVER, &[]);
    let _silent = server.tcp_client();
    check_answer(&mut server.tcp_client(), "hello");
}

#[test]
fn server_answers_four_clients_in_turns() {
    let server = Server::start(SERVER, &[]);
    let mut clients: Vec<_> = (0..4).map(|_| server.tcp_client()).collect();
    for round in 1..=2 {
        // The last one first, while all the others are connected and silent.
        for (number, client) in clients.iter_mut().enumerate().rev() {
            check_answer(client, &format!("client {number} round {round}"));
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn server_is_idle_when_its_clients_have_left() {
    use std::time::Duration;
    let server = Server::start(SERVER, &[]);
    for _ in 0..3 {
        let mut client = server.tcp_client();
        check_answer(&mut client, "hello");
        client.close();
    }
    // A thread that goes on reading at the end of the stream wants a processor all of this time.
    let before = server.busy_time();
    server.tcp_client().expect_nothing_for(Duration::from_millis(800));
    let busy = server.busy_time().saturating_sub(before);
    if busy >= Duration::from_millis(400) {
        let what = format!("it used {busy:?} of processor time while nothing happened");
        server.fail_because(Cause::BusyWaiting, &what);
    }
}
