//! The results as JSON (RFC 8259), for other programs.
//!
//! Version 1 has these fields. Names end in their unit; times in `_ns` count from the start of the run, those in
//! `_ms` are durations. What was not measured is `null`. A change that a reader has to know of gets another version.
//!
//! ```text
//! version             1
//! target              the server as it was named on the command line, with its addresses
//! started             date and time of the start (RFC 3339)
//! plan                count, warm_up, interval_ns, timeout_ns, size, split_write, no_delay
//! name_resolution_ms
//! series              for each protocol:
//!   protocol          "udp" or "tcp"
//!   server            its socket address
//!   connect_ms        TCP's handshake
//!   first_exchange_ms, warm_median_ms
//!   sent, received, late, lost, duplicated, reordered      counts, without the warm-up
//!   garbage           what came and answers no request of this run
//!   errors            what the system reported on the way, each kind once: error, count
//!   unfinished        requests that still had time for a reply when the run was stopped; they are among the lost
//!   ended_by          the error that ended the series before its time
//!   from_sending, from_schedule:
//!     count, min_ms, mean_ms, median_ms, p90_ms, p99_ms, max_ms,
//!     standard_deviation_ms, mean_consecutive_difference_ms, jitter_ms
//!   exchanges         in the order of sending:
//!     sequence, warm_up, due_ns, sent_ns, received_ns, rtt_ns, late, copies, reordered, sent, received
//! difference          estimate_ms, low_ms, high_ms, clear: TCP's median less UDP's, with its 95 % interval
//! ```

use crate::clock::{iso, nanoseconds};
use crate::event::SystemError;
use crate::ledger::Exchange;
use crate::plan::Plan;
use crate::results::{Results, Series};
use crate::statistics::Summary;
use std::fmt::Write as _;
use std::io::{self, Write};

/// Writes `results` as one JSON object. The exchanges are written one by one: a million of them take no memory.
///
/// # Errors
/// If writing fails.
pub fn write(results: &Results, output: &mut dyn Write) -> io::Result<()> {
    let (target, started) = (string(&results.target), string(&iso(results.started, 0)));
    writeln!(output, "{{\"version\": 1, \"target\": {target}, \"started\": {started},")?;
    writeln!(output, "\"plan\": {},", plan(&results.plan))?;
    writeln!(output, "\"name_resolution_ms\": {},", results.resolution.as_secs_f64() * 1e3)?;
    write!(output, "\"series\": [")?;
    for (at, series) in results.series.iter().enumerate() {
        writeln!(output, "{}", if at == 0 { "" } else { "," })?;
        write_series(results, series, output)?;
    }
    let difference = results.difference().map(|found| {
        let (low, high) = (found.low, found.high);
        let clear = found.is_clear();
        format!(
            "{{\"estimate_ms\": {}, \"low_ms\": {low}, \"high_ms\": {high}, \"clear\": {clear}}}",
            found.estimate
        )
    });
    writeln!(output, "],\n\"difference\": {}}}", optional(difference))
}

