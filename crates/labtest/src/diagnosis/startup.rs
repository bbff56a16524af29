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
        let function =
            message.strip_prefix(": ").and_then(|message| message.split_once(':')).map(|(name, _)| name);
        let is_name =
            |name: &&str| name.chars().all(|letter| letter.is_alphanumeric() || "_:".contains(letter));
        return Some(Cause::NotWritten {
            function: function.filter(is_name).map(str::to_owned),
            file: file.to_owned(),
            line: line.parse().ok()?,
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
        let expected = |function: Option<&str>| {
            let (function, file) = (function.map(str::to_owned), "labs/udp-echo/src/lib.rs".to_owned());
            Some(Cause::NotWritten { function, file, line: 21 })
        };
        assert_eq!(
            stub_reached(&errors("not yet implemented: serve: receive first")),
            expected(Some("serve"))
        );
        assert_eq!(
            stub_reached(&errors("not yet implemented: receive: first, and so on")),
            expected(Some("receive"))
        );
        assert_eq!(stub_reached(&errors("not yet implemented: look at it first: now")), expected(None));
        assert_eq!(stub_reached(&errors("not yet implemented")), expected(None));
        assert_eq!(stub_reached(&errors("index out of bounds")), None);
    }
}
