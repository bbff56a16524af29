//! A *program* that runs: its input, its output, its end.

use super::command_line::{CommandLine, replaced};
use crate::diagnosis::fail::{Problem, fail};
use crate::diagnosis::output;
use crate::failure::{Action, Actor, Cause, Excerpt, Verdict};
#[cfg(unix)]
use crate::os::watchdog;
use crate::os::{process, second_host, socket};
use crate::output::Output;
use crate::settings;
use crate::transcript::Transcript;
use crate::wait::{self, Limit, patience};
#[cfg(unix)]
use std::io::Read;
use std::io::Write;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long a client may take to print the rest of its output when its input ends.
const LAST_OUTPUT: Duration = Duration::from_secs(1);

/// A running program. It ends with the check, along with everything it started.
pub struct Program {
    name: String,
    actor: Actor,
    pub(super) child: Child,
    pub(super) started: Instant,
    input: Mutex<Option<Box<dyn Write + Send>>>,
    pub(super) output: Arc<Output>,
    pub(crate) transcript: Arc<Transcript>,
    was_killed: bool,
}

impl Program {
    #[track_caller]
    pub(super) fn start_in(directory: &Path, line: &CommandLine) -> Program {
        let words = replaced(&line.words);
        let mut command = command(&words);
        command.current_dir(directory);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut program = Program::spawn(command, &words, line);
        let input: Option<ChildStdin> = program.child.stdin.take();
        program.input = Mutex::new(input.map(|input| Box::new(input) as Box<dyn Write + Send>));
        program.output.collect(program.child.stdout.take().unwrap(), |printed| &mut printed.stdout);
        program
    }

    #[track_caller]
    pub(super) fn start(line: &CommandLine) -> Program {
        Program::start_in(Path::new("."), line)
    }

    /// Starts a program on a terminal: `output` reads what it shows there, `input` is its keyboard.
    #[cfg(unix)]
    #[track_caller]
    pub(super) fn start_on(
        terminal: impl Fn() -> Stdio,
        input: impl Write + Send + 'static,
        output: impl Read + Send + 'static,
        line: &CommandLine,
    ) -> Program {
        let words = replaced(&line.words);
        let mut command = command(&words);
        command.stdin(terminal()).stdout(terminal()).stderr(Stdio::piped());
        let mut program = Program::spawn(command, &words, line);
        program.input = Mutex::new(Some(Box::new(input)));
        program.output.collect(output, |printed| &mut printed.stdout);
        program
    }

