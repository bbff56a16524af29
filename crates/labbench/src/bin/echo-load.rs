//! Loads an echo server with many clients, checks every reply, and prints throughput and latency.

use anyhow::{Context, bail};
use clap::{Parser, ValueEnum};
use labbench::plan::Plan;
use labbench::runner::run_load;
use labbench::{tcp, udp};
use labcore::{ClientAddress, exit_code, parse_interval, parse_timeout};
use std::io::Write;
use std::net::ToSocketAddrs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Loads an echo server with many clients, checks every reply, and prints throughput and latency.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// Protocol of the server
    protocol: Protocol,
    #[command(flatten)]
    address: ClientAddress<25000>,
    /// Clients: connections over TCP, sockets over UDP
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=60_000))]
    clients: u32,
    /// Messages that each client may have outstanding
    #[arg(long, value_name = "M", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    outstanding: u32,
    /// Bytes of a message
    #[arg(long, value_name = "BYTES", default_value_t = 32)]
    size: u32,
    /// Messages per second of all clients together, instead of as fast as possible
    #[arg(long, value_name = "PER_SECOND", value_parser = clap::value_parser!(u32).range(1..=100_000_000), conflicts_with_all = ["outstanding", "reconnect"])]
    rate: Option<u32>,
    /// Send no lower-case letters, so that a server that only echoes is right too
    #[arg(long)]
    capitals: bool,
    /// Make a new connection for every message (TCP)
    #[arg(long)]
    reconnect: bool,
    /// How long to send
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = parse_timeout)]
    duration: Duration,
    /// Stop after this many replies
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// How long to send before counting begins
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = parse_interval)]
    warm_up: Duration,
    /// A reply that takes longer counts as lost; also how long to wait for a connection
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = parse_timeout)]
    timeout: Duration,
    /// Write the figures as JSON to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Protocol {
    /// One socket per client
    Udp,
    /// One connection per client
    Tcp,
}

fn main() -> ExitCode {
    exit_code(run(&Args::parse()))
}

fn run(args: &Args) -> anyhow::Result<()> {
    if args.reconnect && args.protocol == Protocol::Udp {
        bail!("`--reconnect` is for TCP: UDP has no connection");
    }
    let plan = args.plan();
    let servers: Vec<_> = args.address.resolve()?.to_socket_addrs()?.collect();
    allow_sockets(plan.clients);
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    // The second Ctrl+C ends the program without waiting for the last replies.
    ctrlc::set_handler(move || {
        if stopped.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    })
    .context("failed to set a handler for Ctrl+C")?;
    let figures = match args.protocol {
        Protocol::Udp => run_load::<udp::Socket>(&servers, &plan, &stop)?,
        Protocol::Tcp => run_load::<tcp::Connection>(&servers, &plan, &stop)?,
    };
    if let Some(path) = &args.json {
        let json = serde_json::to_string_pretty(&figures)? + "\n";
        std::fs::write(path, json).with_context(|| format!("failed to write `{}`", path.display()))?;
    }
    // If standard output is closed, the exit status still reports the result.
    let _ = std::io::stdout().write_all(figures.summary().as_bytes());
    match figures.failure() {
        Some(failure) => bail!(failure),
        None => Ok(()),
    }
}

impl Args {
    fn plan(&self) -> Plan {
        Plan {
            clients: self.clients as usize,
            outstanding: self.outstanding as usize,
            size: self.size as usize,
            rate: self.rate.map(f64::from),
            capitals: self.capitals,
            reconnect: self.reconnect,
            warm_up: self.warm_up,
            duration: self.duration,
            count: self.count,
            timeout: self.timeout,
        }
    }
}

/// Raises the soft limit on open files as far as `clients` need it and the hard limit allows.
#[cfg(unix)]
fn allow_sockets(clients: usize) {
    use rustix::process::{Resource, getrlimit, setrlimit};
    /// Descriptors other than the clients' sockets: standard streams, the poll, a file.
    const OTHERS: u64 = 16;
    let mut limit = getrlimit(Resource::Nofile);
    let needed = clients as u64 + OTHERS;
    if limit.current.is_some_and(|current| current < needed) {
        limit.current = Some(limit.maximum.map_or(needed, |maximum| needed.min(maximum)));
        let raised = setrlimit(Resource::Nofile, limit).is_ok();
        if !raised || limit.current < Some(needed) {
            labcore::note(&format!(
                "{clients} clients need {needed} open files; raise the limit: ulimit -n {needed}"
            ));
        }
    }
}

#[cfg(not(unix))]
fn allow_sockets(_: usize) {}
