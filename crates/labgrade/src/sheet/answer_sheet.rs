//! The *answer sheet*: all questions of a lab, as a TOML file to fill in.

use super::contents::Contents;
use super::wrap::wrapped;
use crate::reports::phrases::in_points;
use std::fmt::Write;

/// The width of a comment.
const COLUMNS: usize = 100;

/// Returns an empty answer sheet.
///
/// An explanation is a multi-line literal string: a student who writes `\n`, a quote or a Windows path in it makes no
/// mistake.
pub fn answer_sheet(contents: &Contents) -> String {
    let Contents { lab, title, .. } = contents;
    let mut text = format!("# {title}: answer sheet\n#\n");
    for line in [
        "Fill this file in, and hand it in as `answers.toml` with your program and with your capture, \
         `capture.pcapng`. The capture must show what you answer.",
        "A fact stands between the quotes, as in 1.example = \"51465\". Numbers may be decimal or hexadecimal \
         (0x1a2b). Several values stand in brackets: [\"SYN\", \"SYN, ACK\"].",
        "An explanation stands between two lines of three apostrophes ('''), on as many lines as you need. Use your \
         own words, and name the frames or calls that show it. Do not write three apostrophes in it.",
        "What you leave empty earns no points.",
    ] {
        text.push_str(&wrapped("# ", line, COLUMNS));
    }
    let _ = writeln!(text, "\nlab = \"{lab}\"");
    for question in &contents.questions {
        let points = question.points.map(|points| format!(" ({})", in_points(points))).unwrap_or_default();
        let _ = writeln!(text, "\n\n# Question {}{points}", question.number);
        text.push_str(&wrapped("# ", &question.text, COLUMNS));
        for fact in contents.facts_of(question.number) {
            text.push('\n');
            text.push_str(&wrapped("# ", &format!("1 point: {}", fact.asks), COLUMNS));
            let _ = writeln!(text, "{} = \"\"", fact.name);
        }
        if question.explain > 0 {
            let _ = writeln!(
                text,
                "\n# {}: your explanation\n{}.explain = '''\n\n'''",
                in_points(question.explain),
                question.number
            );
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::answer_sheet;
    use crate::sheet::contents::{Contents, facts};
    use labrubric::Question;

    #[test]
    fn asks_for_facts_and_explanations() {
        let question = |number, points, explain| Question {
            number,
            text: "Which port, and *why*?".to_owned(),
            points: Some(points),
            explain,
            model: "SECRET".to_owned(),
        };
        let contents = Contents {
            lab: "udp-echo".to_owned(),
            title: "Lab 1 · UDP echo".to_owned(),
            questions: vec![question(1, 2, 1), question(2, 1, 0), question(6, 2, 2)],
            facts: facts("udp-echo"),
            handout: String::new(),
        };
        let text = answer_sheet(&contents);
        let first = "# Question 1 (2 points)\n# Which port, and *why*?\n\n# 1 point: the client's port\n\
                     1.client_port = \"\"\n\n# 1 point: your explanation\n1.explain = '''\n\n'''\n";
        assert!(text.contains(first), "{text}");
        assert!(!text.contains("2.explain") && text.contains("\n6.explain = '''\n\n'''\n"), "{text}");
        assert!(!text.contains("SECRET"));
        let sheet = labcapture::sheet::parse(&text).unwrap();
        assert_eq!((sheet.explanation(1), sheet.answer("1.client_port").is_some()), (None, false));
        let filled = text.replacen("'''\n\n'''", "'''\nIt's \"free\" in C:\\new.\n'''", 1);
        let sheet = labcapture::sheet::parse(&filled).unwrap();
        assert_eq!(sheet.explanation(1).map(str::trim), Some("It's \"free\" in C:\\new."));
    }
}
