//! The round-trip times of connections, which lab 2 and lab 4 ask about.

use crate::conversation::Conversation;
use crate::formatting::milliseconds;
use crate::questions::answer::Answer;
use crate::questions::shared::{connection_lines, is_opening_or_carries_payload, opens_or_carries_payload};

/// Answers with the times of the handshake and of the first line.
pub fn round_trips(number: u8, question: &'static str, all: &[&Conversation]) -> Answer {
    Answer::to(number, question)
        .lines(connection_lines(all, |conversation, tcp| {
            let handshake = tcp.handshake.rtt_ns();
            let handshake = handshake.map(|ns| format!("{} from SYN to SYN, ACK", milliseconds(ns)));
            let answered = conversation.common.exchanges.iter().find(|exchange| exchange.reply.is_some());
            let line = answered.and_then(|line| {
                let frame = line.request.at.frame;
                Some(format!("{} for the line in frame {frame}", milliseconds(line.rtt_ns()?)))
            });
            let times: Vec<String> = [handshake, line].into_iter().flatten().collect();
            (!times.is_empty()).then(|| times.join("; "))
        }))
        .shown(all, Some(opens_or_carries_payload()), is_opening_or_carries_payload)
        .or_absent("nothing was answered")
}
