//! Plain programs, of the kind that handouts print, and netcat. Where one is not installed, nothing is checked.

use crate::program::{Client, Server, has_tool};

/// What the Python client prints when it is served.
const PRINTED: &str = "From Server: HELLO";

/// The server serves a Python client that takes host and port, and prints `From Server: HELLO`.
#[track_caller]
pub fn serves_python(program: &str, args: &[&str], script: &str) {
    if !has_tool("python3") {
        return;
    }
    let server = Server::at(program, &[&["127.0.0.1:0"], args].concat());
    let port = server.address().port().to_string();
    let mut client = Client::at("python3", &["-c", script, "127.0.0.1", &port]);
    let finished = client.wait();
    finished.expect_status(0);
    // The reply may have brought a newline of its own.
    if finished.stdout.trim_end() != PRINTED {
        finished.expect_stdout(PRINTED);
    }
}

/// Starts a Python server that takes host and port. It need not say where it listens: it is found in `/proc`.
#[cfg(target_os = "linux")]
#[track_caller]
pub fn python_server(script: &str) -> Option<Server> {
    let template = format!("python3 -c \"{script}\" {{host}} {{port}}");
    has_tool("python3").then(|| Server::from_template(&template, &[]))
}

/// The server answers the lines that a person types into netcat, which takes these `options`.
#[track_caller]
pub fn serves_netcat(program: &str, options: &[&str]) {
    if !has_tool("nc") {
        return;
    }
    let server = Server::at(program, &["127.0.0.1:0"]);
    let port = server.address().port().to_string();
    let mut client = Client::at("nc", &[options, &["127.0.0.1", &port]].concat());
    for line in ["hello\n", "world\n"] {
        client.write(line.as_bytes());
        client.expect_output(&line.to_uppercase());
    }
}
