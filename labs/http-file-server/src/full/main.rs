//! The reference program: it serves the files of a directory as every server on the internet must.
//!
//! Read it in the order in which a request passes through it:
//!
//! 1. [`server`] accepts clients and gives each a thread, which reads requests and sends the answers.
//! 2. [`http`] turns the bytes that arrived into a request.
//! 3. [`site`] opens the file, and decides what to answer.
//!
//! The exercise, in `src/lib.rs`, is a smaller server. This one uses its time limits and its media types.

mod http;
mod server;
mod site;

use anyhow::Context;
use clap::Parser;
use labcore::{EventLog, EventLogArgs, Operation, ServerAddress, exit_code};
use server::accept::serve;
use server::context::{Limits, Server};
use server::stop::stop;
use site::answer::Site;
use site::file::Root;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// Connections that may wait to be accepted. The system's own limit is 4096 on Linux (`somaxconn`).
#[cfg(unix)]
const BACKLOG_MAX: i32 = 4096;

/// Serves the files of a directory to web browsers.
#[derive(Parser)]
#[command(version)]
struct Args {
    #[command(flatten)]
    address: ServerAddress<6789>,
    /// Directory to serve; nothing outside of it, and no name that begins with a dot, is served
    #[arg(long, value_name = "DIR", default_value = ".")]
    root: PathBuf,
    /// Do not list the files of a directory that has no index.html
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
    exit_code(run(Args::parse()))
}

fn run(args: Args) -> anyhow::Result<()> {
    let server = Server {
        site: Site { root: Root::open(&args.root)?, listing: !args.no_listing },
        limits: args.limits,
        once: args.once,
        log: EventLog::open(EventLogArgs { quiet: args.quiet, timestamps: false })?,
        connections: Arc::default(),
    };
    let addresses = args.address.resolve()?;
    let listener =
        TcpListener::bind(&addresses).map_err(|error| addresses.failed_to(Operation::Bind, &error))?;
    let local = listener.local_addr()?;
    raise_limits(&listener);
    let connections = Arc::clone(&server.connections);
    ctrlc::set_handler(move || stop(&connections, local)).context("failed to set a handler for Ctrl+C")?;
    args.address.announce(local);
    serve(listener, &server);
    Ok(())
}

/// Raises the limits on waiting and open connections as far as the system allows. A failure is ignored: the server then
/// serves fewer clients.
#[cfg(unix)]
fn raise_limits(listener: &TcpListener) {
    use rustix::process::{Resource, getrlimit, setrlimit};
    // `bind` has also called `listen`, with a backlog of 128. If more clients connect at once, the system ignores the
    // rest, and they try again only after a second.
    let _ = rustix::net::listen(listener, BACKLOG_MAX);
    // Each connection takes a descriptor, and a file that is being sent takes another. The default limit is low for the
    // sake of programs that use `select`, which supports the first 1,024 only.
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    let _ = setrlimit(Resource::Nofile, limit);
}

#[cfg(not(unix))]
fn raise_limits(_: &TcpListener) {}
