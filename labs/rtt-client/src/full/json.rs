//! The results as JSON (RFC 8259), for other programs.
//!
//! Version 1 has these fields. Names end in their unit. Times in `_ns` count from the start of the run, those in `_ms`
//! are durations. A value that was not measured is `null`. A change that a reader must know about gets another version.
//!
//! ```text
//! version             1
//! target              the server as it was named on the command line, with its addresses
//! started             date and time of the start (RFC 3339)
//! plan                count, warm_up, interval_ns, timeout_ns, size, split_write, no_delay, connect_each
//! name_resolution_ms
//! series              for each protocol:
//!   protocol          "udp" or "tcp"
//!   server            its socket address
//!   connection_requested   date and time at which the (first) TCP connection was requested
//!   connect_ms        TCP's handshake, the median if each exchange has a connection of its own
//!   first_exchange_ms, warm_median_ms
//!   sent, received, late, lost, duplicated, reordered      counts, without the warm-up
//!   garbage           datagrams or lines that answer no request of this run
//!   errors            errors that the system reported during the run, each kind once: error, count
//!   unfinished        requests that still had time for a reply when the run was stopped; they are among the lost
//!   ended_by          the error that ended the series early
//!   from_sending, from_schedule:
//!     count, min_ms, mean_ms, median_ms, p90_ms, p99_ms, max_ms,
//!     standard_deviation_ms, mean_consecutive_difference_ms, jitter_ms
//!   exchanges         in the order of sending:
//!     sequence, warm_up, due_ns, sent_ns, received_ns, rtt_ns, late, copies, reordered, sent, received,
//!     connection_requested, connect_ns: its TCP connection, which rtt_ns does not include
//! difference          estimate_ms, low_ms, high_ms, clear: TCP's median less UDP's, with its 95 % interval
//! ```

use crate::clock::{nanoseconds, rfc3339, rfc3339_at};
use crate::connection::Connection;
use crate::difference::Difference;
use crate::event::SystemError;
use crate::plan::Plan;
use crate::results::{Results, Series};
use crate::statistics::Summary;
use serde::{Serialize, Serializer};
use serde_json::ser::Formatter;
use std::io::{self, Write};

/// Writes `results` as one JSON object. The exchanges are written one by one, so that a million of them take no memory.
///
/// # Errors
/// If writing fails.
pub fn write(results: &Results, output: &mut dyn Write) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(&mut *output, ElementPerLine);
    Document::new(results).serialize(&mut serializer)?;
    writeln!(output)
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    target: &'a str,
    started: String,
    plan: PlanFields,
    name_resolution_ms: f64,
    series: Vec<SeriesFields<'a>>,
    difference: Option<DifferenceFields>,
}

#[derive(Serialize)]
struct PlanFields {
    count: u32,
    warm_up: u32,
    interval_ns: u64,
    timeout_ns: u64,
    size: usize,
    split_write: bool,
    no_delay: bool,
    connect_each: bool,
}

#[derive(Serialize)]
struct SeriesFields<'a> {
    protocol: String,
    server: String,
    connection_requested: Option<String>,
    connect_ms: Option<f64>,
    first_exchange_ms: Option<f64>,
    warm_median_ms: Option<f64>,
    sent: u64,
    received: u64,
    late: u64,
    lost: u64,
    duplicated: u64,
    reordered: u64,
    garbage: u64,
    errors: Vec<ErrorFields>,
    unfinished: u64,
    ended_by: Option<String>,
    from_sending: Option<SummaryFields>,
    from_schedule: Option<SummaryFields>,
    exchanges: Exchanges<'a>,
}

#[derive(Serialize)]
struct ErrorFields {
    error: String,
    count: u64,
}

#[derive(Serialize)]
struct SummaryFields {
    count: usize,
    min_ms: f64,
    mean_ms: f64,
    median_ms: f64,
    p90_ms: f64,
    p99_ms: f64,
    max_ms: f64,
    standard_deviation_ms: Option<f64>,
    mean_consecutive_difference_ms: Option<f64>,
    jitter_ms: Option<f64>,
}

