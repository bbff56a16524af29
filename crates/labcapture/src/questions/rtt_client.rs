//! The questions of lab 4.

use super::{Answer, Lab, Servers, frames_of, lines, relevant, streams, tcp_echo, udp_echo};
use crate::conversation::{Conversation, Entry, Exchange, Mark, Protocol, Side, Turn};
use crate::report::Report;
use crate::words::{count, milliseconds, seconds};

/// Two writes of one request that are further apart than this wait for something.
const PAUSE_NS: u64 = 20_000_000;

pub(super) fn answers(report: &Report) -> Vec<Answer> {
    let all = relevant(Lab::RttClient, report);
    let of = |protocol| {
        all.iter().copied().filter(|conversation| conversation.protocol == protocol).collect::<Vec<_>>()
    };
    let (udp, tcp) = (of(Protocol::Udp), of(Protocol::Tcp));
    vec![
        first_exchange(&all, report.times_ns.map_or(0, |(start, _)| start)),
        compare(&udp, &tcp),
        Answer::to(3, "Two explanations for 0.0121 s (UDP) and 0.00116 s (TCP), one sample each")
            .line("the first packet pays for ARP and for cold caches; TCP's clock may have started after `connect`")
            .inferred("the capture is not the one of that measurement"),
        tcp_echo::round_trips(4, "Which part of TCP's time is hidden when the clock starts after `connect`?", &tcp),
        not_there(&all),
        Answer::to(6, "Why does the client not wait for a reply before the next request?")
            .line("a server that stops would delay the next requests, and their waiting would not be measured")
            .inferred("when a request was due is known to the program only"),
        Answer::to(7, "Why are durations taken from the monotonic clock?")
            .line("the wall clock may be set while one measures; the times of a capture come from it, too")
            .inferred("a capture does not say when a clock was set"),
        two_writes(&tcp),
    ]
}

/// What carries requests and replies: every datagram, and the segments with text.
const SPEAKS: &str = "(udp || tcp.len > 0)";

fn speaks(conversation: &Conversation, entry: &Entry) -> bool {
    conversation.protocol == Protocol::Udp || entry.text_length > 0
}

fn first_exchange(all: &[&Conversation], start_ns: u64) -> Answer {
    let answered = |conversation: &Conversation| {
        conversation.exchanges.iter().find(|exchange| exchange.reply.is_some()).cloned()
    };
    Answer::to(1, "When was the first request sent, and when was its reply received? What is the RTT?")
        .lines(lines(all, |conversation| {
            let exchange = answered(conversation)?;
            let time = |mark: Mark| seconds(mark.time_ns.saturating_sub(start_ns));
            Some(format!(
                "{} over {}: request at {} s (frame {}), reply at {} s (frame {}) of the capture",
                milliseconds(exchange.rtt_ns()?),
                conversation.protocol,
                time(exchange.request),
                exchange.request.frame,
                time(exchange.reply?),
                exchange.reply?.frame
            ))
        }))
        .shown(all, SPEAKS, speaks)
        .or_nothing("nothing was answered")
        .inferred("the program's own times hold its system's part as well, which is not on the wire")
}

/// Median, number, least and most of the exchanges' times.
fn times(conversations: &[&Conversation]) -> Option<(u64, usize, u64, u64)> {
    let exchanges = conversations.iter().flat_map(|conversation| &conversation.exchanges);
    let mut times: Vec<u64> = exchanges.filter_map(Exchange::rtt_ns).collect();
    times.sort_unstable();
    Some((*times.get(times.len() / 2)?, times.len(), *times.first()?, *times.last()?))
}

fn compare(udp: &[&Conversation], tcp: &[&Conversation]) -> Answer {
    let answer = Answer::to(2, "Which RTT is higher, that of UDP or of TCP?");
    let line = |name: &str, (median, number, least, most): (u64, usize, u64, u64)| {
        let (median, least, most) = (milliseconds(median), milliseconds(least), milliseconds(most));
        format!("{name}: median {median} of {}, from {least} to {most}", count(number as u64, "exchange"))
    };
    let answer = match (times(udp), times(tcp)) {
        (Some(udp), Some(tcp)) => {
            let higher = if udp.0 > tcp.0 { "UDP" } else { "TCP" };
            let difference = milliseconds(udp.0.abs_diff(tcp.0));
            answer
                .line(line("UDP", udp))
                .line(line("TCP", tcp))
                .line(format!("the median of {higher} is higher by {difference}; it says little if the times lie further apart than that"))
        }
        (Some(times), None) => answer.line(line("UDP", times)).line("no TCP exchange is in this capture"),
        (None, Some(times)) => answer.line(line("TCP", times)).line("no UDP exchange is in this capture"),
        (None, None) => answer.or_nothing("nothing was answered"),
    };
    answer.shown(&[udp, tcp].concat(), SPEAKS, speaks)
}

fn not_there(all: &[&Conversation]) -> Answer {
    let question = "What happens when the client sends to a server that does not exist?";
    let udp: Vec<&Conversation> =
        all.iter().copied().filter(|conversation| conversation.protocol == Protocol::Udp).collect();
    let mut answer = udp_echo::refused(5, question, &udp);
    answer.lines.retain(|line| !line.starts_with("not in this capture"));
    let tcp: Vec<&Conversation> = all
        .iter()
        .copied()
        .filter(|conversation| conversation.handshake.syn.is_some() && !conversation.sent[Side::Server].syn)
        .collect();
    let icmp = answer.filter.take();
    let unanswered = (!tcp.is_empty()).then(|| streams(&tcp));
    let filter: Vec<String> =
        [icmp, unanswered].into_iter().flatten().map(|part| format!("({part})")).collect();
    answer
        .lines(lines(&tcp, |conversation| {
            Some(format!("to {}: {}", conversation.server(), crate::page::opening(conversation)))
        }))
        .proof(frames_of(&tcp, |_, _| true))
        .filter(filter.join(" || "))
        .or_nothing("every request was answered")
}

/// Requests in two segments, of which the second waited for the acknowledgment of the first.
fn two_writes(tcp: &[&Conversation]) -> Answer {
    let waits = |turn: &&Turn| {
        turn.from == Side::Client
            && turn.second.is_some_and(|second| second.time_ns.saturating_sub(turn.first.time_ns) >= PAUSE_NS)
    };
    let turns = || tcp.iter().flat_map(|conversation| conversation.turns.iter()).filter(waits);
    let answer = Answer::to(8, "Why do two writes take 40 ms and one does not? Which side waits for what?");
    let Some((turn, second)) = turns().find_map(|turn| Some((turn, turn.second?))) else {
        return answer.or_nothing("no request waits between two segments");
    };
    let waiting: Vec<&Conversation> = tcp
        .iter()
        .copied()
        .filter(|conversation| conversation.turns.iter().any(|turn| waits(&turn)))
        .collect();
    let servers = Servers::of(&waiting);
    let pause = milliseconds(second.time_ns - turn.first.time_ns);
    answer
        .line(format!(
            "{} were sent in two segments, such as frame {} and, {pause} later, frame {}: the client holds the second back until \
             the first is acknowledged (Nagle), and the server delays that acknowledgment",
            count(turns().count() as u64, "request"),
            turn.first.frame,
            second.frame
        ))
        .shown(&waiting, &format!("{} && tcp.len > 0", servers.receive("tcp")), |conversation, entry| {
            servers.received(conversation, entry) && entry.text_length > 0
        })
}
