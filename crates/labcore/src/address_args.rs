//! The address arguments of every program.

use crate::addresses::Addresses;
use crate::exit::note;
use crate::host_port::HostPort;
use anyhow::{bail, ensure};
use clap::{ArgMatches, Command, FromArgMatches};
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};

/// Where a server listens: the arguments `[HOST[:PORT]] [PORT]`.
#[derive(clap::Args)]
pub struct ServerAddress<const DEFAULT_PORT: u16> {
    #[command(flatten)]
    _usage: WholeUsage,
    /// Address to listen on: an address or name of this machine, or 0.0.0.0 for all of them [default: 127.0.0.1]
    #[arg(value_name = "HOST[:PORT]")]
    host: Option<String>,
    #[arg(value_name = "PORT", help = format!("Port to listen on; 0 asks the system for one [default: {DEFAULT_PORT}]"))]
    port: Option<String>,
}

/// Where a client finds its server: the arguments `HOST[:PORT] [PORT]`.
#[derive(clap::Args)]
pub struct ClientAddress<const DEFAULT_PORT: u16> {
    #[command(flatten)]
    _usage: WholeUsage,
    /// Address or name of the server, like 10.0.3.1, rpi-a:25000 or [::1]:25000
    #[arg(value_name = "HOST[:PORT]")]
    host: String,
    #[arg(value_name = "PORT", help = format!("Port of the server [default: {DEFAULT_PORT}]"))]
    port: Option<String>,
}

/// Makes every error of a program show the usage line of its `--help`. Otherwise clap shows only what was used, and calls it
/// required: `Usage: udp-echo-server <HOST[:PORT]> <PORT>`.
struct WholeUsage;

impl clap::Args for WholeUsage {
    fn augment_args(command: Command) -> Command {
        // Called when the command has all its arguments and its name.
        command.defer(|command| {
            let usage = command.clone().render_usage().to_string();
            command.override_usage(usage.trim_start_matches("Usage: ").to_owned())
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        WholeUsage::augment_args(command)
    }
}

impl FromArgMatches for WholeUsage {
    fn from_arg_matches(_: &ArgMatches) -> Result<WholeUsage, clap::Error> {
        Ok(WholeUsage)
    }

    fn update_from_arg_matches(&mut self, _: &ArgMatches) -> Result<(), clap::Error> {
        Ok(())
    }
}

impl<const DEFAULT_PORT: u16> ServerAddress<DEFAULT_PORT> {
    /// Resolves the arguments. A name may have several addresses.
    ///
    /// # Errors
    /// If the words are not an address, or the name has none.
    pub fn resolve(&self) -> anyhow::Result<Addresses> {
        let local = Ipv4Addr::LOCALHOST.to_string();
        let host = self.host.as_deref().unwrap_or(&local);
        Addresses::resolve(&HostPort::parse(host, self.port.as_deref(), DEFAULT_PORT)?)
    }

    /// Prints `listening on IP:PORT`, the line that users, scripts and tests wait for. Call it once clients can
    /// connect.
    ///
    /// If the user gave no address, a note on standard error says how to open the server to other machines.
    pub fn announce(&self, local: SocketAddr) {
        // A server keeps running without its terminal, so a failure to print either line is ignored.
        let mut output = io::stdout();
        let _ = writeln!(output, "listening on {local}").and_then(|()| output.flush());
        if self.host.is_none() {
            note(
                "only this machine can reach it there; start with `0.0.0.0` to open the server to the lab network",
            );
        }
    }
}

impl<const DEFAULT_PORT: u16> ClientAddress<DEFAULT_PORT> {
    /// Resolves the arguments. A name may have several addresses.
    ///
    /// # Errors
    /// If the words are not an address, or the name has none.
    pub fn resolve(&self) -> anyhow::Result<Addresses> {
        let address = HostPort::parse(&self.host, self.port.as_deref(), DEFAULT_PORT)?;
        ensure!(
            address.port != 0,
            "no server is at port 0; give the port after `listening on` on the server's screen"
        );
        Addresses::resolve(&address)
    }

    /// Resolves the arguments of a program that takes a text after them: `HOST[:PORT] [PORT] [TEXT]`.
    ///
    /// # Errors
    /// Those of [`resolve`](ClientAddress::resolve). If the second word is not a number, it may be the text, and the error
    /// shows where the text belongs.
    pub fn resolve_before_text(&self) -> anyhow::Result<Addresses> {
        if let Some(word) = self.port.as_deref().filter(|word| word.parse::<u64>().is_err()) {
            let HostPort { host, port } = HostPort::parse(&self.host, None, DEFAULT_PORT)?;
            bail!(
                "`{word}` is not a port number; a text is the third word, like `{host} {port} hello`, or follows `-m`"
            );
        }
        self.resolve()
    }
}

#[cfg(test)]
mod tests {
    use super::ClientAddress;
    use clap::Parser;

    #[derive(Parser)]
    #[command(name = "program")]
    struct Args {
        #[command(flatten)]
        address: ClientAddress<25000>,
        text: Option<String>,
        #[arg(long)]
        count: Option<u8>,
    }

    #[track_caller]
    fn check_usage(words: &[&str]) {
        let error = Args::try_parse_from([&["program"], words].concat()).err().unwrap().to_string();
        assert!(
            error.contains("\nUsage: program [OPTIONS] <HOST[:PORT]> [PORT] [TEXT]\n"),
            "{words:?}: {error}"
        );
    }

    #[test]
    fn shows_the_whole_usage_in_every_error() {
        check_usage(&[]);
        check_usage(&["--bogus"]);
        check_usage(&["127.0.0.1", "--bogus"]);
        check_usage(&["127.0.0.1", "25000", "hello", "--bogus"]);
        check_usage(&["127.0.0.1", "25000", "hello", "again"]);
        check_usage(&["127.0.0.1", "--count", "2", "--count", "3"]);
    }

    #[test]
    fn says_where_a_text_belongs() {
        let check = |words: &[&str], expected: &str| {
            let args = Args::try_parse_from([&["program"], words].concat()).unwrap();
            assert_eq!(args.address.resolve_before_text().unwrap_err().to_string(), expected, "{words:?}");
        };
        let expected = |host: &str, port: u16| {
            format!(
                "`hi` is not a port number; a text is the third word, like `{host} {port} hello`, or follows `-m`"
            )
        };
        check(&["127.0.0.1", "hi"], &expected("127.0.0.1", 25000));
        check(&["127.0.0.1:5000", "hi"], &expected("127.0.0.1", 5000));
        check(&["[::1]:5000", "hi", "there"], &expected("::1", 5000));
        check(&["127.0.0.1", "65536", "hi"], "`65536` is not a port number; write one from 0 to 65535");
    }
}