/// The exchanges of a series. Their fields are made while they are written.
struct Exchanges<'a> {
    results: &'a Results,
    series: &'a Series,
}

#[derive(Serialize)]
struct ExchangeFields {
    sequence: u32,
    warm_up: bool,
    due_ns: u64,
    sent_ns: u64,
    received_ns: Option<u64>,
    rtt_ns: Option<u64>,
    late: bool,
    copies: u32,
    reordered: bool,
    sent: String,
    received: Option<String>,
    connection_requested: Option<String>,
    connect_ns: Option<u64>,
}

#[derive(Serialize)]
struct DifferenceFields {
    estimate_ms: f64,
    low_ms: f64,
    high_ms: f64,
    clear: bool,
}

impl Document<'_> {
    fn new(results: &Results) -> Document<'_> {
        Document {
            version: 1,
            target: &results.target,
            started: rfc3339(results.started, 0),
            plan: PlanFields::new(&results.plan),
            name_resolution_ms: results.resolution.as_secs_f64() * 1e3,
            series: results.series.iter().map(|series| SeriesFields::new(results, series)).collect(),
            difference: results.difference().map(|difference| DifferenceFields::new(&difference)),
        }
    }
}

impl PlanFields {
    fn new(plan: &Plan) -> PlanFields {
        PlanFields {
            count: plan.count,
            warm_up: plan.warm_up,
            interval_ns: nanoseconds(plan.interval),
            timeout_ns: nanoseconds(plan.timeout),
            size: plan.size,
            split_write: plan.split_write,
            no_delay: plan.no_delay,
            connect_each: plan.connect_each,
        }
    }
}

impl<'a> SeriesFields<'a> {
    fn new(results: &'a Results, series: &'a Series) -> SeriesFields<'a> {
        let tally = &series.tally;
        let error =
            |(error, count): &(SystemError, u64)| ErrorFields { error: error.to_string(), count: *count };
        SeriesFields {
            protocol: series.protocol.to_string().to_lowercase(),
            server: series.server.to_string(),
            connection_requested: series
                .connections
                .first()
                .map(|made| rfc3339_at(results.started, made.requested.wall)),
            connect_ms: series.connect_ms,
            first_exchange_ms: series.first_ms,
            warm_median_ms: series.warm_median_ms,
            sent: tally.sent,
            received: tally.received,
            late: tally.late,
            lost: tally.lost,
            duplicated: tally.duplicated,
            reordered: tally.reordered,
            garbage: tally.garbage,
            errors: series.errors.iter().map(error).collect(),
            unfinished: series.unfinished,
            ended_by: series.ended_by.as_ref().map(ToString::to_string),
            from_sending: series.from_sending.as_ref().map(SummaryFields::new),
            from_schedule: series.from_schedule.as_ref().map(SummaryFields::new),
            exchanges: Exchanges { results, series },
        }
    }
}

impl SummaryFields {
    fn new(summary: &Summary) -> SummaryFields {
        SummaryFields {
            count: summary.count,
            min_ms: summary.min,
            mean_ms: summary.mean,
            median_ms: summary.median,
            p90_ms: summary.p90,
            p99_ms: summary.p99,
            max_ms: summary.max,
            standard_deviation_ms: summary.standard_deviation,
            mean_consecutive_difference_ms: summary.mean_consecutive_difference,
            jitter_ms: summary.jitter,
        }
    }
}

impl DifferenceFields {
    fn new(difference: &Difference) -> DifferenceFields {
        DifferenceFields {
            estimate_ms: difference.estimate,
            low_ms: difference.low,
            high_ms: difference.high,
            clear: difference.is_clear(),
        }
    }
}

