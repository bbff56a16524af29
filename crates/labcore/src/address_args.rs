//! The address arguments of every program.

use crate::addresses::Addresses;
use crate::exit::note;
use crate::host_port::HostPort;
use anyhow::ensure;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};

/// Where a server listens: the arguments `[HOST[:PORT]] [PORT]`.
#[derive(clap::Args)]
pub struct ServerAddress<const DEFAULT_PORT: u16> {
    /// Address to listen on: an address or name of this machine, or 0.0.0.0 for all of them [default: 127.0.0.1]
    #[arg(value_name = "HOST[:PORT]")]
    host: Option<String>,
    #[arg(value_name = "PORT", help = format!("Port to listen on; 0 asks the system for one [default: {DEFAULT_PORT}]"))]
    port: Option<String>,
}

/// Where a client finds its server: the arguments `HOST[:PORT] [PORT]`.
#[derive(clap::Args)]
pub struct ClientAddress<const DEFAULT_PORT: u16> {
    /// Address or name of the server, like 10.0.3.1, rpi-a:25000 or [::1]:25000
    #[arg(value_name = "HOST[:PORT]")]
    host: String,
    #[arg(value_name = "PORT", help = format!("Port of the server [default: {DEFAULT_PORT}]"))]
    port: Option<String>,
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
}
