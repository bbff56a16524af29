//! The exercise itself. A textbook server, in any language, passes these tests.
//!
//! Lines are short and plain, and the server may end its replies in any way. It may reply in upper case, or with the number
//! of characters and the text: its first reply tells which. Texts of several lengths show that it counts.

#[cfg(target_os = "linux")]
use labtest::Cause;
use labtest::Server;
use labtest::contract::reply_form::{self, Replies};

const SERVER: &str = env!("CARGO_BIN_EXE_tcp-threaded-server");

#[test]
fn server_answers_in_upper_case() {
    let server = Server::start(SERVER, &[]);
    let mut client = server.tcp_client();
    Replies::of_any_end().ask(&mut client, "hello world &*! 42");
    client.expect_no_more_text();
}

#[test]
fn server_listens_where_it_is_told() {
    reply_form::listens_where_it_is_told(SERVER);
}

#[test]
fn server_answers_line_after_line() {
    let server = Server::start(SERVER, &[]);
    let mut client = server.tcp_client();
    let mut replies = Replies::of_any_end();
    for text in ["a rather long line to begin with", "Short", "and one MORE"] {
        replies.ask(&mut client, text);
    }
    client.expect_no_more_text();
}

#[test]
fn server_answers_while_another_client_is_silent() {
    let server = Server::start(SERVER, &[]);
    let _silent = server.tcp_client();
    Replies::of_any_end().ask(&mut server.tcp_client(), "hello");
}

#[test]
fn server_answers_four_clients_in_turns() {
    let server = Server::start(SERVER, &[]);
    let mut clients: Vec<_> = (0..4).map(|_| server.tcp_client()).collect();
    let mut replies = Replies::of_any_end();
    for round in ["begins", "goes on"] {
        // The last client first, while all others are connected and silent.
        for (number, client) in clients.iter_mut().enumerate().rev() {
            replies.ask(client, &format!("client {number} {round}"));
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn server_is_idle_when_its_clients_have_left() {
    use std::time::Duration;
    let server = Server::start(SERVER, &[]);
    let mut replies = Replies::of_any_end();
    for text in ["hello", "one more", "the last one"] {
        let mut client = server.tcp_client();
        replies.ask(&mut client, text);
        client.close();
    }
    // A thread that goes on reading at the end of the stream would want a processor all of this time.
    let before = server.busy_time();
    server.tcp_client().expect_nothing_for(Duration::from_millis(800));
    let busy = server.busy_time().saturating_sub(before);
    if busy >= Duration::from_millis(400) {
        let what = format!("it used {busy:?} of processor time while nothing happened");
        server.fail_because(Cause::BusyWaiting, &what);
    }
}
