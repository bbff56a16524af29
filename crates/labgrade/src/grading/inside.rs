//! *Inside* a check: nextest starts this program, which starts the test, watches it, and writes down what came of it.
//!
//! It is the reaper of all that the check starts: whatever is left when the test is over is ended here.

use super::sandbox::{self, Runner};
use super::{limits, processes, write_atomically};
use crate::outcome::Status;
use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, fs, io, thread};

/// The variable that names the file with the [`Conditions`].
pub const CONDITIONS: &str = "LABGRADE_CONDITIONS";

/// The file with what came of a check, in its folder.
pub const RESULT: &str = "result.json";

/// What programs print when they do not get their port.
const IN_USE: &str = "ddress already in use";

/// What holds for all checks of one submission.
#[derive(Debug, Deserialize, Serialize)]
pub struct Conditions {
    /// The folder with one folder per check.
    pub checks: PathBuf,
    /// Variables for the test: which programs it is to start, and how.
    pub environment: Vec<(String, String)>,
    /// The address that the submission has in its code, for the network of the check.
    pub address: Option<String>,
    /// True if the check gets a network of its own.
    pub own_network: bool,
    /// True if the submission has a port in its code, which someone else may have without a network of its own.
    pub fixed_port: bool,
    /// True if the user changes with the check.
    pub drop_to: Option<u32>,
}

/// What came of one check.
#[derive(Debug, Deserialize, Serialize)]
pub struct Ran {
    /// In one word.
    pub status: Status,
    /// The most likely cause, if the evidence allows one.
    pub diagnosis: Option<String>,
    /// The whole story.
    pub report: String,
    /// Wall time in seconds.
    pub seconds: f64,
}

/// The folder of a check below [`Conditions::checks`].
pub fn folder_name(test: &str) -> String {
    test.replace("::", "--")
}

/// Runs a test program: `words` is its command line, as nextest gives it to a target runner.
///
/// # Errors
/// If the machine fails.
pub fn run(words: &[OsString]) -> anyhow::Result<std::convert::Infallible> {
    let Some((program, arguments)) = words.split_first() else { bail!("nothing to run inside of") };
    if arguments.iter().any(|word| word == "--list") {
        return Err(Command::new(program).args(arguments).exec()).context("failed to list tests");
    }
    let path =
        env::var_os(CONDITIONS).map(PathBuf::from).with_context(|| format!("`{CONDITIONS}` is not set"))?;
    let text = fs::read_to_string(&path).with_context(|| format!("failed to read `{}`", path.display()))?;
    let conditions: Conditions = serde_json::from_str(&text).context("the conditions are no JSON")?;
    let test = test_name(arguments)?;
    let folder = conditions.checks.join(folder_name(&test));
    // A network of the check's own is made with it, or there is no test, and no result.
    let network = if conditions.own_network { Ok(()) } else { loopback() };
    let (code, ran) = match network {
        Ok(()) => watch(&conditions, &folder, program, arguments)?,
        Err(error) => {
            Runner::with_user(conditions.drop_to).folder(&folder, true)?;
            let report = format!("this machine's loopback does not work: {error}; try `ip link set lo up`");
            (1, Ran { status: Status::GraderError, diagnosis: None, report, seconds: 0.0 })
        }
    };
    write_atomically(&folder.join(RESULT), &serde_json::to_string(&ran).context("failed to write JSON")?)?;
    std::process::exit(code);
}

/// Tries the network that a test and a program meet in, where they share the machine's: no program can work without it.
fn loopback() -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    TcpStream::connect_timeout(&listener.local_addr()?, limits::PATIENCE)?;
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.set_read_timeout(Some(limits::PATIENCE))?;
    socket.send_to(b"x", socket.local_addr()?)?;
    socket.recv_from(&mut [0])?;
    Ok(())
}

/// The test's name as a rubric has it: the test program's, then the function's.
fn test_name(arguments: &[OsString]) -> anyhow::Result<String> {
    let function = arguments.iter().skip_while(|word| *word != "--exact").nth(1);
    let function = function.and_then(|word| word.to_str()).context("no test is named with `--exact`")?;
    let binary = env::var("NEXTEST_BINARY_ID").context("this runs only below cargo-nextest")?;
    let (_, binary) = binary.rsplit_once("::").context("`NEXTEST_BINARY_ID` names no test program")?;
    Ok(format!("{binary}::{function}"))
}

