//! Runs all clients on one thread: sends when a message is due, and reads when something has arrived.

use crate::figures::{Figures, Tally};
use crate::payload::{Payload, SLICE_BYTES_MAX};
use crate::plan::Plan;
use anyhow::{Context, ensure};
use mio::event::Source;
use mio::{Events, Interest, Poll, Token};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A client of either protocol.
pub trait Client: Sized {
    /// The protocol's name.
    const PROTOCOL: &'static str;
    /// The size of the smallest message.
    const SIZE_MIN: usize;
    /// The size of the largest message.
    const SIZE_MAX: usize;

    /// Connects to `server`, to send messages of `size` bytes.
    ///
    /// # Errors
    /// If no connection is established within `timeout`.
    fn open(server: SocketAddr, size: usize, timeout: Duration) -> io::Result<Self>;

    /// Returns the socket to wait for.
    fn source(&mut self) -> &mut impl Source;

    /// Returns the number of messages that are sent and not yet answered.
    fn outstanding(&self) -> usize;

    /// Sends a message that was due at `due`.
    ///
    /// # Errors
    /// If the connection has failed.
    fn ask(&mut self, due: Instant, payload: &Payload) -> io::Result<()>;

    /// Continues to send what could not be sent at once.
    ///
    /// # Errors
    /// If the connection has failed.
    fn write(&mut self, payload: &Payload) -> io::Result<()>;

    /// Reads and checks everything that has arrived.
    ///
    /// # Errors
    /// If the connection has failed, or has ended.
    fn read(&mut self, buffer: &mut [u8], payload: &Payload, tally: &mut Tally) -> io::Result<()>;

    /// Counts the messages as lost that were due at `before` or earlier.
    ///
    /// # Errors
    /// If no further reply can arrive after a lost one.
    fn give_up(&mut self, before: Instant, tally: &mut Tally) -> io::Result<()>;
}

/// How often the loop looks for messages without a reply, and the longest time until it notices that the run was
/// stopped.
const SWEEP: Duration = Duration::from_millis(50);

/// The most outstanding messages of all clients together at a given rate. With more, the server does not keep up, and
/// messages are held back.
const OUTSTANDING_MAX: usize = 100_000;

/// A run in progress.
struct Runner<'a, C> {
    server: SocketAddr,
    plan: &'a Plan,
    poll: Poll,
    payload: Payload,
    /// `None` once its connection has failed.
    clients: Vec<Option<C>>,
    tally: Tally,
}

/// Carries out `plan` against the first of `servers` that can be reached, until it ends or `stop` is set.
///
/// # Errors
/// If no client gets a connection.
pub fn run_load<C: Client>(
    servers: &[SocketAddr],
    plan: &Plan,
    stop: &AtomicBool,
) -> anyhow::Result<Figures> {
    let (least, most, size) = (C::SIZE_MIN, C::SIZE_MAX, plan.size);
    ensure!(
        (least..=most).contains(&size),
        "`{size}` bytes: over {} it takes {least} to {most}",
        C::PROTOCOL
    );
    let poll = Poll::new().context("failed to wait for sockets")?;
    let first = servers.iter().map(|server| C::open(*server, size, plan.timeout).map(|_| *server));
    let server = first.reduce(io::Result::or).context("no address given")?;
    let server = server.with_context(|| format!("failed to connect to `{}`", servers[0]))?;
    let (payload, tally) = (Payload::new(plan.capitals), Tally::new()?);
    let mut runner: Runner<'_, C> = Runner { server, plan, poll, payload, clients: Vec::new(), tally };
    for number in 0..plan.clients {
        runner.clients.push(None);
        runner.open(number);
    }
    let connected = runner.clients.iter().flatten().count();
    let elapsed = runner.run(stop)?;
    Ok(Figures::new(C::PROTOCOL, server.to_string(), plan.clone(), connected, &runner.tally, elapsed))
}

/// Returns how long to wait for sockets while the next message is due at `due`.
///
/// Waiting ends in whole milliseconds, at best: for less than two the loop does not sleep, or the messages would be
/// late.
fn wait_until(due: Instant, now: Instant) -> Duration {
    match due.saturating_duration_since(now) {
        left if left < Duration::from_millis(2) => Duration::ZERO,
        left => (left - Duration::from_millis(1)).min(SWEEP),
    }
}

