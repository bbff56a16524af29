//! The labs whose handouts ask about captures.

use clap::ValueEnum;
use serde::Deserialize;
use std::fmt;

/// A lab with a handout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lab {
    /// Lab 1.
    UdpEcho,
    /// Lab 2.
    TcpEcho,
    /// Lab 3.
    TcpThreaded,
    /// Lab 4.
    RttClient,
    /// Lab 5.
    HttpFileServer,
}

impl Lab {
    /// All labs in their order.
    pub const ALL: [Lab; 5] =
        [Lab::UdpEcho, Lab::TcpEcho, Lab::TcpThreaded, Lab::RttClient, Lab::HttpFileServer];
}

impl fmt::Display for Lab {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_possible_value().as_ref().map_or("", |value| value.get_name()))
    }
}
