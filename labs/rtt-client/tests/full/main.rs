//! What only the reference program has: schedule, `compare`, files, and everything that it counts. Nothing here is graded.

#[path = "../common/mod.rs"]
mod common;
#[path = "../shown/mod.rs"]
mod shown_by_any;

mod client;
mod exercise;
mod files;
mod options;
mod relay;
mod relay_log;
mod results;
mod scratch;
mod shown;
