//! Datagrams that no server receives, which lab 1 and lab 4 ask about.

use crate::conversation::{Conversation, Side};
use crate::questions::answer::Answer;
use crate::questions::filter::Filter;
use crate::questions::shared::lines;

/// Answers with the ICMP errors, and with the datagrams that get no answer at all.
pub fn unreachable(number: u8, question: &'static str, all: &[&Conversation]) -> Answer {
    let has_errors = |conversation: &&Conversation| !conversation.common.icmp_errors.is_empty();
    let unreachable: Vec<&Conversation> = all.iter().copied().filter(has_errors).collect();
    let is_silent = |conversation: &&Conversation| {
        conversation.common.icmp_errors.is_empty() && conversation.common.traffic[Side::Server].packets == 0
    };
    let silent: Vec<&Conversation> = all.iter().copied().filter(is_silent).collect();
    let errors = unreachable.iter().flat_map(|conversation| &conversation.common.icmp_errors);
    let is_error = Filter::Any(vec![Filter::is("icmp.type == 3"), Filter::is("icmpv6.type == 1")]);
    Answer::to(number, question)
        .lines(lines(&unreachable, |conversation| {
            let error = conversation.common.icmp_errors.first()?;
            let what = if error.port_unreachable { "port unreachable" } else { "unreachable" };
            Some(format!(
                "the datagram to {} (port {}) is sent, but no program receives it; ICMP {what} comes back \
                 from {} (frame {})",
                conversation.server(),
                conversation.server().port(),
                error.from,
                error.at.frame
            ))
        }))
        .lines(lines(&silent, |conversation| {
            let frame = conversation.common.first.frame;
            Some(format!("nothing answers the datagrams to {} (from frame {frame})", conversation.server()))
        }))
        .proof(errors.map(|error| error.at.frame))
        .filter(is_error.and(Filter::streams_with_icmp(&unreachable)))
}
