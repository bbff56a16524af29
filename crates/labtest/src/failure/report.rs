//! Where a failure goes: as JSON into the folder that `LAB_REPORT` names, and as text onto the screen.

use super::{FORMAT, Failure};
use crate::settings;
use std::any::Any;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Once;
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
                #[allow(clippy::print_stderr)] // the test harness captures this, but not a direct write
                {
                    eprintln!("\n{failure}");
                }
            }
            None => usual(info),
        }));
    });
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
    use super::{check_name, file_name};

    #[test]
    fn names_the_check() {
        assert_eq!(check_name(), "labtest::failure::report::tests::names_the_check");
        assert_eq!(file_name("core::answers"), "core--answers.json");
    }
}
