//! Grading from the command line: a *class*, which is a folder with one folder per student, or a single submission.

mod args;
mod changed;
mod finish;
mod progress;
mod queue;
mod results;
mod run;
mod screen;
mod single;
mod students;

pub use args::{ClassArgs, SuiteArgs};
pub use run::run;
pub use single::check;
