//! *Solution markers*: lines in a file that say which part students do not get, and what they get instead.
//!
//! In source code, they are the markers of the TMC course tools:
//!
//! ```text
//! // BEGIN SOLUTION
//! let (size, client) = socket.recv_from(&mut buffer)?;
//! // END SOLUTION
//! // STUB: todo!("receive a datagram first: `socket.recv_from`")
//! ```
//!
//! The lines between `BEGIN` and `END` are left out. The text of the `STUB` lines directly below `END` takes their place.
//! The markers `BEGIN STAFF` and `END STAFF` enclose what is for staff only, in a comment of the file's language: `//` in
//! Rust, `#` in TOML, `<!-- … -->` in Markdown.

use anyhow::{bail, ensure};
use std::ffi::OsStr;
use std::path::Path;

/// Returns the students' version of a file's `text`. Error messages name `path`.
///
/// # Errors
/// If a marker is unclosed, nested, stray or misspelled. The message names the file and the line.
pub fn students_version(path: &Path, text: &str) -> anyhow::Result<String> {
    let mut kept: Vec<String> = Vec::new();
    let (mut open, mut ended): (Option<(Part, usize)>, Option<Part>) = (None, None);
    let (comment, mut last) = (Comment::of(path), Last::Other);
    for (line, number) in text.lines().zip(1..) {
        let at = format!("{}:{number}", path.display());
        let Some(marker) = parse(comment, line) else {
            if open.is_none() {
                // If empty lines stand on both sides of a part that is left out, one of them is enough.
                let is_gap = last == Last::End && kept.last().is_none_or(String::is_empty);
                if !(is_gap && line.is_empty()) {
                    kept.push(line.to_owned());
                }
                last = Last::Other;
            }
            continue;
        };
        let exact = marker.exact(comment);
        ensure!(line.trim() == exact, "{at}: `{}` is not a marker; write `{exact}`", line.trim());
        match (marker, open) {
            (Marker::Begin(part), None) => open = Some((part, number)),
            (Marker::End(part), Some((begun, _))) if part == begun => {
                open = None;
                last = Last::End;
                ended = Some(part);
            }
            (Marker::Stub(text), None) if last != Last::Other && ended == Some(Part::Solution) => {
                let indent = &line[..line.len() - line.trim_start().len()];
                kept.push(format!("{indent}{text}").trim_end().to_owned());
                last = Last::Stub;
            }
            (Marker::Stub(_), None) => bail!("{at}: a stub must stand directly below `// END SOLUTION`"),
            (Marker::End(_), None) => bail!("{at}: this ends a part that has not begun"),
            (_, Some((_, begin))) => bail!("{at}: the part that begins in line {begin} has not ended yet"),
        }
    }
    if let Some((part, begin)) = open {
        bail!("{}:{begin}: this part has no `{}`", path.display(), Marker::End(part).exact(comment));
    }
    while last == Last::End && kept.last().is_some_and(String::is_empty) {
        kept.pop();
    }
    Ok(kept.into_iter().map(|line| line + "\n").collect())
}

/// Returns the lines of `text` that students do not get. Tests look for them in the starter.
///
/// # Errors
/// The same as [`students_version`].
pub fn solution_lines(path: &Path, text: &str) -> anyhow::Result<Vec<String>> {
    students_version(path, text)?;
    let (comment, mut is_inside, mut lines) = (Comment::of(path), false, Vec::new());
    for line in text.lines() {
        match parse(comment, line) {
            Some(Marker::Begin(_)) => is_inside = true,
            Some(Marker::End(_)) => is_inside = false,
            None if is_inside => lines.push(line.to_owned()),
            _ => {}
        }
    }
    Ok(lines)
}

/// How a line of comment is written in a file.
#[derive(Clone, Copy, Debug)]
struct Comment {
    begin: &'static str,
    end: &'static str,
}

impl Comment {
    fn of(path: &Path) -> Comment {
        match path.extension().and_then(OsStr::to_str) {
            Some("md") => Comment { begin: "<!--", end: "-->" },
            Some("toml") => Comment { begin: "#", end: "" },
            _ => Comment { begin: "//", end: "" },
        }
    }
}

/// What a pair of markers encloses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Part {
    /// What a student writes.
    Solution,
    /// What only staff need.
    Staff,
}

/// A line that is a marker.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Marker<'a> {
    Begin(Part),
    End(Part),
    /// A line that replaces the solution.
    Stub(&'a str),
}

/// What the previous line was.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Last {
    End,
    Stub,
    Other,
}

/// Recognises a marker, misspelled ones included: those would otherwise pass for ordinary comments.
fn parse(comment: Comment, line: &str) -> Option<Marker<'_>> {
    let text = line.trim().strip_prefix(comment.begin)?;
    let text = text.strip_suffix(comment.end).unwrap_or(text).trim();
    let words = text.trim_start_matches(['/', '!']).trim_start();
    let first = words.split([' ', ':']).next()?.to_ascii_uppercase();
    if first == "STUB" && words[4..].trim_start().starts_with(':') {
        let text = words.split_once(':')?.1;
        return Some(Marker::Stub(text.strip_prefix(' ').unwrap_or(text)));
    }
    let part = match words[first.len().min(words.len())..].trim().to_ascii_uppercase().as_str() {
        "SOLUTION" => Part::Solution,
        "STAFF" => Part::Staff,
        _ => return None,
    };
    match first.as_str() {
        "BEGIN" => Some(Marker::Begin(part)),
        "END" => Some(Marker::End(part)),
        _ => None,
    }
}

