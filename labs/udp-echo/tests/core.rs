//! The exercise itself. A textbook server and client, in any language, pass these tests.
//!
//! Messages are short and plain. How the programs behave otherwise does not matter here.

use labtest::contract::{Pair, udp_echo};
use labtest::{Client, Server, Transport, UdpPeer};

const SERVER: &str = env!("CARGO_BIN_EXE_udp-echo-server");
const CLIENT: &str = env!("CARGO_BIN_EXE_udp-echo-client");

#[track_caller]
fn check_answer(client: &mut UdpPeer, text: &str) {
    client.send(text.as_bytes());
    client.expect(text.to_ascii_uppercase().as_bytes());
}

#[test]
fn server_answers_in_upper_case() {
    let server = Server::start(SERVER, &[]);
    check_answer(&mut server.udp_client(), "hello world");
}

#[test]
fn server_leaves_everything_but_a_to_z_alone() {
    let server = Server::start(SERVER, &[]);
    check_answer(&mut server.udp_client(), "`{@[ 0189 &*! ABC xyz");
}

#[test]
fn server_answers_long_and_short_messages() {
    let server = Server::start(SERVER, &[]);
    let mut client = server.udp_client();
    for text in ["the quick brown fox jumps over the lazy dog", "short", "a", "and a longer one again"] {
        check_answer(&mut client, text);
    }
}

#[test]
fn server_answers_a_second_client() {
    let server = Server::start(SERVER, &[]);
    let (mut first, mut second) = (server.udp_client(), server.udp_client());
    check_answer(&mut first, "the first is here");
    check_answer(&mut second, "so is the second");
    check_answer(&mut first, "the first again");
}

#[test]
fn server_listens_where_it_is_told() {
    udp_echo::listens_where_it_is_told(SERVER);
}

/// Waits for the typed text, with or without the newline.
#[track_caller]
fn expect_typed(server: &mut UdpPeer, text: &str) {
    server.expect_one_of(&[
        text.as_bytes(),
        format!("{text}\n").as_bytes(),
        format!("{text}\r\n").as_bytes(),
    ]);
}

#[test]
fn client_sends_a_line_and_shows_the_reply() {
    let mut server = UdpPeer::server();
    let mut client = Client::start(CLIENT, &[], server.address());
    client.write(b"hello world\n");
    expect_typed(&mut server, "hello world");
    server.send(b"HELLO WORLD");
    // Some clients print everything when they end.
    if !client.prints("HELLO WORLD") {
        client.end_input();
        client.expect_output("HELLO WORLD");
    }
}

#[test]
fn client_sends_the_next_line_if_it_asks_again() {
    let mut server = UdpPeer::server();
    let mut client = Client::start(CLIENT, &[], server.address());
    client.write(b"one\n");
    expect_typed(&mut server, "one");
    server.send(b"ONE");
    client.prints("ONE");
    if client.offer_line("and a longer one") && server.has_datagram() {
        expect_typed(&mut server, "and a longer one");
        server.send(b"AND A LONGER ONE");
        if !client.prints("AND A LONGER ONE") {
            client.end_input();
            client.expect_output("AND A LONGER ONE");
        }
    }
}

#[test]
fn pair_exchanges_two_lines() {
    Pair { server: SERVER, client: CLIENT, transport: Transport::Udp }.exchanges_two_lines();
}
