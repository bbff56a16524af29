//! The words of causes that keep a program from starting, or end it at once. `sentences.rs` has most others.

use super::Cause;

/// What is wrong, and what to do about it.
pub(super) fn words(cause: &Cause) -> (String, &'static str) {
    let (what, hint) = match cause {
        Cause::NotWritten { function, file, line, step, .. } => {
            let step = step.map(|step| format!("step {step}, ")).unwrap_or_default();
            let function = function.as_ref().map(|name| format!("`{name}`, ")).unwrap_or_default();
            return (
                format!("this part is not written yet: {step}{function}{file}:{line}"),
                "write it, and delete its `todo!`",
            );
        }
        Cause::Python2 => ("the program is written in Python 2", "`print` needs parentheses in Python 3"),
        Cause::MergeMarkers => (
            "merge conflict markers are left in the program",
            "remove the lines that begin with `<<<<<<<`, `=======` and `>>>>>>>`",
        ),
        Cause::SyntaxError => {
            ("the program has a syntax error", "run it by hand, and correct the line that it names")
        }
        Cause::IndentationError => {
            ("the program is indented wrongly", "run it by hand, and correct the line that it names")
        }
        Cause::UndefinedName => (
            "the program uses a name that it does not define",
            "look for a placeholder that was never filled in",
        ),
        Cause::PortTaken => ("its port is in use already", "look for a second server in the program"),
        Cause::AddressUnavailable => (
            "it binds an address that this machine does not have",
            "bind the address given on its command line",
        ),
        Cause::ProgramMissing { file } => {
            let file = file.as_ref().map(|name| format!(": `{name}`")).unwrap_or_default();
            return (
                format!("the file of the program is not there{file}"),
                "compare its name with the command line, upper and lower case included, and check that it is handed in",
            );
        }
        Cause::FileMissing { file } => {
            let file = file.as_ref().map(|name| format!(", `{name}`,")).unwrap_or_default();
            return (
                format!("the program opens a file{file} that is not there"),
                "hand the file in with the program, or do without it",
            );
        }
        Cause::PortNotANumber => (
            "the port is a string, and the socket needs a number",
            "convert it first: `int(sys.argv[1])`, `Number(process.argv[2])`, `args[1].parse()`",
        ),
        Cause::NotConnected => (
            "it reads from or writes to a socket that has no connection, such as the listening socket",
            "use the connection that `accept` returned; a client calls `connect` first",
        ),
        // `sentences.rs` has the words of all others.
        _ => return (cause.code(), ""),
    };
    (what.to_owned(), hint)
}
