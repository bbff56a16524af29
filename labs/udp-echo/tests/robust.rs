//! Edge cases: unusual bytes, many clients, and clients that leave. A program in any language may pass these.

use labtest::contract::{self, ClientContract, ServerContract, udp_echo};
use labtest::{Client, Server, Transport, UdpPeer};

const SERVER: &str = env!("CARGO_BIN_EXE_udp-echo-server");
const CLIENT: &str = env!("CARGO_BIN_EXE_udp-echo-client");

mod server {
    use super::{SERVER, Server, ServerContract, contract, udp_echo};
    use std::time::Duration;

    const CONTRACT: ServerContract<'_> = ServerContract::new(SERVER, udp_echo::ask);

    /// Long enough for a wrong server to give itself away; a right one has nothing to say, however long this is.
    const SILENCE: Duration = Duration::from_millis(50);

    /// Sends a datagram, and expects one reply and no other.
    #[track_caller]
    fn check(datagram: &[u8], expected: &[u8]) {
        let server = Server::start(SERVER, &[]);
        let mut client = server.udp_client();
        client.send(datagram);
        client.expect(expected);
        client.expect_nothing_for(SILENCE);
    }

    #[test]
    fn answers_in_upper_case() {
        check(b"hello world", b"HELLO WORLD");
    }

    #[test]
    fn leaves_everything_but_a_to_z_alone() {
        check(b"`{@[ 0189 &*! ABC xyz", b"`{@[ 0189 &*! ABC XYZ");
    }

    #[test]
    fn keeps_a_newline_and_adds_none() {
        check(b"hello\n", b"HELLO\n");
    }

    #[test]
    fn leaves_bytes_that_are_not_ascii_alone() {
        check("straße é \0\u{1b}[2J".as_bytes(), "STRAßE é \0\u{1b}[2J".as_bytes());
        check(b"\xff\xfe a \xc3", b"\xff\xfe A \xc3");
    }

    #[test]
    fn answers_an_empty_datagram_with_an_empty_one() {
        check(b"", b"");
    }

    #[cfg(not(target_os = "macos"))] // its largest is 9,216 bytes (net.inet.udp.maxdgram)
    #[test]
    fn returns_the_largest_datagram_whole() {
        check(&[b'x'; 65_507], &[b'X'; 65_507]);
    }

    #[test]
    fn answers_a_short_text_after_a_long_one() {
        let server = Server::start(SERVER, &[]);
        let mut client = server.udp_client();
        for text in ["a rather long text", "short", "a", "and a longer one again"] {
            client.send(text.as_bytes());
            client.expect(text.to_ascii_uppercase().as_bytes());
        }
    }

    #[test]
    fn answers_every_client_at_once() {
        let server = Server::start(SERVER, &[]);
        let mut clients: Vec<_> = (0..20).map(|_| server.udp_client()).collect();
        for (number, client) in clients.iter_mut().enumerate() {
            client.send(format!("client {number}").as_bytes());
        }
        // The last client reads first: no reply may depend on another client.
        for (number, client) in clients.iter_mut().enumerate().rev() {
            client.expect(format!("CLIENT {number}").as_bytes());
        }
    }

    #[test]
    fn survives_a_client_that_leaves_before_its_reply() {
        let server = Server::start(SERVER, &[]);
        for _ in 0..20 {
            server.udp_client().send(b"nobody waits for this");
        }
        udp_echo::ask(&server);
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

    /// Sends one datagram without a newline and reads one reply.
    const PYTHON_CLIENT: &str = "\
import socket, sys
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.sendto(b'hello', (sys.argv[1], int(sys.argv[2])))
text, server = client.recvfrom(2048)
print('From Server:', text.decode())
";

    #[test]
    fn serves_a_plain_python_client() {
        contract::plain::serves_python(SERVER, &[], PYTHON_CLIENT);
    }

    #[test]
    fn serves_netcat() {
        contract::plain::serves_netcat(SERVER, &["-u"]);
    }
}

mod client {
    use super::{CLIENT, Client, ClientContract, Transport, UdpPeer};
    use labtest::Cause;

