//! The *check runner*: nextest starts this program, which starts one test, watches it, and writes down its result.
//!
//! It is the subreaper of everything that the check starts. When the test is over, it ends whatever is left.

use super::conditions::{CONDITIONS, CheckResult, Conditions, RESULT};
use crate::outcome::{Explanation, Status};
use crate::sandbox::{User, network_command};
use crate::write::write_atomically;
use crate::{limits, processes};
use anyhow::{Context, bail, ensure};
use labtest::Cause;
use labtest::failure::{self, Failure};
use labtest::os::process::memory_bytes;
use std::convert::Infallible;
use std::ffi::OsString;
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};
use std::{env, fs, io, thread};

/// How often a running test is looked at.
const POLL: Duration = Duration::from_millis(3);

/// How often the memory of a running test is measured.
const MEASURE_MEMORY: Duration = Duration::from_millis(100);

/// Runs a test program, and then exits. `words` is its command line, as nextest gives it to a target runner.
///
/// # Errors
/// If the machine fails.
pub fn run(words: &[OsString]) -> anyhow::Result<Infallible> {
    let Some((program, arguments)) = words.split_first() else { bail!("there is no test to run") };
    if arguments.iter().any(|word| word == "--list") {
        return Err(Command::new(program).args(arguments).exec()).context("failed to list tests");
    }
    let path =
        env::var_os(CONDITIONS).map(PathBuf::from).with_context(|| format!("`{CONDITIONS}` is not set"))?;
    let conditions = Conditions::read(&path)?;
    let check = RunningCheck::new(&conditions, test_name(arguments)?)?;
    let network = if conditions.own_network { Ok(()) } else { try_loopback() };
    let result = match network {
        Ok(()) => check.run(words)?,
        Err(error) => {
            let error = format!("loopback does not work on this machine: {error}; try `ip link set lo up`");
            CheckResult::explained(Status::GraderError, Explanation::Machine { error }, 0.0)
        }
    };
    let text = serde_json::to_string(&result).context("failed to write JSON")?;
    write_atomically(&check.folder.join(RESULT), &text)?;
    std::process::exit(if result.status == Status::Pass { 0 } else { 1 });
}

/// The test's name as in a rubric: the test program, then the function.
fn test_name(arguments: &[OsString]) -> anyhow::Result<String> {
    let function = arguments.iter().skip_while(|word| *word != "--exact").nth(1);
    let function = function.and_then(|word| word.to_str()).context("no test is named with `--exact`")?;
    let binary = env::var("NEXTEST_BINARY_ID").context("only cargo-nextest can start this")?;
    let (_, binary) = binary.rsplit_once("::").context("`NEXTEST_BINARY_ID` names no test program")?;
    Ok(format!("{binary}::{function}"))
}

/// Tries the machine's loopback, where no check has a network of its own. Without loopback, no program can work.
fn try_loopback() -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    TcpStream::connect_timeout(&listener.local_addr()?, limits::PATIENCE)?;
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.set_read_timeout(Some(limits::PATIENCE))?;
    socket.send_to(b"x", socket.local_addr()?)?;
    socket.recv_from(&mut [0])?;
    Ok(())
}

/// One check of a submission.
struct RunningCheck<'a> {
    conditions: &'a Conditions,
    test: String,
    user: User,
    folder: PathBuf,
}

/// How a test ended.
enum Ended {
    /// By itself.
    Exit(ExitStatus),
    /// It reached a limit, and was ended.
    Limit(Status, Explanation),
}

