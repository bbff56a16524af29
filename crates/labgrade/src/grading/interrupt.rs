//! Ctrl+C: grading ends as soon as it can, with all results so far in their files.

use anyhow::Context;
use std::sync::atomic::{AtomicBool, Ordering};

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// From now on, Ctrl+C (and SIGTERM, SIGHUP) asks for the end instead of being it.
///
/// # Errors
/// If the system refuses.
pub fn listen() -> anyhow::Result<()> {
    ctrlc::set_handler(|| REQUESTED.store(true, Ordering::Relaxed)).context("failed to wait for Ctrl+C")
}

/// True once the end was asked for.
pub fn requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
}
