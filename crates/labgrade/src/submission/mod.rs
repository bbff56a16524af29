//! A *submission*: what was handed in for one lab, found in its folder and copied out of it.
//!
//! It is either the source of the lab's crate, or programs in any language with a [`RunFile`] that tells how to start them.

mod changes;
mod copy;
mod find;
mod run_file;
mod time;

pub use changes::changed_files;
pub use copy::copy;
pub use find::Submission;
pub use run_file::RunFile;
pub use time::newest_file_time;
