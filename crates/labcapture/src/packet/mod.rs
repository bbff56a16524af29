//! A packet: what the headers of one captured frame say.
//!
//! Read in this order: [`headers`] defines what is known about a packet, [`flags`] the flags of TCP, [`transport`]
//! decodes UDP, TCP and ICMP, [`resolution`] decodes ARP and neighbour discovery, and [`decoder`] decodes IP and joins fragments.

pub mod decoder;
pub mod flags;
#[cfg(test)]
pub mod hand_built;
pub mod headers;
mod resolution;
mod transport;

pub use decoder::Decoder;
pub use flags::Flags;
pub use headers::{Content, Packet, Resolution, Tcp, Transport, Udp, Unreachable};
