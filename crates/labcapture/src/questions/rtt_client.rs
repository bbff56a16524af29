//! The questions of lab 4.

use crate::capture::Capture;
use crate::conversation::{Conversation, Exchange, Moment, PacketRecord, Protocol, Side, Turn};
use crate::formatting::{count, count_of, milliseconds, seconds};
use crate::lab::Lab;
use crate::narration::opening;
use crate::questions::answer::{Answer, frames_of};
use crate::questions::filter::Filter;
use crate::questions::round_trips::round_trips;
use crate::questions::selection::relevant;
use crate::questions::shared::{connection_lines, has_payload, lines, shown_by_requests};
use crate::questions::unreachable::{lacking, unreachable, with_unanswered_hosts};

/// If the second segment of a request comes at least this long after the first one, it was held back.
const PAUSE_NS: u64 = 20_000_000;

pub fn answers(capture: &Capture) -> Vec<Answer> {
    let all = relevant(Lab::RttClient, capture);
    let over = |protocol| {
        let chosen = all.iter().copied().filter(|conversation| conversation.protocol() == protocol);
        chosen.collect::<Vec<&Conversation>>()
    };
    let (udp, tcp) = (over(Protocol::Udp), over(Protocol::Tcp));
    vec![
        first_exchange(&all, capture.times_ns.map_or(0, |(start, _)| start)),
        compare(&udp, &tcp),
        Answer::to(3, "Two explanations for 0.0121 s (UDP) and 0.00116 s (TCP), one sample each")
            .line(
                "the first packet includes the time for ARP and cold caches; the clock for TCP may have \
                 started after `connect`",
            )
            .inferred("this capture is not from that measurement"),
        round_trips(4, "Which part of TCP's time is hidden when the clock starts after `connect`?", &tcp),
        without_server(&udp, &tcp, capture),
        Answer::to(6, "Why does the client not wait for a reply before the next request?")
            .line(
                "if the server paused, the next requests would be sent later, and the time that they waited \
                 would not be measured",
            )
            .inferred("only the program knows when a request was due"),
        Answer::to(7, "Why are durations taken from the monotonic clock?")
            .line(
                "the wall clock may be changed during a measurement; the times in a capture come from the \
                 wall clock, too",
            )
            .inferred("a capture does not show changes of a clock"),
        two_writes(&tcp),
    ]
}

/// Shows the packets that carry requests and replies: every datagram, and the segments with payload.
fn shown_by_messages(answer: Answer, all: &[&Conversation]) -> Answer {
    let filter = Filter::Any(vec![Filter::is("udp"), has_payload()]);
    answer.shown(all, Some(filter), |conversation: &Conversation, packet: &PacketRecord| {
        conversation.protocol() == Protocol::Udp || packet.payload_length > 0
    })
}

fn first_exchange(all: &[&Conversation], start_ns: u64) -> Answer {
    let question = "When was the first request sent, and when was its reply received? What is the RTT?";
    let answer = Answer::to(1, question).lines(lines(all, |conversation| {
        let mut exchanges = conversation.common.exchanges.iter();
        let (exchange, reply) =
            exchanges.find_map(|exchange| Some((exchange, exchange.reply.as_ref()?.at)))?;
        let request = exchange.request.at;
        let time = |at: Moment| seconds(at.time_ns.saturating_sub(start_ns));
        Some(format!(
            "{} over {}: request at {} s (frame {}), reply at {} s (frame {}) of the capture",
            milliseconds(exchange.rtt_ns()?),
            conversation.protocol(),
            time(request),
            request.frame,
            time(reply),
            reply.frame
        ))
    }));
    shown_by_messages(answer, all).or_absent("nothing was answered").inferred(
        "the times that the program measures include the time in its own operating system, which is not on \
         the wire",
    )
}

/// A summary of round-trip times.
struct Times {
    count: u64,
    median_ns: u64,
    min_ns: u64,
    max_ns: u64,
}

impl Times {
    fn of(conversations: &[&Conversation]) -> Option<Times> {
        let exchanges = conversations.iter().flat_map(|conversation| &conversation.common.exchanges);
        let mut times: Vec<u64> = exchanges.filter_map(Exchange::rtt_ns).collect();
        times.sort_unstable();
        Some(Times {
            count: times.len() as u64,
            median_ns: *times.get(times.len() / 2)?,
            min_ns: *times.first()?,
            max_ns: *times.last()?,
        })
    }

