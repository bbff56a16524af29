//! *Process trees*: found in `/proc`, measured, and ended whole.

use super::{interrupt, limits};
use rustix::pipe::PipeFlags;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// How often a running process is looked at.
pub const POLL: Duration = Duration::from_millis(10);

/// How often the files of a running process are looked at.
const LOOK: Duration = Duration::from_millis(300);

/// What is left to a killed process to be gone, before nobody waits any longer.
const GONE: Duration = Duration::from_secs(3);

/// All that descend from `process`, itself not among them.
pub fn descendants(process: u32) -> Vec<u32> {
    let mut found = vec![process];
    let mut next = 0;
    while next < found.len() {
        let more: Vec<u32> =
            children(found[next]).into_iter().filter(|child| !found.contains(child)).collect();
        found.extend(more);
        next += 1;
    }
    found.split_off(1)
}

fn children(process: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else { return Vec::new() };
    let lists = threads.filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().filter_map(|word| word.parse().ok()).collect::<Vec<_>>())
        .collect()
}

/// Memory that these processes have resident together: their own, and what they share with each other, but not with files.
pub fn memory_bytes(processes: &[u32]) -> u64 {
    let kib_of = |process: &u32| -> u64 {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        let kib = |line: &str| {
            let rest = line.strip_prefix("RssAnon:").or_else(|| line.strip_prefix("RssShmem:"))?;
            rest.trim().trim_end_matches(" kB").parse::<u64>().ok()
        };
        status.lines().filter_map(kib).sum()
    };
    processes.iter().map(kib_of).sum::<u64>() << 10
}

/// True if the files below a folder take more than `bytes` of the disk, or are too many to be counted.
fn takes_more_than(folder: &Path, bytes: u64) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (mut folders, mut taken, mut count) = (vec![folder.to_owned()], 0, 0);
    while let Some(folder) = folders.pop() {
        // What is gone again takes nothing.
        for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
            let Ok(metadata) = entry.metadata() else { continue };
            taken += metadata.blocks() * 512;
            count += 1;
            if taken > bytes || count > limits::BUILT_FILES_MAX {
                return true;
            }
            if metadata.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    false
}

/// Ends all that descend from `process`, and waits until they are gone.
///
/// The caller is their reaper: what is orphaned becomes its child.
pub fn end_descendants(process: u32) {
    let deadline = Instant::now() + GONE;
    loop {
        let left = descendants(process);
        let alive: Vec<u32> = left.into_iter().filter(|process| reap_or_kill(*process)).collect();
        if alive.is_empty() || Instant::now() > deadline {
            return;
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// Kills a process, and clears it away if it is a child that has ended. True if it is still there.
fn reap_or_kill(process: u32) -> bool {
    let Some(process) = process.try_into().ok().and_then(Pid::from_raw) else { return false };
    let _ = kill_process(process, Signal::KILL);
    !matches!(rustix::process::waitpid(Some(process), rustix::process::WaitOptions::NOHANG), Ok(Some(_)))
}

/// Ends a child and its process group, and all that descends from it.
pub fn end(child: &mut Child) {
    for process in descendants(child.id()).into_iter().chain([child.id()]) {
        if let Some(process) = process.try_into().ok().and_then(Pid::from_raw) {
            let _ = kill_process(process, Signal::KILL);
        }
    }
    let _ = rustix::process::kill_process_group(Pid::from_child(child), Signal::KILL);
    let _ = child.wait();
}

/// How a command ended that ran with limits.
#[derive(Debug)]
pub struct Ended {
    /// Its status, if it came to its own end.
    pub status: Result<ExitStatus, Stopped>,
    /// The beginning of all that it printed, on standard output and as errors.
    pub output: String,
}

/// Why a command was ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stopped {
    /// Its time was up, or Ctrl+C came.
    Late,
    /// It took too much memory.
    Memory,
    /// It wrote too much.
    Files,
}

impl Ended {
    /// True if it did what it should.
    pub fn success(&self) -> bool {
        self.status.is_ok_and(|status| status.success())
    }
}

/// Runs a command to its end, `time` at most, and keeps `kept` bytes of what it prints. It may write to `folder`.
///
/// # Errors
/// If it can't be started.
pub fn run(mut command: Command, time: Duration, kept: usize, folder: &Path) -> io::Result<Ended> {
    use std::os::unix::process::CommandExt;
    let (reader, writer) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
    // A group of its own: Ctrl+C on the terminal is for this program alone.
    command.process_group(0).stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn()?;
    drop(command); // with its ends of the pipe
    let (collected, output) = mpsc::channel();
    thread::spawn(move || {
        let (mut reader, mut output, mut buffer) = (File::from(reader), Vec::new(), [0; 8192]);
        while let Ok(size @ 1..) = reader.read(&mut buffer) {
            output.extend_from_slice(&buffer[..size.min(kept.saturating_sub(output.len()))]);
        }
        let _ = collected.send(output);
    });
    let deadline = Instant::now() + time;
    let mut looked = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break Ok(status);
        }
        if Instant::now() > deadline || interrupt::requested() {
            break Err(Stopped::Late);
        }
        if memory_bytes(&descendants(child.id())) > limits::BUILD_BYTES_MAX {
            break Err(Stopped::Memory);
        }
        if looked.elapsed() > LOOK {
            if takes_more_than(folder, limits::BUILT_BYTES_MAX) {
                break Err(Stopped::Files);
            }
            looked = Instant::now();
        }
        thread::sleep(POLL);
    };
    end(&mut child);
    // Something that escaped might hold the pipe open.
    let output = output.recv_timeout(GONE).unwrap_or_default();
    Ok(Ended { status, output: String::from_utf8_lossy(&output).into_owned() })
}
