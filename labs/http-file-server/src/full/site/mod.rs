//! What is served: [`mod@file`] opens what a request's target names, and nothing outside the root. [`listing`] makes the
//! page of a directory. [`answer`] decides which answer a request gets.

pub mod answer;
pub mod file;
pub mod listing;
