//! What is served: [`mod@file`] opens what a request's target names, and nothing outside the root. [`listing`] makes the
//! page of a directory, and [`types`] says what kind of data a file has. [`answer`] decides which answer a request gets.

pub mod answer;
pub mod file;
pub mod listing;
pub mod types;
