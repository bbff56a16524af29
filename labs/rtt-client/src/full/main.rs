//! The reference program: measures round-trip times to an echo server over UDP, TCP, or both in turns.
//!
//! Read [`prober`] after this file: it sends, receives and takes the time. Then:
//! - [`measure`]: which prober sends when, on schedule or in turns.
//! - [`request`]: what is sent, and how its reply is recognised.
//! - [`probe_log`]: which request was answered, lost, late, duplicated or reordered.
//! - [`statistics`] and [`difference`]: the figures, and which protocol was slower. Both are pure functions.
//! - [`results`], shown by [`text`], [`csv`], [`json`] and [`svg`].
//!
//! [`plan`] says what a run is to do, [`event`] what it reports meanwhile. [`clock`] keeps its time, [`connection`] makes
//! its TCP connections.

mod clock;
mod connection;
mod csv;
mod difference;
mod event;
mod json;
mod measure;
mod plan;
mod probe_log;
mod prober;
mod request;
mod results;
mod statistics;
mod svg;
mod text;

use crate::clock::Clock;
use crate::event::{Event, EventKind};
use crate::measure::measure;
use crate::plan::Plan;
use crate::prober::Prober;
use crate::request::{SIZE_MAX, SIZE_MIN, random_run};
use crate::results::{Results, Series};
use anyhow::{Context, anyhow, ensure};
use clap::{Parser, ValueEnum};
use labcore::{
    Addresses, ClientAddress, Operation, exit_code, is_timeout, messages, note, parse_interval,
    parse_timeout, print_reply,
};
use rtt_client::connection_line;
use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, IsTerminal, Write};
use std::net::ToSocketAddrs;
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// Measures the round-trip time to an echo server, as an application sees it.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// Protocol to measure over
    mode: Mode,
    #[command(flatten)]
    address: ClientAddress<25000>,
    /// Exchanges over each protocol [default: 10, but 1 with a text]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    count: Option<u32>,
    /// Time from one request to the next; with 0s each leaves when the reply to the one before has arrived
    #[arg(long, value_name = "TIME", default_value = "200ms", value_parser = parse_interval)]
    interval: Duration,
    /// A reply that takes longer counts as late; also how long to wait for TCP's connection
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = parse_timeout)]
    timeout: Duration,
    /// Send this text, after the number of the request, and show the first reply. Over UDP or TCP, without this option,
    /// --count and --size, the text is a line of standard input, which the program asks for on a terminal
    #[arg(short, long, value_name = "TEXT", conflicts_with = "size", value_parser = parse_message)]
    message: Option<String>,
    /// Size of a request in bytes [default: 32]
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(SIZE_MIN as i64..=SIZE_MAX as i64))]
    size: Option<u32>,
    /// Exchanges before the first one that is counted
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    warm_up: u32,
    /// Send each TCP request in two writes, to see how Nagle's algorithm interacts with delayed acknowledgement
    #[arg(long)]
    split_write: bool,
    /// Turn Nagle's algorithm off (TCP_NODELAY) [default: true, but false with --split-write]
    #[arg(long, value_name = "BOOL", action = clap::ArgAction::Set)]
    no_delay: Option<bool>,
    /// Make a TCP connection for each request, as a server needs that closes after each reply; the time for it is not
    /// part of the round-trip time
    #[arg(long)]
    connect_each: bool,
    /// Write the results as JSON to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write each exchange as a row of comma-separated values to this file
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Draw the round-trip times into this file
    #[arg(long, value_name = "FILE.svg")]
    plot: Option<PathBuf>,
    /// Print no line per exchange
    #[arg(short, long)]
    quiet: bool,
}

/// The protocols to measure.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Mode {
    /// UDP: each request is a datagram
    Udp,
    /// TCP: all requests go over one connection
    Tcp,
    /// Both protocols in turns
    Compare,
}

/// Events that may wait to be shown. If they come faster than the terminal takes them, the rest is left out and
/// counted.
const WAITING_EVENTS_MAX: usize = 1 << 16;

/// How often the output is updated. The measuring thread never waits for it, nor wakes the thread that prints.
const UPDATE_INTERVAL: Duration = Duration::from_millis(50);

/// A run that takes longer shows its progress on a terminal.
const LONG_RUN: Duration = Duration::from_secs(3);

/// A function that writes results in one format.
type Render = fn(&Results, &mut dyn Write) -> io::Result<()>;

fn main() -> ExitCode {
    exit_code(run(&Args::parse()))
}

