//! The reference server: the exercise, made robust.
//!
//! Read [`run`] and [`serve`]. [`admission`] says how clients are accepted, and [`once`] how one is served with `--once`.

mod admission;
mod once;

use admission::{accept, prepare};
use clap::Parser;
use labcore::{EventLog, EventLogArgs, Operation, ServerAddress, exit_code};
use once::serve_line;
use std::net::TcpListener;
use std::process::ExitCode;
use tcp_echo::serve_connection;

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
    let listener =
        TcpListener::bind(&addresses).map_err(|error| addresses.failed_to(Operation::Bind, &error))?;
    args.address.announce(listener.local_addr()?);
    serve(&listener, args.once, &log)
}

/// Serves one client after the other. Nothing ends it, not even a lack of descriptors.
fn serve(listener: &TcpListener, once: bool, log: &EventLog) -> ! {
    let mut number = 0_u64;
    loop {
        let (connection, address) = accept(listener, log);
        number += 1;
        log.line(format_args!("client {number} connected from {address}"));
        let result = prepare(&connection).and_then(|()| {
            if once {
                serve_line(&connection, number, log)
            } else {
                serve_connection(&connection, number, log)
            }
        });
        drop(connection);
        match result {
            Ok(()) => log.line(format_args!("client {number} disconnected")),
            Err(error) => log.line(format_args!("client {number} disconnected: {error}")),
        }
    }
}
