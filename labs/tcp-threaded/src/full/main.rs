//! The reference server: the exercise, with a limit on clients, and robust against a lack of descriptors, threads and
//! memory.
//!
//! Read [`run`], then [`serve::serve`], which accepts clients and starts a [`Handler`](serve::Handler) for each.

mod admission;
mod serve;

use clap::{Parser, value_parser};
use labcore::{EventLog, EventLogArgs, Operation, ServerAddress, exit_code};
use socket2::SockRef;
use std::net::TcpListener;
use std::process::ExitCode;
use tcp_threaded::Reply;

/// Connections that may wait to be accepted. The system's own limit is 4096 on Linux (`somaxconn`).
const BACKLOG_MAX: i32 = 4096;

/// Answers every client at once, each in a thread of its own.
#[derive(Parser)]
#[command(version)]
struct Args {
    #[command(flatten)]
    address: ServerAddress<25000>,
    /// What to answer: `upper`, whatever arrives in upper case, or `count`, the number of characters of each line
    #[arg(long, value_enum, default_value = "upper", hide_possible_values = true)]
    reply: Reply,
    /// The most clients to serve at once, up to 10000; further clients are turned away
    // A thread's stack and its guards are four memory maps, and Linux gives a process 65,530 (`vm.max_map_count`).
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = value_parser!(u16).range(1..=10_000))]
    max_clients: u16,
    #[command(flatten)]
    log: EventLogArgs,
}

fn main() -> ExitCode {
    exit_code(run(&Args::parse()))
}

fn run(args: &Args) -> anyhow::Result<()> {
    let log = EventLog::open(args.log)?;
    let addresses = args.address.resolve()?;
    let listener =
        TcpListener::bind(&addresses).map_err(|error| addresses.failed_to(Operation::Bind, &error))?;
    // `bind` has also called `listen`, with a backlog of 128. If more clients connect at once, the system ignores the
    // rest, and they try again only after a second.
    SockRef::from(&listener).listen(BACKLOG_MAX)?;
    args.address.announce(listener.local_addr()?);
    serve::serve(&listener, args.reply, args.max_clients.into(), &log);
    Ok(())
}