impl Serialize for Exchanges<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Exchanges { results, series } = self;
        let connection = |sequence| Connection::of(&series.connections, sequence);
        let requested = |made: Connection| rfc3339_at(results.started, made.requested.wall);
        serializer.collect_seq((1..).zip(series.log.exchanges()).map(|(sequence, exchange)| ExchangeFields {
            connection_requested: connection(sequence).map(requested),
            connect_ns: connection(sequence).map(|made| nanoseconds(made.connect)),
            sequence,
            warm_up: sequence <= results.plan.warm_up,
            due_ns: exchange.due_ns,
            sent_ns: exchange.sent_ns,
            received_ns: exchange.received_ns,
            rtt_ns: exchange.rtt_ns(),
            late: series.log.is_late(exchange),
            copies: exchange.copies,
            reordered: exchange.reordered,
            sent: rfc3339(results.started, exchange.sent_ns),
            received: exchange.received_ns.map(|ns| rfc3339(results.started, ns)),
        }))
    }
}

/// Writes each element of an array on a line of its own, so that a person, `grep` and `diff` can read the file too.
struct ElementPerLine;

impl Formatter for ElementPerLine {
    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        writer.write_all(if first { b"\n" } else { b",\n" })
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}

#[cfg(test)]
mod tests {
    use crate::connection::Connection;
    use crate::event::SystemError;
    use crate::plan::{Plan, Protocol};
    use crate::probe_log::ProbeLog;
    use crate::results::{Lag, Results, Series};
    use crate::statistics::summarize;
    use chrono::DateTime;
    use rtt_client::Moment;
    use std::io;
    use std::time::{Duration, Instant};

    fn series(protocol: Protocol, replies: &[(u32, u64)]) -> Series {
        let mut log = ProbeLog::new(3, 1_000_000).unwrap();
        for number in 0..3 {
            log.add_request(number * 200_000, number * 200_000 + 1_500);
        }
        for &(sequence, at_ns) in replies {
            log.add_reply(sequence, at_ns);
        }
        let is_udp = protocol == Protocol::Udp;
        let wall = DateTime::parse_from_rfc3339("2026-11-28T09:15:00.123+00:00").unwrap().to_utc();
        let requested = Moment { wall, monotonic: Instant::now() };
        let connection = (!is_udp).then_some(Connection { requested, connect: Duration::from_micros(125) });
        let times = [0.25, 1.0, 0.1 + 0.2, 12.000_001];
        Series {
            protocol,
            server: "127.0.0.1:25000".parse().unwrap(),
            connections: connection.into_iter().collect(),
            connect_ms: (!is_udp).then_some(0.125),
            tally: log.tally(1),
            first_ms: is_udp.then_some(0.5),
            warm_median_ms: None,
            from_sending: summarize(if is_udp { &times } else { &times[..1] }),
            from_schedule: if is_udp { summarize(&times) } else { None },
            lag: None::<Lag>,
            ended_by: (!is_udp).then(|| io::Error::other("the server \"closed\"\n")),
            errors: if is_udp {
                vec![(SystemError::from(&io::Error::from(io::ErrorKind::ConnectionRefused)), 2)]
            } else {
                Vec::new()
            },
            unfinished: 1,
            log,
        }
    }

    fn results() -> Results {
        Results {
            target: "localhost:25000 (127.0.0.1, ::1)".to_owned(),
            started: DateTime::parse_from_rfc3339("2026-11-28T10:15:00.123456+01:00").unwrap(),
            resolution: Duration::from_micros(250),
            plan: Plan {
                count: 2,
                warm_up: 1,
                interval: Duration::from_micros(200),
                timeout: Duration::from_millis(1),
                size: 32,
                split_write: false,
                no_delay: true,
                connect_each: false,
                text: None,
            },
            series: vec![
                series(Protocol::Udp, &[(2, 300_000), (1, 400_000), (3, 3_000_000), (3, 3_000_001)]),
                series(Protocol::Tcp, &[(1, 100_000)]),
            ],
        }
    }

