//! The fields of each lab's sheet, and what is right in them.
//!
//! [`field`] defines a field; each lab has its fields in a file of its own; [`candidate`] applies them to a capture.

pub mod candidate;
pub mod field;
mod http_file_server;
mod rtt_client;
mod shared;
mod table;
mod tcp_echo;
mod tcp_threaded;
mod udp_echo;

pub use candidate::{Candidate, candidates};
pub use field::{Field, Rule};
pub use table::{FactField, fact_fields, fields};