impl RunningCheck<'_> {
    fn new(conditions: &Conditions, test: String) -> anyhow::Result<RunningCheck<'_>> {
        let folder = conditions.folder(&test);
        let user = User::with_number(conditions.user);
        // Without a sandbox, a program that could write here could write its own result.
        user.create_readable_folder(&folder)?;
        Ok(RunningCheck { conditions, test, user, folder })
    }

    /// Runs the test with this command line.
    fn run(&self, words: &[OsString]) -> anyhow::Result<CheckResult> {
        let (report, temporary) = (self.folder.join("report"), self.folder.join("tmp"));
        self.user.create_writable_folder(&report)?;
        self.user.create_writable_folder(&temporary)?;
        // When memory runs out, the system ends processes of checks first.
        let _ = fs::write("/proc/self/oom_score_adj", "500");
        rustix::process::set_child_subreaper(Some(rustix::process::getpid()))
            .context("failed to become the subreaper of a check")?;
        let mut command = self.command(words);
        command.env("LAB_REPORT", &report).env("LAB_TMP", &temporary).env("TMPDIR", &temporary);
        let started = Instant::now();
        let ended = watch(&mut command);
        processes::end_descendants(std::process::id());
        let seconds = started.elapsed().as_secs_f64();
        let _ = fs::remove_dir_all(&temporary);
        Ok(match ended? {
            Ended::Limit(status, explanation) => CheckResult::explained(status, explanation, seconds),
            Ended::Exit(status) if status.success() => {
                CheckResult { status: Status::Pass, failure: None, explanation: None, seconds }
            }
            Ended::Exit(status) => self.failed(read_failure(&report, &self.test), status, seconds),
        })
    }

    fn command(&self, words: &[OsString]) -> Command {
        let prefix = self.user.command_prefix();
        let mut command = Command::new(&prefix[0]);
        command.args(&prefix[1..]);
        if self.conditions.own_network {
            command.args(network_command(self.conditions.address.as_deref()));
        }
        command.args(words).envs(self.conditions.environment.iter().map(|(name, value)| (name, value)));
        command.env_remove(CONDITIONS);
        command
    }

    /// The result of a test that did not pass, by the failure that it left.
    fn failed(
        &self,
        failure: anyhow::Result<Option<Failure>>,
        status: ExitStatus,
        seconds: f64,
    ) -> CheckResult {
        let broke =
            |ended| CheckResult::explained(Status::GraderError, Explanation::CheckBroke { ended }, seconds);
        match failure {
            Err(error) => broke(format!("{error:#}")),
            Ok(None) => broke(status.to_string()),
            // Another program of this machine may have had the port, or the system still keeps it for a connection that
            // has been closed.
            Ok(Some(failure))
                if failure.cause == Some(Cause::PortTaken)
                    && self.conditions.has_fixed_port
                    && !self.conditions.own_network =>
            {
                CheckResult::explained(Status::GraderError, Explanation::PortInUse, seconds)
            }
            Ok(Some(failure)) => CheckResult {
                status: failure.verdict.into(),
                failure: Some(Box::new(failure)),
                explanation: None,
                seconds,
            },
        }
    }
}

/// Runs a test within the limits of a check.
fn watch(command: &mut Command) -> anyhow::Result<Ended> {
    let started = Instant::now();
    let parent = rustix::process::getppid();
    let mut child = command.spawn().context("failed to start a test")?;
    let mut measured = Instant::now();
    loop {
        if let Some(status) = child.try_wait().context("failed to wait for a test")? {
            return Ok(Ended::Exit(status));
        }
        // Without cargo-nextest, nothing reads the result of this check.
        ensure!(rustix::process::getppid() == parent, "cargo-nextest has ended");
        if started.elapsed() > limits::CHECK {
            let limit_s = limits::CHECK.as_secs();
            return Ok(Ended::Limit(Status::Timeout, Explanation::CheckTooLong { limit_s }));
        }
        if measured.elapsed() > MEASURE_MEMORY {
            measured = Instant::now();
            let bytes = memory_bytes(&processes::descendants(std::process::id()));
            if bytes > limits::CHECK_BYTES_MAX {
                let limit_mib = limits::CHECK_BYTES_MAX >> 20;
                return Ok(Ended::Limit(Status::Crash, Explanation::TooMuchMemory { limit_mib }));
            }
        }
        thread::sleep(POLL);
    }
}

/// Reads the failure that a test has left in a folder.
fn read_failure(folder: &Path, test: &str) -> anyhow::Result<Option<Failure>> {
    let path = folder.join(failure::file_name(test));
    // Without a sandbox, the program can put a link or a pipe there.
    let metadata = match path.symlink_metadata() {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).context("its failure cannot be read"),
    };
    ensure!(metadata.is_file(), "its failure is not a regular file");
    let size = metadata.len();
    ensure!(size <= limits::FAILURE_BYTES_MAX, "its failure takes {size} bytes");
    failure::read(folder, test).context("its failure cannot be read")
}

