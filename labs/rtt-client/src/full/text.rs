//! The results as text: a line for each event, and the summary at the end.

use crate::clock::human;
use crate::difference::REPLIES_MIN;
use crate::event::{Event, EventKind};
use crate::plan::{Plan, Protocol};
use crate::probe_log::Exchange;
use crate::results::{Lag, Results, Series, milliseconds};
use crate::statistics::Summary;
use chrono::{DateTime, FixedOffset};
use labcore::NO_TIMEOUT;
use rtt_client::connection_line;
use std::fmt::Write;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::time::Duration;

/// Formats the line that says what is about to be measured.
pub fn heading(target: &str, protocols: &str, plan: &Plan) -> String {
    let pace = if plan.count + plan.warm_up == 1 {
        String::new()
    } else if plan.interval.is_zero() {
        ", each after the reply to the one before".to_owned()
    } else {
        format!(", one every {:?}", plan.interval)
    };
    let warm_up =
        if plan.warm_up > 0 { format!(" after {} to warm up", plan.warm_up) } else { String::new() };
    let exchanges = if plan.count == 1 { "1 exchange" } else { &format!("{} exchanges", plan.count) };
    let timeout = if plan.timeout == NO_TIMEOUT {
        "no timeout".to_owned()
    } else {
        format!("timeout {:?}", plan.timeout)
    };
    format!(
        "measuring {target} over {protocols}: {exchanges} of {} bytes{warm_up}{pace}, {timeout}\n",
        plan.size
    )
}

/// Formats the line for one event.
pub fn line(event: &Event, started: DateTime<FixedOffset>, plan: &Plan) -> String {
    let number = |sequence: u32| {
        let warm_up = if sequence <= plan.warm_up { " (warm-up)" } else { "" };
        format!("{} {sequence}{warm_up}", event.protocol)
    };
    let sent = |exchange: &Exchange| format!("sent {}", human(started, exchange.sent_ns));
    let at = human(started, event.at_ns);
    match &event.kind {
        EventKind::Connected(connection) => connection_line(&connection.requested, connection.connect),
        EventKind::Reply { sequence, exchange, late } => {
            let rtt_ms = milliseconds(exchange.rtt_ns().unwrap_or(0));
            let late = if *late { ", late" } else { "" };
            let reordered = if exchange.reordered { ", reordered" } else { "" };
            let (number, sent) = (number(*sequence), sent(exchange));
            format!("{number}: {sent}, received {at}, RTT {rtt_ms:.3} ms{late}{reordered}\n")
        }
        EventKind::Overdue { sequence, exchange } => {
            format!("{}: {}, no reply within {:?}\n", number(*sequence), sent(exchange), plan.timeout)
        }
        EventKind::Duplicate { sequence } => format!("{}: received {at} again\n", number(*sequence)),
        EventKind::Garbage => {
            format!("{}: received {at} bytes that answer no request\n", event.protocol)
        }
        EventKind::Error(error) => format!("{}: the system reports {at}: {error}\n", event.protocol),
    }
}

/// Formats the summary: a table with a column for each protocol, and sentences that interpret it. Without any reply
/// there is no table.
pub fn summary(results: &Results) -> String {
    if !results.any_reply() {
        let lines: String = results.series.iter().map(no_reply).collect();
        return format!("\n{lines}");
    }
    let mut text = table(results);
    for sentence in sentences(results) {
        text.push('\n');
        text.push_str(&sentence);
        text.push('\n');
    }
    text
}

/// The width of a row's name, and of a figure.
const NAME_WIDTH: usize = 30;
const FIGURE_WIDTH: usize = 12;

fn table(results: &Results) -> String {
    let mut table = String::new();
    let mut row = |name: &str, figure: &dyn Fn(&Series) -> String| {
        let (blank, name) = name.split_at(name.len() - name.trim_start_matches('\n').len());
        let _ = write!(table, "{blank}{name:NAME_WIDTH$}");
        for series in &results.series {
            let _ = write!(table, "{:>FIGURE_WIDTH$}", figure(series));
        }
        table.push('\n');
    };
    row("\nexchanges", &|series| series.protocol.to_string());
    row("sent", &|series| series.tally.sent.to_string());
    row("received", &|series| series.tally.received.to_string());
    row("  of these late", &|series| series.tally.late.to_string());
    row("lost", &|series| series.tally.lost.to_string());
    row("duplicated", &|series| series.tally.duplicated.to_string());
    row("reordered", &|series| series.tally.reordered.to_string());
    row("garbage", &|series| series.tally.garbage.to_string());

    if results.series.iter().all(|series| series.from_sending.is_none()) {
        return table; // no reply, no times
    }
    let resolution_ms = results.resolution.as_secs_f64() * 1e3;
    row("\nin ms", &|series| series.protocol.to_string());
    row("name resolution", &|_| format!("{resolution_ms:.3}"));
    row("TCP connect", &|series| show(series.connect_ms));
    row("first exchange", &|series| show(series.first_ms));
    row("warm exchanges (median)", &|series| show(series.warm_median_ms));

    row("\nround trip time in ms", &|series| series.protocol.to_string());
    for (name, figure) in FIGURES {
        row(name, &|series| show(series.from_sending.as_ref().and_then(figure)));
    }
    if !results.plan.interval.is_zero() {
        row("\nfrom the scheduled time, ms", &|series| series.protocol.to_string());
        for (name, figure) in
            FIGURES.iter().filter(|(name, _)| ["median", "p90", "p99", "maximum"].contains(name))
        {
            row(name, &|series| show(series.from_schedule.as_ref().and_then(figure)));
        }
    }
    table
}

