//! Programs that meet on *two hosts*, as in the lab room: the program under test on one, the check's peer on the other.
//!
//! A program that is bound to 127.0.0.1, or sends there, works as long as everything runs on one computer. So the check
//! runs itself again, in a network of its own, with a second one beside it for the program. That takes Linux, `ip` and
//! leave to make network namespaces. Elsewhere the check is not tried, says why, and does not fail.

use super::tcp_echo::ask_text;
use crate::diagnosis::fail::{Problem, fail};
use crate::diagnosis::two_hosts::{cause_of_no_request, expect_open};
use crate::failure::{self, Verdict};
use crate::os::second_host;
use crate::os::socket::Transport;
use crate::peer::{TcpPeerListener, UdpPeer};
use crate::program::{Client, Server};
use crate::settings::{self, OnSecondHost, Reason};
use crate::transcript::Transcript;
use crate::wait::{Limit, Wait, set_patience};
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// The file, beside the failure, that says why the second host could not be made. It is empty if there is one.
const NOTE: &str = "second-host";

/// How often to look at a client's sockets.
const LOOK: Duration = Duration::from_millis(100);

/// How long to wait for a client whose sockets show that it will send nothing.
const LAST_CHANCE: Duration = Duration::from_secs(2);

/// A server that was told the address of its host answers a client on another host.
#[track_caller]
pub fn serves_another_host(transport: Transport, start: impl FnOnce() -> Server, ask: impl FnOnce(&Server)) {
    on_two_hosts(OnSecondHost::Server, || {
        let server = start();
        expect_open(&server.transcript, transport);
        ask(&server);
    });
}

/// A client gets its replies from a server on another host. `check` plays that server.
#[track_caller]
pub fn asks_another_host(check: impl FnOnce()) {
    on_two_hosts(OnSecondHost::Client, check);
}

/// A UDP echo server answers another host. Any server that is right by the textbook can pass.
#[track_caller]
pub fn udp_server(program: &str) {
    let ask = |server: &Server| {
        let mut client = server.udp_client();
        client.send(b"hello world");
        client.expect(b"HELLO WORLD");
    };
    serves_another_host(Transport::Udp, || Server::start(program, &[]), ask);
}

/// A TCP echo server answers another host. Any server that is right by the textbook can pass.
#[track_caller]
pub fn tcp_server(program: &str) {
    let ask = |server: &Server| ask_text(&mut server.tcp_client(), "hello world");
    serves_another_host(Transport::Tcp, || Server::start(program, &[]), ask);
}

/// A UDP client sends the line that is typed to another host.
#[track_caller]
pub fn udp_client(program: &str) {
    asks_another_host(|| {
        let mut server = UdpPeer::server();
        let mut client = Client::start(program, &[], server.address());
        client.write(b"hello world\n");
        await_datagram(&server);
        server.expect_one_of(&[b"hello world", b"hello world\n", b"hello world\r\n"]);
    });
}

/// Waits until the first datagram is there, or the client's sockets show that none will come: then the wait for it is
/// short.
pub fn await_datagram(server: &UdpPeer) {
    let transcript = Transcript::current();
    let mut wait = Wait::of(Limit::start(), &*transcript);
    while !server.has_datagram_for(LOOK) && wait.next_piece().is_some() {
        if cause_of_no_request(&transcript, server.address()).is_some() {
            set_patience(LAST_CHANCE);
            return;
        }
    }
}

/// A TCP client sends the line that is typed to another host.
#[track_caller]
pub fn tcp_client(program: &str) {
    asks_another_host(|| {
        let listener = TcpPeerListener::bind();
        let mut client = Client::start(program, &[], listener.address());
        // Some clients connect only when there is something to send.
        client.write(b"hello world\n");
        listener.accept().read_typed("hello world");
    });
}

#[track_caller]
fn on_two_hosts(program: OnSecondHost, check: impl FnOnce()) {
    if settings::on_second_host().is_some() {
        if join_second_host() {
            check();
        }
        return;
    }
    let tried = if cfg!(target_os = "linux") {
        run_again(program)
    } else {
        Err("network namespaces exist on Linux only".to_owned())
    };
    if let Err(reason) = tried {
        not_tried(&reason);
    }
}

/// Makes the second host, in the second run of this check. Tells the first run if that is not possible.
fn join_second_host() -> bool {
    let joined = second_host::join();
    let note = joined.as_ref().err().map(ToString::to_string).unwrap_or_default();
    let folder = settings::report().expect("the first run of this check sets it");
    fs::write(folder.join(NOTE), note).expect("the first run of this check made the folder");
    joined.is_ok()
}

/// Runs this check in a network of its own, and fails as it does there. An error is the reason why that is not possible.
#[track_caller]
fn run_again(program: OnSecondHost) -> Result<(), String> {
    let transcript = Transcript::current();
    let (_, function) = transcript.check().split_once("::").expect("the name of a check has two parts");
    let test = std::env::current_exe().map_err(|error| error.to_string())?;
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let role = match program {
        OnSecondHost::Server => "server",
        OnSecondHost::Client => "client",
    };
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--net", "--"])
        .arg(test)
        .args(["--exact", function])
        .env(settings::TWO_HOSTS, role)
        .env(settings::ADDRESS, second_host::server_address().to_string())
        .env(settings::OWN_NETWORK, "1")
        .env(settings::REPORT, folder.path())
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("failed to start `unshare`: {error}; install util-linux"))?;
    let (printed, errors) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    match fs::read_to_string(folder.path().join(NOTE)) {
        Ok(note) if !note.is_empty() => return Err(note),
        Ok(_) if output.status.success() => return Ok(()),
        Ok(_) => {}
        // `unshare` reports what the system refuses in a line that begins with its name.
        Err(_) => match errors.lines().next().and_then(|line| line.strip_prefix("unshare: ")) {
            Some(reason) => return Err(reason.to_owned()),
            // A test prints a line before it does anything else.
            None if printed.is_empty() => return Err(format!("`unshare` ended with {}", output.status)),
            None => panic!("`{function}` did not run again: {printed}{errors}"),
        },
    }
    match failure_in(folder.path(), transcript.check()) {
        Some(failure) => failure::raise(failure),
        None => panic!("the check broke: {printed}{errors}"),
    }
}

fn failure_in(folder: &Path, check: &str) -> Option<failure::Failure> {
    failure::read(folder, check).unwrap_or_else(|error| panic!("its failure cannot be read: {error}"))
}

/// A grader counts such a check apart. `cargo test` has no such result, so a person gets a line that no test run hides.
#[track_caller]
fn not_tried(reason: &str) {
    let transcript = Transcript::current();
    if settings::programs().is_some() {
        let problem = Problem::new(format!("the second host cannot be made: {reason}"));
        fail(&transcript, problem.verdict(Verdict::NotTried(Reason::OneHost)));
    }
    let line = format!("not tried here: {}: it needs two hosts: {reason}\n", transcript.check());
    let _ = io::stderr().write_all(line.as_bytes());
}
