//! The *queue* of submissions, which several threads take from.

use super::progress::Progress;
use crate::interrupt;
use crate::outcome::Outcome;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A submission that waits to be graded.
pub(super) struct Waiting {
    /// Its index among those that wait at the beginning.
    pub(super) index: usize,
    /// The student's name.
    pub(super) name: String,
    /// The outcome of an earlier run, complete or not.
    pub(super) earlier: Option<Outcome>,
}

/// Submissions that wait, and the outcomes so far.
pub(super) struct Queue {
    state: Mutex<State>,
}

struct State {
    waiting: VecDeque<Waiting>,
    outcomes: Vec<Outcome>,
    error: Option<anyhow::Error>,
    progress: Progress,
}

/// What the queue holds when all threads are done.
pub(super) struct Graded {
    /// The outcomes, sorted by name. Without a new outcome, the complete one of an earlier run counts.
    pub(super) outcomes: Vec<Outcome>,
    /// How many submissions this run has graded completely.
    pub(super) complete: usize,
    /// The first error.
    pub(super) error: Option<anyhow::Error>,
}

impl Queue {
    /// Begins with the submissions that wait, and outcomes that need no grading.
    pub(super) fn new(waiting: Vec<Waiting>, outcomes: Vec<Outcome>) -> Queue {
        let progress = Progress::new(waiting.len());
        Queue { state: Mutex::new(State { waiting: waiting.into(), outcomes, error: None, progress }) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the next submission. After an error or Ctrl+C there is none.
    pub(super) fn next(&self) -> Option<Waiting> {
        let mut state = self.state();
        if interrupt::requested() || state.error.is_some() {
            return None;
        }
        state.waiting.pop_front()
    }

    /// Adds the result of grading a submission.
    pub(super) fn add(&self, result: anyhow::Result<Outcome>) {
        let mut state = self.state();
        match result {
            Ok(outcome) => {
                if outcome.is_complete() {
                    state.progress.graded(&outcome);
                }
                state.outcomes.push(outcome);
            }
            Err(error) => {
                state.error.get_or_insert(error);
            }
        }
    }

    /// Ends the queue.
    pub(super) fn finish(self) -> Graded {
        let State { waiting, mut outcomes, error, progress } =
            self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        progress.end();
        outcomes
            .extend(waiting.into_iter().filter_map(|waiting| waiting.earlier).filter(Outcome::is_complete));
        outcomes.sort_by(|one, other| one.submission.cmp(&other.submission));
        Graded { outcomes, complete: progress.done(), error }
    }
}
