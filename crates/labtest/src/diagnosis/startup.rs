//! What kept a program from starting, or from going on, by its own last output: the words of interpreters, of runtimes and
//! of the operating system.

use crate::failure::Cause;
use labcore::printable;
use std::net::SocketAddr;

/// Characters of a file's name in a cause.
const NAME_CHARS_MAX: usize = 100;

/// What Python says of a port that is a string.
const NOT_AN_INTEGER: [&str; 2] =
    ["'str' object cannot be interpreted as an integer", "an integer is required (got type str)"];

/// The calls of Python that take a port.
const PORT_CALLS: [&str; 6] =
    [".bind(", ".connect(", ".connect_ex(", ".sendto(", "create_server(", "Server("];

/// What the operating system says of a TCP socket that has no connection.
const NOT_CONNECTED: [&str; 3] =
    ["Transport endpoint is not connected", "Socket is not connected", "ENOTCONN"];

/// Calls that report the same error for a connection that has ended.
const ENDED_CALLS: [&str; 3] = ["shutdown", "getpeername", "getRemoteSocketAddress"];

/// The cause that the standard error of a program which did not start, or ended at once, shows.
pub(crate) fn cause(errors: &str) -> Option<Cause> {
    let reasons = [
        ("Missing parentheses in call to", Cause::Python2),
        ("<<<<<<<", Cause::MergeMarkers),
        ("SyntaxError", Cause::SyntaxError),
        ("IndentationError", Cause::IndentationError),
        ("NameError", Cause::UndefinedName),
        ("ddress already in use", Cause::PortTaken),
        ("assign requested address", Cause::AddressUnavailable),
    ];
    let by_words = || reasons.into_iter().find(|(words, _)| errors.contains(words)).map(|(_, cause)| cause);
    by_words()
        .or_else(|| is_port_not_a_number(errors).then_some(Cause::PortNotANumber))
        .or_else(|| missing_program(errors).map(|file| Cause::ProgramMissing { file }))
        .or_else(|| missing_file(errors).map(|file| Cause::FileMissing { file }))
        .or_else(|| cause_of_socket_call(errors))
}

/// The cause that a failed call on a socket shows, also in a program that goes on.
pub(crate) fn cause_of_socket_call(errors: &str) -> Option<Cause> {
    let is_not_connected = NOT_CONNECTED.iter().any(|words| errors.contains(words))
        && !ENDED_CALLS.iter().any(|call| errors.contains(call));
    if is_not_connected {
        return Some(Cause::NotConnected);
    }
    let is_too_large = ["Message too long", "EMSGSIZE"].iter().any(|words| errors.contains(words));
    is_too_large.then_some(Cause::ReplyTooLarge)
}

/// The address in a line that reports a refused connection, as in `connect ECONNREFUSED 127.0.0.1:12000`.
pub(crate) fn refused_address(printed: &str) -> Option<SocketAddr> {
    let lines = printed.lines().filter(|line| line.to_lowercase().contains("refused"));
    lines.flat_map(str::split_whitespace).find_map(|word| {
        word.trim_matches(|letter: char| !letter.is_alphanumeric() && letter != '[').parse().ok()
    })
}

fn is_port_not_a_number(errors: &str) -> bool {
    let is_python = NOT_AN_INTEGER.iter().any(|words| errors.contains(words))
        && PORT_CALLS.iter().any(|call| errors.contains(call));
    is_python || errors.contains("ERR_SOCKET_BAD_PORT")
}

/// The file that holds the program, where an interpreter or a shell does not find it.
fn missing_program(errors: &str) -> Option<Option<String>> {
    errors.lines().find_map(|line| {
        if let Some((_, rest)) = line.split_once("can't open file ") {
            return Some(quoted(rest)); // Python
        }
        if let Some((_, name)) = line.split_once("Could not find or load main class ") {
            return Some(named(name)); // Java
        }
        if let Some((_, name)) = line.split_once("Unable to access jarfile ") {
            return Some(named(name));
        }
        // Node looks for a module, which is the program itself if no other one requires it.
        if let Some((_, rest)) = line.split_once("Cannot find module ") {
            return errors.contains("requireStack: []").then(|| quoted(rest));
        }
        // `python3 -m`; a missing import has `ModuleNotFoundError` before these words.
        if let Some((before, name)) = line.split_once(": No module named ") {
            return (!before.contains("Error")).then(|| named(name));
        }
        // A shell, or a tool that starts the program.
        let name = line.strip_suffix(": not found").or_else(|| {
            let starts = line.contains("failed to execute") || line.contains("exec");
            line.strip_suffix(": No such file or directory").filter(|_| starts)
        })?;
        Some(named(name.rsplit(": ").next()?.trim_start_matches("failed to execute ")))
    })
}

