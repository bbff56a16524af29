//! What only the reference programs have. Students do not get these tests.

#[cfg(target_os = "linux")]
use labtest::contract::tcp_echo;
use labtest::{Client, Server, TcpPeer, TcpPeerListener};

const SERVER: &str = env!("CARGO_BIN_EXE_tcp-echo-server");
const CLIENT: &str = env!("CARGO_BIN_EXE_tcp-echo-client");

mod server {
    use super::{SERVER, Server};

    #[cfg(target_os = "linux")]
    #[test]
    fn asks_after_clients_that_may_be_gone() {
        super::tcp_echo::asks_after_clients_that_may_be_gone(SERVER);
    }

    #[test]
    fn loses_no_reply_with_once_when_the_line_comes_in_pieces() {
        let server = Server::start(SERVER, &["--once"]);
        for _ in 0..10 {
            let mut client = server.tcp_client();
            for byte in b"hello\nand more" {
                client.send(&[*byte]);
            }
            client.expect(b"HELLO\n");
            // More than the first line gets no reply, but the end is an end and no reset.
            client.expect_end();
        }
    }

    #[test]
    fn loses_no_reply_with_once_when_much_more_comes() {
        let server = Server::start(SERVER, &["--once"]);
        let mut client = server.tcp_client();
        // More than one read takes, so closing right after the reply would be a reset.
        client.send(&[b"hello\n", &[b'x'; 300_000][..]].concat());
        client.expect(b"HELLO\n");
        client.expect_end();
    }
}

mod client {
    use super::{CLIENT, Client, TcpPeer, TcpPeerListener};

    /// Starts a client that sends `hello`, and takes that line.
    #[track_caller]
    fn asked(options: &[&str]) -> (Client, TcpPeer) {
        let listener = TcpPeerListener::bind();
        let client = Client::start(CLIENT, &[&["-m", "hello"], options].concat(), listener.address());
        let mut server = listener.accept();
        server.expect(b"hello\n");
        (client, server)
    }

    #[test]
    fn shows_a_reply_without_newline_with_a_note() {
        let (mut client, mut server) = asked(&["--timeout", "200ms"]);
        server.send(b"HELLO");
        let finished = client.wait();
        finished.expect_stdout("From server: HELLO\n");
        finished.expect_stderr("note: the reply had no newline within 0.2 s\n").expect_status(0);
    }

    #[test]
    fn gives_up_on_a_server_that_never_ends_its_reply() {
        let (mut client, mut server) = asked(&["--timeout", "60s"]);
        server.send(&vec![b'x'; 3 << 20]);
        client.wait().expect_error("", ": the reply is too long and has no newline");
    }

    #[test]
    fn takes_the_longest_reply_that_it_collects() {
        let (mut client, mut server) = asked(&["--timeout", "60s"]);
        server.send(&vec![b'X'; 2 << 20]);
        server.close();
        client.expect_exit(0);
    }

    #[test]
    fn says_how_many_replies_came_before_the_server_closed() {
        for (replies, expected) in [(0, "0 replies"), (1, "1 reply"), (2, "2 replies")] {
            let listener = TcpPeerListener::bind();
            let address = listener.address();
            let mut client = Client::start(CLIENT, &[], address);
            let mut server = listener.accept();
            for _ in 0..replies {
                client.write(b"hello\n");
                server.expect(b"hello\n");
                server.send(b"HELLO\n");
            }
            client.write(b"hello\n");
            server.expect(b"hello\n");
            server.close();
            let finished = client.wait();
            finished.expect_stderr(&format!("error: `{address}` closed the connection after {expected}\n"));
            finished.expect_status(1);
        }
    }

    #[test]
    fn says_the_same_of_a_server_that_resets() {
        let (mut client, server) = asked(&[]);
        let address = server.address();
        server.reset();
        let finished = client.wait();
        finished.expect_stderr(&format!("error: `{address}` closed the connection after 0 replies\n"));
    }

    #[test]
    fn shows_what_came_of_a_reply_before_a_reset() {
        let (mut client, mut server) = asked(&[]);
        server.send(b"HEL");
        server.reset();
        client.wait().expect_status(0).expect_stdout("From server: HEL\n");
    }
}
