//! The options, messages and limits of the reference programs. These tests are worth no points.

use labtest::contract::{self, ClientContract, ServerContract, udp_echo};
use labtest::{Server, Transport, run};

const SERVER: &str = env!("CARGO_BIN_EXE_udp-echo-server");
const CLIENT: &str = env!("CARGO_BIN_EXE_udp-echo-client");

mod server {
    use super::{SERVER, Server, ServerContract, contract, run, udp_echo};

    const CONTRACT: ServerContract<'_> = ServerContract::new(SERVER, udp_echo::ask);

    #[cfg(target_os = "linux")]
    #[test]
    fn survives_a_client_that_cannot_be_answered() {
        udp_echo::survives_an_unanswerable_client(SERVER);
    }

    /// UDP has no connections, so nothing ever tells a server that it may forget a client.
    #[cfg(target_os = "linux")]
    #[test]
    fn does_not_remember_everybody() {
        use labtest::Cause;
        use std::net::{Ipv4Addr, UdpSocket};
        let server = Server::start(SERVER, &["--quiet"]);
        // Loopback has 16 million addresses, so each client has one of its own.
        let send_from = |number: u32| {
            let address = Ipv4Addr::from(u32::from(Ipv4Addr::new(127, 1, 0, 0)) + number);
            let client = UdpSocket::bind((address, 0)).unwrap();
            client.set_read_timeout(Some(labtest::patience())).unwrap();
            let sent = client.send_to(b"hello", server.address());
            if sent.is_err() || client.recv(&mut [0; 100]).ok() != Some(5) {
                server.fail(&format!("client {number} sent `hello` and got no reply of 5 bytes"));
            }
        };
        (0..12_000).for_each(send_from);
        let before = server.memory_kib_max();
        (12_000..50_000).for_each(send_from);
        let after = server.memory_kib_max();
        if after >= before + 512 {
            let what = format!("it had {before} KiB after 12,000 clients, and {after} KiB after 50,000");
            server.fail_because(Cause::RemembersEveryClient, &what);
        }
    }

    #[test]
    fn shows_who_sent_what() {
        let server = Server::start(SERVER, &[]);
        let mut client = server.udp_client();
        client.send(b"hello");
        client.expect(b"HELLO");
        server.expect_output(&format!("client 1 calls from {}\nclient 1: hello\n", client.address()));
        let mut other = server.udp_client();
        other.send(b"moin");
        other.expect(b"MOIN");
        server.expect_output("client 2: moin\n");
        client.send(b"again");
        server.expect_output("client 1: again\n");
    }

    #[test]
    fn lets_no_client_control_the_terminal() {
        let server = Server::start(SERVER, &[]);
        server.udp_client().send(b"\x1b[2Jgone\r\n\xff");
        server.expect_output("client 1: \\u{1b}[2Jgone\\r\\n\\xff\n");
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
    fn fails_in_one_line_on_a_wrong_address() {
        for (args, start, end) in [
            (
                &["localhost:http"][..],
                "error: `localhost:http` has no port number",
                "; write one like `localhost:25000`",
            ),
            (
                &["127.0.0.1:1", "2"],
                "error: `127.0.0.1:1 2` gives the port twice",
                "; write it once, like `127.0.0.1 2`",
            ),
            (
                &["25000"],
                "error: `25000` is no host",
                "; give the host before the port, like `127.0.0.1 25000`",
            ),
        ] {
            run(SERVER, args).expect_stderr(&format!("{start}{end}\n")).expect_status(1);
        }
    }

    #[test]
    fn prints_its_usage_when_called_wrongly() {
        let calls = [&["--no-such-option"][..], &["a", "1", "b"], &["127.0.0.1", "--no-such-option"]];
        contract::prints_its_usage(SERVER, &calls, "Usage: udp-echo-server [OPTIONS] [HOST[:PORT]] [PORT]");
    }
}

mod client {
    use super::{CLIENT, ClientContract, Transport, contract, run};
    use labtest::{Client, UdpPeer};

    const CONTRACT: ClientContract<'_> = ClientContract { program: CLIENT, transport: Transport::Udp };

