//! A failure as text: the verdict and the cause first, then the hint, the steps, the bytes, and the output.

use super::{Excerpt, Failure, ProgramOutput, Verdict};
use crate::settings::Reason;
use labcore::printable;
use std::fmt::{self, Write};

/// Steps that are shown; of a longer list the beginning is left out.
const STEPS_SHOWN_MAX: usize = 30;

/// Lines of a program's output that are shown: as many from its beginning, and as many from its end.
const LINES_SHOWN_MAX: usize = 20;

/// Bytes received that are shown where there are none to compare them with.
const ALONE_BYTES_MAX: usize = 600;

/// Bytes before the first difference that are shown in hexadecimal, and bytes in all.
const HEX_BEFORE: usize = 12;
const HEX_SHOWN: usize = 24;

/// As a word or two: `did not start`.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Verdict::Fail => "fail",
            Verdict::DidNotStart => "did not start",
            Verdict::Timeout => "timeout",
            Verdict::Crash => "crash",
            Verdict::NotWritten => "not written yet",
            Verdict::NotTried(_) => "not tried",
        })
    }
}

/// As a clause.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reason::NoServer => "`run.toml` names no `server`",
            Reason::NoClient => "`run.toml` names no `client`",
            Reason::NoTcpClient => {
                "no program is named for TCP; write `tcp_client = …` into `run.toml`, or set `LAB_TCP_CLIENT`"
            }
            Reason::NoOptions => {
                "the command line does not end with `{args}`, so it takes neither options nor another address"
            }
            Reason::NotBuilt => "the program was not built",
            Reason::OneHost => "this machine does not let a check make the networks of two hosts",
            Reason::CountsCharacters => {
                "the check is about bytes that come back, and the server replies with a number of characters"
            }
        })
    }
}

impl Failure {
    /// What a person can do about it, if the cause is known.
    pub fn hint(&self) -> Option<String> {
        self.cause.as_ref().map(|cause| cause.hint(self.has_run_file))
    }

    /// Everything below the verdict, the cause and the hint: steps, bytes, commands to type, and output.
    pub fn details(&self) -> String {
        let mut text = self.steps_and_bytes();
        if let [only] = &*self.reproduce {
            let _ = writeln!(text, "\nto see the same, type: {}", only.line);
        } else if !self.reproduce.is_empty() {
            text.push_str("\nto see the same, type each line in a terminal of its own:\n");
            for command in &self.reproduce {
                let _ = writeln!(text, "  {}. {}", command.terminal, command.line);
            }
        }
        for output in &self.output {
            let _ = write!(text, "\n{output}");
        }
        text
    }

    /// The part of [`Failure::details`] that says what happened: the steps, then the bytes expected and received.
    pub fn steps_and_bytes(&self) -> String {
        let mut text = String::new();
        self.write_steps(&mut text);
        if let Some(expected) = &self.expected {
            let _ = write!(text, "\nexpected {expected}");
        }
        if let Some(received) = &self.received {
            // Where nothing is compared, the whole head of a response is worth showing.
            let bytes = match self.expected {
                Some(_) => received.bytes.to_string(),
                None => received.bytes.shown(ALONE_BYTES_MAX),
            };
            let _ = writeln!(text, "\nreceived {bytes}{}", received.end);
            text.push_str(
                &self
                    .expected
                    .as_ref()
                    .map(|expected| difference(expected, &received.bytes))
                    .unwrap_or_default(),
            );
        }
        text
    }

    fn write_steps(&self, text: &mut String) {
        if self.steps.is_empty() {
            return;
        }
        text.push_str("steps, with milliseconds since the start:\n");
        let hidden = self.steps.len().saturating_sub(STEPS_SHOWN_MAX);
        let left_out = self.steps_left_out + hidden;
        if left_out > 0 {
            let _ = writeln!(text, "     (the first {left_out} are left out)");
        }
        for (number, step) in self.steps.iter().enumerate().skip(hidden) {
            let _ = writeln!(text, "  {:2}. {:6} {step}", self.steps_left_out + number + 1, step.at_ms);
        }
    }
}

impl Failure {
    /// The verdict, and what is wrong, in one line.
    fn headline(&self) -> String {
        match (&self.cause, self.verdict) {
            // The cause of this one says that it is not written yet.
            (Some(cause), Verdict::NotWritten) => one_line(&cause.sentence()).to_string(),
            (Some(cause), _) => format!("{}: {}", self.verdict, one_line(&cause.sentence())),
            (None, Verdict::NotTried(reason)) => format!("{}: {reason}", self.verdict),
            (None, _) => format!("{}: {}", self.verdict, one_line(&self.summary)),
        }
    }

