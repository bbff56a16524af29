//! The commands "to see the same" are typed here, and show the same.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use labtest::{Client, Failure, Server, TcpPeerListener, UdpPeer, has_tool};
use std::fs;
use std::io::Read;
use std::net::{TcpListener, UdpSocket};
use std::os::unix::process::CommandExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// What a command may take to show something.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long a check waits for output that never comes.
const CHECK_PATIENCE: Duration = Duration::from_secs(1);

const UDP_SERVER: &str = "import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind((sys.argv[1], int(sys.argv[2])))
while True:
    data, client = s.recvfrom(2048); s.sendto(data + b'!', client)";

const TCP_SERVER: &str = "import socket, sys
s = socket.create_server((sys.argv[1], int(sys.argv[2])))
while True:
    c, _ = s.accept()
    while data := c.recv(2048): c.sendall(data + b'!')
    c.close()";

const WEB_SERVER: &str = "import socket, sys
s = socket.create_server((sys.argv[1], int(sys.argv[2])))
while True:
    c, _ = s.accept(); c.recv(2048); c.sendall(b'HTTP/1.1 200 OK\\r\\n\\r\\nanother page'); c.close()";

const UDP_CLIENT: &str = "import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(input().encode(), (sys.argv[1], int(sys.argv[2])))
print('wrong:', len(s.recvfrom(2048)[0]), flush=True)";

const TCP_CLIENT: &str = "import socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
s.sendall(input().encode() + b'\\n')
print('wrong:', len(s.recv(2048)), flush=True)";

/// A folder with one program in it, and the command line that starts it.
fn program(source: &str) -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("program.py");
    fs::write(&file, source).unwrap();
    let line = format!("python3 {} {{host}} {{port}}", file.display());
    (folder, line)
}

fn failure(check: impl FnOnce()) -> Failure {
    labtest::set_patience(CHECK_PATIENCE);
    *catch_unwind(AssertUnwindSafe(check)).unwrap_err().downcast().unwrap()
}

/// A terminal in which one line was typed.
struct Terminal {
    shell: Child,
    group: rustix::process::Pid,
}

