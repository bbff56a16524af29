//! What a UDP echo server promises.

use crate::peer::UdpPeer;
use crate::program::{Server, has_tool, run};
use crate::settings;

/// Sends a datagram of a client of its own to an echo server, and expects the reply.
#[track_caller]
pub fn ask(server: &Server) {
    let mut client = server.udp_client();
    client.send(b"hello");
    client.expect(b"HELLO");
}

/// The server is reached at the address and the port that its command line names.
#[track_caller]
pub fn listens_where_it_is_told(program: &str) {
    if let Some((_server, address)) = Server::start_as_told(program) {
        let mut client = UdpPeer::client_of(address);
        client.send(b"hello world");
        client.expect(b"HELLO WORLD");
    }
}

/// Sends a datagram from port 0, to which no reply can be sent, and then asks as a usual client. It runs in a network
/// of its own, where it may open the raw socket that this takes.
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
            sys.exit('no line of the server says that a client cannot `be answered`')
        told = b'be answered' in server.stdout.readline()
finally:
    server.kill()
";

/// A UDP server goes on after a datagram whose sender cannot be answered, and prints a line about it.
///
/// Where this system allows no networks of one's own, and for submissions, nothing is checked.
#[track_caller]
pub fn survives_an_unanswerable_client(program: &str) {
    let network = ["--user", "--map-root-user", "--net"];
    if settings::has_submission() || !(has_tool("python3") && has_tool("ip")) {
        return;
    }
    if !run("unshare", &[&network[..], &["true"]].concat()).status.success() {
        return;
    }
    let finished = run("unshare", &[&network[..], &["python3", "-c", FROM_PORT_0, program]].concat());
    finished.expect_stdout("HELLO\n").expect_stderr("");
}
