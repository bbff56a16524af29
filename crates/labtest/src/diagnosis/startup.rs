//! What kept a program from starting, or from going on, by its own last output.

use crate::failure::Cause;

/// The cause that the standard error of a program which did not start shows.
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
    reasons.into_iter().find(|(words, _)| errors.contains(words)).map(|(_, cause)| cause)
}

/// The stub that a Rust program reached: a `todo!` panics with its place and its message.
///
/// ```text
/// thread 'main' panicked at labs/udp-echo/src/lib.rs:21:5:
/// not yet implemented: serve: receive a datagram first
/// ```
pub(crate) fn stub_reached(errors: &str) -> Option<Cause> {
    let mut lines = errors.lines();
    while let Some(line) = lines.next() {
        let Some((_, place)) = line.split_once(" panicked at ") else { continue };
        let Some(message) = lines.clone().next().and_then(|line| line.strip_prefix("not yet implemented"))
        else {
            continue;
        };
        let mut parts = place.trim_end_matches(':').rsplitn(3, ':');
        let (_column, line, file) = (parts.next()?, parts.next()?, parts.next()?);
        // The stubs of the labs begin with the name of their function.
        let message = message.strip_prefix(": ").unwrap_or(message);
        let is_name =
            |name: &str| name.chars().all(|letter| letter.is_alphanumeric() || "_:".contains(letter));
        let named = message.split_once(':').filter(|(name, _)| is_name(name));
        let task = named.map_or(message, |(_, task)| task).trim();
        return Some(Cause::NotWritten {
            function: named.map(|(name, _)| name.to_owned()),
            file: file.to_owned(),
            line: line.parse().ok()?,
            task: Some(task.to_owned()).filter(|task| !task.is_empty()),
        });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{cause, stub_reached};
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
    fn finds_the_stub_that_was_reached() {
        let errors = |message: &str| {
            format!(
                "note\n\nthread 'main' (7) panicked at labs/udp-echo/src/lib.rs:21:5:\n{message}\nnote: run with\n"
            )
        };
        let expected = |function: Option<&str>, task: Option<&str>| {
            let (function, task) = (function.map(str::to_owned), task.map(str::to_owned));
            Some(Cause::NotWritten { function, file: "labs/udp-echo/src/lib.rs".to_owned(), line: 21, task })
        };
        let check = |message: &str, expected: Option<Cause>| {
            assert_eq!(stub_reached(&errors(&format!("not yet implemented{message}"))), expected);
        };
        check(": serve: receive first", expected(Some("serve"), Some("receive first")));
        check(": look at it first: now", expected(None, Some("look at it first: now")));
        check("", expected(None, None));
        assert_eq!(stub_reached(&errors("index out of bounds")), None);
    }
}
