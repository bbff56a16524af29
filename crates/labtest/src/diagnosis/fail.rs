//! How a check ends that fails.

use super::{reproduce, startup};
use crate::failure::{self, Cause, End, Excerpt, FORMAT, Failure, Received, Verdict};
use crate::settings;
use crate::transcript::Transcript;
use crate::wait::{POLL, Programs, patience};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

/// How long a failed check waits for its programs to end. A program that is using the processor gets more time: it may be
/// about to end, and a traceback takes long on a busy machine.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// How long a program does nothing before it counts as one that goes on.
const IDLE: Duration = Duration::from_millis(100);

/// The longest source file that is read to find the function of a stub.
const SOURCE_BYTES_MAX: u64 = 1 << 20;

/// Bytes of a summary; what it quotes may be of any length.
const SUMMARY_BYTES_MAX: usize = 2048;

/// What is known of a failure where it is found; the transcript holds the rest.
#[derive(Debug, Default)]
pub(crate) struct Problem {
    pub(crate) verdict: Option<Verdict>,
    pub(crate) cause: Option<Cause>,
    /// What the check saw, in one line.
    pub(crate) summary: String,
    pub(crate) expected: Option<Excerpt>,
    pub(crate) received: Option<Received>,
}

impl Problem {
    pub(crate) fn new(summary: impl Into<String>) -> Problem {
        Problem { summary: summary.into(), ..Problem::default() }
    }

    /// It is a failure of this kind.
    pub(crate) fn verdict(self, verdict: Verdict) -> Problem {
        Problem { verdict: Some(verdict), ..self }
    }

    /// It is a timeout if `condition` holds.
    pub(crate) fn timeout_if(self, condition: bool) -> Problem {
        if condition { self.verdict(Verdict::Timeout) } else { self }
    }

    pub(crate) fn cause(self, cause: Option<Cause>) -> Problem {
        Problem { cause, ..self }
    }

    /// These bytes were expected, and those came.
    pub(crate) fn bytes(self, expected: &[u8], received: &[u8], end: End) -> Problem {
        let at = expected.iter().zip(received).take_while(|(one, other)| one == other).count();
        let received = Received { bytes: Excerpt::around(received, at), end };
        Problem { expected: Some(Excerpt::around(expected, at)), received: Some(received), ..self }
    }

    /// These bytes came, where no certain bytes were expected.
    pub(crate) fn received(self, received: &[u8], end: End) -> Problem {
        Problem { received: Some(Received { bytes: Excerpt::of(received), end }), ..self }
    }
}

/// Fails the check.
pub(crate) fn fail(transcript: &Transcript, problem: Problem) -> ! {
    await_last_words(transcript);
    let output = transcript.output();
    let stub = output.iter().find_map(|output| startup::stub_reached(&output.stderr)).map(with_function);
    let verdict = problem.verdict.unwrap_or(Verdict::Fail);
    let verdict = match verdict {
        Verdict::NotTried(_) => verdict,
        _ if stub.is_some() => Verdict::NotWritten,
        Verdict::DidNotStart => verdict,
        _ if transcript.has_crashed() => Verdict::Crash,
        _ => verdict,
    };
    let is_shown = |byte: &u8| byte.is_ascii_graphic() || b" \r\n".contains(byte);
    let hides_bytes = problem.received.as_ref().is_some_and(|came| !came.bytes.bytes.iter().all(is_shown));
    let (steps, steps_left_out) = transcript.steps();
    failure::raise(Failure {
        format: FORMAT,
        check: transcript.check().to_owned(),
        verdict,
        // A stub explains everything that follows from it.
        cause: if verdict == Verdict::NotWritten { stub } else { problem.cause },
        summary: cut(problem.summary),
        steps,
        steps_left_out,
        expected: problem.expected,
        received: problem.received,
        reproduce: reproduce::commands(transcript, hides_bytes),
        output,
        has_run_file: settings::has_run_file(),
    })
}

/// Adds the function that a stub stands in, if its message does not name it and its source is here.
fn with_function(mut stub: Cause) -> Cause {
    if let Cause::NotWritten { function: function @ None, file, line, .. } = &mut stub {
        let package = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
        let mut sources = package.ancestors().filter_map(|folder| read_source(folder, Path::new(&*file)));
        *function = sources.next().and_then(|source| startup::function_at(&source, *line));
    }
    stub
}

/// Reads a file of source code in `folder`. The program under test chose its name: it may be anything.
fn read_source(folder: &Path, file: &Path) -> Option<String> {
    let is_inside = file.components().all(|part| matches!(part, Component::Normal(_)));
    if !is_inside || file.extension().is_none_or(|extension| extension != "rs") {
        return None;
    }
    let path = folder.join(file);
    let metadata = fs::symlink_metadata(&path).ok()?;
    let is_source = metadata.is_file() && metadata.len() <= SOURCE_BYTES_MAX;
    is_source.then(|| fs::read_to_string(path).ok()).flatten()
}

/// A summary that is short enough for a line. It may quote what a program printed.
fn cut(mut summary: String) -> String {
    if let Some(end) = (SUMMARY_BYTES_MAX..summary.len()).find(|at| summary.is_char_boundary(*at)) {
        summary.truncate(end);
        summary.push('…');
    }
    summary
}

/// Gives programs that are about to end the time for it: what they print then is the best explanation, and a connection may
/// be closed a moment before.
fn await_last_words(transcript: &Transcript) {
    let start = Instant::now();
    let mut deadline = start + LAST_WORDS;
    while !transcript.have_ended() && Instant::now() < deadline {
        if transcript.are_at_work() {
            deadline = deadline.max(Instant::now() + IDLE).min(start + patience());
        }
        thread::sleep(POLL);
    }
}

#[cfg(test)]
mod tests {
    use super::read_source;
    use std::path::Path;

    #[test]
    fn reads_no_file_but_source_below_the_package() {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        let is_read = |name: &str| read_source(package, Path::new(name)).is_some();
        assert!(is_read("src/lib.rs"));
        for name in
            ["/dev/zero", "../labcore/src/lib.rs", "src/../src/lib.rs", "src", "Cargo.toml", "none.rs"]
        {
            assert!(!is_read(name), "{name}");
        }
    }
}
