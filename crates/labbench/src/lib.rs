//! Load for the echo servers: many clients on one thread, with every reply checked.
//!
//! Read [`plan`], what a run is to do, and [`payload`], what is sent and must come back. Then read [`tcp`] and [`udp`],
//! the two kinds of client, [`runner`], the loop that waits for all clients, and [`figures`], the result.

mod figures;
mod payload;
pub mod plan;
pub mod runner;
pub mod tcp;
pub mod udp;
