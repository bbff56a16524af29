//! The options, messages and limits of the reference programs. These tests are worth no points.

use labtest::contract::{self, ClientContract, ServerContract, tcp_echo};
use labtest::{Server, TcpPeerListener, Transport, run};
use std::net::TcpListener;

const SERVER: &str = env!("CARGO_BIN_EXE_tcp-echo-server");
const CLIENT: &str = env!("CARGO_BIN_EXE_tcp-echo-client");

mod server {
    use super::{SERVER, Server, ServerContract, contract, tcp_echo};

    const CONTRACT: ServerContract<'_> = ServerContract::new(SERVER, tcp_echo::ask);

    #[cfg(target_os = "linux")]
    #[test]
    fn tells_a_reset_from_an_end() {
        for args in [&[][..], &["--once"]] {
            tcp_echo::tells_a_reset_from_an_end(SERVER, args);
        }
    }

    #[test]
    fn closes_after_the_first_line_with_once() {
        let server = Server::start(SERVER, &["--once"]);
        for _ in 0..3 {
            tcp_echo::greeted(&server).expect_end();
        }
    }

    #[test]
    fn closes_after_a_pause_with_once_when_no_newline_comes() {
        let server = Server::start(SERVER, &["--once"]);
        let mut client = server.tcp_client();
        client.send(b"hello");
        client.expect(b"HELLO");
        client.expect_end();
        client.close();
        server.expect_output("client 1 disconnected\n");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn goes_on_waiting_with_once_after_it_was_stopped() {
        use labtest::Signal;
        let server = Server::start(SERVER, &["--once"]);
        for number in 1..=5 {
            let mut client = server.tcp_client();
            client.send(b"no newline");
            client.expect(b"NO NEWLINE");
            // The wait for a newline is interrupted: that is no error of this client.
            server.signal(Signal::STOP);
            server.expect_stopped();
            server.signal(Signal::CONT);
            client.expect_end();
            client.close();
            server.expect_output(&format!("client {number} disconnected\n"));
        }
    }

    /// Languages with a runtime of their own need more for that alone.
    #[cfg(target_os = "linux")]
    #[test]
    fn needs_less_than_ten_mebibytes() {
        let server = Server::start(SERVER, &[]);
        let text = [b'a'; 1 << 16];
        server.tcp_client().exchange(&text, &text.to_ascii_uppercase(), 64 << 4);
        let used_kib = server.memory_kib_max();
        if used_kib >= 10 * 1024 {
            let what = format!("it had {used_kib} KiB resident after a stream of 64 MiB");
            server.fail(&what);
        }
    }

    #[test]
    fn shows_who_came_what_they_said_and_that_they_left() {
        let server = Server::start(SERVER, &[]);
        let client = tcp_echo::greeted(&server);
        let address = client.address();
        client.close();
        server.expect_output(&format!(
            "client 1 connected from {address}\nclient 1: hello\nclient 1 disconnected\n"
        ));
        server.tcp_client().close();
        server.expect_output("client 2 disconnected\n");
    }

    #[test]
    fn lets_no_client_control_the_terminal() {
        let server = Server::start(SERVER, &[]);
        server.tcp_client().send(b"\x1b[2Jgone\r\nfake line\xff\n");
        server.expect_output("client 1: \\u{1b}[2Jgone\\r\\nfake line\\xff\n");
    }

    #[test]
    fn prints_only_where_it_listens_when_quiet() {
        CONTRACT.prints_only_where_it_listens_when_quiet();
    }

    #[test]
    fn starts_each_event_with_the_time() {
        CONTRACT.starts_each_event_with_the_time("client 1");
    }

    #[test]
    fn fails_when_the_port_is_taken() {
        CONTRACT.fails_when_the_port_is_taken();
    }

    #[test]
    fn prints_its_usage_when_called_wrongly() {
        let calls = [&["--no-such-option"][..]];
        contract::prints_its_usage(SERVER, &calls, "Usage: tcp-echo-server [OPTIONS] [HOST[:PORT]] [PORT]");
    }
}

mod client {
    use super::{CLIENT, ClientContract, TcpListener, TcpPeerListener, Transport, contract, run};

    const CONTRACT: ClientContract<'_> = ClientContract { program: CLIENT, transport: Transport::Tcp };

    #[test]
    fn prints_replies_alone_where_nobody_types() {
        CONTRACT.prints_replies_alone_where_nobody_types();
    }

    #[test]
    fn sends_the_message_of_its_command_line_alone() {
        CONTRACT.sends_the_message_of_its_command_line_alone();
    }

    #[test]
    fn says_who_did_not_reply() {
        CONTRACT.says_who_did_not_reply("is it busy with another client?");
    }

    #[test]
    fn waits_without_limit() {
        CONTRACT.waits_without_limit();
    }

    #[test]
    fn refuses_a_message_of_two_lines() {
        let listener = TcpPeerListener::bind();
        let finished = run(CLIENT, &[&listener.address().to_string(), "-m", "one\ntwo"]);
        finished.expect_error_with("error: a text with a newline in it is several lines").expect_status(1);
    }

    #[test]
    fn is_refused_where_nobody_listens() {
        let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let start = format!("error: failed to connect to `{nobody}`: ");
        run(CLIENT, &[&nobody.to_string(), "-m", "hello"]).expect_error(&start, "; is the server running?");
    }

    #[test]
    fn names_every_address_that_it_tried() {
        let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let finished = run(CLIENT, &["localhost", &nobody.port().to_string(), "-m", "hello"]);
        let start = format!("error: failed to connect to `localhost:{}` (", nobody.port());
        finished.expect_error_with(&start).expect_error_with("127.0.0.1");
    }

    #[test]
    fn lets_no_server_control_the_terminal() {
        CONTRACT.lets_no_server_control_the_terminal();
    }

    #[cfg(unix)]
    #[test]
    fn asks_a_person_for_each_line() {
        CONTRACT.asks_a_person_for_each_line();
    }

    #[test]
    fn prints_its_usage_when_called_wrongly() {
        contract::prints_its_usage(CLIENT, &[&[]], "Usage: tcp-echo-client [OPTIONS] <HOST[:PORT]> [PORT]");
    }
}
