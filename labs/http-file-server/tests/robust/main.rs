//! What a server meets on the internet, and the server of a first exercise need not handle: binary files, hostile
//! paths, many requests on one connection, slow and silent clients. A program in any language may pass these.

// Only what this machine itself may refuse is unwrapped, such as a file of the test's own.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../site/mod.rs"]
mod site;

mod clients;
mod directories;
mod files;
#[cfg(unix)]
mod links;
mod load;
mod log;
mod ranges;
mod requests;
mod two_hosts;
mod versions;
