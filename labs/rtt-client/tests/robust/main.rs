//! Edge cases: lost, late, repeated and strange replies, and the arithmetic. A program in any language may pass these.

#[path = "../common/mod.rs"]
mod common;

mod client;
mod relay;
mod two_hosts;