    #[track_caller]
    fn spawn(mut command: Command, words: &[String], line: &CommandLine) -> Program {
        let transcript = Transcript::current();
        let name = words[0].rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        // A backtrace would hide the one line of a panic that matters.
        command.env("PYTHONUNBUFFERED", "1").env_remove("RUST_BACKTRACE");
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let started = Instant::now();
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(error) => {
                let what =
                    format!("`{}` cannot be started: {error}; is it installed, and spelled right?", words[0]);
                fail(&transcript, Problem::new(what).verdict(Verdict::DidNotStart));
            }
        };
        #[cfg(unix)]
        watchdog::watch(child.id());
        let command = shown(words, &name);
        transcript.step(&Actor::Check, Action::Start { command });
        let output = Arc::new(Output::of(&name, child.id()));
        output.collect(child.stderr.take().unwrap(), |printed| &mut printed.stderr);
        transcript.add_program(&output, line.launch.clone());
        let actor = Actor::Program { name: name.clone() };
        let input = Mutex::new(None);
        Program { name, actor, child, started, input, output, transcript, was_killed: false }
    }

    /// The name of its file.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The program in a step.
    pub(super) fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The operating system's number of the program's process, also of one behind a sandbox.
    pub fn id(&self) -> u32 {
        process::behind_sandbox(self.child.id())
    }

    /// Everything on standard output so far.
    pub fn stdout(&self) -> String {
        self.output.stdout()
    }

    /// Waits until standard output contains `text`.
    #[track_caller]
    pub fn expect_output(&self, text: &str) {
        let action = Action::ExpectOutput { program: self.name.clone(), text: text.to_owned() };
        self.transcript.step(&Actor::Check, action);
        let shown = self.output.wait_for(Limit::reply(), &*self.transcript, |output| {
            // A program that has ended prints no more.
            let last = output.is_complete().then_some(false);
            if output.stdout().contains(text) { Some(true) } else { last }
        });
        if shown != Some(true) {
            let problem = Problem::new(format!("{} never printed `{}`", self.name, text.trim_end()));
            let cause = self.cause_of_no_output(text);
            let cause = cause.unwrap_or_else(|| Cause::NotPrinted {
                text: labcore::printable(text.trim_end().as_bytes()).to_string(),
            });
            let problem = problem.verdict(Verdict::Timeout).cause(Some(cause));
            fail(&self.transcript, problem);
        }
    }

    /// Why a text was not printed: perhaps it only comes at the program's end, which the end of its input brings.
    fn cause_of_no_output(&self, text: &str) -> Option<Cause> {
        if self.input.lock().unwrap().take().is_some() {
            wait::poll(LAST_OUTPUT, || self.output.is_complete().then_some(()));
            if self.output.stdout().contains(text) {
                return Some(Cause::OutputNotFlushed);
            }
        }
        output::cause(&self.transcript, text, &self.output.stdout(), self.has_crashed())
    }

    /// Waits for `time`, and fails the check if standard output then holds anything but `expected`.
    #[track_caller]
    pub fn expect_no_more_output_for(&self, time: Duration, expected: &str) {
        let for_ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.transcript.step(&Actor::Check, Action::ExpectNoOutput { program: self.name.clone(), for_ms });
        let deadline = Instant::now() + time;
        let different = |output: &Output| (output.stdout() != expected).then_some(true);
        let late = |_: &Output| (Instant::now() > deadline).then_some(false);
        let found = |output: &Output| different(output).or_else(|| late(output));
        if self.output.wait_for(Limit::of(2 * time), &*self.transcript, found) == Some(true) {
            let what = format!("it printed more than `{}`", expected.trim_end());
            self.fail_because(Cause::PrintedTooMuch, &what);
        }
    }

    /// Writes bytes to standard input. If the program has ended, what the check expects next shows why: whether it ended
    /// before or after this is a matter of timing.
    pub fn write(&mut self, bytes: &[u8]) {
        if let Err(error) = self.try_write(bytes) {
            self.transcript.step(&self.actor, Action::RefuseInput { error: error.to_string() });
        }
    }

    /// Writes bytes to the standard input of a program that may have ended.
    pub(crate) fn try_write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.transcript.step(&Actor::Check, Action::Type { bytes: Excerpt::of(bytes) });
        let Some(input) = self.input.get_mut().unwrap() else {
            return Err(std::io::Error::other("standard input has ended"));
        };
        input.write_all(bytes).and_then(|()| input.flush())
    }

    /// Ends standard input (Ctrl+D).
    pub fn end_input(&mut self) {
        self.transcript.step(&Actor::Check, Action::EndInput);
        self.input = Mutex::new(None);
    }

    /// Waits for the program's end and for the rest of its output.
    #[track_caller]
    pub fn wait(&mut self) -> Finished {
        let child = &mut self.child;
        // It may end after a timeout of its own.
        let (limit, programs) = (Limit::of(patience()), &*self.transcript);
        let Some(status) = self.output.wait_for(limit, programs, |_| child.try_wait().unwrap()) else {
            let problem = Problem::new(format!("{} did not end", self.name)).cause(Some(Cause::NeverEnds));
            fail(&self.transcript, problem.verdict(Verdict::Timeout));
        };
        self.output.set_ended(status);
        self.output.wait_for(limit, programs, |output| output.is_complete().then_some(()));
        Finished { status, stdout: self.output.stdout(), stderr: self.output.stderr() }
    }

    /// Waits for the program's end and compares its exit status.
    #[track_caller]
    pub fn expect_exit(&mut self, status: i32) {
        self.transcript.step(&Actor::Check, Action::ExpectExit { program: self.name.clone(), status });
        let finished = self.wait();
        if finished.status.code() != Some(status) {
            let cause = Cause::WrongExitStatus { found: finished.status.to_string(), wanted: status };
            self.fail_because(cause, &format!("it ended with {}, not with status {status}", finished.status));
        }
    }

    /// Fails the check: the program did something wrong that only the check can find out.
    #[track_caller]
    pub fn fail(&self, what: &str) -> ! {
        fail(&self.transcript, Problem::new(format!("{}: {what}", self.name)));
    }

    /// Fails the check like [`Program::fail`], where the cause is known.
    #[track_caller]
    pub fn fail_because(&self, cause: Cause, what: &str) -> ! {
        let problem = Problem::new(format!("{}: {what}", self.name)).cause(Some(cause));
        fail(&self.transcript, problem);
    }

    /// True if the program reports its own breakdown, as by a panic or an exception, or was ended by a signal.
    pub fn has_crashed(&self) -> bool {
        self.output.has_crashed()
    }

    /// Fails the check like [`Program::fail_because`], since the program did not do something in time.
    #[track_caller]
    pub fn fail_in_time_because(&self, cause: Cause, what: &str) -> ! {
        let problem = Problem::new(format!("{}: {what}", self.name)).cause(Some(cause));
        fail(&self.transcript, problem.verdict(Verdict::Timeout));
    }

    /// True if the program has ended, and all of its output is here.
    pub fn has_ended(&self) -> bool {
        self.output.has_ended()
    }

    /// True if the program has a connection to `port` that neither side has closed (Linux).
    pub(crate) fn is_connected_to(&self, port: u16) -> bool {
        socket::is_connected(self.child.id(), port)
    }

    /// Ends the program and everything that it started.
    pub(crate) fn kill(&mut self) {
        self.was_killed = true;
        self.output.set_dropped();
        #[cfg(unix)]
        {
            use rustix::process::{Pid, Signal, kill_process};
            // A sandbox ends when everything in it has ended. Then the program's port is free.
            let init = process::child_of_sandbox(self.child.id()).and_then(|init| init.try_into().ok());
            if let Some(init) = init.and_then(Pid::from_raw) {
                let _ = kill_process(init, Signal::KILL);
                let child = &mut self.child;
                wait::poll(patience(), || (!matches!(child.try_wait(), Ok(None))).then_some(()));
            }
            let group = Pid::from_child(&self.child);
            let _ = rustix::process::kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        #[cfg(unix)]
        watchdog::forget(self.child.id());
    }

    /// Fails the check if the program has ended.
    #[track_caller]
    pub fn expect_running(&mut self) {
        if let Some(status) = self.child.try_wait().unwrap() {
            self.fail(&format!("it has ended: {status}"));
        }
    }

    /// Sends a signal to the program alone.
    #[cfg(unix)]
    #[track_caller]
    pub fn signal(&self, signal: crate::Signal) {
        let name = format!("{signal:?}").trim_start_matches("Signal::").to_owned();
        let program = self.name.clone();
        self.transcript.step(&Actor::Check, Action::Signal { program, signal: name });
        let process = self.id().try_into().ok().and_then(rustix::process::Pid::from_raw).unwrap();
        if let Err(error) = rustix::process::kill_process(process, signal) {
            self.fail(&format!("it cannot be sent signal {signal:?}: {error}; has it ended?"));
        }
    }

    /// Waits until the program has stopped, as it should after the signal STOP (Linux).
    #[cfg(target_os = "linux")]
    #[track_caller]
    pub fn expect_stopped(&self) {
        let process = self.id();
        if wait::poll(patience(), || process::is_stopped(process).then_some(())).is_none() {
            let problem = Problem::new(format!("{} did not stop", self.name));
            fail(&self.transcript, problem.verdict(Verdict::Timeout));
        }
    }

    /// Processor time that the program has used so far (Linux).
    #[cfg(target_os = "linux")]
    #[track_caller]
    pub fn cpu_time(&self) -> Duration {
        let ticks = self.measured(process::cpu_ticks(self.id()));
        #[allow(clippy::cast_precision_loss)]
        Duration::from_secs_f64(ticks / rustix::param::clock_ticks_per_second() as f64)
    }

    /// Time for which the program and what it started wanted to run so far, whether a processor was free or not (Linux).
    ///
    /// A program that waits adds nothing to it, and one that does not adds all the time there is, also on a busy machine.
    #[cfg(target_os = "linux")]
    pub fn busy_time(&self) -> Duration {
        let (running, queued) = process::times(self.id());
        running + queued
    }

    /// The most memory that the program has had resident so far, in KiB (Linux).
    #[cfg(target_os = "linux")]
    #[track_caller]
    pub fn memory_kib_max(&self) -> u64 {
        self.measured(process::memory_kib_max(self.id()))
    }

    #[cfg(target_os = "linux")]
    #[track_caller]
    fn measured<T>(&self, figure: Option<T>) -> T {
        figure.unwrap_or_else(|| self.fail("it cannot be measured; has it ended?"))
    }
}

/// A program that has ended.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub status: ExitStatus,
    /// All of its standard output.
    pub stdout: String,
    /// All of its standard error.
    pub stderr: String,
}

/// The command that starts a program: on the second host, if the check has two.
fn command(words: &[String]) -> Command {
    let words = [&second_host::command(), words].concat();
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]);
    command
}

/// A command line as the transcript shows it. A script that starts a submission's command has that command as its words.
fn shown(words: &[String], name: &str) -> String {
    let is_script = settings::programs().is_some() && settings::is_role(name) && words.len() > 1;
    let words: Vec<&str> = words[1..].iter().map(String::as_str).collect();
    if is_script { words.join(" ") } else { [&[name], &*words].concat().join(" ") }
}

impl Drop for Program {
    fn drop(&mut self) {
        if !self.was_killed {
            self.kill();
        }
    }
}
