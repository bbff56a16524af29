//! Server and client on two hosts, as in the lab room.

use labtest::contract::two_hosts::asks_another_host;
use labtest::{Client, UdpPeer};

/// The options for the crate's own client.
const OWN_ARGS: [&str; 5] = ["udp", "--count", "1", "--timeout", "1s"];

#[test]
fn client_asks_another_host() {
    asks_another_host(|| {
        let mut server = UdpPeer::server();
        let _client = Client::start_with_own(env!("CARGO_BIN_EXE_rtt-client"), &OWN_ARGS, server.address());
        server.receive_any();
    });
}
