//! Messages and the command line. These tests are worth no points.

mod common;

use common::{CLIENT, start};
#[cfg(target_os = "linux")]
use labtest::UdpPeer;
use labtest::{TcpPeerListener, contract, run};

// Only here does the system report an ICMP message to a UDP socket for certain.
#[cfg(target_os = "linux")]
#[test]
fn is_refused_over_udp_where_nobody_listens() {
    let nobody = UdpPeer::server().address();
    let finished = start("udp -m hello --count 1", nobody).wait();
    let error = format!("error: failed to get a reply from `{nobody}`: Connection refused");
    finished.expect_error(&error, "; is the server running?");
}

#[test]
fn is_refused_over_tcp_where_nobody_listens() {
    let nobody = TcpPeerListener::bind().address();
    let finished = start("tcp -m hello", nobody).wait();
    let error = format!("error: failed to connect to `{nobody}`: ");
    finished.expect_error_with(&error).expect_error_with("; is the server running?\n");
    finished.expect_status(1).expect_stdout("");
}

#[test]
fn says_that_a_name_is_unknown() {
    let finished = run(CLIENT, &["udp", "no-such-host.invalid", "-m", "hello"]);
    finished.expect_error("error: failed to resolve `no-such-host.invalid`: ", "");
}

#[test]
fn prints_its_usage_when_called_wrongly() {
    for words in ["", "udp", "icmp 127.0.0.1", "udp 127.0.0.1 --count 0", "tcp 127.0.0.1 --interval 5"] {
        contract::prints_its_usage(CLIENT, &[&words.split_whitespace().collect::<Vec<_>>()], "--help");
    }
}
