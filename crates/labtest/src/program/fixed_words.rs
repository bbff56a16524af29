//! Programs that run to their end with fixed words, and need no peer.

use super::command_line::own;
use super::process::{Finished, Program};
use std::env;

/// Runs a program to its end, with nothing to read on standard input.
#[track_caller]
pub fn run(program: &str, args: &[&str]) -> Finished {
    let mut program = Program::start(&own(program, args));
    program.end_input();
    program.wait()
}

/// True if the program `name` is installed, so that a check can use it.
///
/// Where `CI` is set it must be: a check that is left out proves nothing.
pub fn has_tool(name: &str) -> bool {
    let found =
        env::split_paths(&env::var_os("PATH").unwrap_or_default()).any(|folder| folder.join(name).is_file());
    assert!(found || env::var_os("CI").is_none(), "this test needs `{name}`, which is not installed");
    found
}
