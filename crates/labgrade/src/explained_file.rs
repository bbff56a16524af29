//! The points that a person gave for explanations: `explained.toml` in the folder of results.
//!
//! The page `explain.html` saves the file. The next run reads it, and adds the points to the outcomes:
//!
//! ```toml
//! lab = "udp-echo"
//!
//! [[explained]]
//! submission = "anna"
//! question = 4
//! answer = "cbf29ce484222325" # the digest of the text that was graded
//! points = 2
//! comment = "Right."
//! ```

use crate::outcome::{Explained, Graded, Outcome};
use anyhow::{bail, ensure};
use labcore::printable;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The name of the file in the folder of results.
pub const EXPLAINED: &str = "explained.toml";

/// The largest file that is read. 1000 students need less than 10 MiB.
pub const BYTES_MAX: u64 = 64 << 20;

/// Lines about one kind of mistake.
const NOTES_MAX: usize = 20;

/// An `explained.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExplainedFile {
    lab: String,
    #[serde(default)]
    explained: Vec<Entry>,
}

/// What a person gave for one answer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    submission: String,
    question: u32,
    answer: String,
    points: u32,
    #[serde(default)]
    comment: String,
}

impl ExplainedFile {
    /// Parses the file of `lab`.
    ///
    /// # Errors
    /// If the text is not TOML, if a field is missing or unknown, or if it belongs to another lab. The error names the
    /// line.
    pub fn parse(text: &str, lab: &str) -> anyhow::Result<ExplainedFile> {
        let file: ExplainedFile = match toml::from_str(text) {
            Ok(file) => file,
            Err(error) => {
                let start = error.span().map_or(0, |span| span.start.min(text.len()));
                let line = text[..start].matches('\n').count() + 1;
                let why = error.message().lines().next().unwrap_or_default();
                bail!("line {line}: {}", printable(why.as_bytes()));
            }
        };
        ensure!(file.lab == lab, "it is about lab `{}`, not `{lab}`", printable(file.lab.as_bytes()));
        Ok(file)
    }

    /// Adds the points to `outcomes`, in place of all points from before. Returns a line for each entry that cannot be
    /// added. `not_begun` names the submissions of the class without an outcome.
    pub fn add_to(&self, outcomes: &mut [Outcome], not_begun: &[&str]) -> Vec<String> {
        let mut entries: BTreeMap<(&str, u32), &Entry> = BTreeMap::new();
        let mut notes = Notes::default();
        for entry in &self.explained {
            if entries.insert((&entry.submission, entry.question), entry).is_some() {
                notes.mistakes.push(format!("{}: it has two entries; the later one counts", name(entry)));
            }
        }
        let mut used: BTreeSet<(&str, u32)> = BTreeSet::new();
        for outcome in outcomes.iter_mut() {
            for explained in outcome.answers.iter_mut().flat_map(|answers| &mut answers.explained) {
                let entry = entries.get(&(&*outcome.submission, explained.question)).copied();
                used.extend(entry.map(|entry| (&*entry.submission, entry.question)));
                explained.graded = entry.and_then(|entry| graded(entry, explained, &mut notes));
            }
        }
        let graded: BTreeSet<&str> = outcomes.iter().map(|outcome| &*outcome.submission).collect();
        // Grading may have been interrupted before a submission.
        let is_left = |entry: &&Entry| {
            let key = (&*entry.submission, entry.question);
            !used.contains(&key) && !not_begun.contains(&key.0)
        };
        for entry in entries.into_values().filter(is_left) {
            let why = match graded.contains(&*entry.submission) {
                true => "there is no such explanation in the answer sheet",
                false => "there is no such submission",
            };
            notes.mistakes.push(format!("{}: {why}; the entry is left out", name(entry)));
        }
        notes.lines()
    }
}

/// What cannot be added.
#[derive(Default)]
struct Notes {
    mistakes: Vec<String>,
    changed: Vec<String>,
}

impl Notes {
    fn lines(self) -> Vec<String> {
        let mut lines = Vec::new();
        for notes in [self.mistakes, self.changed] {
            let more = notes.len().saturating_sub(NOTES_MAX);
            lines.extend(notes.into_iter().take(NOTES_MAX).map(|note| format!("{EXPLAINED}: {note}")));
            if more > 0 {
                lines.push(format!("{EXPLAINED}: {more} more entries like these"));
            }
        }
        lines
    }
}

