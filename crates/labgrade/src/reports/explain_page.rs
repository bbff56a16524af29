//! `explain.html`: where a person grades the explanations of a class, on one page without any other files.
//!
//! It goes through the questions one by one, with the model answer on top and all answers side by side. What a person
//! enters stays in the browser, until a button saves it as `explained.toml`, which the next run reads.
//!
//! The answers are data in the page, and the script shows them as text only. So nothing in an answer becomes HTML.

use super::text;
use crate::answers::SHEET;
use crate::outcome::Outcome;
use labrubric::Question;
use maud::{DOCTYPE, PreEscaped, html};
use serde_json::{Value, json};
use std::fmt::Write;

/// The name of the file.
pub const NAME: &str = "explain.html";

const STYLE: &str = include_str!("explain_page/page.css");

/// The part of the script that writes `explained.toml`, which needs no page.
const TOML_SCRIPT: &str = include_str!("explain_page/explained_toml.js");
const SCRIPT: &str = include_str!("explain_page/page.js");

/// The page may run its own script, and load nothing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; \
                      form-action 'none'";

/// The text of the file. `None` if no submission has an explanation, and every sheet could be read.
///
/// The browser keeps what is entered under the name of the lab and of the folder of results.
pub fn text_of(lab: &str, folder: &str, questions: &[Question], outcomes: &[Outcome]) -> Option<String> {
    let answers = answers(outcomes);
    let unreadable: Vec<(&str, &str)> = outcomes.iter().filter_map(unreadable).collect();
    let mut questions = questions.iter().filter(|question| question.explain > 0).peekable();
    let is_empty = unreadable.is_empty() || questions.peek().is_none();
    if is_empty && answers.iter().all(|answer| answer["text"] == "") {
        return None;
    }
    let questions = questions.map(|question| {
        json!({
            "number": question.number,
            "text": question.text,
            "points": question.explain,
            "model": question.model,
        })
    });
    let data = json!({
        "lab": lab,
        "store": format!("labgrade {lab} {folder}"),
        "questions": questions.collect::<Vec<_>>(),
        "answers": answers,
    });
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                title { (text::line(lab)) ": explanations" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { (text::line(lab)) ": explanations" }
                    p id="progress" role="status" {}
                    div class="buttons" {
                        button id="save" { "Save explained.toml" }
                        button id="anonymous" aria-pressed="false" { "Hide names" }
                        button id="discard" { "Discard changes" }
                        button id="help" { "Keys (?)" }
                    }
                    nav id="questions" aria-label="Questions" {}
                }
                @if !unreadable.is_empty() {
                    section class="unreadable" aria-label="Sheets that cannot be read" {
                        @for (name, why) in unreadable {
                            p { (SHEET) " of " b class="name" { (text::line(name)) } " cannot be read: " (text::line(why)) }
                        }
                    }
                }
                main id="question" {}
                dialog id="keys" aria-label="Keys" {
                    h2 { "Keys" }
                    table {
                        @for (key, meaning) in KEYS {
                            tr { th { kbd { (key) } } td { (meaning) } }
                        }
                    }
                    p {
                        "Everything is kept in this browser. Save the file beside this page, and run the same "
                        code { "labgrade run" } " again: then the reports have the points."
                    }
                    form method="dialog" { button { "Close" } }
                }
                noscript { p { "This page needs JavaScript." } }
                script id="data" type="application/json" { (PreEscaped(embedded(&data))) }
                script { (PreEscaped(TOML_SCRIPT)) (PreEscaped(SCRIPT)) }
            }
        }
    };
    Some(page.into_string() + "\n")
}

/// The keys, as the page explains them.
const KEYS: [(&str, &str); 7] = [
    ("0 – 9", "give so many points"),
    ("c", "write a comment; Enter ends it"),
    ("n, Enter", "next answer"),
    ("p", "previous answer"),
    ("u", "next answer without points"),
    ("j, k", "next and previous question"),
    ("Esc", "leave the comment, close this window"),
];

/// The name of a submission whose sheet cannot be read at all, and why.
fn unreadable(outcome: &Outcome) -> Option<(&str, &str)> {
    let why = outcome.answers.as_ref()?.unreadable.as_deref()?;
    Some((&outcome.submission, why))
}

/// The explanations of a class.
fn answers(outcomes: &[Outcome]) -> Vec<Value> {
    let mut answers = Vec::new();
    for outcome in outcomes {
        for explained in outcome.answers.iter().flat_map(|answers| &answers.explained) {
            let graded = explained.graded.as_ref();
            answers.push(json!({
                "submission": outcome.submission,
                "name": text::line(&outcome.submission),
                "question": explained.question,
                "points_max": explained.points_max,
                "text": text::block(&explained.answer),
                "digest": explained.digest,
                "points": graded.map(|graded| graded.points),
                "comment": graded.map_or("", |graded| &graded.comment),
            }));
        }
    }
    answers
}

/// JSON that may stand in HTML: it neither ends the script nor begins a comment, and no character of it reorders the
/// text around it. All of these characters stand in strings.
fn embedded(data: &Value) -> String {
    let mut json = String::new();
    for character in data.to_string().chars() {
        match character {
            '<'
            | '>'
            | '&'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}' => {
                let _ = write!(json, "\\u{:04x}", u32::from(character));
            }
            _ => json.push(character),
        }
    }
    json
}
