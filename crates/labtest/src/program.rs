//! The program under test: started, watched, and ended whatever it does.

use crate::peer::{TcpPeer, UdpPeer};
use crate::report::Verdict;
use crate::story::Story;
#[cfg(unix)]
use crate::watchdog;
use crate::{diagnosis, patience, start_patience};
use crate::{programs, sockets};
use labcore::printable;
use std::env;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// What is kept of a program's output; the rest is read, so that the program is not held up, and dropped.
const OUTPUT_BYTES_MAX: usize = 1 << 20;

/// How often a condition is looked at that nothing announces, such as a socket in `/proc`.
pub(crate) const POLL: Duration = Duration::from_millis(5);

/// How much longer a program may take to start because others have the processors, in times of what it has anyway.
const QUEUE_MAX: u32 = 2;

/// How long a server that listens has to say where.
const LAST_LINE: Duration = Duration::from_millis(100);

/// What a program has printed so far.
#[derive(Default)]
pub(crate) struct Output {
    printed: Mutex<Printed>,
    changed: Condvar,
    /// The process, until it has been waited for.
    process: AtomicU32,
    crashed: AtomicBool,
}

#[derive(Default)]
struct Printed {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    open: usize,
}

impl Output {
    fn collect(
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

    fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.printed.lock().unwrap().stdout).into_owned()
    }

    fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.printed.lock().unwrap().stderr).into_owned()
    }

    /// Waits until `found` gives something, looking again at each output and every [`POLL`].
    fn wait_for<T>(&self, found: impl FnMut(&Output) -> Option<T>) -> Option<T> {
        self.wait_within(patience(), found)
    }

    fn wait_within<T>(&self, time: Duration, mut found: impl FnMut(&Output) -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + time;
        loop {
            if let Some(found) = found(self) {
                return Some(found);
            }
            if Instant::now() > deadline {
                return None;
            }
            drop(self.changed.wait_timeout(self.printed.lock().unwrap(), POLL).unwrap());
        }
    }

    /// True if the program tells of its own breakdown, in the words of Rust, Python, Java, Node or a shell.
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

    /// Looks at how the program ended, if it did, and leaves the rest to its owner. An error if that is done.
    #[cfg(unix)]
    fn status(&self) -> rustix::io::Result<Option<rustix::process::WaitIdStatus>> {
        use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
        let process =
            self.process().try_into().ok().and_then(Pid::from_raw).ok_or(rustix::io::Errno::CHILD)?;
        waitid(WaitId::Pid(process), WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT)
    }

    /// True if the program has ended, and all that it printed is here. (Windows does not tell: there it has closed its
    /// screens.)
    pub(crate) fn is_over(&self) -> bool {
        #[cfg(unix)]
        let runs = matches!(self.status(), Ok(None));
        #[cfg(not(unix))]
        let runs = false;
        !runs && self.is_complete().is_some()
    }

    /// The process that was started; 0 when it has been waited for.
    pub(crate) fn process(&self) -> u32 {
        self.process.load(Ordering::Relaxed)
    }

    /// Notes how the program ended: no `look` at it will tell any more.
    fn has_ended(&self, status: ExitStatus) {
        self.process.store(0, Ordering::Relaxed);
        // A sandbox and a shell add 128 to the signal that ended what they started.
        self.crashed.store(status.code().is_none_or(|code| code > 128), Ordering::Relaxed);
    }

    /// Tells that the program has closed both its screens, or ended.
    pub(crate) fn is_complete(&self) -> Option<()> {
        (self.printed.lock().unwrap().open == 0).then_some(())
    }

    /// Both screens of the program `name`, for a failure's report.
    pub(crate) fn tell(&self, name: &str) -> String {
        let mut text = String::new();
        for (screen, lines) in [("printed", self.stdout()), ("printed as errors", self.stderr())] {
            if lines.is_empty() {
                let _ = writeln!(text, "{name} {screen}: nothing");
                continue;
            }
            let _ = writeln!(text, "{name} {screen}:");
            for line in lines.lines().take(40) {
                let _ = writeln!(text, "  | {}", printable(line.as_bytes()));
            }
        }
        text
    }
}

/// A running program. It ends with the test, along with everything it started.
pub struct Program {
    name: String,
    child: Child,
    started: Instant,
    input: Mutex<Option<Box<dyn Write + Send>>>,
    output: Arc<Output>,
    pub(crate) story: Arc<Story>,
}

