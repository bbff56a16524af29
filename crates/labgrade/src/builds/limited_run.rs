//! A command of a build, run within limits of time, memory and disk space.

use crate::{interrupt, limits, processes};
use labtest::os::process::memory_bytes;
use rustix::pipe::PipeFlags;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// How often a running command is looked at.
const POLL: Duration = Duration::from_millis(10);

/// How often the files of a running command are counted.
const COUNT_FILES: Duration = Duration::from_millis(300);

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit status, if no limit was reached.
    pub status: Result<ExitStatus, Stopped>,
    /// The beginning of its output, standard error included.
    pub output: String,
}

/// Why a command was ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stopped {
    /// Its time was up, or Ctrl+C was pressed.
    Late,
    /// It took too much memory.
    Memory,
    /// It wrote too much.
    Files,
}

impl Ended {
    /// True if the command succeeded.
    pub fn success(&self) -> bool {
        self.status.is_ok_and(|status| status.success())
    }
}

/// Runs a command that writes to `folder`, for at most `time`.
///
/// # Errors
/// If the command cannot be started.
pub fn run(mut command: Command, time: Duration, folder: &Path) -> io::Result<Ended> {
    let (reader, writer) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
    // A process group of its own, so that Ctrl+C on the terminal reaches only labgrade.
    command.process_group(0).stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn()?;
    drop(command); // closes its ends of the pipe
    let (collected, output) = mpsc::channel();
    thread::spawn(move || collected.send(beginning(File::from(reader))));
    let deadline = Instant::now() + time;
    let mut counted = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break Ok(status);
        }
        if Instant::now() > deadline || interrupt::requested() {
            break Err(Stopped::Late);
        }
        if memory_bytes(&processes::descendants(child.id())) > limits::BUILD_BYTES_MAX {
            break Err(Stopped::Memory);
        }
        if counted.elapsed() > COUNT_FILES {
            if exceeds_limits(folder) {
                break Err(Stopped::Files);
            }
            counted = Instant::now();
        }
        thread::sleep(POLL);
    };
    processes::end(&mut child);
    // A process that escaped may hold the pipe open.
    let output = output.recv_timeout(processes::GONE).unwrap_or_default();
    Ok(Ended { status, output: String::from_utf8_lossy(&output).into_owned() })
}

/// Reads to the end, and keeps the beginning.
fn beginning(mut from: impl Read) -> Vec<u8> {
    let (mut kept, mut buffer) = (Vec::new(), [0; 8192]);
    while let Ok(size @ 1..) = from.read(&mut buffer) {
        let room = limits::BUILD_OUTPUT_BYTES_MAX.saturating_sub(kept.len());
        kept.extend_from_slice(&buffer[..size.min(room)]);
    }
    kept
}

/// True if the files below a folder take too much of the disk, or are too many to count.
fn exceeds_limits(folder: &Path) -> bool {
    let (mut folders, mut bytes, mut count) = (vec![folder.to_owned()], 0, 0);
    while let Some(folder) = folders.pop() {
        // A file that has been deleted meanwhile takes no space.
        for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
            let Ok(metadata) = entry.metadata() else { continue };
            bytes += metadata.blocks() * 512;
            count += 1;
            if bytes > limits::BUILT_BYTES_MAX || count > limits::BUILT_FILES_MAX {
                return true;
            }
            if metadata.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    false
}
