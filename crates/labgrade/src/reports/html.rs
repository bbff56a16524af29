//! Pieces of HTML that several parts of the class page share.

use super::text;
use crate::outcome::Outcome;
use maud::{Markup, html};
use std::fmt::Write;

/// The submission's name, linked to its feedback.
pub fn link(outcome: &Outcome) -> Markup {
    let mut path = String::new();
    for byte in outcome.submission.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                path.push(char::from(byte));
            }
            _ => {
                let _ = write!(path, "%{byte:02X}");
            }
        }
    }
    html! { a href=(format!("./{path}/feedback.md")) { (text::line(&outcome.submission)) } }
}

/// Links to several submissions.
pub fn links(outcomes: &[&Outcome]) -> Markup {
    html! {
        @for (number, outcome) in outcomes.iter().enumerate() {
            @if number > 0 { ", " }
            (link(outcome))
        }
    }
}

/// A line of text in which `code` stands between single backticks.
pub fn inline(words: &str) -> Markup {
    let words = text::line(words);
    html! {
        @for (is_code, piece) in text::pieces(&words) {
            @if is_code { code { (piece) } } @else { (piece) }
        }
    }
}

/// A number of submissions, with the noun.
pub fn submissions(count: usize) -> String {
    if count == 1 { "1 submission".to_owned() } else { format!("{count} submissions") }
}

/// The last item of a list that shows only `shown` of `all` items, if so.
pub fn and_more(all: usize, shown: usize) -> Markup {
    html! { @if all > shown { li { "and " (all - shown) " more" } } }
}
