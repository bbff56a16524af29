//! The *output* of a program under test, collected while it runs, and how it ended.

use crate::failure::ProgramOutput;
use crate::wait::{Deadline, Limit, POLL, Programs};
use std::io::Read;
use std::process::ExitStatus;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

/// What is kept of a stream. The rest is read, so that the program is not held up, and dropped.
const OUTPUT_BYTES_MAX: usize = 1 << 20;

/// What a failure keeps of a stream: its beginning and its end.
const SHOWN_BYTES_MAX: usize = 16 << 10;

/// What a program has printed so far.
pub(crate) struct Output {
    name: String,
    printed: Mutex<Printed>,
    changed: Condvar,
    /// The process, until it has been waited for.
    process: AtomicU32,
    crashed: AtomicBool,
}

#[derive(Default)]
pub(crate) struct Printed {
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    open: usize,
}

impl Output {
    /// The output of a process whose program is called `name`.
    pub(crate) fn of(name: &str, process: u32) -> Output {
        Output {
            name: name.to_owned(),
            printed: Mutex::default(),
            changed: Condvar::new(),
            process: AtomicU32::new(process),
            crashed: AtomicBool::new(false),
        }
    }

    /// Reads one stream to its end, on a thread of its own.
    pub(crate) fn collect(
        self: &Arc<Self>,
        mut from: impl Read + Send + 'static,
        into: fn(&mut Printed) -> &mut Vec<u8>,
    ) {
        self.printed.lock().unwrap().open += 1;
        let output = Arc::clone(self);
        thread::spawn(move || {
            let mut buffer = [0; 8192];
            // A pseudo-terminal ends with an error, a pipe with 0.
            while let Ok(size @ 1..) = from.read(&mut buffer) {
                let mut printed = output.printed.lock().unwrap();
                let kept = into(&mut printed);
                let room = OUTPUT_BYTES_MAX.saturating_sub(kept.len());
                kept.extend_from_slice(&buffer[..size.min(room)]);
                output.changed.notify_all();
            }
            output.printed.lock().unwrap().open -= 1;
            output.changed.notify_all();
        });
    }

    pub(crate) fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.printed.lock().unwrap().stdout).into_owned()
    }

    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.printed.lock().unwrap().stderr).into_owned()
    }

    /// Waits until `found` returns something, looking again at each output and every [`POLL`].
    pub(crate) fn wait_for<T>(
        &self,
        limit: Limit,
        programs: &dyn Programs,
        mut found: impl FnMut(&Output) -> Option<T>,
    ) -> Option<T> {
        let mut deadline = Deadline::of(limit);
        let mut length = 0;
        loop {
            if let Some(found) = found(self) {
                return Some(found);
            }
            if deadline.left(programs).is_zero() {
                return None;
            }
            let printed = self.changed.wait_timeout(self.printed.lock().unwrap(), POLL).unwrap().0;
            let length_before = std::mem::replace(&mut length, printed.stdout.len() + printed.stderr.len());
            if length != length_before {
                deadline.note_sign();
            }
        }
    }

    /// True if the program reports its own breakdown, in the words of Rust, Python, Java, Node or a shell, or if a signal
    /// ended it.
    pub(crate) fn has_crashed(&self) -> bool {
        const WORDS: [&str; 6] = [
            "panicked at",
            "Traceback (most recent call last)",
            "Exception in thread",
            "Uncaught",
            "Segmentation fault",
            "core dumped",
        ];
        let errors = self.stderr();
        if WORDS.iter().any(|word| errors.contains(word)) || self.crashed.load(Ordering::Relaxed) {
            return true;
        }
        #[cfg(unix)]
        let crashed = self.status().ok().flatten().is_some_and(|ended| {
            ended.terminating_signal().is_some() || ended.exit_status().is_some_and(|code| code > 128)
        });
        #[cfg(not(unix))]
        let crashed = false;
        crashed
    }

    /// Looks at how the program ended, if it did, and leaves waiting for it to its owner. An error if that is done.
    #[cfg(unix)]
    fn status(&self) -> rustix::io::Result<Option<rustix::process::WaitIdStatus>> {
        use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
        let process = self.process().unwrap_or(0).try_into().ok().and_then(Pid::from_raw);
        let process = process.ok_or(rustix::io::Errno::CHILD)?;
        waitid(WaitId::Pid(process), WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT)
    }

    /// True if the program has ended, and all that it printed is here. (Windows does not report the end: there the program
    /// has closed its output.)
    pub(crate) fn has_ended(&self) -> bool {
        #[cfg(unix)]
        let runs = matches!(self.status(), Ok(None));
        #[cfg(not(unix))]
        let runs = false;
        !runs && self.is_complete()
    }

    /// The process that was started, until it has been waited for.
    pub(crate) fn process(&self) -> Option<u32> {
        Some(self.process.load(Ordering::Relaxed)).filter(|process| *process != 0)
    }

    /// Notes how the program ended, since [`Output::status`] cannot find out any more.
    pub(crate) fn set_ended(&self, status: ExitStatus) {
        self.process.store(0, Ordering::Relaxed);
        // A sandbox and a shell add 128 to the signal that ended what they started.
        self.crashed.store(status.code().is_none_or(|code| code > 128), Ordering::Relaxed);
    }

    /// Notes that the program is about to be ended by the check, which says nothing about the program.
    pub(crate) fn set_dropped(&self) {
        let crashed = self.has_crashed();
        self.process.store(0, Ordering::Relaxed);
        self.crashed.store(crashed, Ordering::Relaxed);
    }

    /// True if the program has closed its standard output and its standard error, or ended.
    pub(crate) fn is_complete(&self) -> bool {
        self.printed.lock().unwrap().open == 0
    }

    /// Both streams, for a failure.
    pub(crate) fn shown(&self) -> ProgramOutput {
        ProgramOutput {
            program: self.name.clone(),
            stdout: beginning_and_end(&self.stdout()),
            stderr: beginning_and_end(&self.stderr()),
        }
    }
}

fn beginning_and_end(text: &str) -> String {
    if text.len() <= SHOWN_BYTES_MAX {
        return text.to_owned();
    }
    let half = SHOWN_BYTES_MAX / 2;
    let beginning = (0..=half).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let end = (text.len() - half..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    format!("{}\n(…)\n{}", &text[..beginning], &text[end..])
}

#[cfg(test)]
mod tests {
    use super::{SHOWN_BYTES_MAX, beginning_and_end};

    #[test]
    fn keeps_the_last_words_of_a_long_output() {
        let text = format!("first{}last", "é".repeat(SHOWN_BYTES_MAX));
        let shown = beginning_and_end(&text);
        assert!(shown.starts_with("first") && shown.ends_with("last"));
        assert!(shown.len() <= SHOWN_BYTES_MAX + 10);
    }
}
