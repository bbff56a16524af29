//! Reads what strace writes: one system call per line.
//!
//! Expects the format of `strace -f -ttt -T -o FILE`: thread, start in seconds since 1970, call, duration. A call that
//! another thread interrupts takes two lines, `<unfinished ...>` and `<... NAME resumed>`.

use anyhow::Context;
use std::collections::HashMap;

/// A system call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemCall {
    /// The thread that made it.
    pub thread: u32,
    /// When it began, in nanoseconds since 1970.
    pub begin_ns: u64,
    /// What it returned, or `None` if it did not return.
    pub result: Option<i64>,
    /// Its name.
    pub name: String,
    /// Its arguments, as strace writes them.
    pub arguments: Vec<String>,
    /// The error's name, such as `EINPROGRESS`.
    pub error: Option<String>,
}

/// Parses a trace. The calls are in the order in which they began.
///
/// # Errors
/// If a line is not in the expected format.
pub fn parse(text: &str) -> anyhow::Result<Vec<SystemCall>> {
    let mut calls: Vec<SystemCall> = Vec::new();
    let mut unfinished: HashMap<u32, (usize, String)> = HashMap::new();
    for (index, line) in text.lines().enumerate() {
        let place = || format!("line {} is not a line of `strace -f -ttt -T`", index + 1);
        let (thread, rest) = line.trim_start().split_once(' ').with_context(place)?;
        let thread: u32 = thread.parse().with_context(place)?;
        let (time, rest) = rest.trim_start().split_once(' ').with_context(place)?;
        let begin_ns = nanoseconds(time).with_context(place)?;
        if rest.starts_with("---") || rest.starts_with("+++") {
            continue; // a signal, or the end of a thread
        }
        if let Some(rest) = rest.strip_prefix("<... ") {
            let (_, end) = rest.split_once(" resumed>").with_context(place)?;
            let (call, start) = unfinished.remove(&thread).with_context(place)?;
            finish(&mut calls[call], &format!("{start}{end}"));
            continue;
        }
        let (name, rest) = rest.split_once('(').with_context(place)?;
        let (name, arguments) = (name.to_owned(), Vec::new());
        calls.push(SystemCall { thread, begin_ns, result: None, name, arguments, error: None });
        match rest.strip_suffix("<unfinished ...>") {
            Some(start) => {
                unfinished.insert(thread, (calls.len() - 1, start.to_owned()));
            }
            None => calls.last_mut().into_iter().for_each(|call| finish(call, rest)),
        }
    }
    calls.sort_by_key(|call| call.begin_ns);
    Ok(calls)
}

/// Adds arguments and result, from the text after the opening parenthesis.
fn finish(call: &mut SystemCall, text: &str) {
    let (arguments, result) = text.rsplit_once(" = ").unwrap_or((text, "?"));
    let arguments = arguments.trim_end();
    call.arguments = split(arguments.strip_suffix(')').unwrap_or(arguments));
    let mut words = result.split(' ');
    call.result = words.next().and_then(|word| word.parse().ok());
    call.error = words.next().filter(|word| word.starts_with('E')).map(str::to_owned);
}

/// Splits arguments at the commas outside quotes and brackets.
fn split(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut depth, mut is_quoted, mut is_escaped) = (0_usize, false, false);
    for character in text.chars() {
        match character {
            _ if is_escaped => {}
            '"' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        is_escaped = character == '\\' && is_quoted && !is_escaped;
        parts.last_mut().into_iter().for_each(|part| part.push(character));
    }
    parts.into_iter().map(|part| part.trim().to_owned()).collect()
}

/// Reads seconds with six decimal places.
fn nanoseconds(time: &str) -> Option<u64> {
    let (seconds, microseconds) = time.split_once('.').filter(|(_, fraction)| fraction.len() == 6)?;
    let seconds: u64 = seconds.parse().ok()?;
    seconds.checked_mul(1_000_000_000)?.checked_add(microseconds.parse::<u64>().ok()? * 1000)
}

#[cfg(test)]
mod tests {
    use super::parse;
    use proptest::prelude::*;

    #[test]
    fn reads_name_arguments_and_result() {
        let text = "7 12.000345 recvfrom(4, \"a, \\\"(b\\n\", 65536, 0, NULL, NULL) = 8 <0.000006>\n\
                    7 12.000400 connect(3, {sa_family=AF_INET, sin_port=htons(80)}, 16) = -1 EINPROGRESS (Now) <0.1>\n\
                    7 12.000500 close(3)        = 0 <0.000002>\n";
        let calls = parse(text).unwrap();
        assert_eq!((calls[0].name.as_str(), calls[0].begin_ns), ("recvfrom", 12_000_345_000));
        assert_eq!(calls[0].arguments, ["4", "\"a, \\\"(b\\n\"", "65536", "0", "NULL", "NULL"]);
        assert_eq!((calls[0].result, &calls[0].error), (Some(8), &None));
        assert_eq!(calls[1].arguments[1], "{sa_family=AF_INET, sin_port=htons(80)}");
        assert_eq!((calls[1].result, calls[1].error.as_deref()), (Some(-1), Some("EINPROGRESS")));
        assert_eq!((calls[2].arguments[0].as_str(), calls[2].result), ("3", Some(0)));
    }

    #[test]
    fn joins_the_two_lines_of_an_interrupted_call() {
        let text = "7 1.000000 accept4(3,  <unfinished ...>\n8 1.000010 close(5) = 0 <0.1>\n\
                    7 1.000020 <... accept4 resumed>{a, b}, [128 => 16], SOCK_CLOEXEC) = 4 <0.000020>\n\
                    7 1.000030 accept4(3, 0x7ff, [128], SOCK_CLOEXEC) = ? ERESTARTSYS (To be restarted) <2.0>\n\
                    7 1.000040 --- SIGTERM {si_signo=SIGTERM} ---\n7 1.000050 +++ killed by SIGTERM +++\n";
        let calls = parse(text).unwrap();
        assert_eq!(calls.len(), 3);
        assert_eq!(calls[0].arguments, ["3", "{a, b}", "[128 => 16]", "SOCK_CLOEXEC"]);
        assert_eq!((calls[0].begin_ns, calls[0].result), (1_000_000_000, Some(4)));
        assert_eq!(calls[2].result, None);
    }

    #[test]
    fn names_the_line_that_it_cannot_read() {
        assert_eq!(
            parse("7 1.000000 close(3) = 0 <0.1>\nhello\n").unwrap_err().to_string(),
            "line 2 is not a line of `strace -f -ttt -T`"
        );
    }

    proptest! {
        #[test]
        fn never_panics(text in "(7 1\\.000000 [a-z<. \"\\\\,(){}=0-9?\n]{0,40}\n){0,4}") {
            let _ = parse(&text);
        }
    }
}
