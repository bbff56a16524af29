//! A packet: what the headers of one captured frame say.
//!
//! Read in this order: [`headers`] defines what is known about a packet, [`flags`] the flags of TCP, [`transport`]
//! decodes UDP, TCP and ICMP, and [`decoder`] decodes IP and joins fragments.

pub mod decoder;
pub mod flags;
#[cfg(test)]
pub mod hand_built;
pub mod headers;
mod transport;

pub use decoder::Decoder;
pub use flags::Flags;
pub use headers::{Content, Packet, Tcp, Transport, Udp, Unreachable};
