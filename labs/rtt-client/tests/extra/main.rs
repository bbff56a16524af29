//! The options, messages and files of the reference programs. These tests are worth no points.

#[path = "../common/mod.rs"]
mod common;

mod client;
mod relay;
mod results;
