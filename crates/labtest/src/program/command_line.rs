//! The *command line* of a program under test: the crate's own, a replacement from the environment, or the program of a
//! submission.

use crate::diagnosis::fail::{Problem, fail};
use crate::failure::Verdict;
use crate::settings::{self, Reason};
use crate::transcript::{Launch, Transcript};
use std::env;
use std::path::{Path, PathBuf};

/// Stands for the options that a check asks for.
pub(super) const ARGS: &str = "{args}";

/// The words of a command line.
#[derive(Debug)]
pub(super) struct CommandLine {
    pub(super) words: Vec<String>,
    /// How a person starts the same program, if that can be said.
    pub(super) launch: Option<Launch>,
}

impl CommandLine {
    /// Notes that the program serves the files in `directory`, unless that is where everything is started.
    pub(super) fn set_directory(&mut self, directory: &Path) {
        let path = directory.display().to_string();
        if let Some(launch) = self.launch.as_mut().filter(|_| directory != top_folder()) {
            launch.directory = Some(directory.to_owned());
            launch.line = launch.line.replace(&path, ".");
        }
    }
}

/// A word for each of `program` and `args`.
pub(super) fn words(program: &str, args: &[&str]) -> Vec<String> {
    std::iter::once(program).chain(args.iter().copied()).map(str::to_owned).collect()
}

/// The words with each program of the crate replaced by the submission's program of the same name.
///
/// Fails the check as *not tried* if that program is absent.
#[track_caller]
pub(super) fn replaced(words: &[String]) -> Vec<String> {
    let Some(folder) = settings::programs() else { return words.to_vec() };
    let absent = settings::absent();
    let names: Vec<String> = std::fs::read_dir(&folder)
        .map(|entries| entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect())
        .unwrap_or_default();
    let mut replaced = Vec::new();
    for word in words {
        let mut word = word.clone();
        for name in names.iter().chain(absent.keys()) {
            let in_place = place(&word, name, &folder);
            if let Some(reason) =
                absent.get(name).filter(|_| in_place != word || is_file(&word, &folder, name))
            {
                not_tried(*reason);
            }
            word = in_place;
        }
        replaced.push(word);
    }
    replaced
}

/// True if `word` already is the path of the program `name` in `folder`.
fn is_file(word: &str, folder: &Path, name: &str) -> bool {
    Path::new(word) == folder.join(name)
}

#[track_caller]
pub(super) fn not_tried(reason: Reason) -> ! {
    let problem = Problem::new(format!("there is no program to try: {reason}"));
    fail(&Transcript::current(), problem.verdict(Verdict::NotTried(reason)))
}

/// Puts `folder` before `name` where `word` has a path to a file of that name, alone or between quotes in a script.
fn place(word: &str, name: &str, folder: &Path) -> String {
    const QUOTES: [char; 2] = ['\'', '"'];
    let end = format!("/{name}");
    let new = folder.join(name).display().to_string();
    let mut pieces: Vec<String> = word.split_inclusive(QUOTES).map(str::to_owned).collect();
    for piece in &mut pieces {
        let quote = piece.chars().last().filter(|last| QUOTES.contains(last));
        let path = piece.trim_end_matches(QUOTES);
        if path.starts_with('/') && path.ends_with(&end) {
            *piece = format!("{new}{}", quote.map(String::from).unwrap_or_default());
        }
    }
    pieces.concat()
}

/// The top folder of the workspace, where the commands of the handouts are typed. Cargo runs tests in their package's.
pub(super) fn top_folder() -> PathBuf {
    let package = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from("."), PathBuf::from);
    let top = package.join("../..");
    top.canonicalize().unwrap_or(top)
}

/// Splits the command line that `variable` holds into words, and fills in the places.
#[track_caller]
pub(super) fn filled(variable: &str, template: &str, args: &[&str], host: &str, port: u16) -> CommandLine {
    let mut words = Vec::new();
    for word in split(variable, template) {
        if word == ARGS {
            words.extend(args.iter().map(|arg| (*arg).to_owned()));
        } else {
            words.push(
                in_top_folder(&word).replace(Launch::HOST, host).replace(Launch::PORT, &port.to_string()),
            );
        }
    }
    if !args.is_empty() {
        ensure_takes_args(template);
    }
    let shown = settings::shown_command_line(variable).unwrap_or_else(|| template.to_owned());
    CommandLine {
        words,
        launch: Some(Launch { line: shown.replace(ARGS, &shell_words::join(args)), directory: None }),
    }
}

/// A word, or the path of the file in the top folder that it names: it is found there wherever the program is started.
fn in_top_folder(word: &str) -> String {
    let file = top_folder().join(word);
    if !word.is_empty() && file.exists() { file.display().to_string() } else { word.to_owned() }
}

/// Splits a command line as a shell does.
#[track_caller]
fn split(variable: &str, template: &str) -> Vec<String> {
    // On Windows a backslash separates folders, and a shell would take it away.
    let template = if cfg!(windows) { template.replace('\\', "\\\\") } else { template.to_owned() };
    let words =
        shell_words::split(&template).unwrap_or_else(|error| panic!("`{variable}={template}`: {error}"));
    assert!(!words.is_empty(), "`{variable}` holds a command line, like `python3 server.py {{port}}`");
    words
}

