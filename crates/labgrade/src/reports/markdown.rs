//! Pieces of Markdown: text from outside as text, and code as code.

use super::text;
use std::fmt::Write;

/// Appends `lines` as a code block. Its fence is longer than any run of backticks in them.
pub fn fenced(markdown: &mut String, language: &str, lines: &[String]) {
    let run_max = lines.iter().flat_map(|line| line.split(|character| character != '`')).map(str::len).max();
    let fence = "`".repeat(run_max.map_or(3, |run| 3.max(run + 1)));
    let _ = writeln!(markdown, "{fence}{language}");
    for line in lines {
        let _ = writeln!(markdown, "{line}");
    }
    let _ = writeln!(markdown, "{fence}");
}

/// `words` as text within a line, whose only markup is `code` between single backticks.
pub fn inline(words: &str) -> String {
    let words = text::line(words);
    // Four spaces at the beginning of a line would make it a code block.
    let pieces = text::pieces(words.trim()).into_iter().map(|(is_code, piece)| match is_code {
        true => format!("`{piece}`"),
        false => markup_escaped(piece),
    });
    pieces.collect()
}

fn markup_escaped(text: &str) -> String {
    let mut escaped = String::new();
    for (index, character) in text.char_indices() {
        let begins_a_block = index == 0 && matches!(character, '#' | '-' | '+' | '=' | '>' | '~');
        if begins_a_block
            || matches!(character, '\\' | '`' | '*' | '_' | '<' | '>' | '&' | '[' | ']' | '|' | '~' | '$')
        {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}
