//! Packets that no server receives, and hosts that do not exist, which labs 1, 2 and 4 ask about.

use crate::capture::Capture;
use crate::conversation::{Conversation, Side};
use crate::narration;
use crate::neighbours::Unanswered;
use crate::questions::answer::Answer;
use crate::questions::filter::Filter;
use crate::questions::shared::lines;

/// The maximum number of hosts that one answer names.
const HOSTS_MAX: usize = 10;

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

/// Says what a capture lacks in which neither an ICMP error nor a server without any reply was found.
pub fn lacking(all: &[&Conversation]) -> &'static str {
    let mut exchanges = all.iter().flat_map(|conversation| &conversation.common.exchanges).peekable();
    if exchanges.peek().is_none() {
        "no request was sent"
    } else if exchanges.all(|exchange| exchange.reply.is_some()) {
        "every request was answered"
    } else {
        "every server answered, but not every request"
    }
}

/// Adds the hosts that did not answer when they were asked for their hardware address. To such a host, a client can
/// send nothing, so it appears in no conversation.
pub fn with_unanswered_hosts(answer: Answer, capture: &Capture) -> Answer {
    let hosts: Vec<Unanswered<'_>> = capture.neighbours.unanswered().take(HOSTS_MAX).collect();
    if hosts.is_empty() {
        return answer;
    }
    let before = answer.filter.clone();
    let answer = answer
        .lines(hosts.iter().map(narration::unanswered))
        .proof(hosts.iter().flat_map(|host| host.asked.frames.iter().copied()));
    // The filter also matches requests that are not kept, and those from before the host was last heard of.
    let is_exact = hosts
        .iter()
        .all(|Unanswered { asked, .. }| !asked.was_there && asked.requests == asked.frames.len() as u64);
    if is_exact {
        answer.filter(Filter::Any(before.into_iter().chain(hosts.iter().map(requests)).collect()))
    } else {
        answer
    }
}

/// The filter for the requests of one host for the hardware address of another.
fn requests(unanswered: &Unanswered<'_>) -> Filter {
    let Unanswered { host, by, .. } = unanswered;
    let conditions = if host.is_ipv4() {
        [
            "arp.opcode == 1".to_owned(),
            format!("arp.src.proto_ipv4 == {by}"),
            format!("arp.dst.proto_ipv4 == {host}"),
        ]
    } else {
        [
            "icmpv6.type == 135".to_owned(),
            format!("ipv6.src == {by}"),
            format!("icmpv6.nd.ns.target_address == {host}"),
        ]
    };
    Filter::All(conditions.into_iter().map(Filter::Is).collect())
}
