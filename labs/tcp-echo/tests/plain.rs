//! Plain programs of the kind that handouts print, against ours.

use labtest::{Client, Server, has_tool};

/// Sends a text without a newline and reads once.
const PYTHON_CLIENT: &str = "\
import socket, sys
client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
client.connect((sys.argv[1], int(sys.argv[2])))
client.send(b'hello')
print('From Server:', client.recv(2048).decode())
client.close()
";

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

#[test]
fn serves_a_plain_python_client() {
    if !has_tool("python3") {
        return;
    }
    for option in [&["--once"][..], &[]] {
        let server = Server::at(env!("CARGO_BIN_EXE_tcp-echo-server"), &[&["127.0.0.1:0"], option].concat());
        let port = server.address().port().to_string();
        let mut client = Client::at("python3", &["-c", PYTHON_CLIENT, "127.0.0.1", &port]);
        client.expect_exit(0);
        assert_eq!(client.stdout().trim_end(), "From Server: HELLO");
    }
}

// A server that does not say where it listens is found in `/proc`.
#[cfg(target_os = "linux")]
#[test]
fn is_served_by_a_plain_python_server() {
    if !has_tool("python3") {
        return;
    }
    let server = Server::from_template(&format!("python3 -c \"{PYTHON_SERVER}\" {{host}} {{port}}"), &[]);
    let address = server.address().to_string();
    for text in ["hello", "world"] {
        let mut client = Client::at(env!("CARGO_BIN_EXE_tcp-echo-client"), &[&address, "-m", text]);
        client.expect_exit(0);
        assert_eq!(client.stdout(), format!("From server: {}\n", text.to_uppercase()));
    }
}

#[test]
fn serves_netcat() {
    if !has_tool("nc") {
        return;
    }
    let server = Server::at(env!("CARGO_BIN_EXE_tcp-echo-server"), &["127.0.0.1:0"]);
    let mut client = Client::at("nc", &["127.0.0.1", &server.address().port().to_string()]);
    for line in ["hello\n", "world\n"] {
        client.write(line.as_bytes());
        client.expect_output(&line.to_uppercase());
    }
}