impl Program {
    fn start(words: &[String]) -> Program {
        Program::start_in(Path::new("."), words)
    }

    fn start_in(directory: &Path, words: &[String]) -> Program {
        let words = &programs::replaced(words);
        let mut command = Command::new(&words[0]);
        command.current_dir(directory);
        command.args(&words[1..]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut program = Program::spawn(command, words);
        let input: Option<ChildStdin> = program.child.stdin.take();
        program.input = Mutex::new(input.map(|input| Box::new(input) as Box<dyn Write + Send>));
        program.output.collect(program.child.stdout.take().unwrap(), |printed| &mut printed.stdout);
        program
    }

    fn spawn(mut command: Command, words: &[String]) -> Program {
        let story = Story::current();
        let name = words[0].rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        command.env("PYTHONUNBUFFERED", "1");
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let started = Instant::now();
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(error) => story.fail_as(
                Verdict::DidNotStart,
                &format!("`{}` can't be started: {error}; is it installed, and spelled right?", words[0]),
            ),
        };
        #[cfg(unix)]
        watchdog::watch(child.id());
        story.step(format!("start `{name} {}`", words[1..].join(" ")));
        let output = Arc::new(Output::default());
        output.process.store(child.id(), Ordering::Relaxed);
        output.collect(child.stderr.take().unwrap(), |printed| &mut printed.stderr);
        story.show_on_failure(&name, &output);
        Program { name, child, started, input: Mutex::new(None), output, story }
    }

