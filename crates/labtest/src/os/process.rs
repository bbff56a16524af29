//! *Processes*, read from Linux's `/proc`. Where there is none, nothing is known of them.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

/// How deep sandboxes lie in each other: bubblewrap is two processes deep. The bound also ends the search in a program that
/// calls itself the same.
const SANDBOX_DEPTH_MAX: usize = 4;

/// The children of a process.
fn children(process: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else { return Vec::new() };
    let lists = threads.filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().filter_map(|word| word.parse().ok()).collect::<Vec<_>>())
        .collect()
}

/// A process and all that descend from it, whatever process group or session they moved to.
pub fn tree(process: u32) -> Vec<u32> {
    let mut found = vec![process];
    let mut next = 0;
    while next < found.len() {
        let more: Vec<u32> =
            children(found[next]).into_iter().filter(|child| !found.contains(child)).collect();
        found.extend(more);
        next += 1;
    }
    found
}

/// The members of a process group.
pub(crate) fn group(group: u32) -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let processes = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    processes.filter(|process| group_of(*process) == Some(group)).collect()
}

fn group_of(process: u32) -> Option<u32> {
    stat(process)?.nth(2)?.parse().ok()
}

/// The fields of `/proc/PID/stat` from the third one on, the state.
fn stat(process: u32) -> Option<std::vec::IntoIter<String>> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // pid (name) state ppid pgrp …; the name may hold spaces and parentheses.
    let (_, after_name) = stat.rsplit_once(')')?;
    Some(after_name.split_whitespace().map(str::to_owned).collect::<Vec<_>>().into_iter())
}

/// True if the process has been stopped by a signal.
#[cfg(target_os = "linux")]
pub(crate) fn is_stopped(process: u32) -> bool {
    stat(process).and_then(|mut fields| fields.next()).is_some_and(|state| state == "T")
}

/// Processor time that a process has used so far, in the system's clock ticks.
#[cfg(target_os = "linux")]
pub(crate) fn cpu_ticks(process: u32) -> Option<f64> {
    let ticks = |word: String| word.parse::<f64>().ok();
    Some(stat(process)?.skip(11).take(2).filter_map(ticks).sum())
}

/// The most memory that a process has had resident so far, in KiB.
#[cfg(target_os = "linux")]
pub(crate) fn memory_kib_max(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
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

/// The program's own process, where `process` may be the sandbox (bubblewrap) that started it.
pub(crate) fn behind_sandbox(process: u32) -> u32 {
    let mut found = process;
    for _ in 0..SANDBOX_DEPTH_MAX {
        match child_of_sandbox(found) {
            Some(child) => found = child,
            None => break,
        }
    }
    found
}

/// The first process inside a sandbox: whatever it started ends with it.
pub(crate) fn child_of_sandbox(process: u32) -> Option<u32> {
    let name = fs::read_to_string(format!("/proc/{process}/comm")).ok()?;
    (name.trim_end() == "bwrap").then(|| children(process).into_iter().min()).flatten()
}

/// True if a process, or one that descends from it, runs or waits for a processor or a disk.
pub(crate) fn is_at_work(process: u32) -> bool {
    tasks(process).into_iter().any(|task| {
        let stat = fs::read_to_string(task.join("stat")).unwrap_or_default();
        stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with(['R', 'D']))
    })
}

/// The folders of all threads of a process and of all that descend from it.
fn tasks(process: u32) -> Vec<PathBuf> {
    let folders = tree(process).into_iter();
    let folders = folders.filter_map(|process| fs::read_dir(format!("/proc/{process}/task")).ok());
    folders.flatten().filter_map(|task| Some(task.ok()?.path())).collect()
}

/// The time that a process and all that descend from it spent on a processor, and the time they spent waiting for one.
pub(crate) fn times(process: u32) -> (Duration, Duration) {
    let (mut running_ns, mut queued_ns) = (0, 0);
    for task in tasks(process) {
        // Nanoseconds on a processor, nanoseconds in the queue for one, and a count.
        let row = fs::read_to_string(task.join("schedstat")).unwrap_or_default();
        let mut numbers = row.split_whitespace().map_while(|number| number.parse::<u64>().ok());
        running_ns += numbers.next().unwrap_or(0);
        queued_ns += numbers.next().unwrap_or(0);
    }
    (Duration::from_nanos(running_ns), Duration::from_nanos(queued_ns))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::{group, group_of, tree};
    use std::io::Read;
    use std::process::{Command, Stdio};

    #[test]
    fn finds_a_process_group() {
        let own = std::process::id();
        assert!(group(group_of(own).unwrap()).contains(&own));
    }

    #[test]
    fn finds_a_program_that_moved_to_a_session_of_its_own() {
        let script = "setsid sh -c 'echo $$; exec sleep 60' & wait";
        let mut shell = Command::new("sh").args(["-c", script]).stdout(Stdio::piped()).spawn().unwrap();
        let mut number = String::new();
        let mut output = shell.stdout.take().unwrap();
        while !number.ends_with('\n') {
            let mut byte = [0];
            output.read_exact(&mut byte).unwrap();
            number.push(byte[0].into());
        }
        let sleeper: u32 = number.trim().parse().unwrap();
        assert!(tree(shell.id()).contains(&sleeper));
        let process = rustix::process::Pid::from_raw(sleeper.try_into().unwrap()).unwrap();
        rustix::process::kill_process(process, rustix::process::Signal::KILL).unwrap();
        shell.wait().unwrap();
    }
}
