//! Edge cases: split and joined writes, unusual bytes, clients that reset, long streams. A program in any language may
//! pass these.

use labtest::contract::{self, ClientContract, ServerContract, tcp_echo};
use labtest::{Client, Server, TcpPeer, TcpPeerListener, Transport};
use std::time::Duration;

const SERVER: &str = env!("CARGO_BIN_EXE_tcp-echo-server");
const CLIENT: &str = env!("CARGO_BIN_EXE_tcp-echo-client");

/// Long enough for a wrong program to give itself away; a right one is never late, however long this is.
const SILENCE: Duration = Duration::from_millis(200);

mod server {
    use super::{SERVER, SILENCE, Server, ServerContract, TcpPeer, contract, tcp_echo};

    const CONTRACT: ServerContract<'_> = ServerContract::new(SERVER, tcp_echo::ask);

    /// Sends bytes, and expects these in return and not one more.
    #[track_caller]
    fn check(bytes: &[u8], expected: &[u8]) {
        let server = Server::start(SERVER, &[]);
        let mut client = server.tcp_client();
        client.send(bytes);
        client.expect(expected);
        client.expect_nothing_for(SILENCE);
    }

    #[test]
    fn answers_in_upper_case() {
        let server = Server::start(SERVER, &[]);
        let mut client = server.tcp_client();
        client.send(b"hello world\n");
        client.expect(b"HELLO WORLD\n");
        client.half_close();
        client.expect_end();
    }

    #[test]
    fn leaves_everything_but_a_to_z_alone() {
        check(b"`{@[ 0189 &*! ABC xyz\n", b"`{@[ 0189 &*! ABC XYZ\n");
    }

    #[test]
    fn leaves_bytes_that_are_not_ascii_alone() {
        check("straße é \0\u{1b}[2J\n".as_bytes(), "STRAßE é \0\u{1b}[2J\n".as_bytes());
        check(b"\xff\xfe a \xc3\n", b"\xff\xfe A \xc3\n");
    }

    #[test]
    fn answers_at_once_without_a_newline() {
        check(b"hello", b"HELLO");
    }

    #[test]
    fn answers_line_after_line() {
        tcp_echo::answers_line_after_line(SERVER);
    }

    #[test]
    fn answers_every_line_of_one_segment() {
        check(b"one\ntwo\nthree\n", b"ONE\nTWO\nTHREE\n");
    }

    #[test]
    fn answers_one_byte_at_a_time() {
        tcp_echo::answers_one_byte_at_a_time(SERVER);
    }

    #[test]
    fn answers_all_of_a_long_text() {
        let text = b"all of this comes back. ".repeat(2000);
        check(&text, &text.to_ascii_uppercase());
    }

    #[test]
    fn answers_everything_before_a_half_close() {
        tcp_echo::answers_everything_before_a_half_close(SERVER);
    }

    #[test]
    fn serves_one_client_after_the_other() {
        let server = Server::start(SERVER, &[]);
        for _ in 0..3 {
            tcp_echo::ask(&server);
        }
    }

    #[test]
    fn lets_a_second_client_connect_and_wait_for_its_turn() {
        let server = Server::start(SERVER, &[]);
        let mut first = tcp_echo::greeted(&server);
        let mut second = server.tcp_client();
        second.send(b"second\n");
        second.expect_nothing_for(SILENCE);
        tcp_echo::greet(&mut first);
        first.close();
        second.expect(b"SECOND\n");
    }

    #[test]
    fn survives_a_client_that_resets() {
        let server = Server::start(SERVER, &[]);
        tcp_echo::greeted(&server).reset();
        tcp_echo::ask(&server);
    }

    #[test]
    fn survives_a_client_that_says_nothing() {
        let server = Server::start(SERVER, &[]);
        server.tcp_client().close();
        server.tcp_client().reset();
        tcp_echo::ask(&server);
    }

