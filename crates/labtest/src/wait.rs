//! *Waiting*: how long a check waits, and how it waits in steps.

use crate::settings;
use std::cell::Cell;
use std::thread;
use std::time::{Duration, Instant};

/// How often a condition is looked at that nothing announces, such as a socket in `/proc`.
pub(crate) const POLL: Duration = Duration::from_millis(5);

/// How long one step may take, unless something else is asked for.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long the programs under test may do nothing at all while a check waits for them, unless a patience was asked for.
const SILENCE: Duration = if KNOWS_WORK { Duration::from_secs(2) } else { Duration::from_secs(5) };

/// The same for a server that starts and is not the crate's own: it may look up its own name first, and wait for the answer.
const SILENCE_AT_START: Duration = if KNOWS_WORK { Duration::from_secs(5) } else { PATIENCE };

/// True if this system says whether a program is at work. Elsewhere a program counts as silent until something comes.
const KNOWS_WORK: bool = cfg!(target_os = "linux");

/// How often a wait looks whether the programs work.
const SAMPLE: Duration = Duration::from_millis(250);

/// The part of a sample that a program must work to count as working. Runtimes wake up now and then without any reason.
const WORK_MIN: u32 = 20;

/// How long one piece of a wait is.
const PIECE: Duration = Duration::from_millis(100);

/// How long one step may take before the check fails. `LAB_PATIENCE` (in seconds) changes the default of 10.
///
/// The default is long, because machines in a lab room are busy. A right program answers in microseconds. Without
/// `LAB_PATIENCE`, a check gives up sooner on programs that do nothing at all.
pub fn patience() -> Duration {
    asked_for().unwrap_or(PATIENCE)
}

/// The patience that was asked for, by the check or by the environment.
fn asked_for() -> Option<Duration> {
    PATIENCE_HERE.get().or_else(|| settings::patience_s().map(Duration::from_secs_f64))
}

/// Sets how long one step may take on this thread: for checks that are known to wait in vain, or for a program that is known
/// to wait itself.
pub fn set_patience(time: Duration) {
    PATIENCE_HERE.set(Some(time));
}

thread_local! {
    static PATIENCE_HERE: Cell<Option<Duration>> = const { Cell::new(None) };
}

/// How long a wait may last.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    time: Duration,
    /// How much of this the programs may spend doing nothing.
    silence: Option<Duration>,
}

impl Limit {
    /// For what a program does at once, such as a reply.
    pub(crate) fn reply() -> Limit {
        Limit { time: patience(), silence: asked_for().is_none().then_some(SILENCE) }
    }

    /// For the first thing that a program does: twice as long for a submission, since many of them start side by side.
    pub(crate) fn start() -> Limit {
        let factor = if settings::programs().is_some() { 2 } else { 1 };
        Limit { time: factor * patience(), ..Limit::reply() }
    }

    /// For a server's start.
    pub(crate) fn server_start() -> Limit {
        let limit = Limit::start();
        let silence = if settings::has_submission() { SILENCE_AT_START } else { SILENCE };
        Limit { silence: limit.silence.map(|_| silence), ..limit }
    }

    /// Until the programs have done nothing for a while, whatever patience was asked for. For a check that then helps them
    /// on, as by ending their input.
    pub(crate) fn until_silent() -> Limit {
        Limit { silence: Some(SILENCE), ..Limit::start() }
    }

    /// For something that a program may do after a time of its own, such as an end after a timeout.
    pub(crate) fn of(time: Duration) -> Limit {
        Limit { time, silence: None }
    }

    /// The longest time.
    pub(crate) fn time(self) -> Duration {
        self.time
    }
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
    /// How long they have run so far, and how long they have waited for a processor.
    fn times(&self) -> (Duration, Duration);
    /// True if one of them runs now, or waits for a processor or a disk.
    fn are_at_work(&self) -> bool;
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
    silence: Option<Silence>,
}

/// What is known of the time that the programs waited for a processor. Asking the system is slow where threads are many, so
/// a check skips this query if the answer comes quickly.
enum Queued {
    NotAsked,
    Before(Duration),
    Granted,
}

/// For how long the programs have done nothing. The first sample is taken late, for the same reason.
struct Silence {
    max: Duration,
    since: Instant,
    sampled: Instant,
    /// The time that they had worked by the last sample.
    worked: Option<Duration>,
}

impl Silence {
    fn new(max: Duration) -> Silence {
        let now = Instant::now();
        Silence { max, since: now, sampled: now, worked: None }
    }

    fn is_over(&mut self, programs: &dyn Programs) -> bool {
        let now = Instant::now();
        let passed = now - self.sampled;
        if passed < SAMPLE {
            return false;
        }
        let (running, queued) = programs.times();
        let worked = running + queued;
        let has_worked = self.worked.is_none_or(|before| worked.saturating_sub(before) > passed / WORK_MIN);
        // A check that was held up itself knows nothing of the programs.
        if has_worked || passed > 2 * SAMPLE || programs.are_at_work() {
            self.since = now;
        }
        (self.worked, self.sampled) = (Some(worked), now);
        now - self.since >= self.max
    }
}