    /// Starts a program on a terminal: `output` reads what it shows there, `input` is its keyboard.
    #[cfg(unix)]
    pub(crate) fn start_on(
        terminal: impl Fn() -> Stdio,
        input: impl Write + Send + 'static,
        output: impl Read + Send + 'static,
        words: &[String],
    ) -> Program {
        let words = &programs::replaced(words);
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).stdin(terminal()).stdout(terminal()).stderr(Stdio::piped());
        let mut program = Program::spawn(command, words);
        program.input = Mutex::new(Some(Box::new(input)));
        program.output.collect(output, |printed| &mut printed.stdout);
        program
    }

    /// The operating system's number of the program's process, also of one behind a sandbox.
    pub fn id(&self) -> u32 {
        programs::behind_sandbox(self.child.id())
    }

    /// Everything on standard output so far.
    pub fn screen(&self) -> String {
        self.output.stdout()
    }

    /// Waits until standard output shows `text`.
    #[track_caller]
    pub fn expect_on_screen(&self, text: &str) {
        self.story.step(format!("expect on the screen of {}: {text}", self.name));
        let shown = self.output.wait_for(|output| {
            // A program that has ended prints no more.
            let last = output.is_complete().map(|()| false);
            if output.stdout().contains(text) { Some(true) } else { last }
        });
        if shown != Some(true) {
            let cause =
                self.cause_of_no_output(text).as_deref().map(diagnosis::tell_cause).unwrap_or_default();
            let by_hand = self.story.server_by_hand();
            let what = format!("{} never printed `{text}`\n{cause}{by_hand}", self.name);
            self.story.fail_as(Verdict::Timeout, what.trim_end());
        }
    }

    /// Why a text is not on the screen: perhaps it only comes at the program's end, which the end of its input brings.
    fn cause_of_no_output(&self, text: &str) -> Option<String> {
        const END: Duration = Duration::from_secs(1);
        if self.input.lock().unwrap().take().is_some() {
            let deadline = Instant::now() + END;
            while Instant::now() < deadline && self.output.is_complete().is_none() {
                thread::sleep(POLL);
            }
            if self.output.stdout().contains(text) {
                return Some(
                    "the output was not flushed: the text lay in a buffer until the program ended. Flush after printing"
                        .to_owned(),
                );
            }
        }
        self.story.cause_of_no_output(text, &self.output.stdout(), self.has_crashed())
    }

    /// Waits for `time`, and fails the test if standard output then shows anything but `expected`.
    #[track_caller]
    pub fn expect_nothing_more_on_screen_for(&self, time: Duration, expected: &str) {
        self.story.step(format!(
            "expect for {} s nothing else on the screen of {}",
            time.as_secs_f64(),
            self.name
        ));
        let deadline = Instant::now() + time;
        let different = |output: &Output| (output.stdout() != expected).then_some(true);
        let late = |_: &Output| (Instant::now() > deadline).then_some(false);
        if self.output.wait_for(|output| different(output).or_else(|| late(output))) == Some(true) {
            self.story.fail(&format!("{} printed more than `{expected}`", self.name));
        }
    }

    /// Writes bytes to standard input. If the program has ended, what the test expects next tells why: whether it ended
    /// before or after this is a matter of luck.
    pub fn write(&mut self, bytes: &[u8]) {
        if let Err(error) = self.try_write(bytes) {
            self.story.step(format!("{} does not read its standard input: {error}", self.name));
        }
    }

    /// Writes bytes to the standard input of a program that may have ended.
    pub(crate) fn try_write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.story.step(format!("type {}", diagnosis::bytes(bytes)));
        let Some(input) = self.input.get_mut().unwrap() else {
            return Err(std::io::Error::other("standard input has ended"));
        };
        input.write_all(bytes).and_then(|()| input.flush())
    }

    /// Ends standard input (Ctrl+D).
    pub fn end_input(&mut self) {
        self.story.step("end the input");
        self.input = Mutex::new(None);
    }

    /// Waits for the program's end and for the rest of its output.
    #[track_caller]
    pub fn wait(&mut self) -> Finished {
        let child = &mut self.child;
        match self.output.wait_for(|_| child.try_wait().unwrap()) {
            None => self.story.fail_as(Verdict::Timeout, &format!("{} did not end", self.name)),
            Some(status) => {
                self.output.has_ended(status);
                self.output.wait_for(Output::is_complete);
                Finished { status, stdout: self.output.stdout(), stderr: self.output.stderr() }
            }
        }
    }

    /// Waits for the program's end and compares its exit status.
    #[track_caller]
    pub fn expect_exit(&mut self, code: i32) {
        self.story.step(format!("expect {} to end with status {code}", self.name));
        let finished = self.wait();
        if finished.status.code() != Some(code) {
            self.story.fail(&format!("{} ended with {}, not with status {code}", self.name, finished.status));
        }
    }

    /// Fails the test: the program did something wrong that only the test can tell.
    #[track_caller]
    pub fn fail(&self, what: &str) -> ! {
        self.story.fail(&format!("{}: {what}", self.name));
    }

    /// True if the program tells of its own breakdown, as by a panic or an exception, or was ended by a signal.
    pub fn has_crashed(&self) -> bool {
        self.output.has_crashed()
    }

    /// Fails the test if the program has ended.
    #[track_caller]
    pub fn expect_running(&mut self) {
        if let Some(status) = self.child.try_wait().unwrap() {
            self.story.fail(&format!("{} has ended: {status}", self.name));
        }
    }

    /// Sends a signal to the program alone.
    #[cfg(unix)]
    #[track_caller]
    pub fn signal(&self, signal: crate::Signal) {
        self.story.step(format!("send signal {signal:?} to {}", self.name));
        let process = self.id().try_into().ok().and_then(rustix::process::Pid::from_raw).unwrap();
        if let Err(error) = rustix::process::kill_process(process, signal) {
            self.fail(&format!("it can't be sent signal {signal:?}: {error}; has it ended?"));
        }
    }

    /// Waits until the program has stopped, as it should after the signal STOP (Linux).
    #[cfg(target_os = "linux")]
    #[track_caller]
    pub fn expect_stopped(&self) {
        let file = format!("/proc/{}/stat", self.id());
        let is_stopped = |_: &Output| {
            let stat = std::fs::read_to_string(&file).ok()?;
            let (_, after_name) = stat.rsplit_once(')')?;
            after_name.trim_start().starts_with('T').then_some(())
        };
        if self.output.wait_for(is_stopped).is_none() {
            self.story.fail_as(Verdict::Timeout, &format!("{} did not stop", self.name));
        }
    }

    /// Processor time that the program has used so far, if the system tells (Linux).
    #[cfg(target_os = "linux")]
    #[track_caller]
    pub fn cpu_time(&self) -> Duration {
        let stat = self.told_by_the_system("stat");
        let (_, after_name) = stat.rsplit_once(')').unwrap_or_default();
        let ticks: f64 = after_name
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|ticks| ticks.parse::<f64>().ok())
            .sum();
        #[allow(clippy::cast_precision_loss)]
        Duration::from_secs_f64(ticks / rustix::param::clock_ticks_per_second() as f64)
    }

    /// Time for which the program and what it started wanted to run so far, whether a processor was free or not (Linux).
    ///
    /// A program that waits has none of it, and one that does not has all the time there is, also on a busy machine.
    #[cfg(target_os = "linux")]
    pub fn busy_time(&self) -> Duration {
        let (running, queued) = programs::times(self.id());
        running + queued
    }

    /// The most memory that the program has had resident so far, in KiB (Linux).
    #[cfg(target_os = "linux")]
    #[track_caller]
    pub fn memory_kib_max(&self) -> u64 {
        let status = self.told_by_the_system("status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        kib.unwrap_or_else(|| self.fail("it has no memory; has it ended?"))
    }

    /// Reads what the system tells of the program's process.
    #[cfg(target_os = "linux")]
    #[track_caller]
    fn told_by_the_system(&self, file: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.id()))
            .unwrap_or_else(|error| self.fail(&format!("it can't be measured: {error}; has it ended?")))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        #[cfg(unix)]
        {
            use rustix::process::{Pid, Signal, kill_process};
            // A sandbox ends when all in it has, so the program's port is free then.
            let init = programs::sandbox_init(self.child.id()).and_then(|init| init.try_into().ok());
            if let Some(init) = init.and_then(Pid::from_raw) {
                let _ = kill_process(init, Signal::KILL);
                let deadline = Instant::now() + patience();
                while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
                    thread::sleep(POLL / 5);
                }
            }
            let group = Pid::from_child(&self.child);
            let _ = rustix::process::kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        #[cfg(unix)]
        watchdog::forget(self.child.id());
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