fn graded(entry: &Entry, explained: &Explained, notes: &mut Notes) -> Option<Graded> {
    if entry.answer != explained.digest {
        notes.changed.push(format!("{}: answer changed since it was graded: grade it again", name(entry)));
        return None;
    }
    if entry.points > explained.points_max {
        notes.mistakes.push(format!(
            "{}: {} points are more than the {} that it is worth; the entry is left out",
            name(entry),
            entry.points,
            explained.points_max
        ));
        return None;
    }
    // The reports show a comment in one line.
    let words: Vec<&str> = entry.comment.split_whitespace().collect();
    Some(Graded { points: entry.points, comment: words.join(" ") })
}

fn name(entry: &Entry) -> String {
    format!("`{}`, question {}", printable(entry.submission.as_bytes()), entry.question)
}

#[cfg(test)]
mod tests {
    use super::{EXPLAINED, ExplainedFile};
    use crate::outcome::{Answers, Explained, FORMAT, Graded, Outcome};

    fn outcome(submission: &str, answer: &str) -> Outcome {
        let explained = Explained {
            question: 4,
            points_max: 2,
            answer: answer.to_owned(),
            digest: format!("digest of {answer}"),
            graded: Some(Graded { points: 1, comment: "of an earlier run".to_owned() }),
        };
        Outcome {
            format: FORMAT,
            lab: "udp-echo".to_owned(),
            submission: submission.to_owned(),
            submitted: None,
            graded: chrono::Utc::now(),
            seed: 1,
            isolated: true,
            nothing_found: None,
            remarks: Vec::new(),
            build: None,
            checks: Vec::new(),
            answers: Some(Answers { explained: vec![explained], ..Answers::default() }),
            seconds: 0.0,
        }
    }

    fn entry(submission: &str, question: u32, answer: &str, points: u32) -> String {
        format!(
            "[[explained]]\nsubmission = \"{submission}\"\nquestion = {question}\nanswer = \"digest of {answer}\"\n\
             points = {points}\ncomment = \" So. \"\n"
        )
    }

    /// The points of anna's and berta's explanations, and the notes.
    fn add(entries: &[String]) -> ([Option<u32>; 2], Vec<String>) {
        let text = format!("lab = \"udp-echo\"\n{}", entries.concat());
        let mut outcomes = [outcome("anna", "one"), outcome("berta", "two")];
        let notes = ExplainedFile::parse(&text, "udp-echo").unwrap().add_to(&mut outcomes, &["clara"]);
        (outcomes.map(|outcome| outcome.answers.unwrap().explained[0].points()), notes)
    }

    #[test]
    fn adds_points_in_place_of_those_from_before() {
        assert_eq!(add(&[entry("anna", 4, "one", 2)]), ([Some(2), None], vec![]));
        assert_eq!(add(&[entry("clara", 4, "three", 2)]), ([None, None], vec![]));
    }

    #[test]
    fn names_entries_that_do_not_fit() {
        let check = |entry: String, expected: &str| {
            assert_eq!(add(&[entry]), ([None, None], vec![format!("{EXPLAINED}: {expected}")]));
        };
        check(
            entry("anna", 4, "two", 2),
            "`anna`, question 4: answer changed since it was graded: grade it again",
        );
        check(
            entry("anna", 4, "one", 3),
            "`anna`, question 4: 3 points are more than the 2 that it is worth; the entry is left out",
        );
        check(
            entry("dora", 4, "one", 2),
            "`dora`, question 4: there is no such submission; the entry is left out",
        );
        check(
            entry("anna", 5, "one", 2),
            "`anna`, question 5: there is no such explanation in the answer sheet; the entry is left out",
        );
        let (points, notes) = add(&[entry("anna", 4, "one", 2), entry("anna", 4, "one", 1)]);
        assert_eq!(points, [Some(1), None]);
        assert_eq!(notes, ["explained.toml: `anna`, question 4: it has two entries; the later one counts"]);
    }

    #[test]
    fn names_the_line_of_a_mistake() {
        let error = |text: &str| ExplainedFile::parse(text, "udp-echo").unwrap_err().to_string();
        assert!(error("lab = \"udp-echo\"\n[[explained]\n").starts_with("line 2: "));
        let negative = entry("anna", 4, "one", 2).replace("points = 2", "points = -2");
        let negative = error(&format!("lab = \"udp-echo\"\n{negative}"));
        assert!(negative.starts_with("line 6: "), "{negative}");
        assert_eq!(error("lab = \"tcp-echo\""), "it is about lab `tcp-echo`, not `udp-echo`");
    }
}
