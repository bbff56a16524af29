//! The options, messages and limits of the reference program, and the parts of HTTP that a small server can leave out.
//! These tests are worth no points.

#[path = "../site/mod.rs"]
mod site;

mod clients;
mod directories;
mod files;
#[cfg(unix)]
mod links;
#[cfg(unix)]
mod load;
mod log;
mod requests;
mod stopping;