/// Runs a program to its end, with nothing to read on standard input.
#[track_caller]
pub fn run(program: &str, args: &[&str]) -> Finished {
    let mut program = Program::start(&words(program, args));
    program.end_input();
    program.wait()
}

/// True if the program `name` is installed, so that a test can try ours against it.
///
/// Where `CI` is set it must be: a test that is left out proves nothing.
pub fn has_tool(name: &str) -> bool {
    let found =
        env::split_paths(&env::var_os("PATH").unwrap_or_default()).any(|folder| folder.join(name).is_file());
    assert!(found || env::var_os("CI").is_none(), "this test needs `{name}`, which is not installed");
    found
}

pub(crate) fn words(program: &str, args: &[&str]) -> Vec<String> {
    std::iter::once(program).chain(args.iter().copied()).map(str::to_owned).collect()
}

/// A server under test, ready for clients.
pub struct Server {
    program: Program,
    address: SocketAddr,
    /// How many requests for a page it has answered, for the diagnosis.
    pub(crate) pages: AtomicU32,
}

impl Server {
    /// Starts the crate's own server on a free port of loopback, or the one that `LAB_SERVER` names, with `args`.
    #[track_caller]
    pub fn start(own: &str, args: &[&str]) -> Server {
        Server::start_in(&top_folder(), own, args)
    }

    /// Like [`Server::start`], in a directory of its own: the one that a web server is to serve, for example.
    ///
    /// `LAB_SERVER` must name files by their absolute paths then.
    #[track_caller]
    pub fn start_in(directory: &Path, own: &str, args: &[&str]) -> Server {
        match env::var("LAB_SERVER") {
            Ok(template) => Server::from_template_in(directory, &template, args),
            Err(_) => {
                Server::of(Program::start_in(directory, &words(own, &[args, &["127.0.0.1", "0"]].concat())))
            }
        }
    }

    /// Starts any server by a command line with `{host}`, `{port}` and `{args}` in it.
    #[track_caller]
    pub fn from_template(template: &str, args: &[&str]) -> Server {
        Server::from_template_in(&top_folder(), template, args)
    }

    #[track_caller]
    fn from_template_in(directory: &Path, template: &str, args: &[&str]) -> Server {
        // The port was free a moment ago. Should another program have taken it since, the next one is tried.
        for _ in 0..3 {
            let words = fill(template, args, "127.0.0.1", free_port());
            let mut program = Program::start_in(directory, &words);
            match program.wait_until_ready(true) {
                Some(address) => return Server { program, address, pages: AtomicU32::new(0) },
                None if program.output.stderr().to_lowercase().contains("in use") => {}
                None => program.fail_to_start(),
            }
        }
        Story::current().fail(&format!("found no free port for `{template}`"));
    }