#[cfg(test)]
mod tests {
    use super::{Conditions, Explanation, RunningCheck, Status, User, read_failure};
    use labtest::Reason;
    use labtest::failure::{Cause, FORMAT, Failure, Verdict, file_name};
    use std::fs;
    use std::os::unix::fs::{MetadataExt, symlink};
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    const TEST: &str = "core::answers";

    fn failure(verdict: Verdict, cause: Option<Cause>) -> Failure {
        Failure {
            format: FORMAT,
            check: TEST.to_owned(),
            verdict,
            cause,
            summary: "no answer".to_owned(),
            steps: Vec::new(),
            steps_left_out: 0,
            expected: None,
            received: None,
            reproduce: Vec::new(),
            output: Vec::new(),
            has_run_file: false,
        }
    }

    /// The status of a check that failed and left this file, on a machine where it shares its network.
    fn status(json: Option<&str>, has_fixed_port: bool) -> (Status, Option<Explanation>) {
        let folder = tempfile::tempdir().unwrap();
        if let Some(json) = json {
            fs::write(folder.path().join(file_name(TEST)), json).unwrap();
        }
        let conditions = Conditions {
            checks: folder.path().to_owned(),
            environment: Vec::new(),
            address: None,
            own_network: false,
            has_fixed_port,
            user: None,
        };
        let check = RunningCheck {
            conditions: &conditions,
            test: TEST.to_owned(),
            user: User::current(),
            folder: folder.path().to_owned(),
        };
        let result = check.failed(read_failure(folder.path(), TEST), ExitStatus::from_raw(101 << 8), 1.0);
        (result.status, result.explanation)
    }

    #[test]
    fn takes_the_status_from_the_failure() {
        let status = |verdict| {
            let json = serde_json::to_string(&failure(verdict, Some(Cause::PortTaken))).unwrap();
            status(Some(&json), false).0
        };
        assert_eq!(status(Verdict::Fail), Status::Fail);
        assert_eq!(status(Verdict::Timeout), Status::Timeout);
        assert_eq!(status(Verdict::NotWritten), Status::NotWritten);
        let not_tried = Verdict::NotTried(Reason::NoOptions);
        assert_eq!(status(not_tried), Status::NotTried(Reason::NoOptions));
    }

    #[test]
    fn blames_the_grader_for_a_test_without_a_failure() {
        let wrong = [
            None,
            Some(String::new()),
            Some("{}".to_owned()),
            Some(serde_json::to_string(&failure(Verdict::Fail, None)).unwrap().replace("core::", "x::")),
            Some(" ".repeat(5 << 20)),
        ];
        for json in &wrong {
            let (status, explanation) = status(json.as_deref(), false);
            assert_eq!(status, Status::GraderError);
            assert!(matches!(explanation, Some(Explanation::CheckBroke { .. })), "{explanation:?}");
        }
    }

    #[test]
    fn follows_no_link_to_a_failure() {
        let folder = tempfile::tempdir().unwrap();
        let json = serde_json::to_string(&failure(Verdict::Fail, None)).unwrap();
        fs::write(folder.path().join("elsewhere"), json).unwrap();
        symlink("elsewhere", folder.path().join(file_name(TEST))).unwrap();
        let error = read_failure(folder.path(), TEST).unwrap_err();
        assert_eq!(error.to_string(), "its failure is not a regular file");
    }

    /// Only root changes to another user.
    #[test]
    fn lets_no_other_user_write_the_result() {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let conditions = Conditions {
            checks: folder.path().join("checks"),
            environment: Vec::new(),
            address: None,
            own_network: false,
            has_fixed_port: false,
            user: Some(61_184),
        };
        let check = RunningCheck::new(&conditions, TEST.to_owned()).unwrap();
        let metadata = check.folder.metadata().unwrap();
        assert_eq!((metadata.uid(), metadata.gid(), metadata.mode() & 0o777), (0, 61_184, 0o750));
    }

    #[test]
    fn blames_nobody_for_a_port_that_another_program_has() {
        let json = serde_json::to_string(&failure(Verdict::DidNotStart, Some(Cause::PortTaken))).unwrap();
        assert_eq!(status(Some(&json), true), (Status::GraderError, Some(Explanation::PortInUse)));
        let json = serde_json::to_string(&failure(Verdict::DidNotStart, None)).unwrap();
        assert_eq!(status(Some(&json), true), (Status::DidNotStart, None));
    }
}
