//! Sends a sentence to an echo server, once or many times, and shows the round-trip times.

use anyhow::{Context, ensure};
use clap::{Parser, ValueEnum};
use labcore::{
    Addresses, ClientAddress, Operation, exit_code, is_timeout, messages, parse_interval, parse_timeout,
    print_reply,
};
use rtt_client::{
    Exchange, TEXT_BYTES_MAX, Tally, ask_tcp, ask_udp, connect_tcp, connect_udp, connection_line, line,
    milliseconds, repeat, statistics,
};
use std::io::{self, BufReader, ErrorKind, Write};
use std::net::{ToSocketAddrs, UdpSocket};
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
    /// UDP: each request is a datagram
    Udp,
    /// TCP: all requests go over one connection
    Tcp,
}

fn main() -> ExitCode {
    exit_code(run(Args::parse()))
}

fn run(mut args: Args) -> anyhow::Result<()> {
    let addresses = args.address.resolve()?;
    let Some(text) = messages(args.message.take()).next() else { return Ok(()) };
    let text = text?;
    ensure!(
        text.len() <= TEXT_BYTES_MAX,
        "a request carries at most {TEXT_BYTES_MAX} bytes of text, and this text has {}",
        text.len()
    );
    match args.protocol {
        Protocol::Udp => {
            let mut socket = None;
            measure(&args, &addresses, "UDP", |number| {
                exchange_udp(&mut socket, &addresses, number, &text, args.timeout)
            })
        }
        Protocol::Tcp => {
            let connected = addresses
                .try_each(|address| connect_tcp(address, args.timeout))
                .map_err(|error| addresses.failed_to(Operation::Connect, &error))?;
            print(&connection_line(&connected.requested, connected.connect))?;
            let mut connection = BufReader::new(connected.stream);
            measure(&args, &addresses, "TCP", |number| ask_tcp(&mut connection, number, &text, args.timeout))
        }
    }
}

/// Makes an exchange with the server that has answered before.
///
/// A name may have several addresses, and only a reply shows at which of them the server is.
fn exchange_udp(
    socket: &mut Option<UdpSocket>,
    addresses: &Addresses,
    number: u32,
    text: &[u8],
    timeout: Duration,
) -> io::Result<Exchange> {
    if let Some(socket) = socket {
        return ask_udp(socket, number, text, timeout);
    }
    let alone = addresses.to_socket_addrs()?.count() == 1;
    addresses.try_each(|address| {
        let new = connect_udp(address)?;
        let exchange = ask_udp(&new, number, text, timeout);
        if alone || exchange.is_ok() {
            *socket = Some(new);
        }
        exchange
    })
}

/// Makes all exchanges, prints each, and then the summary.
fn measure(
    args: &Args,
    addresses: &Addresses,
    protocol: &str,
    mut exchange: impl FnMut(u32) -> io::Result<Exchange>,
) -> anyhow::Result<()> {
    let mut refused = None;
    let mut ask = |number| match exchange(number) {
        Ok(exchange) => {
            print_reply(&exchange.reply)?;
            print(&line(protocol, &exchange))?;
            Ok(Some(exchange.rtt()))
        }
        Err(error) if is_timeout(&error) => {
            print(&format!("{protocol} {number}: no reply within {:?}\n", args.timeout))?;
            Ok(None)
        }
        // The server may be started again, so the run goes on.
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
            print(&format!("{protocol} {number}: {error}\n"))?;
            refused = Some(error);
            Ok(None)
        }
        Err(error) => Err(addresses.failed_to(Operation::GetReply, &error)),
    };
    let mut tally = Tally::default();
    let result = if args.count == 1 {
        ask(1).map(|rtt| tally.rtts.extend(rtt))
    } else {
        repeat(args.count, args.interval, &mut tally, ask)
    };
    if args.count > 1 && !tally.rtts.is_empty() {
        print(&summary(&tally))?;
    }
    result?;
    match refused {
        _ if !tally.rtts.is_empty() => Ok(()),
        Some(error) => Err(addresses.failed_to(Operation::GetReply, &error)),
        None => Err(addresses.no_reply_within(args.timeout)),
    }
}

fn summary(tally: &Tally) -> String {
    let Tally { sent, rtts } = tally;
    let mut text = String::from("\n");
    for (name, count) in [("sent", *sent), ("received", rtts.len()), ("lost", sent - rtts.len())] {
        text += &format!("{name:30}{count:12}\n");
    }
    text += "\nround trip time in ms\n";
    if let Some(figures) = statistics(rtts) {
        for (name, time) in [
            ("minimum", figures.minimum),
            ("mean", figures.mean),
            ("median", figures.median),
            ("maximum", figures.maximum),
        ] {
            text += &format!("{name:30}{:12.3}\n", milliseconds(time));
        }
    }
    text
}

fn print(text: &str) -> anyhow::Result<()> {
    let mut output = io::stdout();
    let written = output.write_all(text.as_bytes()).and_then(|()| output.flush());
    written.context("failed to write to standard output")
}
