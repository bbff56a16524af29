//! The server's sockets and threads, apart from what a request means.
//!
//! [`accept`] accepts clients, [`admission`] limits their number, and [`connections`] tracks them, so that [`stop`] can
//! end them. [`connection`] reads the requests of one client and answers them: [`send`] sends the answers, [`log`] logs
//! them. [`context`] holds what all connections share.

pub mod accept;
pub mod admission;
pub mod connection;
pub mod connections;
pub mod context;
pub mod log;
pub mod send;
pub mod stop;
