//! The *peers* of a program under test: scripted ends of the network, under the check's control.

mod bulk;
mod listener;
mod tcp;
mod udp;

pub use listener::TcpPeerListener;
pub(crate) use tcp::RECEIVED_BYTES_MAX;
pub use tcp::TcpPeer;
pub use udp::UdpPeer;
