//! Answers every client at once, each in a thread of its own.

use anyhow::Context;
use clap::Parser;
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
    tcp_threaded::serve(&listener, args.reply, &log).context("failed to accept a client")
}
