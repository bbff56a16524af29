//! A *failure*: a check that did not pass, as a value with fields.
//!
//! Tools and people learn of a failed check from here alone. A tool reads the JSON, a person reads the text, and both
//! are made from the same [`Failure`]. No tool depends on wording: the words for each cause stand in `sentences.rs`
//! and the other files of sentences.
//!
//! Read [`Failure`] first, then [`Cause`], the diagnoses, and [`Step`], what happened before.

mod cause;
mod excerpt;
mod http_sentences;
mod output_sentences;
mod pair;
mod report;
mod sentences;
mod start_sentences;
mod step;
mod text;
mod transports;
mod value;

pub use crate::os::socket::Transport;
pub use cause::{Cause, Moment};
pub(crate) use excerpt::bytes_shown;
pub use excerpt::{End, Excerpt, Received};
pub use pair::Awaited;
pub(crate) use report::{check_name, raise};
pub use report::{file_name, read};
pub use step::{Action, Actor, Step};
pub use value::{Command, FORMAT, Failure, ProgramOutput, Verdict};
