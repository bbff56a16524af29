//! Bytes from the network, made safe for a terminal.

use std::fmt::{self, Display};

/// Makes bytes from the network printable: a terminal shows them, and obeys none of them.
///
/// Text in any language is shown unchanged. A control character could move the cursor, change colours or fake another
/// line, so it is written as an escape (`\n`, `\u{1b}`). So is a character that is invisible or changes the direction
/// of writing. A byte that is not UTF-8 is written as `\xff`. A backslash is not escaped: the result is for people, not
/// for parsing.
pub fn printable(bytes: &[u8]) -> Printable<'_> {
    Printable(bytes)
}

/// Bytes that are displayed escaped. [`printable`] makes it.
pub struct Printable<'a>(&'a [u8]);

impl Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            // Text is written in runs, because most of it needs no escape.
            let mut rest = chunk.valid();
            while let Some(at) =
                rest.find(|character: char| character.is_control() || is_invisible(character))
            {
                let (shown, from_there) = rest.split_at(at);
                let mut characters = from_there.chars();
                f.write_str(shown)?;
                characters.next().map_or(Ok(()), |character| write!(f, "{}", character.escape_debug()))?;
                rest = characters.as_str();
            }
            f.write_str(rest)?;
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// True for a character that is invisible, or changes the direction of the text after it: it could disguise a text.
///
/// The joiners U+200C and U+200D are not among them, because several scripts, and emoji, need them.
fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Returns the bytes of a line without the `\n` or `\r\n` that ends it.
pub fn without_newline(line: &[u8]) -> &[u8] {
    match line.strip_suffix(b"\n") {
        Some(text) => text.strip_suffix(b"\r").unwrap_or(text),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::{printable, without_newline};
    use proptest::prelude::*;

    fn check(bytes: &[u8], expected: &str) {
        assert_eq!(printable(bytes).to_string(), expected);
    }

    #[test]
    fn shows_text_as_it_is() {
        check(b"HELLO &*! \"it's\" C:\\temp", "HELLO &*! \"it's\" C:\\temp");
        for text in ["ZOË 日本", "हिन्दी", "e\u{301}", "👩\u{200d}🔬 ❤\u{fe0f}"] {
            check(text.as_bytes(), text);
        }
    }

    #[test]
    fn escapes_what_a_terminal_would_obey() {
        check(b"a\nb\r\tc\0", "a\\nb\\r\\tc\\0");
        check(b"\x1b[2J", "\\u{1b}[2J");
        check("\u{9b}2J \u{202e}".as_bytes(), "\\u{9b}2J \\u{202e}");
        check(b"\xff\xc3", "\\xff\\xc3");
    }

    #[test]
    fn strips_one_line_ending() {
        assert_eq!(without_newline(b"a\n"), b"a");
        assert_eq!(without_newline(b"a\r\n"), b"a");
        assert_eq!(without_newline(b"a\n\n"), b"a\n");
        assert_eq!(without_newline(b"a"), b"a");
        assert_eq!(without_newline(b"a\r"), b"a\r");
    }

    proptest! {
        #[test]
        fn never_lets_a_control_character_through(bytes: Vec<u8>) {
            prop_assert!(!printable(&bytes).to_string().contains(char::is_control));
        }
    }
}