    const CONTRACT: ClientContract<'_> = ClientContract { program: CLIENT, transport: Transport::Udp };

    #[test]
    fn sends_a_line_as_one_datagram_and_prints_the_reply() {
        CONTRACT.sends_a_line_and_prints_the_reply();
    }

    #[test]
    fn sends_line_after_line() {
        CONTRACT.sends_line_after_line();
    }

    #[test]
    fn sends_bytes_as_they_are() {
        CONTRACT.sends_bytes_as_they_are();
    }

    #[cfg(not(target_os = "macos"))] // its largest is 9,216 bytes (net.inet.udp.maxdgram)
    #[test]
    fn prints_the_largest_reply_whole() {
        let (mut client, mut server) = CONTRACT.start(&["-m", &"x".repeat(65_507)]);
        server.expect(&[b'x'; 65_507]);
        server.send(&[b'X'; 65_507]);
        client.expect_exit(0);
        client.expect_output(&"X".repeat(65_507));
    }

    #[test]
    fn ignores_replies_of_strangers() {
        let mut server = UdpPeer::server();
        let mut client = Client::start(CLIENT, &[], server.address());
        client.write(b"hello\n");
        let address = server.expect_from(b"hello");
        UdpPeer::client_of(address).send(b"FROM A STRANGER");
        server.send(b"HELLO");
        client.end_input();
        client.expect_exit(0);
        if client.stdout().contains("STRANGER") {
            client
                .fail_because(Cause::AcceptsStrangers, "it shows a reply that did not come from its server");
        }
        client.expect_output("HELLO");
    }

    #[test]
    fn gives_up_when_no_reply_comes() {
        CONTRACT.gives_up_when_no_reply_comes();
    }

    #[cfg(unix)]
    #[test]
    fn goes_on_waiting_after_it_was_stopped() {
        use labtest::Signal;
        let (mut client, mut server) = CONTRACT.start(&["-m", "hello", "--timeout", "60s"]);
        server.expect(b"hello");
        for _ in 0..20 {
            client.signal(Signal::STOP);
            #[cfg(target_os = "linux")] // elsewhere it may go on before it has stopped, and this shows less
            client.expect_stopped();
            client.signal(Signal::CONT);
        }
        server.send(b"HELLO");
        client.expect_exit(0);
        client.expect_output("HELLO");
    }

    #[test]
    fn tries_every_address_of_a_name() {
        // `localhost` is ::1 before 127.0.0.1 on many machines, and the server is on one of them only.
        let mut server = UdpPeer::server();
        let port = server.address().port().to_string();
        let mut client = Client::at(CLIENT, &["localhost", &port]);
        for line in ["hello", "again"] {
            client.write(format!("{line}\n").as_bytes());
            server.expect(line.as_bytes());
            server.send(line.to_uppercase().as_bytes());
        }
        client.expect_output("From server: HELLO\nFrom server: AGAIN\n");
    }

    #[cfg(target_os = "linux")]
    const PYTHON_SERVER: &str = "\
import socket, sys
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind((sys.argv[1], int(sys.argv[2])))
print('The server is ready to receive')
while True:
    text, client = server.recvfrom(2048)
    server.sendto(text.decode().upper().encode(), client)
";

    #[cfg(target_os = "linux")]
    #[test]
    fn is_served_by_a_plain_python_server() {
        let Some(server) = labtest::contract::plain::python_server(PYTHON_SERVER) else { return };
        let mut client = Client::at(CLIENT, &[&server.address().to_string()]);
        client.write(b"hello\nworld\n");
        client.end_input();
        client.wait().expect_status(0).expect_stdout("From server: HELLO\nFrom server: WORLD\n");
    }
}

mod two_hosts {
    use super::{CLIENT, SERVER};
    use labtest::contract::two_hosts;

    #[test]
    fn server_answers_another_host() {
        two_hosts::udp_server(SERVER);
    }

    #[test]
    fn client_asks_another_host() {
        two_hosts::udp_client(CLIENT);
    }
}