fn run(args: &Args) -> anyhow::Result<()> {
    let udp_only = matches!(args.mode, Mode::Udp);
    ensure!(
        !(args.split_write && udp_only),
        "`--split-write` is for TCP: over UDP, two writes are two datagrams"
    );
    ensure!(!(args.connect_each && udp_only), "`--connect-each` is for TCP: UDP has no connections");
    let before = Instant::now();
    let addresses = args.address.resolve()?;
    let resolution = before.elapsed();
    let plan = args.plan(args.text()?);
    let mut probers = args.mode.connect(&addresses, &plan)?;
    let stop = stop_on_interrupt()?;
    let files = args.files()?;

    print(&text::heading(&addresses.to_string(), args.mode.name(), &plan))?;
    for prober in &probers {
        if let Some(connection) = prober.connections.first() {
            print(&connection_line(&connection.requested, connection.connect))?;
        }
    }
    let clock = Clock::start();
    let left_out = AtomicU64::new(0);
    let (events, waiting) = sync_channel(WAITING_EVENTS_MAX);
    let printer = thread::current();
    let shown = thread::scope(|scope| {
        let measuring = thread::Builder::new().name("measure".to_owned()).spawn_scoped(scope, || {
            measure(&mut probers, &plan, &clock, &stop, &mut |event| {
                if events.try_send(event).is_err() {
                    left_out.fetch_add(1, Ordering::Relaxed);
                }
            });
            drop(events);
            printer.unpark();
        });
        measuring.context("failed to start a thread")?;
        let shown = args.show(&waiting, &clock, &plan);
        if shown.is_err() {
            stop.store(true, Ordering::Relaxed); // a run whose output can't be printed ends
        }
        shown
    });
    if left_out.load(Ordering::Relaxed) > 0 {
        note(&format!("{} lines were left out: the terminal is too slow", left_out.into_inner()));
    }

    let reply = probers.iter().find_map(Prober::first_reply).map(<[u8]>::to_vec);
    let series = probers.into_iter().map(|prober| Series::new(prober, &plan)).collect();
    let results = Results {
        target: addresses.to_string().replace('`', ""),
        started: clock.started(),
        resolution,
        plan,
        series,
    };
    // The files come first, so that they are written even if standard output is closed.
    for (path, file, render) in files {
        let mut file = BufWriter::new(file);
        let written = render(&results, &mut file).and_then(|()| file.flush());
        written.with_context(|| format!("failed to write `{}`", path.display()))?;
    }
    shown?;
    if let Some(reply) = reply {
        print_reply(&reply)?;
    }
    print(&text::summary(&results))?;
    check_replies(&results, &addresses)
}

/// Returns an error if there was no reply at all.
fn check_replies(results: &Results, addresses: &Addresses) -> anyhow::Result<()> {
    if results.any_reply() {
        return Ok(());
    }
    match results.series.iter().find_map(|series| series.ended_by.as_ref()) {
        Some(error) => Err(addresses.failed_to(Operation::GetReply, error)),
        None => Err(addresses.no_reply_within(results.plan.timeout)),
    }
}

/// The first Ctrl+C or SIGTERM ends the sending, and the summary is still printed. The second ends the program.
fn stop_on_interrupt() -> anyhow::Result<Arc<AtomicBool>> {
    const INTERRUPTED: i32 = 130; // the status that a shell shows for a program ended by Ctrl+C
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let handler = move || {
        if stopped.swap(true, Ordering::Relaxed) {
            process::exit(INTERRUPTED);
        }
    };
    ctrlc::set_handler(handler).context("failed to set a handler for Ctrl+C")?;
    Ok(stop)
}

fn print(text: &str) -> anyhow::Result<()> {
    let mut output = io::stdout();
    let written = output.write_all(text.as_bytes()).and_then(|()| output.flush());
    written.context("failed to write to standard output")
}

/// Parses a text that fits into a request, and into a line.
fn parse_message(word: &str) -> Result<String, String> {
    if word.contains('\n') {
        return Err("the text is one line".to_owned());
    }
    if word.len() > TEXT_BYTES_MAX {
        return Err(format!("a request carries at most {TEXT_BYTES_MAX} bytes of text"));
    }
    Ok(word.to_owned())
}

/// The longest text in a request.
const TEXT_BYTES_MAX: usize = SIZE_MAX - SIZE_MIN - "\n".len();

impl Args {
    /// Returns the user's text. `None`: letters fill the requests.
    fn text(&self) -> anyhow::Result<Option<Vec<u8>>> {
        let asks = self.mode != Mode::Compare && self.count.is_none() && self.size.is_none();
        if self.message.is_none() && !asks {
            return Ok(None);
        }
        let text = messages(self.message.clone()).next().transpose()?;
        let text =
            text.context("standard input has no line to send; use `--count` to measure without a text")?;
        ensure!(text.len() <= TEXT_BYTES_MAX, "a request carries at most {TEXT_BYTES_MAX} bytes of text");
        Ok(Some(text))
    }

    fn plan(&self, text: Option<Vec<u8>>) -> Plan {
        const SIZE: u32 = 32;
        let newline = usize::from(self.mode == Mode::Tcp);
        let size = match &text {
            Some(text) => SIZE_MIN + text.len() + newline,
            None => self.size.unwrap_or(SIZE) as usize,
        };
        Plan {
            count: self.count.unwrap_or(if text.is_some() { 1 } else { 10 }),
            warm_up: self.warm_up,
            interval: self.interval,
            timeout: self.timeout,
            size,
            split_write: self.split_write,
            no_delay: self.no_delay.unwrap_or(!self.split_write),
            connect_each: self.connect_each,
            text,
        }
    }

