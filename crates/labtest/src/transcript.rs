//! The *transcript* of a check: its steps so far, its peers, and the programs it runs. It records, and judges nothing.

use crate::failure::{self, Action, Actor, ProgramOutput, Step};
use crate::os::process;
use crate::os::traffic::{Packet, Traffic};
use crate::output::Output;
use crate::peer_log::PeerLog;
use crate::wait::{self, Programs};
use std::cell::OnceCell;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Steps that are kept; of more, the oldest are dropped.
const STEPS_MAX: usize = 200;

/// What happened so far, and the programs it happened to.
pub(crate) struct Transcript {
    check: String,
    start: Instant,
    steps: Mutex<Steps>,
    programs: Mutex<Vec<Started>>,
    peers: Mutex<Vec<PeerLog>>,
    traffic: Mutex<Traffic>,
}

#[derive(Default)]
struct Steps {
    kept: Vec<Step>,
    dropped: usize,
    has_typed: bool,
}

/// A program of the check.
struct Started {
    output: Arc<Output>,
    launch: Option<Launch>,
}

/// How a program was started, in words that a person can type.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Launch {
    /// The command line, with [`Launch::HOST`] and [`Launch::PORT`] where the address stands.
    pub(crate) line: String,
    /// The directory in which it was started, if it serves the files there.
    pub(crate) directory: Option<PathBuf>,
}

impl Launch {
    /// Stands for the host.
    pub(crate) const HOST: &str = "{host}";
    /// Stands for the port.
    pub(crate) const PORT: &str = "{port}";
}

thread_local! {
    /// Each check runs on a thread of its own.
    static CURRENT: OnceCell<Arc<Transcript>> = const { OnceCell::new() };
}

impl Transcript {
    /// The transcript of the check that runs on this thread.
    pub(crate) fn current() -> Arc<Transcript> {
        CURRENT.with(|current| Arc::clone(current.get_or_init(|| Arc::new(Transcript::new()))))
    }

    fn new() -> Transcript {
        Transcript {
            check: failure::check_name(),
            start: Instant::now(),
            steps: Mutex::default(),
            programs: Mutex::default(),
            peers: Mutex::default(),
            traffic: Mutex::new(Traffic::watch()),
        }
    }

    /// The name of the check.
    pub(crate) fn check(&self) -> &str {
        &self.check
    }

    /// Adds a step.
    pub(crate) fn step(&self, actor: &Actor, action: Action) {
        let at_ms = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        let action = action.shortened();
        let mut steps = self.steps.lock().unwrap();
        steps.has_typed |= matches!(action, Action::Type { .. });
        if steps.kept.len() == STEPS_MAX {
            steps.kept.remove(0);
            steps.dropped += 1;
        }
        steps.kept.push(Step { at_ms, actor: actor.clone(), action });
    }

    /// The steps so far, and how many older ones were dropped.
    pub(crate) fn steps(&self) -> (Vec<Step>, usize) {
        let steps = self.steps.lock().unwrap();
        (steps.kept.clone(), steps.dropped)
    }

    /// True if something was typed into a program.
    pub(crate) fn has_typed(&self) -> bool {
        self.steps.lock().unwrap().has_typed
    }

    /// Everything that was typed.
    pub(crate) fn typed(&self) -> Vec<u8> {
        let steps = self.steps.lock().unwrap();
        let typed = steps.kept.iter().filter_map(|step| match &step.action {
            Action::Type { bytes } => Some(bytes.bytes.clone()),
            _ => None,
        });
        typed.flatten().collect()
    }

    /// Adds a program.
    pub(crate) fn add_program(&self, output: &Arc<Output>, launch: Option<Launch>) {
        self.programs.lock().unwrap().push(Started { output: Arc::clone(output), launch });
    }

    /// How the newest program was started.
    pub(crate) fn launch(&self) -> Option<Launch> {
        self.programs.lock().unwrap().last().and_then(|program| program.launch.clone())
    }

    /// Adds a peer's log, and returns its index.
    pub(crate) fn add_peer(&self, log: PeerLog) -> usize {
        self.peers(|peers| {
            peers.push(log);
            peers.len() - 1
        })
    }

    /// Gives access to the logs of all peers.
    pub(crate) fn peers<T>(&self, look: impl FnOnce(&mut Vec<PeerLog>) -> T) -> T {
        look(&mut self.peers.lock().unwrap())
    }

    /// The datagrams and the requests for connections so far, of all programs and peers. Empty unless the check has the
    /// network to itself.
    pub(crate) fn packets(&self) -> Vec<Packet> {
        self.traffic.lock().unwrap().packets().to_vec()
    }

    /// The processes that were started, and have not been waited for.
    pub(crate) fn processes(&self) -> Vec<u32> {
        self.programs.lock().unwrap().iter().filter_map(|program| program.output.process()).collect()
    }

    /// What the programs have printed so far.
    pub(crate) fn output(&self) -> Vec<ProgramOutput> {
        self.programs.lock().unwrap().iter().map(|program| program.output.shown()).collect()
    }

    /// True if a program of the check has crashed.
    pub(crate) fn has_crashed(&self) -> bool {
        self.programs.lock().unwrap().iter().any(|program| program.output.has_crashed())
    }

    /// Waits until all programs have ended, but no longer than `time`. True if they have.
    pub(crate) fn wait_for_end(&self, time: Duration) -> bool {
        wait::poll(time, || self.have_ended().then_some(())).is_some()
    }
}

impl Programs for Transcript {
    fn queued(&self) -> Duration {
        self.processes().into_iter().map(|process| process::times(process).1).sum()
    }

    fn have_ended(&self) -> bool {
        let programs = self.programs.lock().unwrap();
        !programs.is_empty() && programs.iter().all(|program| program.output.has_ended())
    }
}
