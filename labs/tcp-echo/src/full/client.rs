//! The reference client: the exercise, with limits on each reply.
//!
//! Read [`run`], then [`reply`].

mod reply;

use anyhow::{bail, ensure};
use clap::Parser;
use labcore::{
    ClientAddress, Operation, exit_code, is_timeout, messages, note, parse_timeout, print_reply,
    without_newline,
};
use reply::{End, ask};
use std::io::{BufReader, ErrorKind};
use std::net::TcpStream;
use std::process::ExitCode;
use std::time::Duration;

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
    for (replies, text) in messages(args.message).enumerate() {
        let text = text?;
        ensure!(
            !text.contains(&b'\n'),
            "a text with a newline in it is several lines; give them on standard input"
        );
        let reply = match ask(&mut connection, &text, args.timeout) {
            Ok(reply) => reply,
            Err(error) if is_timeout(&error) => bail!("{addresses} does not read what is sent; is it busy?"),
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe
                ) =>
            {
                bail!("{addresses} closed the connection after {}", count(replies))
            }
            Err(error) => return Err(addresses.failed_to(Operation::GetReply, &error)),
        };
        match reply.end {
            End::Closed if reply.text.is_empty() => {
                bail!("{addresses} closed the connection after {}", count(replies))
            }
            End::Timeout if reply.text.is_empty() => return Err(addresses.no_answer_within(args.timeout)),
            _ => print_reply(without_newline(&reply.text))?,
        }
        if reply.end == End::Timeout {
            note(&format!("the reply had no newline within {} s", args.timeout.as_secs_f64()));
        }
    }
    Ok(())
}

fn count(replies: usize) -> String {
    if replies == 1 { "1 reply".to_owned() } else { format!("{replies} replies") }
}
