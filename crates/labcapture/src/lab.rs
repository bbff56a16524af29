//! The labs whose handouts ask about captures.

use clap::ValueEnum;
use serde::Deserialize;
use std::fmt;
use std::str::FromStr;

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

impl FromStr for Lab {
    type Err = String;

    /// Reads a lab from the name of its folder, such as `udp-echo`.
    fn from_str(name: &str) -> Result<Lab, String> {
        <Lab as ValueEnum>::from_str(name, false).map_err(|_| format!("`{name}` is not a lab"))
    }
}

#[cfg(test)]
mod tests {
    use super::Lab;

    #[test]
    fn is_read_from_the_name_of_its_folder() {
        for lab in Lab::ALL {
            assert_eq!(lab.to_string().parse(), Ok(lab));
        }
        assert_eq!("udp".parse::<Lab>(), Err("`udp` is not a lab".to_owned()));
    }
}
