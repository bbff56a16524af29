//! Lines of bounded width.

/// Breaks `text` into lines of at most `columns` characters, each after the same `prefix`. A longer word gets a line of
/// its own.
pub fn wrapped(prefix: &str, text: &str, columns: usize) -> String {
    let (mut lines, mut line) = (String::new(), prefix.to_owned());
    for word in text.split_whitespace() {
        let is_empty = line == prefix;
        if !is_empty && line.chars().count() + 1 + word.chars().count() > columns {
            lines.push_str(line.trim_end());
            lines.push('\n');
            prefix.clone_into(&mut line);
        }
        if line != prefix {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines + line.trim_end() + "\n"
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn breaks_lines_between_words() {
        assert_eq!(wrapped("# ", "one two three", 9), "# one two\n# three\n");
        assert_eq!(wrapped("", "a-very-long-word b", 4), "a-very-long-word\nb\n");
        assert_eq!(wrapped("# ", "", 9), "#\n");
    }
}
