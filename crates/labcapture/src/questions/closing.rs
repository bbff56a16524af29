//! The frames that close connections, and the filter that shows them.

use crate::conversation::{Close, Conversation, Side, TcpFlow};
use crate::packet::Flags;
use crate::questions::answer::Answer;
use crate::questions::filter::Filter;
use std::collections::BTreeSet;

/// The maximum number of conversations in one filter, which needs a separate part for each.
const FILTERED_MAX: usize = 10;

/// Shows the segments with FIN, the ACKs of them, and an RST.
pub fn shown_by_close(answer: Answer, all: &[&Conversation]) -> Answer {
    let connections = all.iter().filter_map(|conversation| Some((*conversation, conversation.tcp()?)));
    let closed = connections.filter(|(_, tcp)| tcp.close() != Close::Open);
    let closed: Vec<(&Conversation, &TcpFlow)> = closed.collect();
    let answer = answer.proof(closed.iter().flat_map(|(_, tcp)| tcp.close().frames()));
    if closed.len() > FILTERED_MAX {
        return answer;
    }
    let conversations: Vec<&Conversation> = closed.iter().map(|(conversation, _)| *conversation).collect();
    let filter = || Filter::Any(closed.iter().map(|(conversation, tcp)| filter(conversation, tcp)).collect());
    answer.shown_as(&conversations, filter, |conversation, packet| {
        let Some(tcp) = conversation.tcp() else { return false };
        let close = tcp.close();
        if matches!(close, Close::Reset { .. }) {
            return packet.has(Flags::RST);
        }
        if matches!(close, Close::FinThenReset { .. }) && packet.has(Flags::RST) {
            return true;
        }
        // The filter also matches later segments with the same acknowledgment number.
        let acknowledged = packet.segment().and_then(|segment| segment.relative_acknowledgment);
        let is_ack = acknowledged.is_some_and(|number| ends(tcp).contains(&u64::from(number)));
        packet.has(Flags::FIN) || is_ack && packet.payload_length == 0
    })
}

fn filter(conversation: &Conversation, tcp: &TcpFlow) -> Filter {
    let stream = Filter::streams(&[conversation]);
    let resets = || Filter::is("tcp.flags.reset == 1");
    let close = tcp.close();
    if matches!(close, Close::Reset { .. }) {
        return stream.and(resets());
    }
    let acknowledges = Filter::one_of("tcp.ack", ends(tcp)).and(Filter::is("tcp.len == 0"));
    let mut kinds = vec![Filter::is("tcp.flags.fin == 1"), acknowledges];
    if matches!(close, Close::FinThenReset { .. }) {
        kinds.push(resets());
    }
    stream.and(Filter::Any(kinds))
}

/// Returns the relative numbers that acknowledge a FIN. They depend on how much each endpoint has sent.
fn ends(tcp: &TcpFlow) -> BTreeSet<u64> {
    let fins = Side::BOTH.into_iter().filter_map(|side| tcp.directions[side].fin);
    fins.map(|fin| fin.end & 0xffff_ffff).collect()
}