/// The file that the program opened in vain.
fn missing_file(errors: &str) -> Option<Option<String>> {
    errors.lines().find_map(|line| {
        if let Some((_, rest)) = line.split_once("FileNotFoundError: ") {
            return Some(quoted(rest)); // Python
        }
        if let Some((_, rest)) = line.split_once("FileNotFoundException: ") {
            return Some(named(rest.split(" (").next()?)); // Java
        }
        if let Some((_, name)) = line.split_once("NoSuchFileException: ") {
            return Some(named(name));
        }
        if let Some((_, rest)) = line.split_once("ENOENT: no such file or directory") {
            return Some(quoted(rest)); // Node
        }
        if let Some((before, _)) = line.split_once(": no such file or directory") {
            return Some(named(before.rsplit([' ', ':']).next()?)); // Go: `open a.txt: no such file or directory`
        }
        // C and Rust, which do not name the file.
        line.contains("No such file or directory").then_some(None)
    })
}

/// The first text in quotes.
fn quoted(text: &str) -> Option<String> {
    let start = text.find(['\'', '"'])?;
    let quote = text[start..].chars().next()?;
    named(text[start + 1..].split(quote).next()?)
}

/// The name of a file, without the folders before it, escaped and short enough for a sentence.
fn named(path: &str) -> Option<String> {
    let name: String = path.trim().rsplit('/').next()?.chars().take(NAME_CHARS_MAX).collect();
    Some(printable(name.as_bytes()).to_string()).filter(|name| !name.is_empty())
}

