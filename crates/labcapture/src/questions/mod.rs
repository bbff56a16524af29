//! The handouts' questions by number, each with its answer, the frames that prove it, and the Wireshark filter that
//! shows exactly these frames.
//!
//! A filter says what the frames have in common, so that students can learn from it. It lists frame numbers only where
//! no short filter shows the same frames. Packets that [`crate::conversation`] has not kept are not among the frames.
//!
//! A capture shows packets, not programs. Where an answer needs more than the capture proves, it is marked as inferred,
//! with the reason.
//!
//! Read in this order: [`filter`] and [`answer`] are what an answer consists of; [`selection`] chooses the
//! conversations; [`shared`], [`sockets`], [`closing`], [`round_trips`] and [`unreachable`] answer what several labs ask; then one
//! file per lab.

pub mod answer;
mod closing;
pub mod filter;
mod http_file_server;
mod round_trips;
mod rtt_client;
pub mod selection;
mod shared;
mod sockets;
mod tcp_echo;
mod tcp_threaded;
mod udp_echo;
mod unreachable;

pub use answer::{Answer, write};
pub use filter::Filter;

use crate::capture::Capture;
use crate::lab::Lab;

/// Answers all questions of a lab.
pub fn answers(lab: Lab, capture: &Capture) -> Vec<Answer> {
    match lab {
        Lab::UdpEcho => udp_echo::answers(capture),
        Lab::TcpEcho => tcp_echo::answers(capture),
        Lab::TcpThreaded => tcp_threaded::answers(capture),
        Lab::RttClient => rtt_client::answers(capture),
        Lab::HttpFileServer => http_file_server::answers(capture),
    }
}
