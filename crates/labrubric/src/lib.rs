//! Rubrics, questions and test suites: which checks a lab has, in which order, and what each is worth.
//!
//! A [`Rubric`] has one row per black-box test of a lab, a [`Check`]. Its core checks are the stages of the exercise, in
//! order, grouped by the steps of the handout. [`test_files`] finds the tests in their source, and [`Rubric::mistakes`]
//! compares them, the handout and the stubs with the rubric. A [`Question`] is one of the handout's, with its points and a
//! model answer. [`print_table`] shows a rubric to people. [`Workspace`] is the folder that everything is found in.

mod mistakes;
mod questions;
mod rubric;
mod steps;
mod suite;
mod table;
mod workspace;

pub use questions::Question;
pub use rubric::{CORE_POINTS, Check, Kind, Rubric};
pub use suite::{TestFile, test_files};
pub use table::print_table;
pub use workspace::Workspace;
