//! Plain programs of the kind that handouts print, against ours.

use labtest::{Client, Server, has_tool};

/// Sends one datagram without a newline and reads one reply.
const PYTHON_CLIENT: &str = "\
import socket, sys
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.sendto(b'hello', (sys.argv[1], int(sys.argv[2])))
text, server = client.recvfrom(2048)
print('From Server:', text.decode())
";

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

#[test]
fn serves_a_plain_python_client() {
    if !has_tool("python3") {
        return;
    }
    let server = Server::at(env!("CARGO_BIN_EXE_udp-echo-server"), &["127.0.0.1:0"]);
    let port = server.address().port().to_string();
    let mut client = Client::at("python3", &["-c", PYTHON_CLIENT, "127.0.0.1", &port]);
    client.expect_exit(0);
    assert_eq!(client.stdout().trim_end(), "From Server: HELLO");
}

// A server that does not say where it listens is found in `/proc`.
#[cfg(target_os = "linux")]
#[test]
fn is_served_by_a_plain_python_server() {
    if !has_tool("python3") {
        return;
    }
    let server = Server::from_template(&format!("python3 -c \"{PYTHON_SERVER}\" {{host}} {{port}}"), &[]);
    let mut client = Client::at(env!("CARGO_BIN_EXE_udp-echo-client"), &[&server.address().to_string()]);
    client.write(b"hello\nworld\n");
    client.end_input();
    client.expect_exit(0);
    assert_eq!(client.stdout(), "From server: HELLO\nFrom server: WORLD\n");
}

#[test]
fn serves_netcat() {
    if !has_tool("nc") {
        return;
    }
    let server = Server::at(env!("CARGO_BIN_EXE_udp-echo-server"), &["127.0.0.1:0"]);
    let mut client = Client::at("nc", &["-u", "127.0.0.1", &server.address().port().to_string()]);
    client.write(b"hello\n");
    client.expect_output("HELLO\n");
}