/// The stub that a Rust program reached: a `todo!` panics with its place and its message.
///
/// ```text
/// thread 'main' panicked at labs/udp-echo/src/lib.rs:21:5:
/// not yet implemented: step 1: receive a datagram first
/// ```
///
/// Before Rust 1.73 both stood on one line: `panicked at 'not yet implemented: …', labs/udp-echo/src/lib.rs:21:5`.
pub(crate) fn stub_reached(errors: &str) -> Option<Cause> {
    let mut lines = errors.lines();
    while let Some(line) = lines.next() {
        let Some((_, rest)) = line.split_once(" panicked at ") else { continue };
        let (place, message) = match rest.strip_prefix('\'').and_then(|rest| rest.rsplit_once("', ")) {
            Some((message, place)) => (place, message),
            None => (rest, lines.clone().next().unwrap_or_default()),
        };
        let unwritten = ["not yet implemented", "not implemented"];
        let Some(message) = unwritten.iter().find_map(|words| message.strip_prefix(words)) else { continue };
        let mut parts = place.trim_end_matches(':').rsplitn(3, ':');
        let (Some(_column), Some(line), Some(file)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        let (step, message) = split_step(message.strip_prefix(": ").unwrap_or(message));
        // A stub may begin with the name of its function.
        let is_name =
            |name: &str| name.chars().all(|letter| letter.is_alphanumeric() || "_:".contains(letter));
        let named = message.split_once(':').filter(|(name, _)| is_name(name));
        let task = named.map_or(message, |(_, task)| task).trim();
        return Some(Cause::NotWritten {
            function: named.map(|(name, _)| name.to_owned()),
            file: file.to_owned(),
            line: line.parse().ok()?,
            step,
            task: Some(task.to_owned()).filter(|task| !task.is_empty()),
        });
    }
    None
}

/// The number of the step that a stub's message begins with, as in `step 3: …`, and the rest.
fn split_step(message: &str) -> (Option<u32>, &str) {
    let split = || {
        let (number, rest) = message.strip_prefix("step ")?.split_once(':')?;
        Some((Some(number.trim().parse().ok()?), rest.trim_start()))
    };
    split().unwrap_or((None, message))
}

/// The function around line `line` of a Rust source file, if a stub stands on that line.
pub(crate) fn function_at(source: &str, line: u32) -> Option<String> {
    let before: Vec<&str> = source.lines().take(line as usize).collect();
    before.last().filter(|last| last.contains("todo!") || last.contains("unimplemented!"))?;
    before.iter().rev().find_map(|line| {
        let (qualifiers, rest) = line.split_once("fn ")?;
        let is_start = qualifiers.split_whitespace().all(|word| {
            word.starts_with("pub") || ["const", "async", "unsafe", "in", "crate)", "super)"].contains(&word)
        });
        let name = rest.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next()?;
        (is_start && !name.is_empty()).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::{cause, function_at, refused_address, stub_reached};
    use crate::failure::Cause;

    #[test]
    fn names_what_keeps_a_program_from_starting() {
        let python_2 = "SyntaxError: Missing parentheses in call to 'print'. Did you mean print(...)?";
        assert_eq!(cause(python_2), Some(Cause::Python2));
        assert_eq!(
            cause("OSError: [Errno 99] Cannot assign requested address"),
            Some(Cause::AddressUnavailable)
        );
        assert_eq!(cause("listening soon"), None);
    }

    #[test]
    fn tells_a_missing_program_from_a_file_that_it_opens() {
        let program = |file: &str| Some(Cause::ProgramMissing { file: Some(file.to_owned()) });
        let file = |file: &str| Some(Cause::FileMissing { file: Some(file.to_owned()) });
        for (errors, expected) in [
            (
                "python3: can't open file '/work/server.py': [Errno 2] No such file or directory\n",
                program("server.py"),
            ),
            ("/usr/bin/python3: No module named server\n", program("server")),
            ("Error: Could not find or load main class Server\nCaused by: x\n", program("Server")),
            ("Error: Unable to access jarfile server.jar\n", program("server.jar")),
            (
                "Error: Cannot find module '/work/s.js'\n  code: 'MODULE_NOT_FOUND',\n  requireStack: []\n",
                program("s.js"),
            ),
            ("sh: 1: exec: ./server: not found\n", program("server")),
            ("prlimit: failed to execute ./server: No such file or directory\n", program("server")),
            ("FileNotFoundError: [Errno 2] No such file or directory: 'a/b.txt'\n", file("b.txt")),
            ("Exception: java.io.FileNotFoundException: b.txt (No such file or directory)\n", file("b.txt")),
            ("Error: ENOENT: no such file or directory, open 'b.txt'\n", file("b.txt")),
            ("open b.txt: no such file or directory\n", file("b.txt")),
            ("fopen: No such file or directory\n", Some(Cause::FileMissing { file: None })),
            ("ModuleNotFoundError: No module named 'numpy'\n", None),
        ] {
            assert_eq!(cause(errors), expected, "{errors}");
        }
    }

    #[test]
    fn names_what_is_wrong_with_a_call_on_a_socket() {
        let error = "TypeError: 'str' object cannot be interpreted as an integer\n";
        assert_eq!(cause(&format!("  s.bind(('', sys.argv[1]))\n{error}")), Some(Cause::PortNotANumber));
        assert_eq!(cause(&format!("  for i in range(sys.argv[2]):\n{error}")), None);
        let not_connected = "OSError: [Errno 107] Transport endpoint is not connected\n";
        assert_eq!(cause(&format!("  s.recv(1)\n{not_connected}")), Some(Cause::NotConnected));
        assert_eq!(cause(&format!("  c.shutdown(2)\n{not_connected}")), None);
        assert_eq!(cause("OSError: [Errno 90] Message too long\n"), Some(Cause::ReplyTooLarge));
    }

    #[test]
    fn finds_the_address_that_refused() {
        for printed in [
            "Error: connect ECONNREFUSED 127.0.0.1:12000\n",
            "error: failed to connect to `127.0.0.1:12000`: Connection refused (os error 111)\n",
            "dial tcp 127.0.0.1:12000: connect: connection refused\n",
        ] {
            assert_eq!(refused_address(printed), "127.0.0.1:12000".parse().ok());
        }
        assert_eq!(refused_address("ConnectionRefusedError: [Errno 111] Connection refused\n"), None);
    }

    #[test]
    fn finds_the_function_around_a_stub() {
        let source = "pub fn first() {}\n\npub(crate) fn second(x: u8) -> u8 {\n    // fn third\n    todo!(\"step 2\")\n}\n";
        assert_eq!(function_at(source, 5).as_deref(), Some("second"));
        assert_eq!(function_at(source, 1), None);
        assert_eq!(function_at(source, 50), None);
    }

    #[test]
    fn finds_the_stub_that_was_reached() {
        let errors = |message: &str| {
            format!(
                "note\n\nthread 'main' (7) panicked at labs/udp-echo/src/lib.rs:21:5:\n{message}\nnote: run with\n"
            )
        };
        let expected = |function: Option<&str>, task: Option<&str>| {
            let (function, task) = (function.map(str::to_owned), task.map(str::to_owned));
            let file = "labs/udp-echo/src/lib.rs".to_owned();
            Some(Cause::NotWritten { function, file, line: 21, step: None, task })
        };
        let check = |message: &str, expected: Option<Cause>| {
            assert_eq!(stub_reached(&errors(&format!("not yet implemented{message}"))), expected);
        };
        check(": serve: receive first", expected(Some("serve"), Some("receive first")));
        check(": look at it first: now", expected(None, Some("look at it first: now")));
        check("", expected(None, None));
        assert_eq!(stub_reached(&errors("index out of bounds")), None);
        let (file, task) = ("labs/udp-echo/src/lib.rs".to_owned(), Some("send it first".to_owned()));
        let step_2 = Cause::NotWritten { function: None, file, line: 21, step: Some(2), task };
        assert_eq!(stub_reached(&errors("not yet implemented: step 2: send it first")), Some(step_2));
        let on_one_line = "thread 'main' panicked at 'not yet implemented: serve: receive first', labs/udp-echo/src/lib.rs:21:5";
        assert_eq!(stub_reached(on_one_line), expected(Some("serve"), Some("receive first")));
    }
}
