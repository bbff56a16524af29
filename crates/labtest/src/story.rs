//! The steps of one test, told when an expectation fails.

use crate::program::{Output, POLL};
use crate::report::{self, Verdict};
use crate::trace::Trace;
use crate::{diagnosis, patience, programs};
use std::cell::RefCell;
use std::fmt::Write;
use std::sync::{Arc, Mutex, Weak};
use std::thread;
use std::time::{Duration, Instant};

/// Steps that a failure still prints; of a longer story the beginning is left out.
const STEPS_SHOWN_MAX: usize = 30;

/// How long a failed test waits for its programs to end. One that goes on is not waited for any longer, but one that is
/// at work, perhaps on its end: a traceback takes time on a busy machine.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// How long a program does nothing before it counts as one that goes on.
const IDLE: Duration = Duration::from_millis(100);

/// What happened so far, and the programs it happened to.
#[derive(Default)]
pub(crate) struct Story {
    steps: Mutex<Vec<String>>,
    outputs: Mutex<Vec<(String, Arc<Output>)>>,
    traces: Mutex<Vec<Trace>>,
}

thread_local! {
    /// Where a report is asked for, the story outlives its programs: a test may judge them after their end.
    static KEPT: RefCell<Option<Arc<Story>>> = const { RefCell::new(None) };
    static CURRENT: RefCell<Weak<Story>> = RefCell::default();
}

impl Story {
    /// Gives the story of the test that runs on this thread.
    ///
    /// Every program and peer of a test keeps it alive, so the next test on the thread begins a new one.
    pub(crate) fn current() -> Arc<Story> {
        let current = CURRENT.with_borrow(Weak::upgrade);
        current.unwrap_or_else(|| {
            let story = Arc::new(Story::default());
            CURRENT.set(Arc::downgrade(&story));
            if report::on_failure(|| Story::current().told()) {
                KEPT.set(Some(Arc::clone(&story)));
            }
            story
        })
    }

    pub(crate) fn step(&self, text: impl Into<String>) {
        self.steps.lock().unwrap().push(text.into());
    }

    /// True if something was typed into a program.
    pub(crate) fn has_typed(&self) -> bool {
        self.steps.lock().unwrap().iter().any(|step| step.starts_with("type "))
    }

    pub(crate) fn show_on_failure(&self, name: &str, output: &Arc<Output>) {
        self.outputs.lock().unwrap().push((name.to_owned(), Arc::clone(output)));
    }

    /// Adds a peer's trace, and gives its number.
    pub(crate) fn follow(&self, trace: Trace) -> usize {
        self.with_traces(|traces| {
            traces.push(trace);
            traces.len() - 1
        })
    }

    pub(crate) fn with_traces<T>(&self, look: impl FnOnce(&mut Vec<Trace>) -> T) -> T {
        look(&mut self.traces.lock().unwrap())
    }

    /// The processes that were started, and have not been waited for.
    pub(crate) fn processes(&self) -> Vec<u32> {
        let outputs = self.outputs.lock().unwrap();
        outputs.iter().map(|(_, output)| output.process()).filter(|process| *process != 0).collect()
    }

    /// How long the programs that run have waited for a processor.
    pub(crate) fn queued(&self) -> Duration {
        self.processes().into_iter().map(|process| programs::times(process).1).sum()
    }

    /// All that the programs printed so far.
    pub(crate) fn screens(&self) -> String {
        self.outputs.lock().unwrap().iter().map(|(name, output)| output.tell(name)).collect()
    }

    /// True if every program of the test has ended, so that nothing more will come from it.
    pub(crate) fn is_over(&self) -> bool {
        let outputs = self.outputs.lock().unwrap();
        !outputs.is_empty() && outputs.iter().all(|(_, output)| output.is_over())
    }

    /// Fails the test: `what` went wrong, after these steps, with this on the programs' screens.
    #[track_caller]
    pub(crate) fn fail(&self, what: &str) -> ! {
        // In these words `diagnosis` tells of a program that did nothing.
        let nothing_came = format!("received {}{}", diagnosis::bytes(b""), diagnosis::End::Silence.tell());
        self.fail_as(if what.contains(&nothing_came) { Verdict::Timeout } else { Verdict::Fail }, what);
    }

    /// Fails the test: the program did not even come to where the test begins.
    #[track_caller]
    pub(crate) fn fail_to_arrive(&self, what: &str) -> ! {
        self.fail_as(if self.is_over() { Verdict::DidNotStart } else { Verdict::Timeout }, what);
    }

    /// Like [`Story::fail`], for a certain kind of failure. One after which the program turns out to have crashed is a
    /// crash.
    #[track_caller]
    pub(crate) fn fail_as(&self, verdict: Verdict, what: &str) -> ! {
        self.await_last_words();
        let crashed = verdict != Verdict::DidNotStart
            && self.outputs.lock().unwrap().iter().any(|(_, output)| output.has_crashed());
        report::announce(if crashed { Verdict::Crash } else { verdict });
        panic!("{what}\n\n{}", self.told());
    }

    /// Gives programs that are about to end the time for it: what they say about it is the best explanation, and a
    /// connection may be closed a moment before.
    fn await_last_words(&self) {
        let start = Instant::now();
        let mut deadline = start + LAST_WORDS;
        while !self.is_over() && Instant::now() < deadline {
            if self.processes().into_iter().any(programs::is_at_work) {
                deadline = deadline.max(Instant::now() + IDLE).min(start + patience());
            }
            thread::sleep(POLL);
        }
    }

    /// The steps, and what the programs printed.
    fn told(&self) -> String {
        let mut report = "steps:\n".to_owned();
        let steps = self.steps.lock().unwrap().clone();
        let skipped = steps.len().saturating_sub(STEPS_SHOWN_MAX);
        if skipped > 0 {
            let _ = writeln!(report, "     (the first {skipped} are left out)");
        }
        for (number, step) in steps.iter().enumerate().skip(skipped) {
            let _ = writeln!(report, "  {:2}. {step}", number + 1);
        }
        for (name, output) in self.outputs.lock().unwrap().iter() {
            let _ = write!(report, "\n{}", output.tell(name));
        }
        report
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use crate::{Client, has_tool};
    use std::panic::{AssertUnwindSafe, catch_unwind};

    #[test]
    fn hears_the_last_words_of_a_program_that_takes_its_time_to_die() {
        if !has_tool("python3") {
            return;
        }
        // Longer than a program is waited for that does nothing.
        const DIES: &str = "import sys, time\nwhile time.process_time() < 0.4: pass\nsys.exit('these are its' + ' last words')";
        let client = Client::at("python3", &["-c", DIES]);
        let panic = catch_unwind(AssertUnwindSafe(|| client.fail("it is wrong"))).unwrap_err();
        let told = panic.downcast_ref::<String>().unwrap();
        assert!(told.contains("these are its last words"), "{told}");
    }
}
