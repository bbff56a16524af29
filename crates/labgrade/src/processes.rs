//! Ending *process trees* completely.

use labtest::os::process;
use rustix::process::{Pid, Signal, WaitOptions, kill_process, kill_process_group, waitpid};
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

/// How long to wait for killed processes to disappear.
pub const GONE: Duration = Duration::from_secs(3);

/// Pause between two rounds of killing.
const POLL: Duration = Duration::from_millis(2);

/// All processes that descend from `process`, without itself.
pub fn descendants(process: u32) -> Vec<u32> {
    process::tree(process).split_off(1)
}

/// Kills all descendants of `process` and waits until they are gone.
///
/// The caller must be their subreaper: an orphan becomes its child.
pub fn end_descendants(process: u32) {
    let deadline = Instant::now() + GONE;
    loop {
        let left = descendants(process);
        let alive: Vec<u32> = left.into_iter().filter(|process| kill_or_reap(*process)).collect();
        if alive.is_empty() || Instant::now() > deadline {
            return;
        }
        thread::sleep(POLL);
    }
}

/// Kills a process, and reaps it if it is a child that has ended. Returns true if it still exists.
fn kill_or_reap(process: u32) -> bool {
    let Some(process) = pid(process) else { return false };
    let _ = kill_process(process, Signal::KILL);
    !matches!(waitpid(Some(process), WaitOptions::NOHANG), Ok(Some(_)))
}

fn pid(process: u32) -> Option<Pid> {
    process.try_into().ok().and_then(Pid::from_raw)
}

/// Kills a child with its process group and all its descendants.
pub fn end(child: &mut Child) {
    for process in process::tree(child.id()).into_iter().filter_map(pid) {
        let _ = kill_process(process, Signal::KILL);
    }
    let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    let _ = child.wait();
}
