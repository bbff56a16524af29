//! *Text* that is safe to show: no control characters, no end of a line where none is, and a bound on its length.

use labcore::printable;

/// Of a longer line the rest is left out: a flood in one line makes no page that opens.
const LINE_CHARACTERS_MAX: usize = 400;

/// Of a longer story the middle is left out: it begins with what went wrong and ends with the programs' screens.
const LINES_MAX: usize = 200;

/// The lines of `text`, each printable and bounded.
pub fn lines(text: &str) -> Vec<String> {
    let all: Vec<&str> = text.trim_end().lines().collect();
    if all.len() <= LINES_MAX {
        return all.into_iter().map(line).collect();
    }
    let half = LINES_MAX / 2;
    let mut kept: Vec<String> = all[..half].iter().copied().map(line).collect();
    kept.push(format!("(here {} lines are left out)", all.len() - 2 * half));
    kept.extend(all[all.len() - half..].iter().copied().map(line));
    kept
}

/// `text` in one line, printable and bounded. Ends of lines in it are written as `\n`.
///
/// The two code points that are no control characters, and yet not allowed in XML 1.0, become U+FFFD.
pub fn line(text: &str) -> String {
    let (kept, rest) = match text.char_indices().nth(LINE_CHARACTERS_MAX) {
        Some((end, _)) => (&text[..end], format!("… ({} bytes in all)", text.len())),
        None => (text, String::new()),
    };
    let kept = kept.replace('\t', "    ").replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}");
    format!("{}{rest}", printable(kept.as_bytes()))
}

/// Splits a line into pieces, each with whether it is code: whether it stood between two single backticks.
///
/// Where backticks touch, or one has no partner, nothing is code.
pub fn pieces(line: &str) -> Vec<(bool, &str)> {
    let pieces: Vec<&str> = line.split('`').collect();
    if line.contains("``") || pieces.len() % 2 == 0 {
        return vec![(false, line)];
    }
    pieces.into_iter().enumerate().map(|(index, piece)| (index % 2 == 1, piece)).collect()
}

/// What [`line()`] made, as content of an XML or HTML element, or of an attribute in double quotes.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            character => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::{LINE_CHARACTERS_MAX, LINES_MAX, escaped, line, lines, pieces};

    #[test]
    fn leaves_no_control_character() {
        let all: String = (0..=0x9f).chain([0x202e, 0xfeff]).filter_map(char::from_u32).collect();
        let shown = lines(&all).join("");
        assert!(!shown.contains(char::is_control), "{shown}");
        assert!(!shown.contains(['\u{202e}', '\u{feff}']), "{shown}");
        assert_eq!(line("a\r\nb\u{1b}[2J\tc"), "a\\r\\nb\\u{1b}[2J    c");
    }

    #[test]
    fn bounds_lines_and_their_number() {
        let flood = "é".repeat(100_000);
        assert_eq!(line(&flood).chars().filter(|&character| character == 'é').count(), LINE_CHARACTERS_MAX);
        let story: String = (0..1000).map(|number| format!("{number}\n")).collect();
        let kept = lines(&story);
        assert_eq!(kept.len(), LINES_MAX + 1);
        assert_eq!((&*kept[0], &*kept[LINES_MAX]), ("0", "999"));
        assert_eq!(kept[LINES_MAX / 2], "(here 800 lines are left out)");
    }

    #[test]
    fn escapes_markup() {
        assert_eq!(escaped("<a href=\"&\">"), "&lt;a href=&quot;&amp;&quot;&gt;");
        assert_eq!(line("a\u{ffff}"), "a\u{fffd}");
    }

    #[test]
    fn tells_code_from_words() {
        assert_eq!(pieces("use `Vec<u8>`"), [(false, "use "), (true, "Vec<u8>"), (false, "")]);
        assert_eq!(pieces("a ` b"), [(false, "a ` b")]);
        assert_eq!(pieces("``a`` b"), [(false, "``a`` b")]);
    }
}
