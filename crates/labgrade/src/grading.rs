//! *Grading*: a submission is built and run in sandboxes, and every check of the lab's rubric gets its status.
//!
//! Read [`submission`], what is handed in; [`exam`], the tests that judge it; [`grade`], which brings them together;
//! and [`class`], which does so for a folder of submissions. [`sandbox`] has what a program under test sees and may do,
//! [`limits`] the figures, and [`inside`] is what each single check runs in.

pub mod building;
mod changes;
pub mod class;
pub mod exam;
pub mod grade;
pub mod inside;
pub mod interrupt;
pub mod limits;
pub mod processes;
pub mod sandbox;
pub mod submission;
mod write;

pub use write::write_atomically;
