//! Returns text in upper case to one client at a time.

use anyhow::Context;
use clap::Parser;
use labcore::{EventLog, EventLogArgs, Operation, ServerAddress, exit_code};
use std::net::TcpListener;
use std::process::ExitCode;

/// Returns text in upper case to one client at a time.
#[derive(Parser)]
#[command(version)]
struct Args {
    #[command(flatten)]
    address: ServerAddress<25000>,
    /// Close each connection after the reply to its first line
    #[arg(long)]
    once: bool,
    #[command(flatten)]
    log: EventLogArgs,
}

fn main() -> ExitCode {
    exit_code(run(&Args::parse()))
}

fn run(args: &Args) -> anyhow::Result<()> {
    let log = EventLog::open(args.log)?;
    let addresses = args.address.resolve()?;
    // `bind` here is the calls socket, bind and listen in one.
    let listener =
        TcpListener::bind(&addresses).map_err(|error| addresses.failed_to(Operation::Bind, &error))?;
    args.address.announce(listener.local_addr()?);
    tcp_echo::serve(&listener, args.once, &log).context("failed to accept a client")
}