    /// Starts a server with exactly these words on its command line.
    #[track_caller]
    pub fn at(program: &str, args: &[&str]) -> Server {
        Server::of(Program::start(&words(program, args)))
    }

    /// Waits until one of our own servers can be reached.
    #[track_caller]
    fn of(mut program: Program) -> Server {
        // A submission need not say where it listens.
        match program.wait_until_ready(programs::folder().is_some()) {
            Some(address) => Server { program, address, pages: AtomicU32::new(0) },
            None => program.fail_to_start(),
        }
    }

    /// Starts the crate's own server within a limit of the shell's `ulimit`, such as `-n 32`.
    #[cfg(unix)]
    #[track_caller]
    pub fn limited(limit: &str, own: &str, args: &[&str]) -> Server {
        if programs::folder().is_some() {
            return Server::within(&format!("ulimit {limit} && exec"), own, args);
        }
        let script = format!("ulimit {limit} && exec \"$0\" \"$@\"");
        Server::at("/bin/sh", &[&["-c", &script, own], args, &["127.0.0.1", "0"]].concat())
    }

    /// Starts the crate's own server where it can have only `count` threads.
    ///
    /// The limit counts the threads of a user, and does not hold for root. So root starts the server as a user of its
    /// own, and anybody else in a user namespace, whose count begins at 0.
    #[cfg(target_os = "linux")]
    #[track_caller]
    pub fn with_few_threads(count: usize, own: &str, args: &[&str]) -> Server {
        let limit = format!("--nproc={count}");
        if programs::folder().is_some() {
            return Server::within(&format!("exec prlimit {limit}"), own, args);
        }
        if !rustix::process::geteuid().is_root() {
            return Server::at(
                "unshare",
                &[&["--user", "prlimit", &limit, own], args, &["127.0.0.1", "0"]].concat(),
            );
        }
        // That user may not enter the folder that the program lies in.
        let copy = Copy::of(own);
        let user = format!("--reuid={}", 20_000 + std::process::id() % 40_000);
        let wrapper = [&*user, "--clear-groups", "prlimit", &limit, copy.0.to_str().unwrap()];
        Server::at("setpriv", &[&wrapper, args, &["127.0.0.1", "0"]].concat())
    }

    /// Starts a submission's server with the beginning of a shell's command, `LAB_LIMIT`, before its own. The limit is
    /// for what runs in the sandbox, so it is set in there.
    #[cfg(unix)]
    #[track_caller]
    fn within(limit: &str, own: &str, args: &[&str]) -> Server {
        let limit = format!("LAB_LIMIT={limit}");
        Server::at("env", &[&[&limit, own], args, &["127.0.0.1", "0"]].concat())
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connects a scripted TCP client.
    #[track_caller]
    pub fn tcp_client(&self) -> TcpPeer {
        TcpPeer::connect(self.address)
    }

    /// Makes a scripted UDP client.
    #[track_caller]
    pub fn udp_client(&self) -> UdpPeer {
        UdpPeer::client_of(self.address)
    }
}

impl Program {
    /// Waits for `listening on`, or for a `silent` program's listening socket, and gives its address.
    ///
    /// `None` when the program ended or did neither.
    fn wait_until_ready(&mut self, silent: bool) -> Option<SocketAddr> {
        let (group, child) = (self.child.id(), &mut self.child);
        let (mut ended, mut seen) = (false, None);
        let mut ready = |output: &Output| {
            if let Some(address) = announced(&output.stdout()) {
                return Some(Some(address));
            }
            let sockets = if silent { sockets::listening(group) } else { Vec::new() };
            if let Some(address) = sockets.first() {
                // What it says counts, right or wrong. It may have said it, and nobody has read it yet.
                let seen = *seen.get_or_insert_with(Instant::now);
                return (seen.elapsed() > LAST_LINE).then_some(Some(*address));
            }
            // Once more after its end, for a last line.
            let ended_before = std::mem::replace(&mut ended, child.try_wait().unwrap().is_some());
            ended_before.then_some(None)
        };
        let (mut time, mut granted) = (start_patience(), Duration::ZERO);
        let address = loop {
            let address = self.output.wait_within(time, &mut ready);
            // What it waited for a processor is the machine's time, and not its own.
            let queued = programs::times(group).1.min(QUEUE_MAX * start_patience());
            time = queued.saturating_sub(granted);
            granted += time;
            if address.is_some() || time < POLL {
                break address;
            }
        };
        let address = address.flatten()?;
        self.story.step(format!("{} listens on {address}", self.name));
        Some(address)
    }

