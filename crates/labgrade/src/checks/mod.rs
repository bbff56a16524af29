//! Running the *checks* of one submission.
//!
//! [`Launch`] tells the tests how to start its programs. [`Batches`] runs them by nextest, as many at once as the checks
//! that need each other allow. For each test, nextest starts this program again as the [`check_runner`].

mod batches;
pub mod check_runner;
mod conditions;
mod launch;
mod needs;
mod nextest;

pub use batches::{Batches, OnProgress};
pub use conditions::Conditions;
pub use launch::Launch;
pub use needs::skip_if_needs_failed;
