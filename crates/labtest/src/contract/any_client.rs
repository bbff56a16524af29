//! What clients of *any* kind do, and need no options for.

use crate::failure::Cause;
use crate::os::socket::Transport;
use crate::peer::{TcpPeer, TcpPeerListener, UdpPeer};
use crate::program::Client;
use std::time::Duration;

/// The longest time that a client may wait for a lost reply. Most clients wait for half a second to five seconds.
const TIME_LIMIT_MAX: Duration = Duration::from_secs(8);

/// The line that is typed, and its reply.
const LINE: (&str, &str) = ("hello world", "HELLO WORLD");

/// A server that has no client yet.
enum Waiting {
    Tcp(TcpPeerListener),
    Udp(UdpPeer),
}

impl Waiting {
    /// Answers the typed line, and waits until the client shows the reply, at the end of its input if need be. Returns the
    /// connection, if there is one.
    #[track_caller]
    fn answer(self, client: &mut Client) -> Option<TcpPeer> {
        client.write(format!("{}\n", LINE.0).as_bytes());
        let mut connection = match self {
            Waiting::Tcp(listener) => {
                let mut connection = listener.accept();
                let typed = connection.read_typed(LINE.0);
                let end = if typed.ends_with(b"\n") { "\n" } else { "" };
                connection.send(format!("{}{end}", LINE.1).as_bytes());
                Some(connection)
            }
            Waiting::Udp(mut server) => {
                server.expect_one_of(&[b"hello world", b"hello world\n", b"hello world\r\n"]);
                server.send(LINE.1.as_bytes());
                None
            }
        };
        let is_shown = client.prints(LINE.1);
        client.end_input();
        if !is_shown {
            // Some clients wait for the end of the stream, and some print everything when they end.
            if let Some(connection) = &mut connection {
                connection.half_close();
            }
            client.expect_output(LINE.1);
        }
        connection
    }
}

/// The client ends when its input has ended and its server has closed the connection.
#[track_caller]
pub fn ends_with_its_input(program: &str, transport: Transport) {
    let (server, address) = match transport {
        Transport::Tcp => {
            let listener = TcpPeerListener::bind();
            let address = listener.address();
            (Waiting::Tcp(listener), address)
        }
        Transport::Udp => {
            let server = UdpPeer::server();
            let address = server.address();
            (Waiting::Udp(server), address)
        }
    };
    let mut client = Client::start(program, &[], address);
    if let Some(connection) = server.answer(&mut client) {
        connection.close();
    }
    if !client.ends() {
        client.fail_in_time_because(Cause::GoesOnAfterInput, "it did not end with its input");
    }
}

/// The client waits for a lost reply for a limited time: then it sends the next line, or ends.
#[track_caller]
pub fn gives_up_on_a_lost_reply(program: &str) {
    let mut server = UdpPeer::server();
    let mut client = Client::start(program, &[], server.address());
    client.write(b"hello\n");
    server.receive_any(); // and no reply
    client.offer_line("again");
    client.end_input();
    if !server.has_datagram_for(TIME_LIMIT_MAX) && !client.has_ended() {
        let what = format!("it still waits after {} s", TIME_LIMIT_MAX.as_secs());
        client.fail_in_time_because(Cause::WaitsForLostReply, &what);
    }
}

/// The client asks a server at `[::1]`. On a machine without IPv6, nothing is checked.
#[track_caller]
pub fn asks_a_server_on_ipv6(program: &str, transport: Transport) {
    let server = match transport {
        Transport::Tcp => {
            TcpPeerListener::bind_on_ipv6().map(|server| (server.address(), Waiting::Tcp(server)))
        }
        Transport::Udp => UdpPeer::server_on_ipv6().map(|server| (server.address(), Waiting::Udp(server))),
    };
    let Some((address, server)) = server else { return };
    let mut client = Client::start_on_ipv6(program, address);
    server.answer(&mut client);
}