    /// The failure in a few lines, for a cause that was explained for the check `explained`.
    pub(super) fn in_short(&self, explained: &str) -> String {
        let mut text = format!(
            "{}\nthe same cause as in `{}`; what to do about it is explained there\n",
            self.headline(),
            one_line(explained)
        );
        if self.verdict != Verdict::NotWritten {
            let _ = writeln!(text, "{}", one_line(&self.summary));
        }
        text
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.headline())?;
        if let Some(hint) = self.hint() {
            writeln!(f, "hint: {}", one_line(&hint))?;
            if self.verdict != Verdict::NotWritten {
                writeln!(f, "\n{}", one_line(&self.summary))?;
            }
        }
        if self.verdict == Verdict::NotWritten {
            // Everything else that happened follows from the stub.
            return self.output.iter().try_for_each(|output| write!(f, "\n{output}"));
        }
        write!(f, "\n{}", self.details())
    }
}

/// Text that may quote a program, escaped: it can neither end its line nor control the terminal.
fn one_line(text: &str) -> labcore::Printable<'_> {
    printable(text.as_bytes())
}

impl fmt::Display for ProgramOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let program = printable(self.program.as_bytes());
        for (stream, text) in [("printed", &self.stdout), ("printed to standard error", &self.stderr)] {
            if text.is_empty() {
                writeln!(f, "{program} {stream}: nothing")?;
                continue;
            }
            writeln!(f, "{program} {stream}:")?;
            let lines: Vec<&str> = text.lines().collect();
            let left_out = lines.len().saturating_sub(2 * LINES_SHOWN_MAX);
            for (number, line) in lines.iter().enumerate() {
                if left_out > 0 && number == LINES_SHOWN_MAX {
                    writeln!(f, "  | ({left_out} lines are left out)")?;
                }
                if left_out == 0 || number < LINES_SHOWN_MAX || number >= LINES_SHOWN_MAX + left_out {
                    writeln!(f, "  | {}", printable(line.as_bytes()))?;
                }
            }
        }
        Ok(())
    }
}

/// The first difference, in hexadecimal, with a caret under it.
fn difference(expected: &Excerpt, received: &Excerpt) -> String {
    let same = |(one, other): &(&u8, &u8)| one == other;
    let common = expected.bytes.iter().zip(&received.bytes).take_while(same).count();
    let is_same = expected.bytes == received.bytes && expected.length == received.length;
    if is_same || received.length == 0 || expected.offset != received.offset {
        return String::new();
    }
    let from = common.saturating_sub(HEX_BEFORE);
    format!(
        "  first difference at byte {}:\n    expected {}\n    received {}\n             {}^\n",
        expected.offset + common,
        hex(expected, from),
        hex(received, from),
        " ".repeat(3 * (common - from))
    )
}

fn hex(excerpt: &Excerpt, from: usize) -> String {
    let bytes = excerpt.bytes.get(from..).unwrap_or_default();
    let shown: Vec<String> = bytes.iter().take(HEX_SHOWN).map(|byte| format!("{byte:02x}")).collect();
    let is_cut = excerpt.offset + from + shown.len() < excerpt.length;
    shown.join(" ") + if is_cut { " …" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::difference;
    use crate::failure::{Cause, End, Excerpt, FORMAT, Failure, Received, Verdict};

    fn failure() -> Failure {
        Failure {
            format: FORMAT,
            check: "core::answers".to_owned(),
            verdict: Verdict::Fail,
            cause: Some(Cause::Unchanged),
            summary: "client 127.0.0.1:1 got the wrong reply".to_owned(),
            steps: Vec::new(),
            steps_left_out: 0,
            expected: Some(Excerpt::of(b"HELLO")),
            received: Some(Received { bytes: Excerpt::of(b"hello"), end: End::Enough }),
            reproduce: Vec::new(),
            output: Vec::new(),
            has_run_file: false,
        }
    }

    #[test]
    fn begins_with_the_verdict_the_cause_and_the_hint() {
        let text = failure().to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "fail: the text came back unchanged");
        assert_eq!(lines[1], "hint: convert it to upper case before you send it back");
    }

    #[test]
    fn shows_nothing_that_follows_from_a_stub() {
        let (function, file) = (Some("serve".to_owned()), "src/lib.rs".to_owned());
        let cause = Some(Cause::NotWritten { function, file, line: 7, step: Some(2), task: None });
        let text = Failure { verdict: Verdict::NotWritten, cause, ..failure() }.to_string();
        assert!(text.starts_with("this part is not written yet: step 2, `serve`, src/lib.rs:7\n"), "{text}");
        assert!(!text.contains("wrong reply") && !text.contains("expected"), "{text}");
    }

    #[test]
    fn reads_its_own_json() {
        let json = serde_json::to_string(&failure()).unwrap();
        assert!(json.contains(r#""cause":{"code":"unchanged"}"#), "{json}");
        assert_eq!(serde_json::from_str::<Failure>(&json).unwrap(), failure());
    }

    #[test]
    fn points_at_the_first_byte_that_differs() {
        let text = difference(&Excerpt::of(b"HELLO"), &Excerpt::of(b"HELlO"));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "  first difference at byte 3:");
        assert_eq!(lines[2], "    received 48 45 4c 6c 4f");
        // The caret stands under the fourth byte.
        assert_eq!(lines[3].find('^'), Some(13 + 3 * 3));
    }
}
