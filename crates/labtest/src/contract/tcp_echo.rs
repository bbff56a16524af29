//! What the TCP echo servers promise, for one client at a time or for many.

#[cfg(target_os = "linux")]
use crate::failure::Cause;
#[cfg(target_os = "linux")]
use crate::os::socket;
use crate::peer::TcpPeer;
use crate::program::Server;
#[cfg(target_os = "linux")]
use crate::wait::{self, patience};

/// Connects a client, and exchanges one line.
#[track_caller]
pub fn greeted(server: &Server) -> TcpPeer {
    let mut client = server.tcp_client();
    greet(&mut client);
    client
}

/// Exchanges one line.
#[track_caller]
pub fn greet(client: &mut TcpPeer) {
    client.send(b"hello\n");
    client.expect(b"HELLO\n");
}

/// Plays a client that exchanges one line and leaves.
#[track_caller]
pub fn ask(server: &Server) {
    greeted(server).close();
}

/// Sends a line and expects its text in upper case, whatever ends it.
#[track_caller]
pub fn ask_text(client: &mut TcpPeer, text: &str) {
    client.send(format!("{text}\n").as_bytes());
    client.expect_text(&text.to_ascii_uppercase());
}

/// Every byte but a to z comes back as it went, with the newline.
#[track_caller]
pub fn answers_line_after_line(program: &str) {
    let server = Server::start(program, &[]);
    let mut client = server.tcp_client();
    for text in ["one\n", "two\n", "a rather long line\n", "x\n"] {
        client.send(text.as_bytes());
        client.expect(text.to_ascii_uppercase().as_bytes());
    }
}

/// A text that comes byte by byte comes back byte by byte.
#[track_caller]
pub fn answers_one_byte_at_a_time(program: &str) {
    let server = Server::start(program, &[]);
    let mut client = server.tcp_client();
    for byte in b"hello, world\n" {
        client.send(&[*byte]);
        client.expect(&[byte.to_ascii_uppercase()]);
    }
}

/// A client that ends its sending side gets all replies, and then the end of the stream.
#[track_caller]
pub fn answers_everything_before_a_half_close(program: &str) {
    let server = Server::start(program, &[]);
    let mut client = server.tcp_client();
    client.send(b"hello\nlast words without a newline");
    client.half_close();
    client.expect(b"HELLO\nLAST WORDS WITHOUT A NEWLINE");
    client.expect_end();
}

/// The log tells a client that reset its connection from one that left.
#[cfg(target_os = "linux")]
#[track_caller]
pub fn tells_a_reset_from_an_end(program: &str, args: &[&str]) -> Server {
    let server = Server::start(program, args);
    server.tcp_client().reset();
    server.expect_output("client 1 disconnected: Connection reset by peer");
    server
}

/// The system asks after clients that are silent: a computer that is switched off sends no end of its connection.
#[cfg(target_os = "linux")]
#[track_caller]
pub fn asks_after_clients_that_may_be_gone(program: &str) {
    let server = Server::at(program, &["127.0.0.1:0"]);
    let _client = greeted(&server);
    let port = server.address().port();
    if wait::poll(patience(), || socket::has_keepalive(port).then_some(())).is_none() {
        server.fail_because(Cause::NoKeepalive, "its connection to a silent client has no keepalive timer");
    }
}

/// The server is reached at the address and the port that its command line names.
#[track_caller]
pub fn listens_where_it_is_told(program: &str) {
    if let Some((_server, address)) = Server::start_as_told(program) {
        ask_text(&mut TcpPeer::connect(address), "hello world");
    }
}
