//! Text in SVG, HTML and other XML.

/// Escapes `text` for use between tags and in quoted attributes, in XML and HTML alike.
///
/// The characters `& < > " '` become references. XML 1.0 cannot carry most control characters, not even as references
/// (section 2.2), so each of them becomes U+FFFD, the replacement character.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // HTML 4 does not know `&apos;`.
            '\'' => escaped.push_str("&#39;"),
            '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'.. => {
                escaped.push(character);
            }
            _ => escaped.push(char::REPLACEMENT_CHARACTER),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escape;
    use proptest::prelude::*;

    #[test]
    fn replaces_what_has_a_meaning_in_markup() {
        assert_eq!(escape("<a href=\"x\">R&D's</a>"), "&lt;a href=&quot;x&quot;&gt;R&amp;D&#39;s&lt;/a&gt;");
        assert_eq!(escape("plain ZOË 日本 👩\u{200d}🔬"), "plain ZOË 日本 👩\u{200d}🔬");
    }

    #[test]
    fn replaces_what_xml_cannot_carry() {
        assert_eq!(escape("a\0b\u{1b}[2J\u{fffe}\u{ffff}"), "a\u{fffd}b\u{fffd}[2J\u{fffd}\u{fffd}");
        assert_eq!(escape("a\tb\nc\r\n\u{7f}"), "a\tb\nc\r\n\u{7f}");
    }

    proptest! {
        #[test]
        fn leaves_no_markup(text: String) {
            prop_assert!(!escape(&text).contains(['<', '>', '"', '\'']));
        }
    }
}