impl<C: Client> Runner<'_, C> {
    /// Gives client `number` its first connection, or a new one.
    fn open(&mut self, number: usize) {
        let client = C::open(self.server, self.plan.size, self.plan.timeout).and_then(|mut client| {
            let interest = Interest::READABLE | Interest::WRITABLE;
            self.poll.registry().register(client.source(), Token(number), interest)?;
            Ok(client)
        });
        match client {
            Ok(client) => self.clients[number] = Some(client),
            Err(error) => self.tally.count_broken(&error),
        }
    }

    /// Ends client `number` if `result` is an error. The other clients go on.
    fn settle(&mut self, number: usize, result: io::Result<()>) {
        if let Err(error) = result {
            self.clients[number] = None;
            // A wrong reply has been counted already.
            if error.kind() != ErrorKind::InvalidData {
                self.tally.count_broken(&error);
            }
        }
    }

    fn ask(&mut self, number: usize, due: Instant) {
        let Some(client) = &mut self.clients[number] else { return };
        let result = client.ask(due, &self.payload);
        self.tally.sent += 1;
        self.settle(number, result);
    }

    /// Sends as many messages as client `number` may have outstanding, for runs without a rate.
    fn fill(&mut self, number: usize) {
        let outstanding = if self.plan.reconnect { 1 } else { self.plan.outstanding };
        while self.clients[number].as_ref().is_some_and(|client| client.outstanding() < outstanding) {
            self.ask(number, Instant::now());
        }
    }

    /// Runs the plan, and returns the time that it took without the warm-up.
    fn run(&mut self, stop: &AtomicBool) -> anyhow::Result<Duration> {
        let mut events = Events::with_capacity(1024);
        let mut buffer = vec![0; SLICE_BYTES_MAX];
        let begin = Instant::now();
        let (mut counted_from, mut warm) = (begin, self.plan.warm_up.is_zero());
        let mut asking = true;
        let (mut swept, mut last_answer) = (begin, begin);
        let mut scheduled = 0_u64;
        for number in 0..self.clients.len() {
            if self.plan.rate.is_none() {
                self.fill(number);
            }
        }
        loop {
            let now = Instant::now();
            if !warm && now >= begin + self.plan.warm_up {
                warm = true;
                counted_from = now;
                self.tally.restart();
            }
            let enough = self.plan.count.is_some_and(|count| warm && self.tally.answered >= count);
            let over = now >= begin + self.plan.warm_up + self.plan.duration;
            if asking && (enough || over || stop.load(Ordering::Relaxed)) {
                asking = false;
            }
            let next_due = match self.plan.rate {
                Some(rate) if asking => self.send_what_is_due(begin, rate, now, &mut scheduled),
                _ => None,
            };
            if now >= swept + SWEEP {
                swept = now;
                self.sweep(now, asking);
            }
            if !self.clients.iter().flatten().any(|client| asking || client.outstanding() > 0) {
                break;
            }
            let wait = next_due.map_or(SWEEP, |due| wait_until(due, now));
            match self.poll.poll(&mut events, Some(wait)) {
                Err(error) if error.kind() != ErrorKind::Interrupted => {
                    return Err(error).context("failed to wait for sockets");
                }
                _ => {}
            }
            let answered = self.tally.answered;
            for event in &events {
                self.serve(event.token().0, event, &mut buffer, asking);
            }
            if self.tally.answered > answered {
                last_answer = Instant::now();
            }
        }
        Ok(last_answer.saturating_duration_since(counted_from))
    }

    /// Sends every message that is due, client after client, and returns when the next one is due.
    fn send_what_is_due(
        &mut self,
        begin: Instant,
        rate: f64,
        now: Instant,
        scheduled: &mut u64,
    ) -> Option<Instant> {
        loop {
            #[allow(clippy::cast_precision_loss)] // a run has less than 2^52 messages
            let due = begin + Duration::from_secs_f64(*scheduled as f64 / rate);
            if due > now {
                return Some(due);
            }
            #[allow(clippy::cast_possible_truncation)] // the remainder is below the number of clients
            let number = (*scheduled % self.clients.len() as u64) as usize;
            *scheduled += 1;
            let most = OUTSTANDING_MAX.div_ceil(self.clients.len());
            if self.clients[number].as_ref().is_some_and(|client| client.outstanding() < most) {
                self.ask(number, due);
            } else {
                self.tally.held_back += 1;
            }
        }
    }

    /// Counts the messages without a timely reply as lost.
    fn sweep(&mut self, now: Instant, asking: bool) {
        let Some(before) = now.checked_sub(self.plan.timeout) else { return };
        for number in 0..self.clients.len() {
            let Some(client) = &mut self.clients[number] else { continue };
            let result = client.give_up(before, &mut self.tally);
            self.settle(number, result);
            if asking && self.plan.rate.is_none() {
                self.fill(number);
            }
        }
    }

    /// Reads from and writes to the socket of client `number`, as far as it is ready.
    fn serve(&mut self, number: usize, event: &mio::event::Event, buffer: &mut [u8], asking: bool) {
        let Some(client) = &mut self.clients[number] else { return };
        let outstanding = client.outstanding();
        let mut result = Ok(());
        if event.is_writable() {
            result = client.write(&self.payload);
        }
        if event.is_readable() || event.is_error() {
            result = result.and_then(|()| client.read(buffer, &self.payload, &mut self.tally));
        }
        let answered = client.outstanding() < outstanding;
        self.settle(number, result);
        if !asking || self.plan.rate.is_some() {
            return;
        }
        if answered && self.plan.reconnect {
            self.clients[number] = None;
            self.open(number);
        }
        if answered {
            self.fill(number);
        }
    }
}
