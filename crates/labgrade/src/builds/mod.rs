//! *Building* a submission in a sandbox: only its own code, with dependencies that were compiled before.

mod copy;
mod dependencies;
mod env;
mod limited_run;
mod programs;
mod source;

pub use dependencies::{Dependencies, write_stubs};
pub use env::BuildEnv;
pub use programs::build_programs;
pub use source::build_source;
