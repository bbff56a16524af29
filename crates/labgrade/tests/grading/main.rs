//! Grading of one submission and of a class, as staff see it.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod class;
mod explained;
mod interrupted;
mod machine;
mod messages;
mod programs;
mod results;
#[path = "../support/mod.rs"]
mod support;
