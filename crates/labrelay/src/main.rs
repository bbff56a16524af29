//! Relays datagrams to a server, and drops some on purpose.

use anyhow::{Context, ensure};
use clap::Parser;
use labcore::{
    Addresses, EventLog, EventLogArgs, Operation, ServerAddress, exit_code, parse_interval, parse_timeout,
};
use labrelay::{Impairments, Relay, parse_share};
use std::fs::File;
use std::io::{LineWriter, Write};
use std::net::{SocketAddr, ToSocketAddrs, UdpSocket};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Relays datagrams between clients and a server, and drops, delays, duplicates and reorders some of them.
#[derive(Parser)]
#[command(version)]
struct Args {
    #[command(flatten)]
    address: ServerAddress<25001>,
    /// The server's address, like 10.0.3.1:25000
    #[arg(long, value_name = "HOST[:PORT]")]
    to: String,
    /// Share of the datagrams to drop, in each direction, like 10% or 0.1
    #[arg(long, value_name = "SHARE", default_value = "0%", value_parser = parse_share)]
    drop: f64,
    /// How long to hold each datagram, in each direction
    #[arg(long, value_name = "TIME", default_value = "0ms", value_parser = parse_interval)]
    delay: Duration,
    /// How much longer to hold each at most; the time differs from datagram to datagram
    #[arg(long, value_name = "TIME", default_value = "0ms", value_parser = parse_interval)]
    jitter: Duration,
    /// Share of the datagrams to send twice
    #[arg(long, value_name = "SHARE", default_value = "0%", value_parser = parse_share)]
    duplicate: f64,
    /// Share of the datagrams that change places with the next one
    #[arg(long, value_name = "SHARE", default_value = "0%", value_parser = parse_share)]
    reorder: f64,
    /// Number that chooses the datagrams; the same number always chooses the same ones
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Forget a client that was silent for this long
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse_timeout)]
    forget_after: Duration,
    /// Write a row for each datagram, as comma-separated values, to this file
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    #[command(flatten)]
    event_log: EventLogArgs,
}

fn main() -> ExitCode {
    exit_code(run(&Args::parse()))
}

fn run(args: &Args) -> anyhow::Result<()> {
    let server = server(&args.to)?;
    let log = args.log.as_ref().map(|path| {
        let file = File::create(path).with_context(|| format!("failed to create `{}`", path.display()))?;
        // Line by line, so that the log is complete at any time.
        anyhow::Ok(Box::new(LineWriter::new(file)) as Box<dyn Write + Send>)
    });
    let event_log = EventLog::open(args.event_log)?;
    let addresses = args.address.resolve()?;
    let socket = UdpSocket::bind(&addresses).map_err(|error| addresses.failed_to(Operation::Bind, &error))?;
    let local = socket.local_addr()?;
    ensure!(
        server != local,
        "the relay at `{local}` would send to itself; give the server's address after `--to`"
    );
    let relay =
        Relay::new(socket, server, args.impairments(), args.forget_after, log.transpose()?, event_log)
            .context("failed to write the log")?;
    args.address.announce(local);
    relay.run().context("failed to receive a datagram")
}

/// The first address of the server's name.
fn server(word: &str) -> anyhow::Result<SocketAddr> {
    let mut addresses = Addresses::of_word(word, 25000)?.to_socket_addrs()?;
    let server = addresses.next().context("the server has no address")?;
    ensure!(
        server.port() != 0,
        "no server is at port 0; give the port after `listening on` on the server's screen"
    );
    Ok(server)
}

impl Args {
    fn impairments(&self) -> Impairments {
        Impairments {
            drop: self.drop,
            duplicate: self.duplicate,
            reorder: self.reorder,
            delay: self.delay,
            jitter: self.jitter,
            seed: self.seed,
        }
    }
}
