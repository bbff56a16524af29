//! What students fill in: the *answer sheet* `answers.toml` and the *report* `report.md` of a lab, both made from its
//! handout.
//!
//! [`Contents`] holds the questions, with the facts that a capture proves and the points. [`answer_sheet`] and
//! [`report_template`] write it down. Neither contains anything for staff.

mod answer_sheet;
mod contents;
mod handout;
mod report_template;
mod wrap;

pub use answer_sheet::answer_sheet;
pub use contents::{Contents, facts};
pub use report_template::report_template;