    #[test]
    fn prints_replies_alone_where_nobody_types() {
        CONTRACT.prints_replies_alone_where_nobody_types();
    }

    #[test]
    fn sends_the_message_of_its_command_line_alone() {
        CONTRACT.sends_the_message_of_its_command_line_alone();
    }

    /// Starts the client with host and port as two words.
    #[track_caller]
    fn start(server: &UdpPeer, args: &[&str]) -> Client {
        let (host, port) = (server.address().ip().to_string(), server.address().port().to_string());
        Client::at(CLIENT, &[&[&*host, &*port], args].concat())
    }

    #[test]
    fn sends_the_third_word_of_its_command_line() {
        let mut server = UdpPeer::server();
        let mut client = start(&server, &["hello"]);
        server.expect(b"hello");
        server.send(b"HELLO");
        client.wait().expect_status(0).expect_stdout("From server: HELLO\n");
    }

    #[test]
    fn says_how_to_write_a_text() {
        let text = "`hello` is not a port number; a text is the third word, like `127.0.0.1 25000 hello`, or follows `-m`";
        run(CLIENT, &["127.0.0.1", "hello"]).expect_stderr(&format!("error: {text}\n")).expect_status(1);
        let both = ["127.0.0.1", "25000", "hello", "-m", "hello"];
        contract::prints_its_usage(
            CLIENT,
            &[&both],
            "error: the argument '[TEXT]' cannot be used with '--message <TEXT>'",
        );
    }

    #[test]
    fn waits_for_no_reply_if_told_so() {
        let mut server = UdpPeer::server();
        start(&server, &["hello", "--no-reply"]).wait().expect_status(0).expect_stdout("");
        server.expect(b"hello");
        let mut client = start(&server, &["--no-reply"]);
        for line in ["one", "two"] {
            client.write(format!("{line}\n").as_bytes());
            server.expect(line.as_bytes());
        }
        client.end_input();
        client.wait().expect_status(0).expect_stdout("");
    }

    #[test]
    fn waits_without_limit() {
        CONTRACT.waits_without_limit();
    }

    #[test]
    fn lets_no_server_control_the_terminal() {
        CONTRACT.lets_no_server_control_the_terminal();
    }

    #[test]
    fn says_who_did_not_reply() {
        CONTRACT.says_who_did_not_reply("is the server running?");
    }

    // Only here does the system report an ICMP message to a UDP socket for certain.
    #[cfg(target_os = "linux")]
    #[test]
    fn is_refused_where_nobody_listens() {
        let nobody = UdpPeer::server().address();
        let mut client = Client::at(CLIENT, &["-m", "hello", &nobody.to_string()]);
        let start = format!("error: failed to get a reply from `{nobody}`: Connection refused");
        client.wait().expect_error(&start, "; is the server running?");
    }

    #[test]
    fn says_that_a_text_is_too_long_for_a_datagram() {
        let finished = run(CLIENT, &["127.0.0.1:9", "-m", &"x".repeat(65_508)]);
        finished.expect_stderr("error: a datagram carries at most 65507 bytes, and this text has 65508\n");
        finished.expect_status(1);
    }

    #[test]
    fn says_that_a_name_is_unknown() {
        // No part of a name may be longer than 63 characters, so the network need not be asked.
        let name = "x".repeat(64);
        let start = format!("error: failed to resolve `{name}`: ");
        run(CLIENT, &[&name, "-m", "hello"]).expect_error(&start, "");
    }

    #[test]
    fn prints_its_usage_when_called_wrongly() {
        let calls = [&[][..], &["127.0.0.1", "25000", "hello", "again"], &["127.0.0.1", "--no-such-option"]];
        let usage = "Usage: udp-echo-client [OPTIONS] <HOST[:PORT]> [PORT] [TEXT]";
        contract::prints_its_usage(CLIENT, &calls, usage);
        let call = ["127.0.0.1", "--timeout", "2"];
        contract::prints_its_usage(CLIENT, &[&call], "write a number and its unit, like `2s`");
    }

    #[cfg(unix)]
    #[test]
    fn asks_a_person_for_each_line() {
        CONTRACT.asks_a_person_for_each_line();
    }
}
