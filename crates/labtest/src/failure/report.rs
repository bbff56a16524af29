//! Where a failure goes: as JSON into the folder that `LAB_REPORT` names, and as text onto the screen.

use super::{FORMAT, Failure, Verdict};
use crate::settings;
use std::any::Any;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, Once};
use std::{env, fs, panic, thread};

/// Bytes of a failure as JSON.
const JSON_BYTES_MAX: usize = 1 << 20;

/// The name of the file that holds the failure of a check.
pub fn file_name(check: &str) -> String {
    format!("{}.json", check.replace("::", "--"))
}

/// Reads the failure that a check has left in `folder`. `None` if there is none: the check passed, or broke by itself.
///
/// # Errors
/// If there is a file, and it is not the failure of this check in the format of this version.
pub fn read(folder: &Path, check: &str) -> io::Result<Option<Failure>> {
    let text = match fs::read_to_string(folder.join(file_name(check))) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let failure: Failure = serde_json::from_str(&text)?;
    if failure.format != FORMAT || failure.check != check {
        return Err(io::Error::other(format!(
            "it is the failure of `{}`, format {}",
            failure.check, failure.format
        )));
    }
    Ok(Some(failure))
}

/// Fails the check that runs on this thread.
pub(crate) fn raise(failure: Failure) -> ! {
    install();
    panic::panic_any(failure)
}

/// Makes panics with a [`Failure`] write it down. All other panics stay what they are: a check that broke.
fn install() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| match failure(info.payload()) {
            Some(failure) => {
                write(failure);
                let text = match explained_before(failure) {
                    Some(check) => failure.in_short(&check),
                    None => failure.to_string(),
                };
                #[allow(clippy::print_stderr)] // the test harness captures this, but not a direct write
                {
                    eprintln!("\n{text}");
                }
            }
            None => usual(info),
        }));
    });
}

/// The check of this process for which the same cause was explained. If there is none, it is this one from now on.
///
/// `cargo test` runs all checks of a file in one process.
fn explained_before(failure: &Failure) -> Option<String> {
    static EXPLAINED: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());
    let key = cause_key(failure)?;
    let mut explained = EXPLAINED.lock().ok()?;
    let before = explained.get(&key).cloned();
    if before.is_none() {
        explained.insert(key, failure.check.clone());
    }
    before
}

/// What two failures with the same cause have in common. A crash has a message of its own, so two are alike only if their
/// messages are.
fn cause_key(failure: &Failure) -> Option<String> {
    let mut cause = serde_json::to_value(failure.cause.as_ref()?).ok()?;
    // Each check has a server at another address.
    cause.as_object_mut()?.remove("server");
    let is_crash = failure.verdict == Verdict::Crash;
    let outputs = failure.output.iter().filter(|_| is_crash);
    let messages: Vec<&str> = outputs.filter_map(|output| output.stderr.lines().last()).collect();
    Some(format!("{} {cause} {messages:?}", failure.verdict))
}

fn failure(payload: &(dyn Any + Send)) -> Option<&Failure> {
    payload.downcast_ref()
}

/// Writes a failure where it is asked for. The first one of a check stays: a later one is a consequence.
fn write(failure: &Failure) {
    let Some(folder) = settings::report() else { return };
    let mut json = serde_json::to_string(failure).unwrap_or_default();
    if json.len() > JSON_BYTES_MAX {
        // Something in it has no bound of its own. The verdict is what counts.
        let short = Failure { cause: None, steps: Vec::new(), output: Vec::new(), ..failure.clone() };
        json = serde_json::to_string(&short).unwrap_or_default();
    }
    if let Ok(mut file) = fs::File::create_new(folder.join(file_name(&failure.check))) {
        let _ = file.write_all(json.as_bytes());
    }
}

/// The check that runs on this thread: the test program's name, then the function's.
pub(crate) fn check_name() -> String {
    let program = env::current_exe().unwrap_or_default();
    let program = program.file_stem().unwrap_or_default().to_string_lossy();
    // Cargo appends a hash: `core-0f1e2d3c4b5a6978`.
    let program = program.rsplit_once('-').map_or(&*program, |(name, _)| name);
    let thread = thread::current();
    let function = match thread.name() {
        Some(name) if name != "main" => name.to_owned(),
        // One of the check's own threads: the name stands on the command line, if only one check runs.
        _ => env::args().skip_while(|word| word != "--exact").nth(1).unwrap_or_else(|| "unknown".to_owned()),
    };
    format!("{program}::{function}")
}

#[cfg(test)]
mod tests {
    use super::{cause_key, check_name, explained_before, file_name};
    use crate::failure::{Cause, FORMAT, Failure, ProgramOutput, Verdict};

    fn failure(check: &str, verdict: Verdict, cause: Option<Cause>, stderr: &str) -> Failure {
        let (program, stdout, stderr) = ("server".to_owned(), String::new(), stderr.to_owned());
        Failure {
            format: FORMAT,
            check: check.to_owned(),
            verdict,
            cause,
            summary: "it went wrong".to_owned(),
            steps: Vec::new(),
            steps_left_out: 0,
            expected: None,
            received: None,
            reproduce: Vec::new(),
            output: vec![ProgramOutput { program, stdout, stderr }],
            has_run_file: false,
        }
    }

    #[test]
    fn explains_the_same_cause_once() {
        let first = failure("core::one", Verdict::Fail, Some(Cause::FormatLost), "");
        assert_eq!(explained_before(&first), None);
        let second = Failure { check: "core::two".to_owned(), ..first };
        assert_eq!(explained_before(&second).as_deref(), Some("core::one"));
        let text = second.in_short("core::one");
        assert_eq!(
            text.lines().nth(1),
            Some("the same cause as in `core::one`; what to do about it is explained there")
        );
        assert!(text.contains("it went wrong") && text.lines().count() == 3, "{text}");
    }

    #[test]
    fn explains_each_crash_and_what_has_no_cause() {
        let crash =
            |message| cause_key(&failure("a", Verdict::Crash, Some(Cause::EndedBeforeReply), message));
        assert_eq!(crash("x\nKeyError: 1\n"), crash("KeyError: 1"));
        assert_ne!(crash("KeyError: 1"), crash("KeyError: 2"));
        assert_eq!(cause_key(&failure("a", Verdict::Fail, None, "")), None);
        let asks = |port| {
            let server = ([127, 0, 0, 1], port).into();
            let cause = Cause::AsksElsewhere { server, found: None, was_told: true };
            cause_key(&failure("a", Verdict::Timeout, Some(cause), ""))
        };
        assert_eq!(asks(1), asks(2));
    }

    #[test]
    fn names_the_check() {
        assert_eq!(check_name(), "labtest::failure::report::tests::names_the_check");
        assert_eq!(file_name("core::answers"), "core--answers.json");
    }
}
