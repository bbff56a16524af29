//! Candidates: the conversations that a sheet may be about.

use crate::capture::Capture;
use crate::conversation::Conversation;
use crate::lab::Lab;
use crate::questions::selection::relevant;
use crate::sheet::expected::Expected;
use crate::sheet::fields::field::{Field, Rule};
use crate::sheet::fields::table::fields;

/// The maximum number of conversations that a sheet is compared with.
const CANDIDATES_MAX: usize = 1000;

/// A conversation that a sheet may be about, or the whole capture.
pub struct Candidate {
    /// The conversation's number, or `None` for the whole capture.
    pub conversation: Option<usize>,
    /// The fields that have a right answer, each with that answer.
    pub expected: Vec<(&'static Field, Expected)>,
}

/// Returns the conversations that a sheet may be about or, if the lab asks about all of them together, the whole
/// capture.
pub fn candidates(lab: Lab, capture: &Capture) -> Vec<Candidate> {
    let all = relevant(lab, capture);
    let is_about_all = fields(lab).iter().all(|field| matches!(field.rule, Rule::Capture(_)));
    let compared = &all[..all.len().min(if is_about_all { 1 } else { CANDIDATES_MAX })];
    let candidates = compared.iter().map(|conversation| Candidate {
        conversation: (!is_about_all).then_some(conversation.common.number),
        expected: expected(lab, conversation, &all),
    });
    // A conversation without any field of its own is not what the sheet is about.
    let is_about = |candidate: &Candidate| {
        let mut rules = candidate.expected.iter().map(|(field, _)| field.rule);
        rules.any(|rule| is_about_all || matches!(rule, Rule::Conversation(_)))
    };
    candidates.filter(is_about).collect()
}

fn expected(lab: Lab, conversation: &Conversation, all: &[&Conversation]) -> Vec<(&'static Field, Expected)> {
    let expected = fields(lab).iter().filter_map(|field| {
        let expected = match field.rule {
            Rule::Conversation(rule) => rule(conversation),
            Rule::Capture(rule) => rule(all),
        };
        Some((field, expected?))
    });
    expected.collect()
}
