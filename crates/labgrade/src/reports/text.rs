//! Text that is safe to show: without control characters, and of bounded length.

use labcore::printable;

/// The rest of a longer line is left out, so that a program that floods its output makes no page that is too large to open.
const LINE_CHARACTERS_MAX: usize = 400;

/// The middle of a longer text is left out: its beginning says what went wrong, and its end is a program's last output.
const LINES_MAX: usize = 200;

/// A longer command is not worth copying.
const COMMAND_BYTES_MAX: usize = 2000;

/// The lines of `text`, each printable and bounded.
pub fn lines(text: &str) -> Vec<String> {
    let all: Vec<&str> = text.trim_end().lines().collect();
    if all.len() <= LINES_MAX {
        return all.into_iter().map(line).collect();
    }
    let half = LINES_MAX / 2;
    let mut kept: Vec<String> = all[..half].iter().copied().map(line).collect();
    kept.push(format!("({} lines are left out here)", all.len() - 2 * half));
    kept.extend(all[all.len() - half..].iter().copied().map(line));
    kept
}

/// `text` in one line, printable and bounded. Its line breaks are shown as `\n`.
pub fn line(text: &str) -> String {
    let (kept, rest) = match text.char_indices().nth(LINE_CHARACTERS_MAX) {
        Some((end, _)) => (&text[..end], format!("… ({} bytes in all)", text.len())),
        None => (text, String::new()),
    };
    escaped(kept) + &rest
}

/// All lines of `text`, each printable, for a text whose length is bounded already.
pub fn block(text: &str) -> String {
    text.trim_end().lines().map(escaped).collect::<Vec<_>>().join("\n")
}

/// `command` as it is, if a person can copy it: a command that is cut or escaped would do something else.
pub fn command(command: &str) -> Option<&str> {
    (command.len() <= COMMAND_BYTES_MAX && escaped(command) == command).then_some(command)
}

/// `text` with its control characters escaped.
///
/// U+FFFE and U+FFFF are no control characters, but XML 1.0 forbids them: they become U+FFFD.
fn escaped(text: &str) -> String {
    let text = text.replace('\t', "    ").replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}");
    printable(text.as_bytes()).to_string()
}

/// Splits a line into pieces, each with whether it is code: whether it stands between two single backticks.
///
/// If backticks touch, or one has no partner, nothing is code.
pub fn pieces(line: &str) -> Vec<(bool, &str)> {
    let pieces: Vec<&str> = line.split('`').collect();
    if line.contains("``") || pieces.len() % 2 == 0 {
        return vec![(false, line)];
    }
    pieces.into_iter().enumerate().map(|(index, piece)| (index % 2 == 1, piece)).collect()
}

#[cfg(test)]
mod tests {
    use super::{COMMAND_BYTES_MAX, LINE_CHARACTERS_MAX, LINES_MAX, command, line, lines, pieces};

    #[test]
    fn leaves_no_control_character() {
        let all: String = (0..=0x9f).chain([0x202e, 0xfeff]).filter_map(char::from_u32).collect();
        let shown = lines(&all).join("");
        assert!(!shown.contains(char::is_control), "{shown}");
        assert!(!shown.contains(['\u{202e}', '\u{feff}']), "{shown}");
        assert_eq!(line("a\r\nb\u{1b}[2J\tc"), "a\\r\\nb\\u{1b}[2J    c");
        assert_eq!(line("a\u{ffff}\u{fffe}"), "a\u{fffd}\u{fffd}");
        assert_eq!(super::block("a\r\n\n b\u{202e}\u{0}\n"), "a\n\n b\\u{202e}\\0");
    }

    #[test]
    fn bounds_lines_and_their_number() {
        let flood = "é".repeat(100_000);
        assert_eq!(line(&flood).chars().filter(|&character| character == 'é').count(), LINE_CHARACTERS_MAX);
        let numbers: String = (0..1000).map(|number| format!("{number}\n")).collect();
        let kept = lines(&numbers);
        assert_eq!(kept.len(), LINES_MAX + 1);
        assert_eq!((&*kept[0], &*kept[LINES_MAX]), ("0", "999"));
        assert_eq!(kept[LINES_MAX / 2], "(800 lines are left out here)");
    }

    #[test]
    fn gives_no_command_that_would_do_something_else() {
        let right = "printf 'hello\\n' | nc -N 127.0.0.1 25000";
        assert_eq!(command(right), Some(right));
        assert_eq!(command(&"x".repeat(COMMAND_BYTES_MAX + 1)), None);
        for wrong in ["printf '\u{1b}[2J'", "printf 'a\tb'", "printf '\u{202e}'", "printf '\u{ffff}'", "a\nb"]
        {
            assert_eq!(command(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn tells_code_from_words() {
        assert_eq!(pieces("use `Vec<u8>`"), [(false, "use "), (true, "Vec<u8>"), (false, "")]);
        assert_eq!(pieces("a ` b"), [(false, "a ` b")]);
        assert_eq!(pieces("``a`` b"), [(false, "``a`` b")]);
    }
}