fn watch(
    conditions: &Conditions,
    folder: &Path,
    program: &OsString,
    arguments: &[OsString],
) -> anyhow::Result<(i32, Ran)> {
    let runner = Runner::with_user(conditions.drop_to);
    runner.folder(folder, true)?;
    let (report, temporary) = (folder.join("report"), folder.join("tmp"));
    runner.folder(&temporary, true)?;
    // Of all programs on the machine, those in here go first when memory runs out.
    let _ = fs::write("/proc/self/oom_score_adj", "500");
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))
        .context("failed to become the reaper of a check")?;

    let mut words: Vec<OsString> = runner.words().into_iter().map(OsString::from).collect();
    if conditions.own_network {
        words.extend(sandbox::outer_layer(conditions.address.as_deref()).into_iter().map(OsString::from));
    }
    words.push(program.clone());
    words.extend_from_slice(arguments);
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).envs(conditions.environment.iter().map(|(name, value)| (name, value)));
    command.env("LAB_REPORT", &report).env("LAB_TMP", &temporary).env("TMPDIR", &temporary);
    command.env_remove(CONDITIONS);

    let started = Instant::now();
    let parent = rustix::process::getppid();
    let mut child = command.spawn().context("failed to start a test")?;
    let mut looked = Instant::now();
    let ended = loop {
        if let Some(status) = child.try_wait().context("failed to wait for a test")? {
            break Ok(status);
        }
        // Nobody would read the result.
        if rustix::process::getppid() != parent {
            processes::end_descendants(std::process::id());
            bail!("cargo-nextest has ended");
        }
        if started.elapsed() > limits::CHECK {
            break Err((
                Status::Timeout,
                format!("the check was ended: it took longer than {} s", limits::CHECK.as_secs()),
            ));
        }
        if looked.elapsed() > Duration::from_millis(100) {
            looked = Instant::now();
            let bytes = processes::memory_bytes(&processes::descendants(std::process::id()));
            if bytes > limits::CHECK_BYTES_MAX {
                let most = limits::CHECK_BYTES_MAX >> 20;
                break Err((
                    Status::Crash,
                    format!("the check was ended: its programs took more than {most} MiB of memory"),
                ));
            }
        }
        thread::sleep(Duration::from_millis(3));
    };
    processes::end_descendants(std::process::id());
    let seconds = started.elapsed().as_secs_f64();
    let story = fs::read_to_string(&report).ok();
    let _ = fs::remove_dir_all(&temporary);
    Ok(match ended {
        Ok(status) if status.success() => {
            (0, Ran { status: Status::Pass, diagnosis: None, report: String::new(), seconds })
        }
        Ok(status) => {
            let mut ran = failed(story.as_deref(), &status.to_string(), seconds);
            // Another program of this machine may have had the port, or the system still keeps it for a connection that
            // is over.
            if conditions.fixed_port && !conditions.own_network && ran.report.contains(IN_USE) {
                (ran.status, ran.diagnosis) = (Status::GraderError, None);
                ran.report.insert_str(0, "its port was in use on this machine, which has no sandbox:\n");
            }
            (1, ran)
        }
        Err((status, report)) => (1, Ran { status, diagnosis: None, report, seconds }),
    })
}

/// Reads what a failed test has written about itself (`LAB_REPORT`).
fn failed(story: Option<&str>, ended: &str, seconds: f64) -> Ran {
    let told = story.and_then(|story| {
        let (head, report) = story.split_once("\n\n")?;
        let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        let status = match field("status")? {
            "fail" => Status::Fail,
            "did-not-start" => Status::DidNotStart,
            "timeout" => Status::Timeout,
            "crash" => Status::Crash,
            _ => return None,
        };
        Some((status, field("diagnosis").map(str::to_owned), cut(report, limits::REPORT_BYTES_MAX)))
    });
    let (status, diagnosis, report) = told.unwrap_or_else(|| {
        (
            Status::GraderError,
            None,
            format!("the test itself broke ({ended}); see the raw result of cargo-nextest"),
        )
    });
    Ran { status, diagnosis, report, seconds }
}

/// The beginning of a text, `length` bytes at most.
pub fn cut(text: &str, length: usize) -> String {
    let text = text.trim_end();
    if text.len() <= length {
        return text.to_owned();
    }
    let end = (0..=length).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}\n(the rest is left out)", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::{cut, failed};
    use crate::outcome::Status;

    #[test]
    fn reads_the_story_of_a_failed_test() {
        let ran = failed(Some("status: timeout\ndiagnosis: it waits\n\nno answer\n\nsteps:\n"), "", 1.0);
        assert_eq!((ran.status, ran.diagnosis.as_deref()), (Status::Timeout, Some("it waits")));
        assert_eq!(ran.report, "no answer\n\nsteps:");
        let ran = failed(Some("status: crash\n\npanicked\n"), "", 1.0);
        assert_eq!((ran.status, ran.diagnosis), (Status::Crash, None));
    }

    #[test]
    fn blames_itself_for_a_test_without_a_story() {
        for story in [None, Some(""), Some("status: wonderful\n\nx")] {
            assert_eq!(failed(story, "exit status: 101", 1.0).status, Status::GraderError);
        }
    }

    #[test]
    fn cuts_between_characters() {
        assert_eq!(cut("aé", 2), "a\n(the rest is left out)");
        assert_eq!(cut("aé\n", 3), "aé");
    }
}