    #[track_caller]
    fn fail_to_start(&mut self) -> ! {
        let why = match self.child.try_wait().unwrap() {
            Some(status) => format!("it ended with {status}"),
            None => format!("after {} s it has no listening socket", self.started.elapsed().as_secs()),
        };
        let cause = diagnosis::reason_for_no_start(&self.output.stderr()).map(diagnosis::tell_cause);
        let what = format!("{} did not start: {why}\n{}", self.name, cause.unwrap_or_default());
        self.story.fail_as(Verdict::DidNotStart, what.trim_end());
    }
}

/// A program's copy in the folder for temporary files.
#[cfg(target_os = "linux")]
struct Copy(PathBuf);

#[cfg(target_os = "linux")]
impl Copy {
    fn of(program: &str) -> Copy {
        let copy = Copy(env::temp_dir().join(format!("labtest-{}", std::process::id())));
        // By another process: a file that is still open for writing somewhere, if only in a child that is just being
        // made by another test, can't be run.
        assert!(Command::new("cp").arg(program).arg(&copy.0).status().unwrap().success());
        copy
    }
}

#[cfg(target_os = "linux")]
impl Drop for Copy {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Finds the address in the line `listening on IP:PORT`.
fn announced(screen: &str) -> Option<SocketAddr> {
    let (complete, _) = screen.rsplit_once('\n')?;
    let address = complete.lines().find_map(|line| line.strip_prefix("listening on "))?;
    let address: SocketAddr = address.trim().parse().ok()?;
    Some(SocketAddr::new(sockets::reachable(address.ip()), address.port()))
}

/// The top folder of the workspace, where the commands of the handouts are given. Cargo runs tests in their package's.
fn top_folder() -> PathBuf {
    let package = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from("."), PathBuf::from);
    let top = package.join("../..");
    top.canonicalize().unwrap_or(top)
}

/// Splits a command line of `LAB_SERVER` or `LAB_CLIENT` into words and fills in the places.
fn fill(template: &str, args: &[&str], host: &str, port: u16) -> Vec<String> {
    let mut words = Vec::new();
    for word in split_words(template) {
        if word == "{args}" {
            words.extend(args.iter().map(|arg| (*arg).to_owned()));
        } else {
            // A program that lies in the top folder is found there, wherever it is started.
            let file = top_folder().join(&word);
            let word = if !word.is_empty() && file.exists() { file.display().to_string() } else { word };
            words.push(word.replace("{host}", host).replace("{port}", &port.to_string()));
        }
    }
    assert!(
        !words.is_empty(),
        "LAB_SERVER and LAB_CLIENT hold a command line, like `python3 server.py {{port}}`"
    );
    if !args.is_empty() && !template.contains("{args}") {
        // Some are as long as a datagram.
        let (args, shown) = (args.join(" "), |text: &str| text.chars().take(60).collect::<String>());
        let more = if shown(&args).len() < args.len() { "…" } else { "" };
        Story::current().fail(&format!(
            "this test starts the program with `{}{more}`, but the command line `{template}` has no {{args}}",
            shown(&args)
        ));
    }
    words
}

/// Splits a command line at spaces, except between single or double quotes.
pub fn split_words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for character in line.chars() {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, ' ' | '\t' | '\n') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}

