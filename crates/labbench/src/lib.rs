//! Load for the echo servers: many clients on one thread, with every reply checked.
//!
//! Read [`plan`], what a run is to do; [`text`], what is sent and must come back; [`tcp`] and [`udp`], a client each;
//! then [`drive`], the loop that waits for all of them, and [`figures`], what comes out.

pub mod drive;
pub mod figures;
pub mod plan;
pub mod tcp;
pub mod text;
pub mod udp;
