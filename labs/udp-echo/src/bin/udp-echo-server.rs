//! Returns every datagram in upper case.

use anyhow::Context;
use clap::Parser;
use labcore::{EventLog, EventLogArgs, Operation, ServerAddress, exit_code};
use std::net::UdpSocket;
use std::process::ExitCode;

/// Returns every datagram in upper case to its sender.
#[derive(Parser)]
#[command(version)]
struct Args {
    #[command(flatten)]
    address: ServerAddress<25000>,
    #[command(flatten)]
    log: EventLogArgs,
}

fn main() -> ExitCode {
    exit_code(run(&Args::parse()))
}

fn run(args: &Args) -> anyhow::Result<()> {
    let log = EventLog::open(args.log)?;
    let addresses = args.address.resolve()?;
    let socket = UdpSocket::bind(&addresses).map_err(|error| addresses.failed_to(Operation::Bind, &error))?;
    args.address.announce(socket.local_addr()?);
    udp_echo::serve(&socket, &log).context("failed to receive a datagram")
}
