//! A *prepared suite*: the tests of one lab, compiled once, and everything else that grading its submissions shares.

mod cargo;
mod suite;
mod tests;
mod tools;
mod tree;

pub use suite::PreparedSuite;