impl Marker<'_> {
    /// The correct spelling in a file with such comments.
    fn exact(self, comment: Comment) -> String {
        let text = match self {
            Marker::Begin(Part::Solution) => "BEGIN SOLUTION",
            Marker::End(Part::Solution) => "END SOLUTION",
            Marker::Begin(Part::Staff) => "BEGIN STAFF",
            Marker::End(Part::Staff) => "END STAFF",
            Marker::Stub(text) => &format!("STUB: {text}"),
        };
        format!("{} {text} {}", comment.begin, comment.end).trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::{solution_lines, students_version};
    use std::path::Path;

    fn version(text: &str) -> Result<String, String> {
        students_version(Path::new("src/lib.rs"), text).map_err(|error| error.to_string())
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(version(text).as_deref(), Ok(expected));
    }

    #[track_caller]
    fn check_error(text: &str, expected: &str) {
        assert_eq!(version(text), Err(expected.to_owned()));
    }

    #[test]
    fn replaces_the_solution_by_the_stub() {
        check(
            "fn two() -> u8 {\n    // BEGIN SOLUTION\n    1 + 1\n    // END SOLUTION\n    // STUB: todo!(\"add\")\n}\n",
            "fn two() -> u8 {\n    todo!(\"add\")\n}\n",
        );
        check(
            "// BEGIN SOLUTION\nuse a::{b, c};\n// END SOLUTION\n// STUB: use a::b;\n// STUB:\n// STUB: use d;\n",
            "use a::b;\n\nuse d;\n",
        );
    }

    #[test]
    fn leaves_one_empty_line_instead_of_two() {
        check("a\n\n// BEGIN SOLUTION\nb\n// END SOLUTION\n\nc\n", "a\n\nc\n");
        check("a\n// BEGIN SOLUTION\nb\n// END SOLUTION\n\nc\n", "a\n\nc\n");
        check("a\n\n// BEGIN SOLUTION\nb\n// END SOLUTION\n", "a\n");
        check("a\n\n// BEGIN STAFF\nb\n// END STAFF\n\n\nc\n", "a\n\n\nc\n");
    }

    #[test]
    fn leaves_out_what_is_for_staff_in_each_language() {
        for (path, begin, end) in [
            ("src/lib.rs", "    // BEGIN STAFF", "    // END STAFF"),
            ("Cargo.toml", "# BEGIN STAFF", "# END STAFF"),
            ("README.md", "<!-- BEGIN STAFF -->", "<!-- END STAFF -->"),
        ] {
            let students = students_version(Path::new(path), &format!("a\n{begin}\nb\n{end}\nc\n"));
            assert_eq!(students.map_err(|error| error.to_string()), Ok("a\nc\n".to_owned()), "{path}");
        }
        let heading = "# BEGIN STAFF\n";
        assert_eq!(students_version(Path::new("README.md"), heading).unwrap(), heading);
    }

    #[test]
    fn leaves_everything_else_alone() {
        let text = "// Begin with the solution of STUB: nothing\n// begin here\nlet a = \"// BEGIN SOLUTION\";\n// a stub: b\n";
        check(text, text);
        check("", "");
    }

    #[test]
    fn names_file_and_line_of_a_wrong_marker() {
        let (begin, end) = ("// BEGIN SOLUTION\n", "// END SOLUTION\n");
        check_error(&format!("a\n{begin}b\n"), "src/lib.rs:2: this part has no `// END SOLUTION`");
        check_error(
            &format!("{begin}{begin}{end}{end}"),
            "src/lib.rs:2: the part that begins in line 1 has not ended yet",
        );
        check_error(
            &format!("{begin}// END STAFF\n{end}"),
            "src/lib.rs:2: the part that begins in line 1 has not ended yet",
        );
        check_error(
            &format!("{begin}// STUB: a\n{end}"),
            "src/lib.rs:2: the part that begins in line 1 has not ended yet",
        );
        check_error(end, "src/lib.rs:1: this ends a part that has not begun");
        let alone = "a stub must stand directly below `// END SOLUTION`";
        check_error("a\n// STUB: b\n", &format!("src/lib.rs:2: {alone}"));
        check_error(&format!("{begin}{end}a\n// STUB: b\n"), &format!("src/lib.rs:4: {alone}"));
        check_error("// BEGIN STAFF\n// END STAFF\n// STUB: b\n", &format!("src/lib.rs:3: {alone}"));
    }

    #[test]
    fn gives_the_correct_spelling_of_a_misspelled_marker() {
        for wrong in ["//BEGIN SOLUTION", "// begin solution", "/// BEGIN SOLUTION", "// BEGIN  SOLUTION"] {
            let expected = format!("src/lib.rs:1: `{wrong}` is not a marker; write `// BEGIN SOLUTION`");
            check_error(&format!("{wrong}\n"), &expected);
        }
        check_error(
            "// BEGIN SOLUTION\n// END SOLUTION\n// stub: a\n",
            "src/lib.rs:3: `// stub: a` is not a marker; write `// STUB: a`",
        );
        for (path, wrong, right) in [
            ("Cargo.toml", "#BEGIN STAFF", "# BEGIN STAFF"),
            ("README.md", "<!--begin staff-->", "<!-- BEGIN STAFF -->"),
        ] {
            let error = students_version(Path::new(path), wrong).unwrap_err().to_string();
            assert_eq!(error, format!("{path}:1: `{wrong}` is not a marker; write `{right}`"));
        }
    }

    #[test]
    fn lists_what_students_do_not_get() {
        let text = "a\n// BEGIN SOLUTION\nb\n// END SOLUTION\n// STUB: c\nd\n";
        assert_eq!(solution_lines(Path::new("x"), text).unwrap(), ["b"]);
    }
}
