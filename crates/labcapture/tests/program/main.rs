//! The program and its library on small captures. `captures/make.py` says what each capture holds.

#![allow(clippy::unwrap_used)]

mod flows;
mod formats;
mod harness;
mod limits;
mod missing;
mod pitfalls;
mod questions;
mod resets;
mod sheets;
mod views;
mod web;
