//! A *prepared suite*: the tests of one lab, compiled once, and everything else that grading its submissions shares.

mod archive;
mod cargo;
mod suite;
mod tools;
mod tree;

pub use suite::PreparedSuite;