fn write_series(results: &Results, series: &Series, output: &mut dyn Write) -> io::Result<()> {
    let tally = &series.tally;
    let connect_ms = series.connect.map(|connect| connect.as_secs_f64() * 1e3);
    let error = |(error, count): &(SystemError, u64)| {
        format!("{{{}}}", members(&[("error", string(&error.to_string())), ("count", count.to_string())]))
    };
    let errors: Vec<String> = series.errors.iter().map(error).collect();
    let fields = [
        ("protocol", string(&series.protocol.to_string().to_lowercase())),
        ("server", string(&series.server.to_string())),
        ("connect_ms", optional(connect_ms)),
        ("first_exchange_ms", optional(series.first_ms)),
        ("warm_median_ms", optional(series.warm_median_ms)),
        ("sent", tally.sent.to_string()),
        ("received", tally.received.to_string()),
        ("late", tally.late.to_string()),
        ("lost", tally.lost.to_string()),
        ("duplicated", tally.duplicated.to_string()),
        ("reordered", tally.reordered.to_string()),
        ("garbage", tally.garbage.to_string()),
        ("errors", format!("[{}]", errors.join(", "))),
        ("unfinished", series.unfinished.to_string()),
        ("ended_by", optional(series.ended_by.as_ref().map(|error| string(&error.to_string())))),
        ("from_sending", optional(series.from_sending.as_ref().map(summary))),
        ("from_schedule", optional(series.from_schedule.as_ref().map(summary))),
    ];
    writeln!(output, "{{{},\n\"exchanges\": [", members(&fields))?;
    let count = series.ledger.exchanges().len();
    for (sequence, exchange) in (1..).zip(series.ledger.exchanges()) {
        let comma = if sequence as usize == count { "" } else { "," };
        writeln!(output, "{}{comma}", row(results, series, sequence, exchange))?;
    }
    write!(output, "]}}")
}

fn row(results: &Results, series: &Series, sequence: u32, exchange: &Exchange) -> String {
    let received = exchange.received_ns.map(|ns| string(&iso(results.started, ns)));
    let fields = [
        ("sequence", sequence.to_string()),
        ("warm_up", (sequence <= results.plan.warm_up).to_string()),
        ("due_ns", exchange.due_ns.to_string()),
        ("sent_ns", exchange.sent_ns.to_string()),
        ("received_ns", optional(exchange.received_ns)),
        ("rtt_ns", optional(exchange.rtt_ns())),
        ("late", series.ledger.is_late(exchange).to_string()),
        ("copies", exchange.copies.to_string()),
        ("reordered", exchange.reordered.to_string()),
        ("sent", string(&iso(results.started, exchange.sent_ns))),
        ("received", optional(received)),
    ];
    format!("{{{}}}", members(&fields))
}

fn plan(plan: &Plan) -> String {
    let fields = [
        ("count", plan.count.to_string()),
        ("warm_up", plan.warm_up.to_string()),
        ("interval_ns", nanoseconds(plan.interval).to_string()),
        ("timeout_ns", nanoseconds(plan.timeout).to_string()),
        ("size", plan.size.to_string()),
        ("split_write", plan.split_write.to_string()),
        ("no_delay", plan.no_delay.to_string()),
    ];
    format!("{{{}}}", members(&fields))
}

fn summary(summary: &Summary) -> String {
    let fields = [
        ("count", summary.count.to_string()),
        ("min_ms", summary.min.to_string()),
        ("mean_ms", summary.mean.to_string()),
        ("median_ms", summary.median.to_string()),
        ("p90_ms", summary.p90.to_string()),
        ("p99_ms", summary.p99.to_string()),
        ("max_ms", summary.max.to_string()),
        ("standard_deviation_ms", optional(summary.standard_deviation)),
        ("mean_consecutive_difference_ms", optional(summary.mean_consecutive_difference)),
        ("jitter_ms", optional(summary.jitter)),
    ];
    format!("{{{}}}", members(&fields))
}

/// The members of an object. Names need no escapes; values are JSON already.
fn members(fields: &[(&str, String)]) -> String {
    let members: Vec<String> = fields.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
    members.join(", ")
}

fn optional(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "null".to_owned(), |value| value.to_string())
}

/// A string in quotes, with the escapes that JSON wants.
fn string(text: &str) -> String {
    let mut quoted = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\0'..='\u{1f}' => {
                let _ = write!(quoted, "\\u{:04x}", character as u32);
            }
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::string;

    #[test]
    fn quotes_every_string_so_that_it_reads_back() {
        for text in ["", "plain", "a \"quoted\" \\ word", "\0\n\r\t\u{1f}\u{7f}", "ZOË 日本 \u{2028}"] {
            assert_eq!(serde_json::from_str::<String>(&string(text)).unwrap(), text);
        }
    }
}
