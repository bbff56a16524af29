//! The *run file*, `run.toml`: how the programs of a submission are started.

use anyhow::{Context, bail, ensure};
use serde::Deserialize;
use std::fs;
use std::io::Read;
use std::net::IpAddr;
use std::path::Path;

/// The name of the file.
pub(super) const NAME: &str = "run.toml";

/// Size of the file.
const BYTES_MAX: u64 = 16 << 10;

/// Names of hosts in it.
const HOSTS_MAX: usize = 16;

/// Stands for the port, which the check chooses.
const PORT: &str = "{port}";

/// Stands for the host.
const HOST: &str = "{host}";

/// A `run.toml`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct RunFile {
    /// The command line of the server.
    pub server: Option<String>,
    /// The command line of the client.
    pub client: Option<String>,
    /// The command line of the client for TCP, where `client` is for UDP alone.
    pub tcp_client: Option<String>,
    /// The command that builds the programs, if they need to be built.
    pub build: Option<String>,
    /// The port that is fixed in the programs' code.
    pub port: Option<u16>,
    /// The address that is fixed in the programs' code.
    pub address: Option<IpAddr>,
    /// Host names in the programs' code that stand for the server.
    #[serde(default)]
    pub hosts: Vec<String>,
}

impl RunFile {
    pub(super) fn read(path: &Path) -> anyhow::Result<RunFile> {
        let mut bytes = Vec::new();
        let file = fs::File::open(path).with_context(|| format!("failed to open `{NAME}`"))?;
        file.take(BYTES_MAX + 1)
            .read_to_end(&mut bytes)
            .with_context(|| format!("failed to read `{NAME}`"))?;
        ensure!(bytes.len() as u64 <= BYTES_MAX, "`{NAME}` is longer than {BYTES_MAX} bytes");
        match std::str::from_utf8(&bytes) {
            Ok(text) => RunFile::parse(text),
            Err(_) => bail!("`{NAME}` is not UTF-8; write it with a plain text editor"),
        }
    }

    fn parse(text: &str) -> anyhow::Result<RunFile> {
        let file: RunFile = toml::from_str(text).map_err(|error| {
            let line =
                error.span().map_or(0, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            anyhow::anyhow!("`{NAME}`, line {line}: {}", error.message().lines().next().unwrap_or_default())
        })?;
        file.ensure_commands()?;
        file.ensure_address()?;
        Ok(file)
    }

    /// The command lines of the programs.
    fn commands(&self) -> impl Iterator<Item = &String> {
        [&self.server, &self.client, &self.tcp_client].into_iter().flatten()
    }

    fn ensure_commands(&self) -> anyhow::Result<()> {
        ensure!(self.commands().next().is_some(), "`{NAME}` names neither a `server` nor a `client`");
        for line in self.commands().chain(&self.build) {
            ensure!(!line.trim().is_empty() && !line.contains('\0'), "a command line in `{NAME}` is empty");
        }
        // A shell runs `build`, and splits it itself.
        for line in self.commands() {
            let Ok(words) = shell_words::split(line) else {
                bail!("`{line}` in `{NAME}` has a quote without its partner");
            };
            ensure!(
                words.first().is_some_and(|word| !word.is_empty()),
                "`{line}` in `{NAME}` starts no program"
            );
        }
        Ok(())
    }

    fn ensure_address(&self) -> anyhow::Result<()> {
        ensure!(self.port != Some(0), "`port` in `{NAME}` is 0; write the port that is in the code");
        if let Some(address) = self.address {
            // Loopback cannot have such an address, and that must not make a check fail.
            let is_of_a_group = address.is_multicast()
                || matches!(address, IpAddr::V4(address) if address.is_broadcast() || address.octets()[0] == 0 && !address.is_unspecified());
            ensure!(!is_of_a_group, "`{address}` in `{NAME}` is not the address of a host");
        }
        ensure!(self.hosts.len() <= HOSTS_MAX, "`{NAME}` has more than {HOSTS_MAX} `hosts`");
        for host in &self.hosts {
            ensure!(
                !host.is_empty()
                    && host.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-".contains(letter)),
                "`{host}` in `{NAME}` is not a host name"
            );
        }
        Ok(())
    }

    /// The address in the programs' code, unless it is the unspecified one (0.0.0.0).
    pub fn host(&self) -> Option<IpAddr> {
        self.address.filter(|address| !address.is_unspecified())
    }

    /// The address in the programs' code, if it is one that not every machine has.
    pub fn foreign_address(&self) -> Option<IpAddr> {
        self.host().filter(|address| !address.is_loopback())
    }

    /// True if the check cannot choose the server's port.
    pub fn has_fixed_port(&self) -> bool {
        self.port.is_some() || self.server.as_ref().is_some_and(|line| !line.contains(PORT))
    }

    /// A command line with the address and the port that are fixed in the code.
    pub fn filled(&self, line: &str) -> String {
        let line = self.host().map_or_else(|| line.to_owned(), |host| line.replace(HOST, &host.to_string()));
        self.port.map_or_else(|| line.clone(), |port| line.replace(PORT, &port.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::RunFile;

    fn error(text: &str) -> String {
        RunFile::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn reads_how_programs_are_started() {
        let file = RunFile::parse(
            "server = \"python3 s.py\"\nport = 12000\naddress = \"10.0.3.1\"\nhosts = [\"serverName\"]",
        );
        let expected = RunFile {
            server: Some("python3 s.py".to_owned()),
            port: Some(12000),
            address: "10.0.3.1".parse().ok(),
            hosts: vec!["serverName".to_owned()],
            ..RunFile::default()
        };
        assert_eq!(file.unwrap(), expected);
    }

    #[test]
    fn names_the_mistake_in_a_run_file() {
        assert_eq!(error("build = \"make\""), "`run.toml` names neither a `server` nor a `client`");
        assert_eq!(error("server = \" \""), "a command line in `run.toml` is empty");
        assert_eq!(error("client = \"x\"\ntcp_client = \" \""), "a command line in `run.toml` is empty");
        assert_eq!(error("server = \"a 'b\""), "`a 'b` in `run.toml` has a quote without its partner");
        for line in ["# python3 s.py", "  # x", "''", "\t#"] {
            let expected = format!("`{line}` in `run.toml` starts no program");
            assert_eq!(
                error(&format!("client = \"x\"\nserver = \"{}\"", line.replace('\t', "\\t"))),
                expected
            );
            assert_eq!(error(&format!("tcp_client = \"{}\"", line.replace('\t', "\\t"))), expected);
        }
        assert!(error("server = \"x\"\nprot = 1").starts_with("`run.toml`, line 2: unknown field `prot`"));
        assert!(error("server = \"x\"\nport = 70000").starts_with("`run.toml`, line 2: invalid value"));
        assert!(
            error("server = \"x\"\nhosts = [\"a b\"]").contains("`a b` in `run.toml` is not a host name")
        );
        assert!(error("server = \"x\"\nport = 0").contains("is 0"));
        for address in ["255.255.255.255", "224.0.0.1", "0.1.2.3", "ff02::1"] {
            let expected = format!("`{address}` in `run.toml` is not the address of a host");
            assert_eq!(error(&format!("server = \"x\"\naddress = \"{address}\"")), expected);
        }
        assert!(error("server =").starts_with("`run.toml`, line 1: "));
    }
}
