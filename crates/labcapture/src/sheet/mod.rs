//! A student's answer sheet, graded against the student's own capture.
//!
//! A sheet is a TOML file: the lab, and an answer for each field, named by the number of its question.
//!
//! ```toml
//! lab = "udp-echo"
//! 1.client_port = 51465
//! 2.length = 13
//! 3.client_checksum = "0xa1fc"
//! 4.explain = "Two: one there, one back."
//! ```
//!
//! The fields are facts that the capture proves. `N.explain` is an explanation for a person to grade; it is read, but
//! it changes no grade here.
//!
//! Read in this order: [`mod@file`] reads a sheet, with the help of [`mod@recovery`] if it is not TOML; [`mod@fields`] says what is right in each field for a conversation;
//! [`mod@expected`] compares an answer with that, with the help of [`mod@value`], [`mod@number`], [`mod@flags`],
//! [`mod@counts`] and [`mod@duration`]; [`mod@grade`] puts them together.

pub mod counts;
pub mod duration;
pub mod expected;
pub mod fields;
pub mod file;
pub mod flags;
pub mod grade;
pub mod number;
pub mod recovery;
pub mod value;

#[cfg(test)]
mod checking;

pub use fields::{Candidate, FactField, Field, candidates, fact_fields, fields};
pub use file::{Sheet, blank, parse, read};
pub use grade::{Grade, Verdict, grade, write};
