//! Sends texts to a UDP echo server and prints the replies.

use anyhow::ensure;
use clap::Parser;
use labcore::{ClientAddress, Operation, exit_code, is_timeout, messages, parse_timeout, print_reply};
use std::io;
use std::net::UdpSocket;
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
    #[arg(conflicts_with = "message")]
    text: Option<String>,
    /// The same, for a command line without a port
    #[arg(short, long, value_name = "TEXT")]
    message: Option<String>,
    /// Send, and do not wait for replies
    #[arg(long)]
    no_reply: bool,
    /// How long to wait for a reply, or `none` for no limit
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = parse_timeout)]
    timeout: Duration,
}

fn main() -> ExitCode {
    exit_code(run(Args::parse()))
}

fn run(args: Args) -> anyhow::Result<()> {
    let addresses = args.address.resolve_before_text()?;
    let exchange = if args.no_reply { tell } else { ask };
    let operation = if args.no_reply { Operation::Send } else { Operation::GetReply };
    let mut server = None;
    for text in messages(args.text.or(args.message)) {
        let text = text?;
        ensure!(
            text.len() <= TEXT_BYTES_MAX,
            "a datagram carries at most {TEXT_BYTES_MAX} bytes, and this text has {}",
            text.len()
        );
        let reply = match &server {
            Some(socket) => exchange(socket, &text),
            // A name may have several addresses, and only a reply shows at which of them the server is.
            None => addresses.try_each(|address| {
                let socket = connect(address, args.timeout)?;
                let reply = exchange(&socket, &text)?;
                server = Some(socket);
                Ok(reply)
            }),
        };
        match reply {
            Ok(_) if args.no_reply => {}
            Ok(reply) => print_reply(&reply)?,
            Err(error) if is_timeout(&error) => return Err(addresses.no_reply_within(args.timeout)),
            Err(error) => return Err(addresses.failed_to(operation, &error)),
        }
    }
    Ok(())
}

/// Sends `text`, and waits for no reply.
fn tell(socket: &UdpSocket, text: &[u8]) -> io::Result<Vec<u8>> {
    socket.send(text)?;
    // On one computer, the system knows at once that no program listens there. From another one, it may know later.
    socket.take_error()?.map_or(Ok(Vec::new()), Err)
}