/// Finds a port that is free for UDP and TCP, below those that the system hands out for port 0.
fn free_port() -> u16 {
    const FIRST: u16 = 20000;
    const COUNT: u16 = 10000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    #[allow(clippy::cast_possible_truncation)] // any number will do, as long as two test programs differ
    let start = (std::process::id() as u16).wrapping_mul(257);
    for _ in 0..COUNT {
        let port = FIRST + start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % COUNT;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() && UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no port is free");
}

/// A client under test.
pub struct Client {
    program: Program,
}

impl Client {
    /// Starts the crate's own client, or the one that `LAB_CLIENT` names, with `args` and its server's address.
    #[track_caller]
    pub fn start(own: &str, args: &[&str], server: SocketAddr) -> Client {
        let (host, port) = (server.ip().to_string(), server.port());
        let program = match env::var("LAB_CLIENT") {
            Ok(template) => Program::start_in(&top_folder(), &fill(&template, args, &host, port)),
            Err(_) => Program::start(&words(own, &[args, &[&host, &port.to_string()]].concat())),
        };
        Client { program }
    }

    /// Like [`Client::start`], with options that belong to the crate's own client alone: `LAB_CLIENT` gets none.
    #[track_caller]
    pub fn start_with_own(own: &str, own_args: &[&str], server: SocketAddr) -> Client {
        let args = if env::var_os("LAB_CLIENT").is_some() { &[] } else { own_args };
        Client::start(own, args, server)
    }

    /// Starts a client with exactly these words on its command line.
    #[track_caller]
    pub fn at(program: &str, args: &[&str]) -> Client {
        Client { program: Program::start(&words(program, args)) }
    }
}

impl Deref for Server {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.program
    }
}

impl DerefMut for Server {
    fn deref_mut(&mut self) -> &mut Program {
        &mut self.program
    }
}

impl Deref for Client {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.program
    }
}

impl DerefMut for Client {
    fn deref_mut(&mut self) -> &mut Program {
        &mut self.program
    }
}

#[cfg(test)]
mod tests {
    use super::{announced, fill, free_port, split_words};

    #[test]
    fn splits_a_command_line() {
        assert_eq!(
            split_words("  python3 'my server.py'  -p \"\" a\"b c\" "),
            ["python3", "my server.py", "-p", "", "ab c"]
        );
    }

    #[test]
    fn fills_in_address_and_options() {
        let words = fill("nc {host} {port} {args}", &["-q", "1"], "127.0.0.1", 25000);
        assert_eq!(words, ["nc", "127.0.0.1", "25000", "-q", "1"]);
    }

    #[test]
    fn reads_the_line_of_a_server_that_is_ready() {
        assert_eq!(announced("hello\nlistening on 0.0.0.0:25000\n"), "127.0.0.1:25000".parse().ok());
        assert_eq!(announced("listening on 127.0.0.1:250"), None); // the line is not complete yet
        assert_eq!(announced("listening on port 12000\n"), None);
    }

    #[cfg(unix)]
    #[test]
    fn types_nothing_when_the_input_has_ended() {
        let mut client = super::Client::at("/bin/sh", &["-c", "read line"]);
        assert!(client.offer_line("hello"));
        client.end_input();
        assert!(!client.offer_line("and more"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn blames_a_program_that_has_ended_for_what_it_does_not_do() {
        use crate::Signal;
        use std::panic::{AssertUnwindSafe, catch_unwind};
        let ended = || {
            let mut program = super::Client::at("/bin/sh", &["-c", "exit 3"]);
            program.wait();
            program
        };
        let told = |what: &dyn Fn(&super::Program)| {
            let panic = catch_unwind(AssertUnwindSafe(|| what(&ended()))).unwrap_err();
            panic.downcast_ref::<String>().cloned().unwrap_or_default()
        };
        assert!(told(&|program| program.signal(Signal::TERM)).contains("can't be sent signal"));
        assert!(told(&|program| assert!(program.cpu_time().is_zero())).contains("can't be measured"));
        assert!(told(&|program| assert_eq!(program.memory_kib_max(), 0)).contains("can't be measured"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn finds_a_server_ready_that_says_nothing() {
        use super::{Server, has_tool};
        if !has_tool("python3") {
            return;
        }
        // It serves a single client: a connection made to see whether it listens would be the only one.
        const ONE_SHOT: &str = "import socket, sys; s = socket.create_server((sys.argv[1], int(sys.argv[2]))); \
            c, _ = s.accept(); c.sendall(c.recv(100).upper())";
        for template in [
            format!("python3 -c '{ONE_SHOT}' {{host}} {{port}}"),
            format!("python3 -c '{ONE_SHOT}' localhost 0"),
        ] {
            let server = Server::from_template(&template, &[]);
            let mut client = server.tcp_client();
            client.send(b"hello");
            client.expect(b"HELLO");
        }
    }

    #[test]
    fn finds_different_free_ports() {
        assert_ne!(free_port(), free_port());
    }
}
