//! Serves the files of a directory to web browsers.

use anyhow::Context;
use clap::Parser;
use http_file_server::{Site, Timeouts, serve};
use labcore::{EventLog, EventLogArgs, Operation, ServerAddress, exit_code};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::ExitCode;

/// Serves the files of a directory to web browsers.
#[derive(Parser)]
#[command(version)]
struct Args {
    #[command(flatten)]
    address: ServerAddress<6789>,
    /// Directory to serve; nothing outside of it is served
    #[arg(long, value_name = "DIR", default_value = ".")]
    root: PathBuf,
    #[command(flatten)]
    timeouts: Timeouts,
    #[command(flatten)]
    log: EventLogArgs,
}

fn main() -> ExitCode {
    exit_code(run(&Args::parse()))
}

fn run(args: &Args) -> anyhow::Result<()> {
    let failed = || format!("failed to open the root directory `{}`", args.root.display());
    let root = args.root.canonicalize().with_context(failed)?;
    root.read_dir().with_context(failed)?;
    let site = Site { root, timeouts: args.timeouts };
    let log = EventLog::open(args.log)?;
    let addresses = args.address.resolve()?;
    let listener =
        TcpListener::bind(&addresses).map_err(|error| addresses.failed_to(Operation::Bind, &error))?;
    args.address.announce(listener.local_addr()?);
    serve(&listener, &site, &log);
    Ok(())
}
