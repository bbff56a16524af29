//! Starters for students, grades for teaching assistants.
//!
//! [`starter`] makes the students' workspace: it removes the solutions by their [`solution_markers`], and adds each lab's
//! [`sheet`] of answers.
//!
//! Grading takes these steps, in this order:
//!
//! | module | step |
//! |---|---|
//! | [`submission`] | finds what was handed in, and copies it |
//! | [`builds`] | compiles it |
//! | [`checks`] | runs the tests of a [`prepared_suite`] against it |
//! | [`outcome`] | holds the result of each check |
//! | [`reports`] | show outcomes to students, staff and other programs |
//!
//! [`pipeline`] puts them together for one submission, and [`class`] grades many at the same time. [`sandbox`] is where
//! submissions are built and run, within [`limits`].

pub mod answers;
pub mod outcome;
pub mod reports;
pub mod sheet;
pub mod solution_markers;
pub mod starter;

// Grading needs namespaces and `/proc`.
#[cfg(target_os = "linux")]
mod builds;
#[cfg(target_os = "linux")]
mod checks;
#[cfg(target_os = "linux")]
pub mod class;
#[cfg(target_os = "linux")]
mod explained_file;
#[cfg(target_os = "linux")]
mod interrupt;
#[cfg(target_os = "linux")]
mod kept;
#[cfg(target_os = "linux")]
pub mod limits;
#[cfg(target_os = "linux")]
mod pipeline;
#[cfg(target_os = "linux")]
mod prepared_suite;
#[cfg(target_os = "linux")]
mod processes;
#[cfg(target_os = "linux")]
mod sandbox;
#[cfg(target_os = "linux")]
mod submission;
#[cfg(target_os = "linux")]
mod write;

#[cfg(target_os = "linux")]
pub use checks::check_runner;
