//! The steps of one test, told when an expectation fails.

use crate::program::Output;
use std::cell::RefCell;
use std::fmt::Write;
use std::sync::{Arc, Mutex, Weak};

/// Steps that a failure still prints; of a longer story the beginning is left out.
const STEPS_SHOWN_MAX: usize = 30;

/// What happened so far, and the programs it happened to.
#[derive(Default)]
pub(crate) struct Story {
    steps: Mutex<Vec<String>>,
    outputs: Mutex<Vec<(String, Arc<Output>)>>,
}

thread_local! {
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
            story
        })
    }

    pub(crate) fn step(&self, text: impl Into<String>) {
        self.steps.lock().unwrap().push(text.into());
    }

    pub(crate) fn show_on_failure(&self, name: &str, output: &Arc<Output>) {
        self.outputs.lock().unwrap().push((name.to_owned(), Arc::clone(output)));
    }

    /// Fails the test: `what` went wrong, after these steps, with this on the programs' screens.
    #[track_caller]
    pub(crate) fn fail(&self, what: &str) -> ! {
        let mut report = format!("{what}\n\nsteps:\n");
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
        panic!("{report}");
    }
}