    /// Creates the files for the results before the run, so that a long run does not fail at its end.
    fn files(&self) -> anyhow::Result<Vec<(&Path, File, Render)>> {
        let wanted = [(&self.json, json::write as Render), (&self.csv, csv::write), (&self.plot, svg::write)];
        let mut files: Vec<(&Path, File, Render)> = Vec::new();
        for (path, render) in wanted {
            if let Some(path) = path {
                let file =
                    File::create(path).with_context(|| format!("failed to create `{}`", path.display()))?;
                let same = |(other, ..): &(&Path, File, Render)| {
                    path.is_file() && path.canonicalize().ok() == other.canonicalize().ok()
                };
                ensure!(
                    !files.iter().any(same),
                    "two results can't be written to one file, `{}`",
                    path.display()
                );
                files.push((path.as_path(), file, render));
            }
        }
        Ok(files)
    }

    /// Shows events until the measurement ends, and on a terminal the progress.
    fn show(&self, events: &Receiver<Event>, clock: &Clock, plan: &Plan) -> anyhow::Result<()> {
        let probers = if self.mode == Mode::Compare { 2 } else { 1 };
        let total = probers * u64::from(plan.warm_up + plan.count);
        let terminal = io::stdout().is_terminal();
        let begin = Instant::now();
        let (mut done, mut ended, mut progress) = (0, false, String::new());
        while !ended {
            thread::park_timeout(UPDATE_INTERVAL);
            let mut lines = String::new();
            ended = loop {
                match events.try_recv() {
                    Ok(event) => {
                        done += u64::from(matches!(
                            event.kind,
                            EventKind::Overdue { .. } | EventKind::Reply { late: false, .. }
                        ));
                        if !self.quiet {
                            lines.push_str(&text::line(&event, clock.started(), plan));
                        }
                    }
                    Err(error) => break error == TryRecvError::Disconnected,
                }
            };
            // Erase the progress, print the lines, and print the progress again below them.
            if !progress.is_empty() {
                print(&format!("\r{:1$}\r", "", progress.len()))?;
            }
            print(&lines)?;
            if terminal && begin.elapsed() > LONG_RUN && !ended {
                progress = text::progress(done, total, begin.elapsed());
                print(&progress)?;
            }
        }
        Ok(())
    }
}

impl Mode {
    fn name(self) -> &'static str {
        match self {
            Mode::Udp => "UDP",
            Mode::Tcp => "TCP",
            Mode::Compare => "UDP and TCP in turns",
        }
    }

    /// Opens the sockets. With both protocols, UDP uses the address at which TCP found the server.
    fn connect(self, addresses: &Addresses, plan: &Plan) -> anyhow::Result<Vec<Prober>> {
        let run = random_run();
        let tcp = |address| Prober::tcp(address, plan, run);
        let failed_to = |operation, error: &io::Error| failed_to(addresses, operation, error, plan);
        let connect = || addresses.try_each(tcp).map_err(|error| failed_to(Operation::Connect, &error));
        match self {
            Mode::Udp => Ok(vec![find_udp_server(addresses, plan, run)?]),
            Mode::Tcp => Ok(vec![connect()?]),
            Mode::Compare => {
                let tcp = connect()?;
                let udp = Prober::udp(tcp.server, plan, run);
                Ok(vec![udp.map_err(|error| failed_to(Operation::Reach, &error))?, tcp])
            }
        }
    }
}

/// Opens a UDP socket for the address at which a server answers.
///
/// A name may have several addresses, and only a reply shows at which of them the server is. If none answers, the first
/// silent one is taken: its reply may have been lost.
fn find_udp_server(addresses: &Addresses, plan: &Plan, run: u32) -> anyhow::Result<Prober> {
    let alone = addresses.to_socket_addrs()?.count() == 1;
    let mut silent = None;
    let found = addresses.try_each(|address| {
        let mut prober = Prober::udp(address, plan, run)?;
        if alone {
            return Ok(prober);
        }
        match prober.check_server(plan.timeout) {
            Ok(()) => Ok(prober),
            Err(error) => {
                if is_timeout(&error) {
                    silent.get_or_insert(prober);
                }
                Err(error)
            }
        }
    });
    found
        .or_else(|error| silent.ok_or(error))
        .map_err(|error| failed_to(addresses, Operation::GetReply, &error, plan))
}

/// Makes the error for a failure before the run begins.
fn failed_to(addresses: &Addresses, operation: Operation, error: &io::Error, plan: &Plan) -> anyhow::Error {
    if error.kind() == ErrorKind::OutOfMemory {
        return anyhow!("failed to make room for {} exchanges: {error}; try a smaller `--count`", plan.count);
    }
    addresses.failed_to(operation, error)
}
