use std::fmt::{self, Display, Write};

/// Makes bytes from the network printable: whatever they hold, a terminal only shows them.
///
/// Text is shown as it is, in any language. A control character could move the cursor, change colours or fake
/// another line, so it is written as an escape (`\n`, `\u{1b}`), and so is a character that is invisible or turns
/// the direction of writing. A byte that is not UTF-8 is written as `\xff`. A backslash stays a backslash: this is
/// for eyes, not for reading back.
pub fn printable(bytes: &[u8]) -> Printable<'_> {
    Printable(bytes)
}

/// Bytes that are shown escaped; made by [`printable`].
pub struct Printable<'a>(&'a [u8]);

impl Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for character in chunk.valid().chars() {
                match character {
                    '\\' | '"' | '\'' => f.write_char(character)?,
                    _ => write!(f, "{}", character.escape_debug())?,
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// The bytes of a line without the `\n` or `\r\n` that ends it.
pub fn without_newline(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
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
        check("ZOË 日本".as_bytes(), "ZOË 日本");
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
    }

    proptest! {
        #[test]
        fn never_lets_a_control_character_through(bytes: Vec<u8>) {
            prop_assert!(!printable(&bytes).to_string().contains(char::is_control));
        }
    }
}