    #[test]
    fn survives_a_client_that_leaves_before_its_reply() {
        let server = Server::start(SERVER, &[]);
        for _ in 0..20 {
            let mut client = server.tcp_client();
            client.send(&[b'x'; 10_000]);
            client.close();
        }
        tcp_echo::ask(&server);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn says_once_that_it_has_no_descriptor_and_goes_on_when_it_has() {
        use labtest::Cause;
        use std::time::Duration;
        if !labtest::has_tool("prlimit") {
            return;
        }
        let server = Server::at(SERVER, &["127.0.0.1:0"]);
        let allow = |count: &str| {
            let limit = format!("--nofile={count}:");
            let limited = labtest::run("prlimit", &[&limit, "--pid", &server.id().to_string()]);
            limited.expect_status(0);
        };
        allow("4"); // three and the listening socket: there is none for a connection
        // If the server waits in `accept` already, that call has its descriptor. One client uses it up.
        server.tcp_client().close();
        server.expect_output("failed to accept a client: ");
        let mut client = server.tcp_client();
        client.send(b"hello\n");
        client.expect_nothing_for(Duration::from_millis(500));
        let complaints = server.stdout().matches("failed to accept").count();
        if complaints != 1 {
            let what = format!("it printed {complaints} times that it failed to accept a client");
            server.fail_because(Cause::RepeatsComplaint, &what);
        }
        allow("64");
        client.expect(b"HELLO\n");
    }

    /// Sends `mebibytes`, or what a slow server can do in some seconds, while it reads and compares what comes back.
    /// Returns the number of bytes that came.
    fn stream(client: &mut TcpPeer, mebibytes: usize) -> usize {
        let text: Vec<u8> = b"abcXYZ019\n{`@[".iter().copied().cycle().take(1 << 16).collect();
        client.exchange(&text, &text.to_ascii_uppercase(), mebibytes << 4)
    }

    /// All buffers on the way hold less, so a server that reads to the end before it answers would stand still.
    #[test]
    fn returns_a_gigabyte_while_it_is_sent() {
        let server = Server::start(SERVER, &[]);
        stream(&mut server.tcp_client(), 1024);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn needs_little_memory_for_a_long_stream() {
        use labtest::Cause;
        let server = Server::start(SERVER, &[]);
        // What a language needs for itself does not count.
        stream(&mut server.tcp_client(), 2);
        let before = server.memory_kib_max();
        let mut client = server.tcp_client();
        let streamed = stream(&mut client, 256) as u64 / 1024;
        let after = server.memory_kib_max();
        // Some languages free memory only after a while.
        if after > before + (streamed / 16).max(2048) {
            let what = format!("it had {before} KiB, and {after} KiB after {streamed} KiB had come and gone");
            server.fail_because(Cause::MemoryGrows, &what);
        }
    }

    #[cfg(unix)]
    #[test]
    fn goes_on_without_its_screen() {
        CONTRACT.survives_a_closed_standard_output();
    }

    #[test]
    fn listens_on_ipv6() {
        CONTRACT.listens_on_ipv6(&["::1", "0"]);
    }

    #[test]
    fn starts_again_on_its_port_at_once() {
        let server = Server::at(SERVER, &["127.0.0.1:0", "--once"]);
        let address = server.address().to_string();
        tcp_echo::greeted(&server).expect_end(); // the server closed first: its end stays in TIME_WAIT
        drop(server);
        tcp_echo::ask(&Server::at(SERVER, &[&address]));
    }

    /// Sends a text without a newline and reads once.
    const PYTHON_CLIENT: &str = "\
import socket, sys
client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
client.connect((sys.argv[1], int(sys.argv[2])))
client.send(b'hello')
print('From Server:', client.recv(2048).decode())
client.close()
";

    #[test]
    fn serves_a_plain_python_client() {
        for option in [&["--once"][..], &[]] {
            contract::plain::serves_python(SERVER, option, PYTHON_CLIENT);
        }
    }

    #[test]
    fn serves_netcat() {
        contract::plain::serves_netcat(SERVER, &[]);
    }
}

mod client {
    use super::{CLIENT, Client, ClientContract, SILENCE, TcpPeerListener, Transport};

    const CONTRACT: ClientContract<'_> = ClientContract { program: CLIENT, transport: Transport::Tcp };

    #[test]
    fn sends_a_line_and_prints_the_reply() {
        CONTRACT.sends_a_line_and_prints_the_reply();
    }

    #[test]
    fn sends_line_after_line_over_one_connection() {
        CONTRACT.sends_line_after_line();
    }

    #[test]
    fn puts_a_reply_in_pieces_together() {
        let listener = TcpPeerListener::bind();
        let mut client = Client::start(CLIENT, &[], listener.address());
        let mut server = listener.accept();
        client.write(b"hello\nworld\n");
        server.expect(b"hello\n");
        server.send(b"H");
        server.expect_nothing_for(SILENCE); // a client that takes this for the reply sends the next line
        server.send(b"EL");
        server.send(b"LO\nWOR"); // the next reply has begun
        server.expect(b"world\n");
        server.send(b"LD\n");
        client.end_input();
        client.expect_output("HELLO");
        client.expect_output("WORLD");
    }

    #[test]
    fn takes_a_reply_that_ends_with_the_connection() {
        let listener = TcpPeerListener::bind();
        let mut client = Client::start(CLIENT, &[], listener.address());
        let mut server = listener.accept();
        client.write(b"hello\n");
        server.expect(b"hello\n");
        server.send(b"HELLO");
        server.close();
        client.end_input();
        client.expect_output("HELLO");
    }

    #[test]
    fn gives_up_when_no_reply_comes() {
        CONTRACT.gives_up_when_no_reply_comes();
    }

    #[test]
    fn tries_every_address_of_a_name() {
        // `localhost` is ::1 before 127.0.0.1 on many machines, and the server is on one of them only.
        let listener = TcpPeerListener::bind();
        let port = listener.address().port().to_string();
        let mut client = Client::at(CLIENT, &["localhost", &port, "-m", "hello"]);
        let mut server = listener.accept();
        server.expect(b"hello\n");
        server.send(b"HELLO\n");
        client.expect_exit(0);
    }

    #[test]
    fn sends_bytes_as_they_are() {
        CONTRACT.sends_bytes_as_they_are();
    }

    /// Answers one read per connection, without a newline of its own, and closes.
    #[cfg(target_os = "linux")]
    const PYTHON_SERVER: &str = "\
import socket, sys
server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.bind((sys.argv[1], int(sys.argv[2])))
server.listen(1)
print('The server is ready to receive')
while True:
    connection, client = server.accept()
    connection.send(connection.recv(1024).decode().strip().upper().encode())
    connection.close()
";

    #[cfg(target_os = "linux")]
    #[test]
    fn is_served_by_a_plain_python_server() {
        let Some(server) = labtest::contract::plain::python_server(PYTHON_SERVER) else { return };
        let address = server.address().to_string();
        for (text, reply) in [("hello", "HELLO"), ("world", "WORLD")] {
            let mut client = Client::at(CLIENT, &[&address, "-m", text]);
            client.wait().expect_status(0).expect_stdout(&format!("From server: {reply}\n"));
        }
    }
}

mod two_hosts {
    use super::{CLIENT, SERVER};
    use labtest::contract::two_hosts;

    #[test]
    fn server_answers_another_host() {
        two_hosts::tcp_server(SERVER);
    }

    #[test]
    fn client_asks_another_host() {
        two_hosts::tcp_client(CLIENT);
    }
}
