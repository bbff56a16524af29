//! The words of causes about output, resources, pages and two hosts. `sentences.rs` has most others.

use super::{Cause, Moment, pair};

/// What is wrong, and what to do about it.
pub(super) fn words(cause: &Cause) -> (String, &'static str) {
    let (what, hint) = match cause {
        Cause::WrongExitStatus { found, wanted } => {
            return (
                format!("the program ended with {found}, not with exit status {wanted}"),
                "end with status 0 if all went well, 1 after an error, and 2 after a wrong command line",
            );
        }
        Cause::NeverEnds => ("the program does not end", "find the loop or the call in which it stays"),
        Cause::GoesOnAfterInput => (
            "the client goes on after the end of its input",
            "end the loop when there is no more to read: `read_line` returns 0, `fgets` NULL, `input()` raises EOFError",
        ),
        Cause::EachWaits { client, server } => return pair::words(*client, *server),
        Cause::WrongErrorMessage => (
            "the error message is not the expected one",
            "print one line on standard error that begins with `error: `, and compare it with the expected one",
        ),
        Cause::WrongOutput => {
            ("the output is not the expected one", "compare its lines with those of the handout")
        }
        Cause::NotPrinted { text } => {
            return (
                format!("the program never printed \"{text}\""),
                "compare its output with the handout, and flush what you print",
            );
        }
        Cause::PrintedTooMuch => {
            ("the program printed more than it should", "with `--quiet`, print only the line `listening on`")
        }
        Cause::WrongFigure { name, found, wanted } => {
            return (
                match found {
                    Some(found) => format!("`{name}` is {found}, not {wanted}"),
                    None => format!("the output has no figure for `{name}`, which should be {wanted}"),
                },
                "follow the steps, and count by hand what the program should have counted",
            );
        }
        Cause::NoTimeOfDay { has_epoch: true } => (
            "the times are numbers of seconds since 1970, which nobody reads as a time of day",
            "format them as date and time of day, such as 2026-11-28 05:53:56.844703: `datetime.now()` in Python, `ctime` in C",
        ),
        Cause::NoTimeOfDay { has_epoch: false } => (
            "the output shows no time of day with hours, minutes and seconds",
            "print the time at which the request is sent and the time at which the reply comes, such as 05:53:56.844703",
        ),
        Cause::SameTimeTwice => (
            "the same time is shown for the request and for its reply",
            "read the clock twice: just before sending, and again just after receiving",
        ),
        Cause::WrongTimeOfDay { of } => {
            let event = match of {
                Moment::Connecting => "the client requested the connection",
                Moment::Sending => "the client sent its request",
                Moment::Receiving => "the reply came",
            };
            return (
                format!("no time shown is the time at which {event}"),
                match of {
                    Moment::Connecting => "read the clock just before `connect`, and print that time too",
                    Moment::Sending => "read the clock just before sending, after the sentence was typed",
                    Moment::Receiving => "read the clock as soon as the call that receives returns",
                },
            );
        }
        Cause::MemoryGrows => (
            "the program's memory grows with what it is sent",
            "use one buffer of a fixed size, and do not collect a whole stream",
        ),
        Cause::NoKeepalive => (
            "the system never asks whether a silent client is still there",
            "turn on the socket option SO_KEEPALIVE for each connection",
        ),
        Cause::RepeatsComplaint => (
            "the program prints the same complaint again and again",
            "print it once, and pause before you try again",
        ),
        Cause::PageLacks { text } => {
            return (
                format!("the page does not contain \"{text}\""),
                "compare the page with the one that the handout shows",
            );
        }
        Cause::PageContains { text } => {
            return (
                format!("the page contains \"{text}\", which does not belong there"),
                "list only what a client may request, and escape each name",
            );
        }
        Cause::HiddenFileServed => (
            "a file whose name begins with a dot was served",
            "answer 404 if any part of the path begins with a dot",
        ),
        Cause::WaitsForPipe => (
            "the server does not answer: opening a pipe waits for another program",
            "look at the type of the file first, and serve only regular files",
        ),
        Cause::DirectoryNotServed => (
            "a directory was requested, and the server has no page for it",
            "send its `index.html`, or a page with a link to each of its files",
        ),
        Cause::DirectoryNotRedirected => (
            "a directory was requested without a slash at the end, and the client was not redirected",
            "answer 301, with the path that ends in a slash in `Location`",
        ),
        Cause::RangeIgnored => (
            "the client requested a part of the file with `Range`, and something else came",
            "answer 206 with `Content-Range`, and send only this part",
        ),
        Cause::ValidatorIgnored => (
            "the client asked whether its copy of the file is still valid, and the file came again",
            "compare `If-None-Match` with the ETag and `If-Modified-Since` with the date, and answer 304 if they match",
        ),
        Cause::MethodIgnored => (
            "the server treats another method like GET",
            "look at the first word of the request line, and answer 405 or 501 if it is neither GET nor HEAD",
        ),
        Cause::ClosedTooEarly => (
            "the connection was closed before the time limit",
            "start the time limit when the server begins to wait",
        ),
        Cause::NoDeadline => (
            "the client sends a byte now and then, and each byte renews its time limit",
            "set one deadline for the whole request, instead of a timeout for each read",
        ),
        Cause::ListensOnLoopback { address } => {
            return (
                format!(
                    "the server listens only on {}, so only programs on the same computer reach it",
                    address.ip()
                ),
                "bind the address that the command line gives, or 0.0.0.0, which stands for all addresses of the computer",
            );
        }
        Cause::AsksOwnComputer { server } => {
            return (
                format!(
                    "the client sent to its own computer (127.0.0.1 or `localhost`), and the server is at {server}"
                ),
                "send to the host that the command line gives, instead of one that is written into the code",
            );
        }
        Cause::BoundToLoopback => (
            "the client's socket is bound to 127.0.0.1, so it can send to no other computer",
            "leave out `bind`, or bind 0.0.0.0: the system then chooses the address that fits the server",
        ),
        // `sentences.rs` has the words of all others.
        _ => return (cause.code(), ""),
    };
    (what.to_owned(), hint)
}

#[cfg(test)]
mod tests {
    /// Every cause has its words in one of four files. The compiler checks the first one, and this the others.
    #[test]
    fn has_words_for_each_cause_that_the_first_file_leaves_to_others() {
        let others = [
            include_str!("http_sentences.rs"),
            include_str!("output_sentences.rs"),
            include_str!("start_sentences.rs"),
        ];
        let others = others.map(|file| file.split("#[cfg(test)]").next().unwrap()).concat();
        let cause = |line: &'static str| line.trim().trim_start_matches("| ").strip_prefix("Cause::");
        let mut lines = include_str!("sentences.rs").lines().map(str::trim).peekable();
        let mut names = Vec::new();
        while let Some(line) = lines.next() {
            // The first one of several has its next one below it.
            if line.starts_with("| ") || lines.peek().is_some_and(|next| next.starts_with("| Cause::")) {
                names.extend(cause(line).and_then(|line| line.split([' ', '{', '=']).next()));
            }
        }
        assert!(names.len() > 20, "{names:?}");
        for name in names {
            assert!(others.contains(&format!("Cause::{name}")), "`{name}` has no words");
        }
    }
}
