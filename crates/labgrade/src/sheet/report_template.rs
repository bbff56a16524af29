//! The *report template*: Markdown that a student fills in, or prints and fills in by hand.

use super::contents::Contents;
use super::handout::{experiments, steps};
use super::wrap::wrapped;
use crate::reports::phrases::in_points;
use std::fmt::Write;

/// The width of a line.
const COLUMNS: usize = 110;

/// Empty lines on paper for a screenshot, a fact, and a point of an explanation.
const LINES_PER_SCREENSHOT: u32 = 4;
const LINES_PER_FACT: u32 = 1;
const LINES_PER_POINT: u32 = 3;

/// Returns an empty report.
pub fn report_template(contents: &Contents) -> String {
    let mut text = format!("# {}: report\n\n", contents.title);
    text.push_str(
        "| | |\n|---|---|\n| Name | |\n| Group | |\n| Date | |\n| Handed in with it (files) | |\n\n",
    );
    text.push_str(&wrapped(
        "",
        "Write below each heading, or print this page and write by hand. A line of `<br>` is room on paper: replace \
         it by your text. For a screenshot, insert the picture or name its file.",
        COLUMNS,
    ));
    run(&mut text, contents);
    trials(&mut text, contents);
    questions(&mut text, contents);
    text
}

/// The steps on several computers, each with a place for a screenshot.
fn run(text: &mut String, contents: &Contents) {
    let steps = steps(&contents.handout);
    if steps.is_empty() {
        return;
    }
    text.push_str("\n## Captures and screenshots\n\n");
    text.push_str(
        "| capture (file) | taken on | what it shows |\n|---|---|---|\n| | | |\n| | | |\n| | | |\n\n",
    );
    text.push_str(&wrapped(
        "",
        "The steps are those of *Run it on three hosts*. For each, add a screenshot or a note of what you saw.",
        COLUMNS,
    ));
    for step in steps {
        let _ = writeln!(text, "\n### Step {}\n", step.number);
        text.push_str(&wrapped("", &with_links_to_handout(&step.text), COLUMNS));
        text.push_str("\nScreenshot or note:\n\n");
        text.push_str(&room(LINES_PER_SCREENSHOT));
    }
}

/// The experiments, with what was expected and what happened.
fn trials(text: &mut String, contents: &Contents) {
    let experiments = experiments(&contents.handout);
    if experiments.is_empty() {
        return;
    }
    text.push_str("\n## Experiments\n\nFill in the ones that you did.\n\n");
    text.push_str("| | experiment | what I expected | what happened, and why |\n|---|---|---|---|\n");
    for experiment in experiments {
        let title = with_links_to_handout(experiment.title()).replace('|', "\\|");
        let _ = writeln!(text, "| {} | {title} | | |", experiment.number);
    }
}

fn questions(text: &mut String, contents: &Contents) {
    let total: u32 = contents.questions.iter().filter_map(|question| question.points).sum();
    let _ = writeln!(text, "\n## Questions ({})", in_points(total));
    for question in &contents.questions {
        let points = question.points.map(|points| format!(" ({})", in_points(points))).unwrap_or_default();
        let _ = writeln!(text, "\n### Question {}{points}\n", question.number);
        text.push_str(&wrapped("", &with_links_to_handout(&question.text), COLUMNS));
        for fact in contents.facts_of(question.number) {
            text.push('\n');
            text.push_str(&wrapped("", &format!("Fact (1 point): {}", fact.asks), COLUMNS));
            text.push('\n');
            text.push_str(&room(LINES_PER_FACT));
        }
        if question.explain > 0 {
            let _ = writeln!(text, "\nExplanation ({}):\n", in_points(question.explain));
            text.push_str(&room(question.explain * LINES_PER_POINT));
        }
    }
}

/// Empty lines on paper.
fn room(lines: u32) -> String {
    (0..lines).map(|_| "<br>").collect::<String>() + "\n"
}

/// A link to a heading of the handout, as it must be in a file beside the handout.
fn with_links_to_handout(markdown: &str) -> String {
    markdown.replace("](#", "](README.md#")
}

#[cfg(test)]
mod tests {
    use super::report_template;
    use crate::sheet::contents::{Contents, facts};
    use labrubric::Question;

    #[test]
    fn has_a_place_for_everything() {
        let question = Question {
            number: 1,
            text: "Which port? See [it](#look-at-it).".to_owned(),
            points: Some(3),
            explain: 2,
            model: "SECRET".to_owned(),
        };
        let handout = "## Run it on three hosts\n\n1. On B, start Wireshark.\n\n## Break it\n\n1. **No `a|b`.** Stop it.\n";
        let contents = Contents {
            lab: "udp-echo".to_owned(),
            title: "Lab 1 · UDP echo".to_owned(),
            questions: vec![question],
            facts: facts("udp-echo"),
            handout: handout.to_owned(),
        };
        let text = report_template(&contents);
        for part in [
            "# Lab 1 · UDP echo: report\n\n| | |\n|---|---|\n| Name | |\n",
            "### Step 1\n\nOn B, start Wireshark.\n\nScreenshot or note:\n\n<br><br><br><br>\n",
            "| 1 | No `a\\|b`. | | |\n",
            "## Questions (3 points)\n\n### Question 1 (3 points)\n\nWhich port? See [it](README.md#look-at-it).\n",
            "\nFact (1 point): the client's port\n\n<br>\n\nExplanation (2 points):\n\n<br><br><br><br><br><br>\n",
        ] {
            assert!(text.contains(part), "{part}\n---\n{text}");
        }
        assert!(!text.contains("SECRET"));
    }
}
