//! The results of a run: the log of each protocol, and the figures that describe it.

use crate::connection::Connection;
use crate::difference::Difference;
use crate::event::SystemError;
use crate::plan::{Plan, Protocol};
use crate::probe_log::{Exchange, ProbeLog, Tally};
use crate::prober::Prober;
use crate::statistics::{Summary, percentile, summarize};
use chrono::{DateTime, FixedOffset};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

/// The results of one run. Every output is made from them alone.
pub struct Results {
    /// The server as the user named it, with its addresses.
    pub target: String,
    /// Date and time of the start. All times in the logs count from it.
    pub started: DateTime<FixedOffset>,
    /// How long it took to resolve the server's name.
    pub resolution: Duration,
    /// The plan of the run.
    pub plan: Plan,
    /// One series for each protocol: UDP, TCP, or both in this order.
    pub series: Vec<Series>,
}

/// The results over one protocol. Times are in milliseconds.
pub struct Series {
    /// The transport protocol.
    pub protocol: Protocol,
    /// The server's socket address.
    pub server: SocketAddr,
    /// The TCP connections: one for all requests, or one for each. UDP has none.
    pub connections: Vec<Connection>,
    /// How long TCP's handshake took: the median, if there were several.
    pub connect_ms: Option<f64>,
    /// Every exchange.
    pub log: ProbeLog,
    /// Counts of exchanges by their outcome, without the warm-up.
    pub tally: Tally,
    /// The round-trip time of the very first exchange, counted or not.
    pub first_ms: Option<f64>,
    /// The median of the counted exchanges without that one.
    pub warm_median_ms: Option<f64>,
    /// The round-trip times, from sending to receiving, in the order of arrival.
    pub from_sending: Option<Summary>,
    /// The times from when each request was due.
    pub from_schedule: Option<Summary>,
    /// How late the requests left.
    pub lag: Option<Lag>,
    /// The error that ended the series early.
    pub ended_by: Option<io::Error>,
    /// Errors that the system reported during the run: each kind with its count.
    pub errors: Vec<(SystemError, u64)>,
    /// Counted requests that still had time for a reply when the run was stopped.
    pub unfinished: u64,
}

/// How long after their scheduled time requests were sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lag {
    /// The median lag.
    pub median_ms: f64,
    /// The number of requests that left more than a millisecond late.
    pub late_requests: usize,
}

/// Converts nanoseconds to milliseconds, the unit of every output.
pub fn milliseconds(ns: u64) -> f64 {
    ns as f64 / 1e6
}

impl Results {
    /// True when a reply arrived, even one that is not counted.
    pub fn any_reply(&self) -> bool {
        self.series.iter().any(|series| !series.log.arrival_order().is_empty())
    }

    /// Compares the second protocol's median with the first's. `None` unless two were measured, with enough replies.
    pub fn difference(&self) -> Option<Difference> {
        let [first, second] = &self.series[..] else { return None };
        Difference::of_medians(&first.times_ms(&self.plan), &second.times_ms(&self.plan))
    }
}

impl Series {
    /// Calculates the figures of `prober`.
    pub fn new(prober: Prober, plan: &Plan) -> Series {
        let Prober { protocol, server, connections, log, ended_by, errors, unfinished, .. } = prober;
        let warm_up = plan.warm_up as usize;
        let counted = log.exchanges().get(warm_up..).unwrap_or_default();
        let arrived = || {
            let counted = log.arrival_order().iter().filter(|sequence| **sequence > plan.warm_up);
            counted.filter_map(|sequence| log.exchange(*sequence))
        };
        let times = |time: fn(&Exchange) -> Option<u64>| -> Vec<f64> {
            arrived().filter_map(time).map(milliseconds).collect()
        };
        let first_counts = usize::from(warm_up == 0);
        let mut warm: Vec<f64> =
            counted.iter().skip(first_counts).filter_map(Exchange::rtt_ns).map(milliseconds).collect();
        warm.sort_unstable_by(f64::total_cmp);
        let mut connects: Vec<f64> =
            connections.iter().map(|connection| connection.connect.as_secs_f64() * 1e3).collect();
        connects.sort_unstable_by(f64::total_cmp);
        Series {
            protocol,
            server,
            connect_ms: percentile(&connects, 50.0),
            connections,
            tally: log.tally(warm_up),
            first_ms: log.exchange(1).and_then(Exchange::rtt_ns).map(milliseconds),
            warm_median_ms: percentile(&warm, 50.0),
            from_sending: summarize(&times(Exchange::rtt_ns)),
            from_schedule: summarize(&times(Exchange::due_rtt_ns)),
            lag: Lag::of(counted),
            ended_by,
            errors,
            unfinished,
            log,
        }
    }

    /// Returns the round-trip time of each counted exchange, in the order of sending.
    pub fn times_ms(&self, plan: &Plan) -> Vec<Option<f64>> {
        let counted = self.log.exchanges().iter().skip(plan.warm_up as usize);
        counted.map(|exchange| exchange.rtt_ns().map(milliseconds)).collect()
    }
}

impl Lag {
    fn of(exchanges: &[Exchange]) -> Option<Lag> {
        let lags = exchanges.iter().map(|exchange| exchange.sent_ns.saturating_sub(exchange.due_ns));
        let mut lags: Vec<f64> = lags.map(milliseconds).collect();
        lags.sort_unstable_by(f64::total_cmp);
        let late_requests = lags.iter().filter(|lag| **lag > 1.0).count();
        Some(Lag { median_ms: percentile(&lags, 50.0)?, late_requests })
    }
}
