//! All reports, read back by the parsers that their readers use.

#![allow(clippy::unwrap_used)]

mod class_page;
mod explain_page;
mod feedback;
mod formats;
mod hostile;
mod sample;
mod totals;
