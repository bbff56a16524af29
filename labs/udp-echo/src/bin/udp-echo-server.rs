//! Returns every datagram in upper case.

use anyhow::Context;
use clap::Parser;
use labcore::{Operation, Screen, ServerAddress, report};
use std::net::UdpSocket;
use std::process::ExitCode;

/// Returns every datagram in upper case, to whoever sent it.
#[derive(Parser)]
#[command(version)]
struct Args {
    #[command(flatten)]
    address: ServerAddress<25000>,
    /// Print no line per event
    #[arg(short, long)]
    quiet: bool,
}

fn main() -> ExitCode {
    report(run(&Args::parse()))
}

fn run(args: &Args) -> anyhow::Result<()> {
    let screen = Screen::open(args.quiet)?;
    let addresses = args.address.resolve()?;
    let socket = UdpSocket::bind(&addresses).map_err(|error| addresses.failed_to(Operation::Bind, &error))?;
    args.address.announce(socket.local_addr()?);
    udp_echo::serve(&socket, &screen).context("failed to receive a datagram")
}
