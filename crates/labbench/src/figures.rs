//! The figures of a run, for people and as JSON.
//!
//! Version 1 of the JSON has these fields. A change that a reader must know about gets another version.
//!
//! ```payload
//! version, protocol, server
//! plan              clients, outstanding, size, rate, capitals, reconnect, warm_up_s, duration_s, count,
//!                   timeout_s
//! elapsed_s         the time without the warm-up
//! connected         clients that had a connection (TCP) or a socket (UDP)
//! sent, answered    messages, without the warm-up
//! wrong             replies that differ from the expected ones, including those of the warm-up
//! lost              messages without a reply within the timeout
//! held_back         messages that were due but not sent, because too many were outstanding
//! broken            connections that failed, were refused, reset or closed by the server
//! first_error       the first of these errors, as text
//! messages_per_s, bytes_per_s     answered, per second (payload, one direction)
//! latency_us        min, p50, p90, p99, p999, max: from when a message was due, so that waiting is included
//!                   (coordinated omission: Gil Tene, "How NOT to Measure Latency", 2013)
//! ```

use crate::plan::Plan;
use hdrhistogram::Histogram;
use serde::Serialize;
use std::fmt::Write;
use std::io;
use std::time::Duration;

/// The counts and times of a run in progress.
pub struct Tally {
    /// Messages sent.
    pub sent: u64,
    /// Correct replies.
    pub answered: u64,
    /// Wrong replies.
    pub wrong: u64,
    /// Messages without a reply.
    pub lost: u64,
    /// Messages that were due but not sent.
    pub held_back: u64,
    /// Connections that failed.
    pub broken: u64,
    /// The first failure, as text.
    pub first_error: Option<String>,
    latency_ns: Histogram<u64>,
}

/// The longest latency that is recorded: an hour. Longer ones count as this.
const LATENCY_NS_MAX: u64 = 3_600_000_000_000;

impl Tally {
    /// Starts with all counts at 0.
    ///
    /// # Errors
    /// If there is not enough memory for the histogram.
    pub fn new() -> anyhow::Result<Tally> {
        // Three significant digits: within 0.1 % of the true latency.
        let latency_ns = Histogram::new_with_bounds(1, LATENCY_NS_MAX, 3)?;
        let first_error = None;
        Ok(Tally {
            sent: 0,
            answered: 0,
            wrong: 0,
            lost: 0,
            held_back: 0,
            broken: 0,
            first_error,
            latency_ns,
        })
    }

    /// Resets the counts after the warm-up, except those of failures.
    pub fn restart(&mut self) {
        (self.sent, self.answered, self.lost, self.held_back) = (0, 0, 0, 0);
        self.latency_ns.reset();
    }

    /// Counts a correct reply that arrived `latency` after its message was due.
    pub fn count_answer(&mut self, latency: Duration) {
        self.answered += 1;
        self.latency_ns.saturating_record(u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Counts a wrong reply.
    pub fn count_wrong(&mut self, what: impl FnOnce() -> String) {
        self.wrong += 1;
        self.first_error.get_or_insert_with(what);
    }

    /// Counts a connection that failed.
    pub fn count_broken(&mut self, error: &io::Error) {
        self.broken += 1;
        self.first_error.get_or_insert_with(|| error.to_string());
    }
}

/// The result of a run.
#[derive(Debug, Serialize)]
pub struct Figures {
    version: u32,
    protocol: &'static str,
    server: String,
    plan: Plan,
    elapsed_s: f64,
    connected: usize,
    sent: u64,
    answered: u64,
    wrong: u64,
    lost: u64,
    held_back: u64,
    broken: u64,
    first_error: Option<String>,
    messages_per_s: f64,
    bytes_per_s: f64,
    latency_us: Option<Latency>,
}

#[derive(Debug, Serialize)]
struct Latency {
    min: f64,
    p50: f64,
    p90: f64,
    p99: f64,
    p999: f64,
    max: f64,
}

impl Figures {
    /// Calculates the figures from the counts of a run that took `elapsed`.
    #[allow(clippy::cast_precision_loss)] // counts stay far below 2^52
    pub fn new(
        protocol: &'static str,
        server: String,
        plan: Plan,
        connected: usize,
        tally: &Tally,
        elapsed: Duration,
    ) -> Figures {
        let times = &tally.latency_ns;
        let us = |ns: u64| ns as f64 / 1e3;
        let at = |quantile| us(times.value_at_quantile(quantile));
        let latency_us = (tally.answered > 0).then(|| Latency {
            min: us(times.min()),
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: us(times.max()),
        });
        let elapsed_s = elapsed.as_secs_f64();
        let messages_per_s = if elapsed.is_zero() { 0.0 } else { tally.answered as f64 / elapsed_s };
        Figures {
            version: 1,
            protocol,
            server,
            connected,
            elapsed_s,
            sent: tally.sent,
            answered: tally.answered,
            wrong: tally.wrong,
            lost: tally.lost,
            held_back: tally.held_back,
            broken: tally.broken,
            first_error: tally.first_error.clone(),
            messages_per_s,
            bytes_per_s: messages_per_s * plan.size as f64,
            latency_us,
            plan,
        }
    }

    /// Returns why the run has failed, or `None` if it has not.
    pub fn failure(&self) -> Option<String> {
        let cause = self.first_error.as_deref().unwrap_or("no error was reported");
        match self {
            Figures { wrong: 1.., .. } => Some(format!("{} wrong; the first: {cause}", replies(self.wrong))),
            Figures { answered: 0, .. } => Some(format!("no reply from `{}`: {cause}", self.server)),
            Figures { broken: 1.., .. } => Some(format!(
                "{} of {} connections failed; the first: {cause}",
                self.broken, self.plan.clients
            )),
            _ => None,
        }
    }

    /// Formats the figures for people, in a few lines.
    pub fn summary(&self) -> String {
        let mut summary = format!(
            "{} to {}: {} {}, messages of {} bytes, ",
            self.protocol,
            self.server,
            self.connected,
            if self.connected == 1 { "client" } else { "clients" },
            self.plan.size
        );
        let _ = match self.plan.rate {
            Some(rate) => writeln!(summary, "{rate} messages/s for {:.1} s", self.elapsed_s),
            None => {
                writeln!(summary, "{} outstanding each, for {:.1} s", self.plan.outstanding, self.elapsed_s)
            }
        };
        let _ = writeln!(
            summary,
            "sent {}   answered {}   wrong {}   lost {}   held back {}   broken connections {}",
            self.sent, self.answered, self.wrong, self.lost, self.held_back, self.broken
        );
        let (rate, bytes) = (self.messages_per_s, self.bytes_per_s / 1e6);
        let _ = writeln!(summary, "rate {rate:.0} messages/s   {bytes:.2} MB/s each way");
        if let Some(Latency { min, p50, p90, p99, p999, max }) = &self.latency_us {
            let _ = writeln!(
                summary,
                "latency in µs: min {min:.1}   median {p50:.1}   p90 {p90:.1}   p99 {p99:.1}   p99.9 {p999:.1}   max {max:.1}"
            );
        }
        summary
    }
}

fn replies(count: u64) -> String {
    if count == 1 { "1 reply is".to_owned() } else { format!("{count} replies are") }
}
