//! *Progress* of a class: a bar on a terminal, and one line per submission everywhere else.

use super::screen::print_line;
use crate::outcome::Outcome;
use indicatif::{ProgressBar, ProgressStyle};
use labcore::printable;
use labrubric::Kind;
use std::io::IsTerminal;
use std::time::Duration;

/// Shows how many submissions have been graded.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    total: usize,
    done: usize,
}

impl Progress {
    /// Begins with none of `total` submissions graded.
    pub(super) fn new(total: usize) -> Progress {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(total as u64);
            if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos} of {len}, {eta} left  {msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_secs(1));
            bar
        });
        Progress { bar, total, done: 0 }
    }

    /// Shows that one more submission is graded.
    pub(super) fn graded(&mut self, outcome: &Outcome) {
        self.done += 1;
        let score =
            outcome.score().map_or_else(|| "no score: grader error".to_owned(), |score| score.to_string());
        let name = printable(outcome.submission.as_bytes());
        match &self.bar {
            Some(bar) => {
                bar.set_message(format!("{name}: {score}"));
                bar.inc(1);
            }
            None => print_line(&format!(
                "{} of {}: `{name}` {score} of {} in {:.1} s",
                self.done,
                self.total,
                outcome.points_possible(Kind::Core),
                outcome.seconds
            )),
        }
    }

    /// How many submissions have been graded.
    pub(super) fn done(&self) -> usize {
        self.done
    }

    /// Removes the bar.
    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