type Figure = fn(&Summary) -> Option<f64>;

/// The rows of the table that describe the times.
const FIGURES: [(&str, Figure); 9] = [
    ("minimum", |summary| Some(summary.min)),
    ("mean", |summary| Some(summary.mean)),
    ("median", |summary| Some(summary.median)),
    ("p90", |summary| Some(summary.p90)),
    ("p99", |summary| Some(summary.p99)),
    ("maximum", |summary| Some(summary.max)),
    ("standard deviation", |summary| summary.standard_deviation),
    ("mean consecutive difference", |summary| summary.mean_consecutive_difference),
    ("jitter (RFC 3550)", |summary| summary.jitter),
];

fn show(figure: Option<f64>) -> String {
    figure.map_or_else(|| "-".to_owned(), |ms| format!("{ms:.3}"))
}

fn sentences(results: &Results) -> Vec<String> {
    let mut sentences = Vec::new();
    for series in &results.series {
        if let (Some(first_ms), Some(warm_ms)) = (series.first_ms, series.warm_median_ms) {
            sentences.extend(first_exchange(series.protocol, first_ms, warm_ms, series.server.ip()));
        }
        sentences.extend(schedule(series, &results.plan));
        sentences.extend(split_write(series, &results.plan));
        sentences.extend(errors(series, &results.plan));
        sentences.extend(unfinished(series));
    }
    sentences.extend(verdict(results));
    sentences
}

/// If the first exchange takes more than this many times the median, the summary mentions it.
const FIRST_RATIO_MAX: f64 = 1.5;

fn first_exchange(protocol: Protocol, first_ms: f64, warm_median_ms: f64, server: IpAddr) -> Option<String> {
    let ratio = first_ms / warm_median_ms;
    // There is no network card on loopback, so no hardware address to find.
    let causes = if server.is_loopback() {
        "cold caches, and a server that had to be woken"
    } else {
        "finding the hardware address (ARP or neighbour discovery), cold caches in both machines, setting up the route"
    };
    (ratio > FIRST_RATIO_MAX).then(|| {
        format!(
            "{protocol}: the first exchange took {ratio:.1} times the median of the others. Likely causes: {causes}."
        )
    })
}

/// Explains why the times from the schedule differ from those from sending, if they do.
fn schedule(series: &Series, plan: &Plan) -> Option<String> {
    if plan.connect_each && series.protocol == Protocol::Tcp {
        let has_schedule = series.from_schedule.is_some() && !plan.interval.is_zero();
        return has_schedule
            .then(|| "TCP: the times from the schedule include the time to connect.".to_owned());
    }
    let (sending, schedule) = (series.from_sending.as_ref()?, series.from_schedule.as_ref()?);
    let Lag { median_ms, late_requests } = series.lag?;
    let protocol = series.protocol;
    if late_requests > 0 && (schedule.p90 > sending.p90 + 1.0 || schedule.p99 > sending.p99 + 1.0) {
        return Some(format!(
            "{protocol}: {late_requests} of {} requests left more than 1 ms after they were due, because an earlier \
             reply or the machine delayed them; the times from sending do not include that delay, those from the \
             schedule do (coordinated omission).",
            series.tally.sent
        ));
    }
    (median_ms > sending.median / 20.0).then(|| {
        format!(
            "{protocol}: times from the schedule are longer, because the system takes {median_ms:.3} ms (median) to \
             wake the program when a request is due."
        )
    })
}

/// A median above this shows delayed acknowledgement: Linux waits 40 ms, other systems longer.
const DELAYED_MS_MIN: f64 = 20.0;

