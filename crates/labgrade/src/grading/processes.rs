//! *Process trees*: found in `/proc`, measured, and ended whole.

use super::{interrupt, limits};
use rustix::pipe::PipeFlags;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, File};
use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// How often a running process is looked at.
pub const POLL: Duration = Duration::from_millis(10);

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

/// Memory that these processes have resident together, without what they share with files.
pub fn memory_bytes(processes: &[u32]) -> u64 {
    let pages: u64 = processes
        .iter()
        .filter_map(|process| {
            let fields = fs::read_to_string(format!("/proc/{process}/statm")).ok()?;
            let mut fields = fields.split_whitespace().skip(1).map(str::parse::<u64>);
            let (resident, shared) = (fields.next()?.ok()?, fields.next()?.ok()?);
            Some(resident.saturating_sub(shared))
        })
        .sum();
    pages * rustix::param::page_size() as u64
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
    /// Its status; `None` if it was ended because its time was up, it took too much memory, or Ctrl+C came.
    pub status: Option<ExitStatus>,
    /// The beginning of all that it printed, on standard output and as errors.
    pub output: String,
    /// True if it took too much memory.
    pub too_large: bool,
}

impl Ended {
    /// True if it did what it should.
    pub fn success(&self) -> bool {
        self.status.is_some_and(|status| status.success())
    }
}

/// Runs a command to its end, `time` at most, and keeps `kept` bytes of what it prints.
///
/// # Errors
/// If it can't be started.
pub fn run(mut command: Command, time: Duration, kept: usize) -> io::Result<Ended> {
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
    let mut too_large = false;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break Some(status);
        }
        too_large = memory_bytes(&descendants(child.id())) > limits::BUILD_BYTES_MAX;
        if Instant::now() > deadline || interrupt::requested() || too_large {
            break None;
        }
        thread::sleep(POLL);
    };
    end(&mut child);
    // Something that escaped might hold the pipe open.
    let output = output.recv_timeout(GONE).unwrap_or_default();
    Ok(Ended { status, output: String::from_utf8_lossy(&output).into_owned(), too_large })
}
