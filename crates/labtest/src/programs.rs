//! The programs of a submission in the place of the crate's own, each perhaps behind a sandbox.
//!
//! `LAB_PROGRAMS` names a folder with programs, or scripts that start them, under the names of the crate's own.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, fs};

/// The folder that `LAB_PROGRAMS` names.
pub(crate) fn folder() -> Option<PathBuf> {
    env::var_os("LAB_PROGRAMS").map(PathBuf::from)
}

/// A command line with each program of the crate replaced by the one of the same name in [`folder`].
pub(crate) fn replaced(words: &[String]) -> Vec<String> {
    let Some(folder) = folder() else { return words.to_vec() };
    let names: Vec<String> = fs::read_dir(&folder)
        .map(|entries| entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect())
        .unwrap_or_default();
    words
        .iter()
        .map(|word| names.iter().fold(word.clone(), |word, name| place(&word, name, &folder)))
        .collect()
}

/// Puts `folder` before `name` where `word` has a path to a file of that name, alone or between quotes in a script.
fn place(word: &str, name: &str, folder: &Path) -> String {
    const QUOTES: [char; 2] = ['\'', '"'];
    let end = format!("/{name}");
    let new = folder.join(name).display().to_string();
    let mut pieces: Vec<String> = word.split_inclusive(QUOTES).map(str::to_owned).collect();
    for piece in &mut pieces {
        let quote = piece.chars().last().filter(|last| QUOTES.contains(last));
        let path = piece.trim_end_matches(QUOTES);
        if path.starts_with('/') && path.ends_with(&end) {
            *piece = format!("{new}{}", quote.map(String::from).unwrap_or_default());
        }
    }
    pieces.concat()
}

/// The process of the program itself, where `process` may be the sandbox (bubblewrap) that it was started by.
pub(crate) fn behind_sandbox(process: u32) -> u32 {
    let mut found = process;
    // A sandbox is two processes deep; the bound is for a program that calls itself the same.
    for _ in 0..4 {
        let name = fs::read_to_string(format!("/proc/{found}/comm")).unwrap_or_default();
        match children(found).into_iter().min() {
            Some(child) if name.trim_end() == "bwrap" => found = child,
            _ => break,
        }
    }
    found
}

/// The first process inside the sandbox: whatever it started ends with it.
#[cfg(unix)]
pub(crate) fn sandbox_init(process: u32) -> Option<u32> {
    let name = fs::read_to_string(format!("/proc/{process}/comm")).ok()?;
    (name.trim_end() == "bwrap").then(|| children(process).into_iter().min()).flatten()
}

fn children(process: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else { return Vec::new() };
    let lists = threads.filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().filter_map(|word| word.parse().ok()).collect::<Vec<_>>())
        .collect()
}

/// A process and all that descend from it, whatever group or session they moved to.
pub(crate) fn tree(process: u32) -> Vec<u32> {
    let mut found = vec![process];
    let mut next = 0;
    while next < found.len() {
        let more = children(found[next]);
        found.extend(more.into_iter().filter(|child| *child != process));
        next += 1;
    }
    found
}

/// True if a process, or one that descends from it, runs or waits for a processor or a disk. False where the system does
/// not tell.
pub(crate) fn is_at_work(process: u32) -> bool {
    tasks(process).into_iter().any(|task| {
        let stat = fs::read_to_string(task.join("stat")).unwrap_or_default();
        // number (name) state …; the name may hold spaces and brackets.
        stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with(['R', 'D']))
    })
}

/// The folders of all threads of a process and of all that descend from it.
fn tasks(process: u32) -> Vec<PathBuf> {
    let folders = tree(process).into_iter();
    let folders = folders.filter_map(|process| fs::read_dir(format!("/proc/{process}/task")).ok());
    folders.flatten().filter_map(|task| Some(task.ok()?.path())).collect()
}

/// The time that a process and all that descend from it were on a processor, and the time that they waited for one. Zero
/// where the system does not tell.
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

#[cfg(test)]
mod tests {
    use super::place;
    use std::path::Path;

    #[test]
    fn puts_another_program_in_its_place() {
        let check = |word: &str, expected: &str| {
            assert_eq!(place(word, "tcp-echo-server", Path::new("/programs")), expected);
        };
        check("/target/debug/tcp-echo-server", "/programs/tcp-echo-server");
        check(
            "'/target/debug/tcp-echo-server' 127.0.0.1 0 | head -n 1",
            "'/programs/tcp-echo-server' 127.0.0.1 0 | head -n 1",
        );
        check("tcp-echo-server", "tcp-echo-server");
        check("/target/my-tcp-echo-server", "/target/my-tcp-echo-server");
        check("--root=/a/tcp-echo-server", "--root=/a/tcp-echo-server");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn finds_a_program_that_moved_to_a_session_of_its_own() {
        use super::tree;
        use std::io::Read;
        use std::process::{Command, Stdio};
        if !crate::has_tool("setsid") {
            return;
        }
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
