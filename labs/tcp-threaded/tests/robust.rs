//! Edge cases: many clients at once, clients that reset or never read, and a lack of descriptors or threads. A program
//! in any language may pass these.

use labtest::contract::reply_form::{self, Replies};
use labtest::contract::{ServerContract, tcp_echo};
use labtest::{Server, TcpPeer};
#[cfg(target_os = "linux")]
use std::time::Duration;

const SERVER: &str = env!("CARGO_BIN_EXE_tcp-threaded-server");
const CONTRACT: ServerContract<'_> = ServerContract::new(SERVER, reply_form::ask);

/// Sends bytes, and expects these in return and not one more. A server that counts characters returns others.
#[track_caller]
fn check_bytes(bytes: &[u8], expected: &[u8]) {
    let server = Server::start(SERVER, &[]);
    Replies::ensure_upper_case(&server);
    let mut client = server.tcp_client();
    client.send(bytes);
    client.expect(expected);
    client.half_close();
    client.expect_end();
}

/// Exchanges one text, in either form, and expects that the server closes when the client has ended its side.
#[track_caller]
fn check_reply(exchange: impl FnOnce(&mut Replies, &mut TcpPeer)) {
    let server = Server::start(SERVER, &[]);
    let mut client = server.tcp_client();
    let mut replies = Replies::exact();
    exchange(&mut replies, &mut client);
    client.half_close();
    replies.expect_end(&mut client);
}

#[test]
fn answers_in_upper_case() {
    check_reply(|replies, client| replies.ask(client, "hello world &*!"));
}

#[test]
fn leaves_bytes_that_are_not_ascii_alone() {
    check_bytes(b"stra\xc3\x9fe \0\x1b[2J \xff\n", b"STRA\xc3\x9fE \0\x1b[2J \xff\n");
}

#[test]
fn answers_at_once_without_a_newline() {
    check_reply(|replies, client| replies.ask_without_newline(client, "hello"));
}

#[test]
fn answers_line_after_line() {
    let server = Server::start(SERVER, &[]);
    let mut client = server.tcp_client();
    let mut replies = Replies::exact();
    for text in ["one", "two", "a rather long line", "x"] {
        replies.ask(&mut client, text);
    }
}

#[test]
fn answers_one_byte_at_a_time() {
    Replies::ensure_upper_case(&Server::start(SERVER, &[]));
    tcp_echo::answers_one_byte_at_a_time(SERVER);
}

#[test]
fn answers_all_of_a_long_text() {
    let text = b"all of this comes back. ".repeat(2000);
    check_bytes(&text, &text.to_ascii_uppercase());
}

#[test]
fn answers_four_clients_at_once() {
    let server = Server::start(SERVER, &[]);
    let mut clients: Vec<_> = (0..4).map(|_| server.tcp_client()).collect();
    let mut replies = Replies::exact();
    for round in 0..3 {
        // The last client first, while all others are connected and silent.
        for (number, client) in clients.iter_mut().enumerate().rev() {
            replies.ask(client, &format!("client {number} round {round}"));
        }
    }
}

#[test]
fn answers_two_hundred_clients_at_once() {
    let server = Server::start(SERVER, &[]);
    // Each gets a reply before the next connects, so the length of the backlog does not matter here.
    let mut replies = Replies::exact();
    let mut clients: Vec<_> = (0..200).map(|_| replies.greeted(&server)).collect();
    for client in clients.iter_mut().rev() {
        replies.send(client, "still here");
    }
    for client in &mut clients {
        replies.expect(client, "still here");
    }
}

#[test]
fn answers_everything_before_a_half_close() {
    Replies::ensure_upper_case(&Server::start(SERVER, &[]));
    tcp_echo::answers_everything_before_a_half_close(SERVER);
}

#[test]
fn survives_clients_that_reset_or_leave() {
    let server = Server::start(SERVER, &[]);
    let mut patient = server.tcp_client();
    let mut replies = Replies::exact();
    for _ in 0..10 {
        replies.greeted(&server).reset(); // its thread waits for more
        let mut hasty = server.tcp_client();
        hasty.send(b"hello\n");
        hasty.reset();
        server.tcp_client().close();
        replies.ask(&mut patient, "still here");
    }
}

#[test]
fn is_not_held_up_by_a_client_that_never_reads() {
    let server = Server::start(SERVER, &["--quiet"]);
    let stuck = server.tcp_client();
    // Until both directions are full, including the server's write to this client.
    stuck.stream().set_nonblocking(true).unwrap();
    let chunk = vec![b'x'; 1 << 16];
    while std::io::Write::write(&mut stuck.stream(), &chunk).is_ok() {}
    reply_form::ask(&server);
}

#[cfg(target_os = "linux")]
#[test]
fn lets_a_crowd_wait_at_the_door() {
    use labtest::Signal;
    let server = Server::at(SERVER, &["127.0.0.1:0"]);
    // While the server is stopped, the system completes connections up to the backlog, and no further ones.
    server.signal(Signal::STOP);
    let mut crowd: Vec<_> = (0..300).map(|_| server.tcp_client()).collect();
    server.signal(Signal::CONT);
    let mut replies = Replies::exact();
    for client in &mut crowd {
        replies.ask(client, "hello");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn is_idle_when_its_clients_have_left() {
    use labtest::Cause;
    let server = Server::start(SERVER, &[]);
    for _ in 0..3 {
        reply_form::ask(&server);
    }
    // A thread that goes on reading at the end of the stream would use all of this time.
    let before = server.cpu_time();
    server.tcp_client().expect_nothing_for(Duration::from_millis(500));
    let used = server.cpu_time().saturating_sub(before);
    if used >= Duration::from_millis(250) {
        let what = format!("it used {used:?} of processor time while nothing happened");
        server.fail_because(Cause::BusyWaiting, &what);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn goes_on_when_it_runs_out_of_descriptors() {
    let (server, mut clients) = CONTRACT.stays_calm_without_descriptors(16, 20);
    // The others wait in the backlog, and are served as descriptors become free.
    let mut replies = Replies::exact();
    for mut client in clients.drain(..) {
        replies.ask(&mut client, "hello");
        client.close();
    }
    reply_form::ask(&server);
}

#[cfg(target_os = "linux")]
#[test]
fn goes_on_when_it_can_start_no_thread() {
    let server = Server::with_few_threads(50, SERVER, &[]);
    let mut replies = Replies::exact();
    let mut first = replies.greeted(&server);
    let _others: Vec<_> = (0..200).map(|_| server.tcp_client()).collect();
    server.expect_output("lost: failed to start a thread: ");
    replies.ask(&mut first, "still here");
}

#[cfg(unix)]
#[test]
fn goes_on_without_its_screen() {
    CONTRACT.survives_a_closed_standard_output();
}

#[test]
fn listens_on_ipv6() {
    CONTRACT.listens_on_ipv6(&["[::1]:0"]);
}

mod two_hosts {
    use super::SERVER;
    use labtest::contract::reply_form;

    #[test]
    fn server_answers_another_host() {
        reply_form::answers_another_host(SERVER);
    }
}