/// The command line of the crate's own program, with these words; or of the program that the environment puts in its
/// place. That one must take `{args}`, or the check fails as *not tried*.
///
/// Where the words ask the system for a port, a person gets a fixed one.
#[track_caller]
pub(super) fn own(program: &str, args: &[&str]) -> CommandLine {
    if !is_program_of_lab(program) {
        return CommandLine { words: words(program, args), launch: None };
    }
    let line = shown_args(args);
    let variable = variable_of(program);
    let Some(template) = settings::shown_command_line(variable) else {
        let name = Path::new(program).file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let package = env::var("CARGO_PKG_NAME").unwrap_or_default();
        let line = format!("cargo run -q -p {package} --bin {name} -- {line}");
        return CommandLine { words: words(program, args), launch: Some(Launch { line, directory: None }) };
    };
    // Words with a place in them are for the address, which is among `args` here.
    let mut before = split(variable, &template);
    before.retain(|word| !word.contains('{'));
    let line = format!("{} {line}", shell_words::join(&before));
    let launch = Some(Launch { line, directory: None });
    if settings::programs().is_some() {
        return CommandLine { words: words(program, args), launch };
    }
    ensure_takes_args(&template);
    let before = before.iter().map(|word| in_top_folder(word));
    let words = before.chain(args.iter().map(|arg| (*arg).to_owned())).collect();
    CommandLine { words, launch }
}

/// Fails the check as *not tried* if the environment puts a program in the place of `program`, and the check can only
/// start the crate's own.
#[track_caller]
#[cfg(unix)]
pub(crate) fn ensure_not_replaced(program: &str) {
    if settings::programs().is_none() && settings::command_line(variable_of(program)).is_some() {
        not_tried(Reason::NoOptions);
    }
}

#[track_caller]
fn ensure_takes_args(template: &str) {
    if !template.contains(ARGS) {
        not_tried(Reason::NoOptions);
    }
}

/// True for a program that Cargo has built for the tests, and false for tools such as `/bin/sh`.
fn is_program_of_lab(program: &str) -> bool {
    let path = Path::new(program);
    env::var_os("CARGO_PKG_NAME").is_some() && path.is_absolute() && !path.starts_with("/bin")
}

/// The variable that holds a command line in place of `program`.
fn variable_of(program: &str) -> &'static str {
    let name = Path::new(program).file_stem().unwrap_or_default().to_string_lossy().into_owned();
    if name.ends_with("-client") { settings::CLIENT } else { settings::SERVER }
}

/// The options and the address as a person types them.
fn shown_args(args: &[&str]) -> String {
    let shown = args.iter().map(|arg| match arg.strip_suffix(":0") {
        Some(host) => format!("{host}:{}", Launch::PORT),
        None if *arg == "0" => Launch::PORT.to_owned(),
        None => shell_words::quote(arg).into_owned(),
    });
    shown.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{filled, place};
    use std::path::Path;

    #[test]
    fn puts_another_program_in_its_place() {
        let check = |word: &str, expected: &str| {
            assert_eq!(place(word, "tcp-echo-server", Path::new("/programs")), expected);
        };
        check("/target/debug/tcp-echo-server", "/programs/tcp-echo-server");
        check(
            "'/target/debug/tcp-echo-server' 127.0.0.1 0 | head -n 1",
            "'/programs/tcp-echo-server' 127.0.0.1 0 | head -n 1",
        );
        check("tcp-echo-server", "tcp-echo-server");
        check("/target/my-tcp-echo-server", "/target/my-tcp-echo-server");
        check("--root=/a/tcp-echo-server", "--root=/a/tcp-echo-server");
    }

    #[test]
    fn fills_in_address_and_options() {
        let line = filled("LAB_SERVER", "nc {host} {port} {args}", &["-q", "1 2"], "127.0.0.1", 25000);
        assert_eq!(line.words, ["nc", "127.0.0.1", "25000", "-q", "1 2"]);
        assert_eq!(line.launch.unwrap().line, "nc {host} {port} -q '1 2'");
    }

    #[test]
    fn keeps_words_in_quotes_together() {
        let line = filled("LAB_SERVER", "python3 'my server.py' \"\" a\"b c\"", &[], "127.0.0.1", 1);
        assert_eq!(line.words, ["python3", "my server.py", "", "ab c"]);
    }

    #[cfg(unix)]
    #[test]
    fn shows_how_to_start_the_crates_own_program() {
        let line = |args: &[&str]| super::own("/target/debug/udp-echo-server", args).launch.unwrap().line;
        let start = "cargo run -q -p labtest --bin udp-echo-server --";
        assert_eq!(line(&["--quiet", "127.0.0.1", "0"]), format!("{start} --quiet 127.0.0.1 {{port}}"));
        assert_eq!(line(&["[::1]:0"]), format!("{start} [::1]:{{port}}"));
    }
}
