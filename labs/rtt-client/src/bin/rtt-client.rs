//! Sends a sentence to an echo server, once or many times, and shows the round-trip times.

use clap::{Parser, ValueEnum};
use labcore::{
    Addresses, ClientAddress, Operation, exit_code, is_timeout, messages, parse_interval, parse_timeout,
    print_reply,
};
use rtt_client::{
    Exchange, ask_tcp, ask_udp, connect_tcp, connect_udp, connection_line, line, milliseconds, repeat,
    statistics,
};
use std::collections::hash_map::{Entry, HashMap};
use std::io::{self, BufReader, ErrorKind, Write};
use std::process::ExitCode;
use std::time::Duration;

/// Sends a sentence to an echo server, and shows when it was sent, when the reply came, and the round-trip time.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// Protocol to measure over
    protocol: Protocol,
    #[command(flatten)]
    address: ClientAddress<25000>,
    /// Send this text, instead of a line of standard input
    #[arg(short, long, value_name = "TEXT")]
    message: Option<String>,
    /// How many times to send it; more than one ends with a summary
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    count: u32,
    /// Time from one request to the next
    #[arg(long, value_name = "TIME", default_value = "200ms", value_parser = parse_interval)]
    interval: Duration,
    /// How long to wait for a reply, and for TCP's connection
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = parse_timeout)]
    timeout: Duration,
}

#[derive(Clone, Copy, ValueEnum)]
enum Protocol {
    Udp,
    Tcp,
}

fn main() -> ExitCode {
    exit_code(run(Args::parse()))
}

fn run(mut args: Args) -> anyhow::Result<()> {
    let addresses = args.address.resolve()?;
    let Some(text) = messages(args.message.take()).next().transpose()? else { return Ok(()) };
    match args.protocol {
        Protocol::Udp => {
            // A name may have several addresses, and only a reply shows at which of them the server is. Until then each
            // has a socket of its own, which is kept, so that a late reply still finds it.
            let (mut sockets, mut server) = (HashMap::new(), None);
            measure(&args, &addresses, "UDP", |number| {
                let known = server;
                let mut ask = |address| {
                    let socket = match sockets.entry(address) {
                        Entry::Occupied(kept) => kept.into_mut(),
                        Entry::Vacant(place) => place.insert(connect_udp(address)?),
                    };
                    ask_udp(socket, number, &text, args.timeout).inspect(|_| server = Some(address))
                };
                if let Some(address) = known { ask(address) } else { addresses.try_each(ask) }
            })
        }
        Protocol::Tcp => {
            let connected = addresses.try_each(|address| connect_tcp(address, args.timeout));
            let (stream, requested, connect) =
                connected.map_err(|error| addresses.failed_to(Operation::Connect, &error))?;
            write!(io::stdout(), "{}", connection_line(&requested, connect))?;
            let mut connection = BufReader::new(stream);
            measure(&args, &addresses, "TCP", |number| ask_tcp(&mut connection, number, &text, args.timeout))
        }
    }
}

/// Makes all exchanges, prints each, and then the summary.
fn measure(
    args: &Args,
    addresses: &Addresses,
    protocol: &str,
    mut exchange: impl FnMut(u32) -> io::Result<Exchange>,
) -> anyhow::Result<()> {
    let (mut sent, mut rtts, mut lost) = (0, Vec::new(), None);
    let mut ask = |number| {
        sent += 1;
        match exchange(number) {
            Ok(exchange) => {
                print_reply(&exchange.reply)?;
                write!(io::stdout(), "{}", line(protocol, &exchange))?;
                Ok(Some(exchange.received.monotonic - exchange.sent.monotonic))
            }
            // The run goes on: the next reply may arrive, and a server that refuses may be started again.
            Err(error) if is_timeout(&error) || error.kind() == ErrorKind::ConnectionRefused => {
                let late = format!("no reply within {:?}", args.timeout);
                let why = if is_timeout(&error) { late } else { error.to_string() };
                writeln!(io::stdout(), "{protocol} {number}: {why}")?;
                lost = Some(error);
                Ok(None)
            }
            Err(error) => Err(addresses.failed_to(Operation::GetReply, &error)),
        }
    };
    let result = match args.count {
        1 => ask(1).map(|rtt| rtts.extend(rtt)),
        count => repeat(count, args.interval, &mut rtts, ask),
    };
    if args.count > 1 && !rtts.is_empty() {
        write!(io::stdout(), "{}", summary(sent, &rtts))?;
    }
    result?;
    match lost {
        Some(error) if rtts.is_empty() && is_timeout(&error) => Err(addresses.no_reply_within(args.timeout)),
        Some(error) if rtts.is_empty() => Err(addresses.failed_to(Operation::GetReply, &error)),
        _ => Ok(()),
    }
}

fn summary(sent: usize, rtts: &[Duration]) -> String {
    let (received, lost) = (rtts.len(), sent - rtts.len());
    let mut text =
        format!("\n{:30}{sent:12}\n{:30}{received:12}\n{:30}{lost:12}\n\n", "sent", "received", "lost");
    text += "round trip time in ms\n";
    let names = ["minimum", "mean", "median", "maximum"];
    for (name, time) in names.iter().zip(statistics(rtts).unwrap_or_default()) {
        text += &format!("{name:30}{:12.3}\n", milliseconds(time));
    }
    text
}
