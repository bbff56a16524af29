//! Serves the files of a directory to web browsers.

use anyhow::Context;
use clap::Parser;
use http_file_server::answer::Site;
use http_file_server::file::Root;
use http_file_server::send::Buffers;
use http_file_server::{Limits, Server, serve, stop};
use labcore::{EventLog, EventLogArgs, Operation, ServerAddress, report};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// Connections that may wait to be accepted. The system has a limit of its own, 4096 on Linux (`somaxconn`).
#[cfg(unix)]
const BACKLOG_MAX: i32 = 4096;

/// Serves the files of a directory to web browsers.
#[derive(Parser)]
#[command(version)]
struct Args {
    #[command(flatten)]
    address: ServerAddress<6789>,
    /// Directory with the files; nothing outside of it is served, and no name that begins with a dot
    #[arg(long, value_name = "DIR", default_value = ".")]
    root: PathBuf,
    /// Show no list of files for a directory without an index.html
    #[arg(long)]
    no_listing: bool,
    /// Answer one request and exit
    #[arg(long)]
    once: bool,
    #[command(flatten)]
    limits: Limits,
    /// Print no line per answer
    // Each line has its time anyway, so `--timestamps` is not offered.
    #[arg(short, long)]
    quiet: bool,
}

fn main() -> ExitCode {
    report(run(Args::parse()))
}

fn run(args: Args) -> anyhow::Result<()> {
    let server = Server {
        site: Site { root: Root::open(&args.root)?, listing: !args.no_listing },
        limits: args.limits,
        once: args.once,
        log: EventLog::open(EventLogArgs { quiet: args.quiet, timestamps: false })?,
        buffers: Buffers::default(),
        connections: Arc::default(),
    };
    let addresses = args.address.resolve()?;
    let listener =
        TcpListener::bind(&addresses).map_err(|error| addresses.failed_to(Operation::Bind, &error))?;
    let local = listener.local_addr()?;
    allow_crowds(&listener);
    let connections = Arc::clone(&server.connections);
    ctrlc::set_handler(move || stop(&connections, local)).context("failed to watch for Ctrl+C")?;
    args.address.announce(local);
    serve(listener, &server);
    Ok(())
}

/// Makes room for many clients: as much as the system allows. Where it allows no more than before, that will do, too.
#[cfg(unix)]
fn allow_crowds(listener: &TcpListener) {
    use rustix::process::{Resource, getrlimit, setrlimit};
    // `bind` has called `listen` too, for a backlog of 128. In a crowd of clients the rest would be ignored, and try
    // again only after a second.
    let _ = rustix::net::listen(listener, BACKLOG_MAX);
    // Each connection takes a descriptor, and a file that is sent another. A process begins with a lower limit, for the
    // sake of programs that use `select`, which knows the first 1,024.
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    let _ = setrlimit(Resource::Nofile, limit);
}

#[cfg(not(unix))]
fn allow_crowds(_: &TcpListener) {}
