//! Sends lines to a TCP echo server and prints the replies.

use anyhow::{bail, ensure};
use clap::Parser;
use labcore::{
    ClientAddress, Operation, exit_code, is_timeout, messages, parse_timeout, print_reply, without_newline,
};
use std::io::{BufReader, ErrorKind};
use std::net::TcpStream;
use std::process::ExitCode;
use std::time::Duration;
use tcp_echo::ask;

/// Sends each line of its input over one connection and prints the replies.
#[derive(Parser)]
#[command(version)]
struct Args {
    #[command(flatten)]
    address: ClientAddress<25000>,
    /// Send this text alone, instead of the lines of standard input
    #[arg(short, long, value_name = "TEXT")]
    message: Option<String>,
    /// How long to wait for the connection, and for a reply, or `none` for no limit
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = parse_timeout)]
    timeout: Duration,
}

fn main() -> ExitCode {
    exit_code(run(Args::parse()))
}

fn run(args: Args) -> anyhow::Result<()> {
    let addresses = args.address.resolve()?;
    let stream = addresses
        .try_each(|address| TcpStream::connect_timeout(&address, args.timeout))
        .map_err(|error| addresses.failed_to(Operation::Connect, &error))?;
    let mut connection = BufReader::new(stream);
    for text in messages(args.message) {
        let text = text?;
        ensure!(
            !text.contains(&b'\n'),
            "a text with a newline in it is several lines; give them on standard input"
        );
        match ask(&mut connection, &text, args.timeout) {
            Ok(reply) if reply.is_empty() => bail!("{addresses} closed the connection"),
            Ok(reply) => print_reply(without_newline(&reply))?,
            Err(error) if is_timeout(&error) => return Err(addresses.no_answer_within(args.timeout)),
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => {
                bail!("{addresses} closed the connection")
            }
            Err(error) => return Err(addresses.failed_to(Operation::GetReply, &error)),
        }
    }
    Ok(())
}