impl Deadline {
    const SOON: Duration = Duration::from_millis(250);

    pub(crate) fn of(limit: Limit) -> Deadline {
        let Limit { time, silence } = limit;
        let queued = if time >= patience() { Queued::NotAsked } else { Queued::Granted };
        Deadline { start: Instant::now(), time, queued, silence: silence.map(Silence::new) }
    }

    /// How long to wait before asking again. Zero when the time is up.
    pub(crate) fn left(&mut self, programs: &dyn Programs) -> Duration {
        let left = self.left_in_all(programs);
        let Some(silence) = &mut self.silence else { return left };
        if silence.is_over(programs) { Duration::ZERO } else { left.min(SAMPLE) }
    }

    /// Something came from the programs.
    pub(crate) fn note_sign(&mut self) {
        if let Some(silence) = &mut self.silence {
            silence.since = Instant::now();
        }
    }

    fn left_in_all(&mut self, programs: &dyn Programs) -> Duration {
        let left = self.time.saturating_sub(self.start.elapsed());
        match self.queued {
            Queued::NotAsked if self.start.elapsed() < Deadline::SOON => left.min(Deadline::SOON),
            Queued::NotAsked => {
                self.queued = Queued::Before(programs.times().1);
                left
            }
            Queued::Before(before) if left.is_zero() => {
                self.queued = Queued::Granted;
                self.time += programs.times().1.saturating_sub(before).min(patience());
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
    pub(crate) fn of(limit: Limit, programs: &dyn Programs) -> Wait<'_> {
        Wait { deadline: Deadline::of(limit), programs, had_ended: false }
    }

    /// How long to wait next. What a program sent before its end may still be on its way, so one more piece follows it.
    pub(crate) fn next_piece(&mut self) -> Option<Duration> {
        let left = self.deadline.left(self.programs);
        let had_ended = std::mem::replace(&mut self.had_ended, self.programs.have_ended());
        (!left.is_zero() && !had_ended).then(|| left.min(PIECE))
    }
}

#[cfg(test)]
mod tests {
    use super::{Deadline, Limit, PATIENCE, POLL, Programs};
    use std::thread;
    use std::time::{Duration, Instant};

    /// Programs that work all the time, wait for a processor, or do nothing.
    struct Simulated {
        start: Instant,
        running: bool,
        queued: bool,
    }

    impl Programs for Simulated {
        fn times(&self) -> (Duration, Duration) {
            let time = |counts: bool| if counts { self.start.elapsed() } else { Duration::ZERO };
            (time(self.running), time(self.queued))
        }

        fn are_at_work(&self) -> bool {
            false
        }

        fn have_ended(&self) -> bool {
            false
        }
    }

    /// How long a wait for such programs lasts, up to `time_max`.
    fn wait(limit: Limit, running: bool, queued: bool, time_max: Duration) -> Duration {
        let start = Instant::now();
        let programs = Simulated { start, running, queued };
        let mut deadline = Deadline::of(limit);
        while start.elapsed() < time_max && !deadline.left(&programs).is_zero() {
            thread::sleep(POLL);
        }
        start.elapsed()
    }

    const SILENCE: Duration = Duration::from_millis(600);

    fn limit() -> Limit {
        Limit { time: PATIENCE, silence: Some(SILENCE) }
    }

    #[test]
    fn gives_up_on_programs_that_do_nothing() {
        let time = wait(limit(), false, false, PATIENCE / 2);
        assert!((SILENCE..PATIENCE / 2).contains(&time), "{time:?}");
    }

    #[test]
    fn waits_on_while_programs_run_or_wait_for_a_processor() {
        let time_max = 3 * SILENCE;
        for (running, queued) in [(true, false), (false, true)] {
            let time = wait(limit(), running, queued, time_max);
            assert!(time >= time_max, "{time:?}");
        }
    }

    #[test]
    fn waits_for_as_long_as_a_check_asks() {
        let time = Duration::from_millis(900);
        assert!(wait(Limit::of(time), false, false, PATIENCE / 2) >= time);
        super::set_patience(time);
        for limit in [Limit::reply(), Limit::server_start()] {
            assert!(wait(limit, false, false, PATIENCE / 2) >= time);
        }
    }

    #[test]
    fn begins_anew_at_each_sign_of_life() {
        let start = Instant::now();
        let programs = Simulated { start, running: false, queued: false };
        let mut deadline = Deadline::of(limit());
        while start.elapsed() < 3 * SILENCE {
            deadline.note_sign();
            assert!(!deadline.left(&programs).is_zero());
            thread::sleep(POLL);
        }
    }
}