/// Explains the effect of two writes.
fn split_write(series: &Series, plan: &Plan) -> Option<String> {
    if series.protocol != Protocol::Tcp || !plan.split_write || plan.no_delay {
        return None;
    }
    let effect = if series.from_sending?.median > DELAYED_MS_MIN {
        "each request waited between its two writes. Nagle's algorithm holds the second write back until the first is \
         acknowledged, and the server delays that, hoping to send it along with a reply. One write, or \
         --no-delay true, avoids it."
    } else {
        "the second write was not held back for long. A server that answers each piece at once acknowledges the \
         first one with its answer; one that waits for the whole line does not, like tcp-threaded-server with \
         --reply count."
    };
    Some(format!("TCP: {effect}"))
}

fn no_reply(series: &Series) -> String {
    let requests = match series.log.exchanges().len() {
        1 => "1 request".to_owned(),
        count => format!("{count} requests"),
    };
    let garbage = match series.tally.garbage {
        0 => String::new(),
        count => format!("; garbage arrived {count} times"),
    };
    format!("{}: {requests} sent, no reply{garbage}.\n", series.protocol)
}

/// Says how many requests could not get their reply because the run was stopped.
fn unfinished(series: &Series) -> Option<String> {
    let (protocol, count) = (series.protocol, series.unfinished);
    (count > 0).then(|| {
        format!("{protocol}: {count} of the lost still had time for a reply when the run was stopped.")
    })
}

fn errors(series: &Series, plan: &Plan) -> Option<String> {
    let Series { protocol, errors, .. } = series;
    if let Some(error) = &series.ended_by {
        let replies = match series.log.arrival_order().len() {
            1 => "1 reply".to_owned(),
            replies => format!("{replies} replies"),
        };
        let closed = [ErrorKind::UnexpectedEof, ErrorKind::ConnectionReset, ErrorKind::BrokenPipe];
        // The book's server answers one message on each connection.
        let closes_each = replies == "1 reply" && closed.contains(&error.kind()) && !plan.connect_each;
        let advice =
            if closes_each { "; if the server closes after each reply, use --connect-each" } else { "" };
        return Some(format!("{protocol}: the run ended after {replies}: {error}{advice}."));
    }
    let errors: Vec<String> = errors.iter().map(|(error, count)| format!("{count} × {error}")).collect();
    (!errors.is_empty()).then(|| format!("{protocol}: the system reported {}.", errors.join(", ")))
}

/// Says which protocol was slower, or that the measurement can't tell them apart.
fn verdict(results: &Results) -> Option<String> {
    let [first, second] = &results.series[..] else { return None };
    let medians = (first.from_sending?.median, second.from_sending?.median);
    let (first, second) = (first.protocol, second.protocol);
    let Some(difference) = results.difference() else {
        return Some(format!(
            "No verdict: telling {first} and {second} apart takes at least {REPLIES_MIN} replies over each protocol, \
             better a hundred (--count)."
        ));
    };
    let (higher, lower, base) =
        if difference.estimate > 0.0 { (second, first, medians.0) } else { (first, second, medians.1) };
    let size = difference.estimate.abs();
    let (low, high) = (difference.low, difference.high);
    let interval = format!("95 % interval of {second} − {first}: {low:+.3} to {high:+.3} ms");
    Some(if difference.is_clear() {
        let percent = size / base * 100.0;
        format!(
            "{higher} is higher than {lower}: its median is {size:.3} ms or {percent:.0} % above ({interval})."
        )
    } else {
        format!(
            "No difference between {first} and {second}: their medians are {size:.3} ms apart, which is within the \
             spread ({interval})."
        )
    })
}

/// Formats the progress of a long run for a terminal.
pub fn progress(done: u64, total: u64, elapsed: Duration) -> String {
    let percent = done * 100 / total.max(1);
    let left = elapsed.as_secs_f64() * total.saturating_sub(done) as f64 / done.max(1) as f64;
    format!("{done} of {total} exchanges, {percent} %, {left:.0} s left")
}

#[cfg(test)]
mod tests {
    use super::first_exchange;
    use crate::plan::Protocol;
    use std::net::IpAddr;

    #[track_caller]
    fn check(first_ms: f64, server: &str, expected: Option<&str>) {
        let server: IpAddr = server.parse().unwrap();
        let sentence = first_exchange(Protocol::Udp, first_ms, 1.0, server);
        assert_eq!(sentence.as_deref(), expected);
    }

    #[test]
    fn names_the_likely_causes_of_a_slow_first_exchange() {
        check(1.5, "10.0.3.1", None);
        let sentence = "UDP: the first exchange took 1.6 times the median of the others. Likely causes: finding the \
            hardware address (ARP or neighbour discovery), cold caches in both machines, setting up the route.";
        check(1.6, "10.0.3.1", Some(sentence));
        check(1.6, "fd00::1", Some(sentence));
        let sentence = "UDP: the first exchange took 20.0 times the median of the others. Likely causes: cold caches, \
            and a server that had to be woken.";
        check(20.0, "127.0.0.1", Some(sentence));
        check(20.0, "::1", Some(sentence));
    }
}
