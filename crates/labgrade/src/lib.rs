//! Starters for students, grades for teaching assistants.
//!
//! Read [`rubric`], what a check is worth, then [`outcome`], what came of it, and [`report`], how it is told.
//!
//! [`starter`] makes the students' [`workspace`] by the [`marks`] in this one. [`suite`] finds the tests that a rubric
//! must speak of, [`table`] shows the rubric to people.

pub mod answers;
#[cfg(target_os = "linux")]
pub mod grading;
pub mod marks;
pub mod outcome;
pub mod report;
pub mod rubric;
pub mod starter;
pub mod suite;
pub mod table;
pub mod workspace;
