//! The end of the server.

use crate::server::connections::Connections;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// How long a server that is told to stop continues with the answers that it is sending.
const STOP_PATIENCE: Duration = Duration::from_secs(5);

/// How long the accepting thread may take to notice that the server is stopping.
const WAKE_PATIENCE: Duration = Duration::from_secs(1);

/// Stops the server that listens at `address`: it finishes the answers that it is sending and takes no further request.
/// Connections that take too long for that are broken.
pub fn stop(connections: &Connections, mut address: SocketAddr) {
    connections.stop();
    // `accept` has no timeout. A connection wakes it up, even one that is closed at once.
    if address.ip().is_unspecified() {
        let local = if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
        address.set_ip(local);
    }
    let _ = TcpStream::connect_timeout(&address, WAKE_PATIENCE);
    connections.wait_for_end(STOP_PATIENCE);
}
