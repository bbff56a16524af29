//! The exercise itself. A textbook server and client, in any language, pass these tests.
//!
//! Lines are short and plain. A program may end its texts in any way, and close after one reply as the textbook's
//! server does.

use labtest::contract::Pair;
use labtest::contract::tcp_echo::{self, ask_text};
use labtest::{Client, Server, TcpPeer, TcpPeerListener, Transport};

const SERVER: &str = env!("CARGO_BIN_EXE_tcp-echo-server");
const CLIENT: &str = env!("CARGO_BIN_EXE_tcp-echo-client");

#[test]
fn server_answers_in_upper_case() {
    let server = Server::start(SERVER, &[]);
    let mut client = server.tcp_client();
    ask_text(&mut client, "hello world");
    client.expect_no_more_text();
}

#[test]
fn server_leaves_everything_but_a_to_z_alone() {
    let server = Server::start(SERVER, &[]);
    ask_text(&mut server.tcp_client(), "`{@[ 0189 &*! ABC xyz");
}

#[test]
fn server_answers_clients_in_turn() {
    let server = Server::start(SERVER, &[]);
    for text in ["the quick brown fox jumps over the lazy dog", "short", "and a longer one again"] {
        let mut client = server.tcp_client();
        ask_text(&mut client, text);
        client.expect_no_more_text();
        client.close();
    }
}

#[test]
fn server_listens_where_it_is_told() {
    tcp_echo::listens_where_it_is_told(SERVER);
}

#[test]
fn server_answers_the_second_line_or_closes() {
    let server = Server::start(SERVER, &[]);
    let mut client = server.tcp_client();
    ask_text(&mut client, "hello world");
    // Whether the next reply is right is the matter of another check.
    if client.offer(b"hello world\n") {
        client.expect_any_text_or_end();
    }
}

#[test]
fn server_gives_no_wrong_answer_to_more_lines() {
    let server = Server::start(SERVER, &[]);
    let mut client = server.tcp_client();
    ask_text(&mut client, "the first line is a long one");
    // The server may close after one reply. If it does not, its next reply must be to the second line.
    let goes_on = client.offer(b"two\n") && client.expect_text_or_nothing("TWO");
    client.close();
    let mut client = server.tcp_client();
    client.send(b"one\ntwo\nthree\n");
    if goes_on {
        client.expect_text("ONETWOTHREE");
    } else {
        client.expect_first_of(&["ONE", "TWO", "THREE"]);
    }
    client.expect_no_more_text();
}

/// Answers one typed line, which may have no newline, and waits until the client shows the reply.
#[track_caller]
fn answer(client: &mut Client, mut server: TcpPeer, text: &str, reply: &str) -> TcpPeer {
    let typed = server.read_typed(text);
    server.send(format!("{reply}{}", if typed.ends_with(b"\n") { "\n" } else { "" }).as_bytes());
    if !client.prints(reply) {
        // Some clients wait for the end of the stream, and some print everything when they end.
        server.half_close();
        client.end_input();
        client.expect_output(reply);
    }
    server
}

#[test]
fn client_sends_a_line_and_shows_the_reply() {
    let listener = TcpPeerListener::bind();
    let mut client = Client::start(CLIENT, &[], listener.address());
    // Some clients connect only when there is something to send.
    client.write(b"hello world\n");
    answer(&mut client, listener.accept(), "hello world", "HELLO WORLD");
}

#[test]
fn client_sends_the_next_line_if_it_asks_again() {
    let listener = TcpPeerListener::bind();
    let mut client = Client::start(CLIENT, &[], listener.address());
    client.write(b"one\n");
    let server = answer(&mut client, listener.accept(), "one", "ONE");
    if !client.offer_line("and a longer one") {
        return; // one line is all that this client sends
    }
    // It may send the line on the same connection or on a new one.
    if let Some(server) = listener.accept_unless_sent_on(server) {
        answer(&mut client, server, "and a longer one", "AND A LONGER ONE");
    }
}

#[test]
fn pair_exchanges_two_lines() {
    Pair { server: SERVER, client: CLIENT, transport: Transport::Tcp }.exchanges_two_lines();
}
