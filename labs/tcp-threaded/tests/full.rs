//! What only the reference program has. Students do not get these tests.

use labtest::Server;
use labtest::contract::{self, tcp_echo};

const SERVER: &str = env!("CARGO_BIN_EXE_tcp-threaded-server");

#[test]
fn turns_clients_away_when_full_and_takes_new_ones_when_some_left() {
    let server = Server::start(SERVER, &["--max-clients", "2"]);
    let _first = tcp_echo::greeted(&server);
    let second = tcp_echo::greeted(&server);
    let mut third = server.tcp_client();
    third.expect(b"server is full: 2 clients are connected\n");
    third.expect_end();
    second.close();
    server.expect_output(" disconnected\n");
    tcp_echo::ask(&server);
}

#[test]
fn has_room_again_when_a_client_sees_its_end() {
    let server = Server::start(SERVER, &["--max-clients", "1"]);
    for _ in 0..500 {
        let mut client = server.tcp_client();
        client.half_close();
        client.expect_end(); // a client that is rejected would get a line
    }
}

#[test]
fn refuses_limits_that_make_no_sense() {
    for limit in ["0", "10001", "-1"] {
        contract::prints_its_usage(SERVER, &[&["--max-clients", limit]], "");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn asks_after_clients_that_may_be_gone() {
    tcp_echo::asks_after_clients_that_may_be_gone(SERVER);
}

#[cfg(target_os = "linux")]
#[test]
fn goes_on_when_memory_is_short() {
    // There is room for fewer threads than the 10,000 that the server would have.
    let server = Server::limited("-d 90000", SERVER, &[]);
    let mut first = server.tcp_client();
    for _ in 0..5 {
        let _others: Vec<_> = (0..700).map(|_| server.tcp_client()).collect();
        server.expect_output(": the server is full");
        first.send(b"still here\n");
        first.expect(b"STILL HERE\n");
    }
}
