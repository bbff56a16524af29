//! *Waiting*: how long a check waits, and how it waits in steps.

use crate::settings;
use std::cell::Cell;
use std::thread;
use std::time::{Duration, Instant};

/// How often a condition is looked at that nothing announces, such as a socket in `/proc`.
pub(crate) const POLL: Duration = Duration::from_millis(5);

/// How long one step may take, unless something else is asked for.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long one piece of a wait is.
const PIECE: Duration = Duration::from_millis(100);

/// How long one step may take before the check fails. `LAB_PATIENCE` (in seconds) changes the default of 10.
///
/// The default is long, because machines in a lab room are busy. A right program answers in microseconds.
pub fn patience() -> Duration {
    let usual = || settings::patience_s().map_or(PATIENCE, Duration::from_secs_f64);
    PATIENCE_HERE.get().unwrap_or_else(usual)
}

/// Sets how long one step may take on this thread: for checks that are known to wait in vain.
pub fn set_patience(time: Duration) {
    PATIENCE_HERE.set(Some(time));
}

thread_local! {
    static PATIENCE_HERE: Cell<Option<Duration>> = const { Cell::new(None) };
}

/// How long a program may take to start: twice as long for a submission, since many of them start side by side.
pub(crate) fn start_patience() -> Duration {
    if settings::programs().is_some() { 2 * patience() } else { patience() }
}

/// Looks every [`POLL`] until `found` returns something, but no longer than `time`.
pub(crate) fn poll<T>(time: Duration, mut found: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + time;
    loop {
        let result = found();
        if result.is_some() || Instant::now() > deadline {
            return result;
        }
        thread::sleep(POLL);
    }
}

/// The programs that a wait is for.
pub(crate) trait Programs {
    /// How long they have waited for a processor so far.
    fn queued(&self) -> Duration;
    /// True if all of them have ended, so that nothing more will come from them.
    fn have_ended(&self) -> bool;
}

/// The end of a wait.
///
/// Time that the programs under test spend waiting for a processor is the machine's fault, not theirs. A wait that lasts
/// [`patience`] is extended by that time, up to twice its length.
pub(crate) struct Deadline {
    start: Instant,
    time: Duration,
    queued: Queued,
}

/// What is known of the time that the programs waited for a processor. Asking the system is slow where threads are many, so
/// a check skips this query if the answer comes quickly.
enum Queued {
    NotAsked,
    Before(Duration),
    Granted,
}

impl Deadline {
    const SOON: Duration = Duration::from_millis(250);

    pub(crate) fn of(time: Duration) -> Deadline {
        let queued = if time >= patience() { Queued::NotAsked } else { Queued::Granted };
        Deadline { start: Instant::now(), time, queued }
    }

    /// How long to wait before asking again. Zero when the time is up.
    pub(crate) fn left(&mut self, programs: &dyn Programs) -> Duration {
        let left = self.time.saturating_sub(self.start.elapsed());
        match self.queued {
            Queued::NotAsked if self.start.elapsed() < Deadline::SOON => left.min(Deadline::SOON),
            Queued::NotAsked => {
                self.queued = Queued::Before(programs.queued());
                left
            }
            Queued::Before(before) if left.is_zero() => {
                self.queued = Queued::Granted;
                self.time += programs.queued().saturating_sub(before).min(patience());
                self.time.saturating_sub(self.start.elapsed())
            }
            _ => left,
        }
    }
}

/// A wait in pieces. It is over when the time is up, or when the programs under test have all ended.
pub(crate) struct Wait<'a> {
    deadline: Deadline,
    programs: &'a dyn Programs,
    had_ended: bool,
}

impl Wait<'_> {
    pub(crate) fn of(time: Duration, programs: &dyn Programs) -> Wait<'_> {
        Wait { deadline: Deadline::of(time), programs, had_ended: false }
    }

    /// How long to wait next. What a program sent before its end may still be on its way, so one more piece follows it.
    pub(crate) fn next_piece(&mut self) -> Option<Duration> {
        let left = self.deadline.left(self.programs);
        let had_ended = std::mem::replace(&mut self.had_ended, self.programs.have_ended());
        (!left.is_zero() && !had_ended).then(|| left.min(PIECE))
    }
}
