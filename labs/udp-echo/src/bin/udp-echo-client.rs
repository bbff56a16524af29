//! Sends texts to a UDP echo server and prints the replies.

use anyhow::ensure;
use clap::Parser;
use labcore::{ClientAddress, Operation, exit_code, is_timeout, messages, parse_timeout, print_reply};
use std::process::ExitCode;
use std::time::Duration;
use udp_echo::{TEXT_BYTES_MAX, ask, connect};

/// Sends each line of its input as one datagram and prints the reply.
#[derive(Parser)]
#[command(version)]
struct Args {
    #[command(flatten)]
    address: ClientAddress<25000>,
    /// Send this text alone, instead of the lines of standard input
    #[arg(short, long, value_name = "TEXT")]
    message: Option<String>,
    /// How long to wait for a reply
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = parse_timeout)]
    timeout: Duration,
}

fn main() -> ExitCode {
    exit_code(run(Args::parse()))
}

fn run(args: Args) -> anyhow::Result<()> {
    let addresses = args.address.resolve()?;
    let mut server = None;
    for text in messages(args.message) {
        let text = text?;
        ensure!(
            text.len() <= TEXT_BYTES_MAX,
            "a datagram carries at most {TEXT_BYTES_MAX} bytes, and this text has {}",
            text.len()
        );
        let reply = match &server {
            Some(socket) => ask(socket, &text),
            // A name may have several addresses, and only a reply shows at which of them the server is.
            None => addresses.try_each(|address| {
                let socket = connect(address, args.timeout)?;
                let reply = ask(&socket, &text)?;
                server = Some(socket);
                Ok(reply)
            }),
        };
        match reply {
            Ok(reply) => print_reply(&reply)?,
            Err(error) if is_timeout(&error) => return Err(addresses.no_reply_within(args.timeout)),
            Err(error) => return Err(addresses.failed_to(Operation::GetReply, &error)),
        }
    }
    Ok(())
}