impl Terminal {
    fn type_line(line: &str) -> Terminal {
        let mut shell = Command::new("sh");
        shell.args(["-c", line]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let shell = shell.process_group(0).spawn().unwrap();
        let group = rustix::process::Pid::from_child(&shell);
        Terminal { shell, group }
    }

    /// Waits until the terminal shows `text`.
    #[track_caller]
    fn expect(&mut self, text: &str) {
        let mut output = self.shell.stdout.take().unwrap();
        let (sender, received) = std::sync::mpsc::channel();
        thread::spawn(move || {
            let (mut shown, mut buffer) = (Vec::new(), [0; 1024]);
            while let Ok(size @ 1..) = output.read(&mut buffer) {
                shown.extend_from_slice(&buffer[..size]);
                let _ = sender.send(String::from_utf8_lossy(&shown).into_owned());
            }
        });
        let (start, mut last) = (Instant::now(), String::new());
        while !last.contains(text) {
            let left = PATIENCE.saturating_sub(start.elapsed());
            last =
                received.recv_timeout(left).unwrap_or_else(|_| panic!("`{text}` is not shown, but {last:?}"));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = rustix::process::kill_process_group(self.group, rustix::process::Signal::KILL);
        let _ = self.shell.wait();
    }
}

/// A port that nobody uses, for the lines in the place of the fixed one.
fn free_port(line: &str, fixed: &str) -> String {
    let port = loop {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        if UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            break port;
        }
    };
    assert!(line.contains(fixed), "no port {fixed} in `{line}`");
    port.to_string()
}

/// Types the lines of a failure, each when the program before it is ready. Returns the terminals, the last one last.
fn type_lines(failure: &Failure, fixed_port: &str) -> Vec<Terminal> {
    assert!(failure.reproduce.len() > 1, "{failure}");
    let port = free_port(&failure.reproduce[0].line, fixed_port);
    let mut terminals = Vec::new();
    for command in &failure.reproduce {
        terminals.push(Terminal::type_line(&command.line.replace(fixed_port, &port)));
        if terminals.len() < failure.reproduce.len() {
            await_socket(port.parse().unwrap());
        }
    }
    terminals
}

/// Waits until some program has bound the port: only then binding it fails.
fn await_socket(port: u16) {
    let start = Instant::now();
    let is_free =
        || TcpListener::bind(("127.0.0.1", port)).is_ok() && UdpSocket::bind(("127.0.0.1", port)).is_ok();
    while is_free() {
        assert!(start.elapsed() < PATIENCE, "nobody listens on port {port}");
        thread::sleep(Duration::from_millis(20)); // nothing announces it
    }
}

fn has_tools() -> bool {
    has_tool("python3") && has_tool("nc")
}

#[test]
fn shows_the_reply_of_a_udp_server() {
    if !has_tools() {
        return;
    }
    let (_folder, line) = program(UDP_SERVER);
    let server = Server::from_template(&line, &[]);
    let mut client = server.udp_client();
    client.send(b"it's 5 %\n");
    let failure = failure(|| client.expect(b"IT'S 5 %\n"));
    type_lines(&failure, "25000").last_mut().unwrap().expect("it's 5 %\n!");
}

#[test]
fn shows_the_reply_of_a_tcp_server_to_its_second_client() {
    if !has_tools() {
        return;
    }
    let (_folder, line) = program(TCP_SERVER);
    let server = Server::from_template(&line, &[]);
    let mut first = server.tcp_client();
    first.send(b"one");
    first.expect(b"one!");
    first.close();
    let mut second = server.tcp_client();
    second.send(b"two");
    let failure = failure(|| second.expect(b"TWO"));
    assert_eq!(failure.reproduce.len(), 3, "{failure}");
    let mut terminals = type_lines(&failure, "25000");
    terminals.last_mut().unwrap().expect("two!");
}

#[test]
fn shows_the_response_of_a_web_server() {
    if !(has_tools() && has_tool("curl")) {
        return;
    }
    let (_folder, line) = program(WEB_SERVER);
    let server = Server::from_template(&line, &[]);
    let by_curl = failure(|| server.get("/a.html").expect_page(b"a page"));
    assert!(by_curl.reproduce[1].line.starts_with("curl "), "{by_curl}");
    type_lines(&by_curl, "6789").last_mut().unwrap().expect("another page");
    let request = "GET /a.html HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-1\r\n\r\n";
    let by_nc = failure(|| server.get_in_pieces(&[request]).expect_page(b"a page"));
    assert!(by_nc.reproduce.last().unwrap().line.contains("| nc "), "{by_nc}");
    type_lines(&by_nc, "6789").last_mut().unwrap().expect("another page");
}

#[test]
fn plays_the_server_of_a_udp_client() {
    if !has_tools() {
        return;
    }
    let (_folder, line) = program(UDP_CLIENT);
    let mut server = UdpPeer::server();
    let mut client = client(&line, server.address());
    client.write(b"hello\n");
    server.expect(b"hello");
    server.send(b"HELLO");
    let failure = failure(|| client.expect_output("HELLO"));
    type_lines(&failure, "25000").last_mut().unwrap().expect("wrong: 5");
}

#[test]
fn plays_the_server_of_a_tcp_client() {
    if !has_tools() {
        return;
    }
    let (_folder, line) = program(TCP_CLIENT);
    let server = TcpPeerListener::bind();
    let mut client = client(&line, server.address());
    client.write(b"hello\n");
    let mut connection = server.accept();
    connection.expect(b"hello\n");
    connection.send(b"HELLO\n");
    let failure = failure(|| client.expect_output("HELLO"));
    type_lines(&failure, "25000").last_mut().unwrap().expect("wrong: 6");
}

fn client(line: &str, server: std::net::SocketAddr) -> Client {
    Client::from_template(line, &[], server)
}

/// A peer that stays connected does so in its terminal, too.
#[test]
fn keeps_earlier_clients_connected() {
    if !has_tools() {
        return;
    }
    let (_folder, line) = program(TCP_SERVER);
    let server = Server::from_template(&line, &[]);
    let mut first = server.tcp_client();
    first.send(b"one");
    first.expect(b"one!");
    let mut second = server.tcp_client();
    second.send(b"two");
    let failure = failure(|| second.expect(b"TWO"));
    assert!(failure.reproduce[1].line.contains("cat"), "{failure}");
    let mut terminals = type_lines(&failure, "25000");
    let mut second = terminals.pop().unwrap();
    let mut first = terminals.pop().unwrap();
    // The server serves one client at a time: the second one is answered when the first one's input ends.
    drop(first.shell.stdin.take());
    second.expect("two!");
}