    fn line(&self, protocol: Protocol) -> String {
        format!(
            "{protocol}: median {} of {}, from {} to {}",
            milliseconds(self.median_ns),
            count(self.count, "exchange"),
            milliseconds(self.min_ns),
            milliseconds(self.max_ns)
        )
    }
}

fn compare(udp: &[&Conversation], tcp: &[&Conversation]) -> Answer {
    let answer = Answer::to(2, "Which RTT is higher, UDP's or TCP's?");
    let answer = match (Times::of(udp), Times::of(tcp)) {
        (Some(udp), Some(tcp)) => {
            let higher = if udp.median_ns > tcp.median_ns { Protocol::Udp } else { Protocol::Tcp };
            let difference = milliseconds(udp.median_ns.abs_diff(tcp.median_ns));
            answer.line(udp.line(Protocol::Udp)).line(tcp.line(Protocol::Tcp)).line(format!(
                "the median of {higher} is higher by {difference}; this means little if single times differ \
                 by more than that"
            ))
        }
        (Some(times), None) => {
            answer.line(times.line(Protocol::Udp)).line("this capture contains no TCP exchange")
        }
        (None, Some(times)) => {
            answer.line(times.line(Protocol::Tcp)).line("this capture contains no UDP exchange")
        }
        (None, None) => answer.or_absent("nothing was answered"),
    };
    shown_by_messages(answer, &[udp, tcp].concat())
}

fn without_server(udp: &[&Conversation], tcp: &[&Conversation], capture: &Capture) -> Answer {
    let question = "What happens when the client sends to a server that does not exist?";
    let mut answer = unreachable(5, question, udp);
    let is_without_answer = |conversation: &&Conversation| {
        conversation
            .tcp()
            .is_some_and(|tcp| tcp.handshake.syn.is_some() && !tcp.directions[Side::Server].has_syn)
    };
    let lacking = lacking(&[udp, tcp].concat());
    let tcp: Vec<&Conversation> = tcp.iter().copied().filter(is_without_answer).collect();
    let icmp = answer.filter.take();
    let connections = (!tcp.is_empty()).then(|| Filter::streams(&tcp));
    let answer = answer
        .lines(connection_lines(&tcp, |conversation, flow| {
            Some(format!("to {}: {}", conversation.server(), opening(conversation, flow)))
        }))
        .proof(frames_of(&tcp, |_, _| true))
        .filter(Filter::Any([icmp, connections].into_iter().flatten().collect()));
    with_unanswered_hosts(answer, capture).or_absent(lacking)
}

/// Requests in two segments, of which the second waited for the acknowledgment of the first (Nagle's algorithm).
fn two_writes(tcp: &[&Conversation]) -> Answer {
    let answer =
        Answer::to(8, "Why do two writes take 40 ms, and one write does not? Which side waits for what?");
    let waits = |conversation: &Conversation| -> Vec<(Moment, Moment)> {
        let turns = conversation.tcp().map_or(&[][..], |flow| flow.turns());
        turns.iter().filter_map(pause).collect()
    };
    let all: Vec<(Moment, Moment)> = tcp.iter().flat_map(|conversation| waits(conversation)).collect();
    let Some((first, second)) = all.first() else {
        return answer.or_absent("no request has a pause between two segments");
    };
    let waiting: Vec<&Conversation> =
        tcp.iter().copied().filter(|conversation| !waits(conversation).is_empty()).collect();
    let answer = answer.line(format!(
        "{} in two segments, for example frame {} and, {} later, frame {}: the client holds the second \
         segment back until the first is acknowledged (Nagle's algorithm), and the server delays that \
         acknowledgment",
        count_of(all.len() as u64, "request was sent", "requests were sent"),
        first.frame,
        milliseconds(second.time_ns - first.time_ns),
        second.frame
    ));
    shown_by_requests(answer, &waiting)
}

/// Returns the first two segments of a request if the second one was held back.
fn pause(turn: &Turn) -> Option<(Moment, Moment)> {
    let second = turn.second.filter(|_| turn.from == Side::Client)?;
    let waited = second.time_ns.saturating_sub(turn.first.time_ns) >= PAUSE_NS;
    waited.then_some((turn.first, second))
}
