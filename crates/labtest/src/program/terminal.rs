//! A client under test on a terminal, as a person uses it.

use super::command_line::own;
use super::process::Program;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::ops::{Deref, DerefMut};
use std::os::unix::ffi::OsStrExt;
use std::process::Stdio;

/// A program on a pseudo-terminal: it believes that a person types and reads.
pub struct Terminal {
    program: Program,
}

impl Terminal {
    /// Starts a program with these words on its command line.
    #[track_caller]
    pub fn start(program: &str, args: &[&str]) -> Terminal {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&controller).unwrap();
        unlockpt(&controller).unwrap();
        let path = ptsname(&controller, Vec::new()).unwrap();
        let path = OsStr::from_bytes(path.as_bytes()).to_owned();
        let terminal = || -> Stdio { OpenOptions::new().read(true).write(true).open(&path).unwrap().into() };
        let keyboard = File::from(controller);
        let screen = keyboard.try_clone().unwrap();
        Terminal { program: Program::start_on(terminal, keyboard, screen, &own(program, args)) }
    }
}

impl Deref for Terminal {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.program
    }
}

impl DerefMut for Terminal {
    fn deref_mut(&mut self) -> &mut Program {
        &mut self.program
    }
}
