//! The UDP echo server, seen from its clients.

use labtest::{Cause, Server, run};
use std::time::Duration;

const SERVER: &str = env!("CARGO_BIN_EXE_udp-echo-server");

/// Long enough for a wrong server to give itself away; a right one has nothing to say, however long this is.
const SILENCE: Duration = Duration::from_millis(50);

#[track_caller]
fn check(datagram: &[u8], expected: &[u8]) {
    let server = Server::start(SERVER, &[]);
    let mut client = server.udp_client();
    client.send(datagram);
    client.expect(expected);
    // One answer to one datagram.
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
    // The last one first: nobody waits for anybody.
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
    let mut client = server.udp_client();
    client.send(b"hello");
    client.expect(b"HELLO");
}

/// Sends a datagram from port 0, where nobody can be answered, and then asks as everybody does. In a network of its own,
/// where it may open the raw socket that this takes.
#[cfg(target_os = "linux")]
const FROM_PORT_0: &str = "\
import select, socket, struct, subprocess, sys
subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
server = subprocess.Popen([sys.argv[1], '127.0.0.1', '0'], stdout=subprocess.PIPE, bufsize=0)
try:
    port = int(server.stdout.readline().rpartition(b':')[2])
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
    raw.sendto(struct.pack('!HHHH', 0, port, 13, 0) + b'hello', ('127.0.0.1', 0))
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.settimeout(5)
    client.sendto(b'hello', ('127.0.0.1', port))
    print(client.recv(100).decode())
    sys.stdout.flush()
    told = False
    while not told:
        if not select.select([server.stdout], [], [], 5)[0]:
            sys.exit('no line on its screen says that a client can not `be answered`')
        told = b'be answered' in server.stdout.readline()
finally:
    server.kill()
";

#[cfg(target_os = "linux")]
#[test]
fn survives_a_client_that_cannot_be_answered() {
    let network = ["--user", "--map-root-user", "--net"];
    let is_graded = std::env::vars_os().any(|(name, _)| name == "LAB_PROGRAMS" || name == "LAB_SERVER");
    if is_graded || !(labtest::has_tool("python3") && labtest::has_tool("ip")) {
        return;
    }
    if !run("unshare", &[&network[..], &["true"]].concat()).status.success() {
        return; // this system lets nobody make networks
    }
    let finished = run("unshare", &[&network[..], &["python3", "-c", FROM_PORT_0, SERVER]].concat());
    assert_eq!((&*finished.stdout, &*finished.stderr), ("HELLO\n", ""));
}

/// UDP has no connections, so nobody ever tells a server that it may forget a client.
#[cfg(target_os = "linux")]
#[test]
fn does_not_remember_everybody() {
    let server = Server::start(SERVER, &["--quiet"]);
    // Loopback has 16 million addresses, so no sender need ever come twice.
    let send_from = |number: u32| {
        let address = std::net::Ipv4Addr::from(u32::from(std::net::Ipv4Addr::new(127, 1, 0, 0)) + number);
        let client = std::net::UdpSocket::bind((address, 0)).unwrap();
        client.set_read_timeout(Some(labtest::patience())).unwrap();
        client.send_to(b"hello", server.address()).unwrap();
        if client.recv(&mut [0; 100]).ok() != Some(5) {
            server.fail(&format!("client {number} sent `hello` and got no answer of 5 bytes"));
        }
    };
    (0..12_000).for_each(send_from);
    let before = server.memory_kib_max();
    (12_000..50_000).for_each(send_from);
    let after = server.memory_kib_max();
    if after >= before + 512 {
        let what = format!("it had {before} KiB after 12,000 clients, and {after} KiB after 50,000");
        server.fail_because(Cause::RemembersEveryClient, &what);
    }
}

#[test]
fn shows_who_sent_what() {
    let server = Server::start(SERVER, &[]);
    let mut client = server.udp_client();
    client.send(b"hello");
    client.expect(b"HELLO");
    server.expect_output(&format!("client 1 calls from {}\nclient 1: hello\n", client.address()));
    let mut other = server.udp_client();
    other.send(b"moin");
    other.expect(b"MOIN");
    server.expect_output("client 2: moin\n");
    client.send(b"again");
    server.expect_output("client 1: again\n");
}

#[test]
fn lets_no_client_control_the_terminal() {
    let server = Server::start(SERVER, &[]);
    server.udp_client().send(b"\x1b[2Jgone\r\n\xff");
    server.expect_output("client 1: \\u{1b}[2Jgone\\r\\n\\xff\n");
}

#[test]
fn prints_only_where_it_listens_when_quiet() {
    let server = Server::start(SERVER, &["--quiet"]);
    let mut client = server.udp_client();
    client.send(b"hello");
    client.expect(b"HELLO");
    server.expect_no_more_output_for(SILENCE, &format!("listening on {}\n", server.address()));
}

#[cfg(unix)]
#[test]
fn goes_on_without_its_screen() {
    // The pipe is closed after the first line.
    let script = format!("'{SERVER}' 127.0.0.1 0 | {{ head -n 1; exec <&-; echo gone; }}");
    let server = Server::at("/bin/sh", &["-c", &script]);
    server.expect_output("gone\n");
    let mut client = server.udp_client();
    // So often that it has noticed.
    for _ in 0..1000 {
        client.send(b"hello");
        client.expect(b"HELLO");
    }
}

#[test]
fn listens_on_ipv6() {
    let server = Server::at(SERVER, &["[::1]:0"]);
    let mut client = server.udp_client();
    client.send(b"hello");
    client.expect(b"HELLO");
    assert!(server.address().is_ipv6());
}

#[test]
fn fails_when_the_port_is_taken() {
    let server = Server::at(SERVER, &["127.0.0.1:0"]);
    let address = server.address().to_string();
    let second = run(SERVER, &[&address]);
    assert_eq!(second.status.code(), Some(1));
    assert!(second.stderr.starts_with(&format!("error: failed to bind `{address}`: ")), "{}", second.stderr);
    assert!(second.stderr.ends_with("; is another server running? try port 0\n"), "{}", second.stderr);
    assert_eq!(second.stderr.lines().count(), 1);
}

#[test]
fn fails_in_one_line_on_a_wrong_address() {
    for (args, expected) in [
        (
            &["localhost:http"][..],
            "error: `localhost:http` has no port number; write one like `localhost:25000`\n",
        ),
        (
            &["127.0.0.1:1", "2"],
            "error: `127.0.0.1:1 2` gives the port twice; write it once, like `127.0.0.1 2`\n",
        ),
        (&["25000"], "error: `25000` is no host; give the host before the port, like `127.0.0.1 25000`\n"),
    ] {
        let finished = run(SERVER, args);
        assert_eq!((finished.stderr.as_str(), finished.status.code()), (expected, Some(1)));
    }
}

#[test]
fn prints_its_usage_when_called_wrongly() {
    for args in [&["--no-such-option"][..], &["a", "1", "b"]] {
        let finished = run(SERVER, args);
        assert_eq!(finished.status.code(), Some(2));
        assert!(
            finished.stderr.contains("Usage: udp-echo-server [OPTIONS] [HOST[:PORT]] [PORT]"),
            "{}",
            finished.stderr
        );
    }
}