    fn write(results: &Results) -> String {
        let mut output = Vec::new();
        super::write(results, &mut output).unwrap();
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn writes_the_documented_fields_in_their_order() {
        let text = write(&results());
        let lines: Vec<&str> = text.lines().collect();
        let (udp, tcp) = (lines[1..6].concat(), lines[6..].concat());
        assert_eq!(
            lines[0],
            "{\"version\": 1, \"target\": \"localhost:25000 (127.0.0.1, ::1)\", \
             \"started\": \"2026-11-28T10:15:00.123456+01:00\", \"plan\": {\"count\": 2, \"warm_up\": 1, \
             \"interval_ns\": 200000, \"timeout_ns\": 1000000, \"size\": 32, \"split_write\": false, \
             \"no_delay\": true, \"connect_each\": false}, \"name_resolution_ms\": 0.25, \"series\": ["
        );
        let expected = "{\"protocol\": \"udp\", \"server\": \"127.0.0.1:25000\", \
             \"connection_requested\": null, \"connect_ms\": null, \
             \"first_exchange_ms\": 0.5, \"warm_median_ms\": null, \"sent\": 2, \"received\": 2, \"late\": 1, \
             \"lost\": 0, \"duplicated\": 1, \"reordered\": 0, \"garbage\": 0, \"errors\": [\
             {\"error\": \"connection refused\", \"count\": 2}], \"unfinished\": 1, \"ended_by\": null, \
             \"from_sending\": {\"count\": 4, \"min_ms\": 0.25, \"mean_ms\": 3.38750025, \"median_ms\": 0.65, \
             \"p90_ms\": 8.7000007, \"p99_ms\": 11.670000970000002, \"max_ms\": 12.000001, \
             \"standard_deviation_ms\": 5.751866138480645, \
             \"mean_consecutive_difference_ms\": 4.383333666666666, \"jitter_ms\": 0.8134644179687499}, \
             \"from_schedule\": {\"count\": 4, ";
        assert!(udp.starts_with(expected), "{udp}");
        let expected = "\"ended_by\": \"the server \\\"closed\\\"\\n\", \"from_sending\": {\"count\": 1, \
             \"min_ms\": 0.25, \"mean_ms\": 0.25, \"median_ms\": 0.25, \"p90_ms\": 0.25, \"p99_ms\": 0.25, \
             \"max_ms\": 0.25, \"standard_deviation_ms\": null, \"mean_consecutive_difference_ms\": null, \
             \"jitter_ms\": null}, \"from_schedule\": null, \"exchanges\": [";
        assert!(tcp.contains(expected), "{tcp}");
        assert!(tcp.ends_with("}]}], \"difference\": null}"), "{tcp}");
    }

    #[test]
    fn writes_each_exchange_on_a_line_of_its_own() {
        let text = write(&results());
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("{\"sequence\"")).collect();
        assert_eq!(lines.len(), 6);
        assert_eq!(
            lines[0],
            "{\"sequence\": 1, \"warm_up\": true, \"due_ns\": 0, \"sent_ns\": 1500, \"received_ns\": 400000, \
             \"rtt_ns\": 398500, \"late\": false, \"copies\": 1, \"reordered\": true, \
             \"sent\": \"2026-11-28T10:15:00.123457+01:00\", \"received\": \"2026-11-28T10:15:00.123856+01:00\", \
             \"connection_requested\": null, \"connect_ns\": null},"
        );
        assert_eq!(
            lines[4],
            "{\"sequence\": 2, \"warm_up\": false, \"due_ns\": 200000, \"sent_ns\": 201500, \
             \"received_ns\": null, \"rtt_ns\": null, \"late\": false, \"copies\": 0, \"reordered\": false, \
             \"sent\": \"2026-11-28T10:15:00.123657+01:00\", \"received\": null, \
             \"connection_requested\": \"2026-11-28T10:15:00.123000+01:00\", \"connect_ns\": 125000},"
        );
    }

    #[test]
    fn writes_any_name_so_that_it_reads_back() {
        for target in ["", "plain", "a \"quoted\" \\ word", "\0\n\r\t\u{1f}\u{7f}", "ZOË 日本 \u{2028}"] {
            let text = write(&Results { target: target.to_owned(), ..results() });
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(value["target"], target);
        }
    }
}
