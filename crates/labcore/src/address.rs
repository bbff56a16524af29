use crate::note;
use anyhow::{Context, anyhow, bail, ensure};
use std::fmt::{self, Display};
use std::io::{self, ErrorKind, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::time::Duration;

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
    /// Finds the socket addresses that the arguments mean. A name may have several.
    ///
    /// # Errors
    /// If the words are no address, or the name has none.
    pub fn resolve(&self) -> anyhow::Result<Addresses> {
        let local = Ipv4Addr::LOCALHOST.to_string();
        let host = self.host.as_deref().unwrap_or(&local);
        Addresses::resolve(split(host, self.port.as_deref(), DEFAULT_PORT)?)
    }

    /// Prints `listening on IP:PORT`, the line that people, scripts and tests wait for, once the server can be reached.
    ///
    /// Whoever gave no address is told, on standard error, how to open the server to other machines.
    pub fn announce(&self, local: SocketAddr) {
        // A server lives on without its terminal, so neither line may end it.
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
    /// Finds the socket addresses that the arguments mean. A name may have several.
    ///
    /// # Errors
    /// If the words are no address, or the name has none.
    pub fn resolve(&self) -> anyhow::Result<Addresses> {
        let (host, port) = split(&self.host, self.port.as_deref(), DEFAULT_PORT)?;
        ensure!(
            port != 0,
            "no server is at port 0; give the port after `listening on` on the server's screen"
        );
        Addresses::resolve((host, port))
    }
}

/// The socket addresses of one host and port, in the order to try them. There is at least one.
#[derive(Debug)]
pub struct Addresses {
    /// What the person gave, such as `rpi-a:25000`.
    given: String,
    all: Vec<SocketAddr>,
}

impl Addresses {
    /// Finds the socket addresses that one word means, such as the value of an option: `rpi-a`, `10.0.3.1:12000`.
    ///
    /// # Errors
    /// If the word is no address, or the name has none.
    pub fn of_word(word: &str, default_port: u16) -> anyhow::Result<Addresses> {
        Addresses::resolve(split(word, None, default_port)?)
    }

    fn resolve((host, port): (&str, u16)) -> anyhow::Result<Addresses> {
        let mut all: Vec<SocketAddr> = (host, port)
            .to_socket_addrs()
            .with_context(|| format!("failed to resolve `{host}`"))
            .map_err(|error| anyhow!("{error:#}; is the name right? `getent hosts {host}` asks the same"))?
            .collect();
        ensure!(!all.is_empty(), "the name `{host}` has no address");
        let mut seen = Vec::new();
        all.retain(|address| {
            !seen.contains(address) && {
                seen.push(*address);
                true
            }
        });
        let given = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        Ok(Addresses { given, all })
    }

    /// Makes an attempt at each address in turn, until one succeeds.
    ///
    /// # Errors
    /// The error of the last attempt.
    pub fn try_each<T>(&self, mut attempt: impl FnMut(SocketAddr) -> io::Result<T>) -> io::Result<T> {
        let mut result = Err(io::Error::from(ErrorKind::AddrNotAvailable));
        for &address in &self.all {
            result = attempt(address);
            if result.is_ok() {
                break;
            }
        }
        result
    }

    /// Says which step on these addresses failed and why, and what to do next where a person can do something.
    pub fn failed_to(&self, step: &str, error: &io::Error) -> anyhow::Error {
        let to_bind = step == "bind";
        let hint = match error.kind() {
            ErrorKind::AddrInUse => "; is another server running? try port 0",
            ErrorKind::AddrNotAvailable if to_bind => {
                "; is it an address of this machine? `0.0.0.0` means all it has"
            }
            ErrorKind::PermissionDenied if to_bind && self.all[0].port() < 1024 => {
                "; ports below 1024 are for root; try one above"
            }
            ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset => "; is the server running?",
            ErrorKind::TimedOut | ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => {
                "; is the address right, and that machine on the network?"
            }
            _ => "",
        };
        anyhow!("failed to {step} {self}: {error}{hint}")
    }

    /// Says that no reply came in time from these addresses, where perhaps there is no server at all.
    pub fn no_reply_within(&self, timeout: Duration) -> anyhow::Error {
        anyhow!("no reply from {self} within {} s; is the server running?", timeout.as_secs_f64())
    }

    /// Says that no reply came in time from a server that has accepted the connection.
    pub fn no_answer_within(&self, timeout: Duration) -> anyhow::Error {
        anyhow!("no reply from {self} within {} s; is it busy with another client?", timeout.as_secs_f64())
    }
}

impl ToSocketAddrs for Addresses {
    type Iter = std::vec::IntoIter<SocketAddr>;

    fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
        Ok(self.all.clone().into_iter())
    }
}

/// Shows what the person gave, and every address that a name stands for: `` `localhost:25000` (127.0.0.1, ::1) ``.
impl Display for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.given)?;
        if self.all.len() > 1 || self.all[0].to_string() != self.given {
            let addresses: Vec<String> = self.all.iter().map(|address| address.ip().to_string()).collect();
            write!(f, " ({})", addresses.join(", "))?;
        }
        Ok(())
    }
}

/// Splits one word (`HOST`, `HOST:PORT`, `[IPV6]:PORT`) or two (`HOST PORT`) into host and port.
fn split<'a>(first: &'a str, second: Option<&str>, default_port: u16) -> anyhow::Result<(&'a str, u16)> {
    let (host, port) = match first.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']').with_context(|| {
                format!("`{first}` has no closing bracket; write an IPv6 address like `[::1]:{default_port}`")
            })?;
            ensure!(is_ipv6(host), "`{host}` is not an IPv6 address, and only those stand in brackets");
            match after.strip_prefix(':') {
                Some(port) => (host, Some(port)),
                None if after.is_empty() => (host, None),
                None => {
                    bail!("`{first}` has `{after}` after its bracket; write it like `[::1]:{default_port}`")
                }
            }
        }
        None if is_ipv6(first) => (first, None),
        None => match first.split_once(':') {
            Some((_, port)) if port.contains(':') => {
                bail!(
                    "`{first}` is not an IPv6 address; one with a port is written like `[::1]:{default_port}`"
                )
            }
            Some((host, port)) => (host, Some(port)),
            None => (first, None),
        },
    };
    // A resolver would take a bare number for an address of the form 0.0.97.168.
    if host.bytes().all(|byte| byte.is_ascii_digit()) && !host.is_empty() {
        bail!("`{host}` is no host; give the host before the port, like `127.0.0.1 {host}`");
    }
    ensure!(!host.is_empty(), "`{first}` has no host; write one like `127.0.0.1:{default_port}`");
    let port = match (port, second) {
        (None, None) => default_port,
        (Some(port), None) => match port.parse::<u64>() {
            Ok(_) => parse_port(port)?,
            Err(_) => bail!("`{first}` has no port number; write one like `{host}:{default_port}`"),
        },
        (None, Some(port)) => parse_port(port)?,
        (Some(_), Some(second)) => {
            bail!("`{first} {second}` gives the port twice; write it once, like `{host} {second}`")
        }
    };
    Ok((host, port))
}

fn parse_port(word: &str) -> anyhow::Result<u16> {
    let digits = word.bytes().all(|byte| byte.is_ascii_digit());
    let port = word.parse().ok().filter(|_| digits);
    port.with_context(|| format!("`{word}` is not a port number; write one from 0 to 65535"))
}

/// An IPv6 address, with or without the zone that a link-local one needs (`fe80::1%eth0`).
fn is_ipv6(host: &str) -> bool {
    host.split('%').next().is_some_and(|address| address.parse::<Ipv6Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::{Addresses, split};
    use proptest::prelude::*;
    use std::io::{self, ErrorKind};
    use std::time::Duration;

    fn check(first: &str, second: Option<&str>, expected: Result<(&str, u16), &str>) {
        let result = split(first, second, 25000).map_err(|error| error.to_string());
        assert_eq!(result, expected.map_err(str::to_owned), "{first} {second:?}");
    }

    #[test]
    fn takes_one_word() {
        check("10.0.3.1:12000", None, Ok(("10.0.3.1", 12000)));
        check("rpi-a:12000", None, Ok(("rpi-a", 12000)));
        check("[::1]:12000", None, Ok(("::1", 12000)));
        check("[fe80::1%eth0]:12000", None, Ok(("fe80::1%eth0", 12000)));
        check("localhost:0", None, Ok(("localhost", 0)));
    }

    #[test]
    fn takes_two_words() {
        check("10.0.3.1", Some("12000"), Ok(("10.0.3.1", 12000)));
        check("::1", Some("12000"), Ok(("::1", 12000)));
        check("[::1]", Some("12000"), Ok(("::1", 12000)));
    }

    #[test]
    fn takes_the_default_port() {
        check("rpi-a", None, Ok(("rpi-a", 25000)));
        check("::1", None, Ok(("::1", 25000)));
        check("[::1]", None, Ok(("::1", 25000)));
    }

    #[test]
    fn says_what_is_wrong_and_how_to_write_it() {
        check(
            "localhost:http",
            None,
            Err("`localhost:http` has no port number; write one like `localhost:25000`"),
        );
        check("localhost:", None, Err("`localhost:` has no port number; write one like `localhost:25000`"));
        check("localhost", Some("http"), Err("`http` is not a port number; write one from 0 to 65535"));
        check("localhost:65536", None, Err("`65536` is not a port number; write one from 0 to 65535"));
        check("localhost:+80", None, Err("`+80` is not a port number; write one from 0 to 65535"));
        check("a:1", Some("2"), Err("`a:1 2` gives the port twice; write it once, like `a 2`"));
        check(":25000", None, Err("`:25000` has no host; write one like `127.0.0.1:25000`"));
        check("", None, Err("`` has no host; write one like `127.0.0.1:25000`"));
        check(
            "25000",
            None,
            Err("`25000` is no host; give the host before the port, like `127.0.0.1 25000`"),
        );
        check("12:34", None, Err("`12` is no host; give the host before the port, like `127.0.0.1 12`"));
        check(
            "::1:25000",
            None,
            Err("`::1:25000` is not an IPv6 address; one with a port is written like `[::1]:25000`"),
        );
        check("[::1", None, Err("`[::1` has no closing bracket; write an IPv6 address like `[::1]:25000`"));
        check(
            "[::1]25000",
            None,
            Err("`[::1]25000` has `25000` after its bracket; write it like `[::1]:25000`"),
        );
        check("[rpi-a]:1", None, Err("`rpi-a` is not an IPv6 address, and only those stand in brackets"));
    }

    #[test]
    fn names_every_address_in_an_error() {
        let all = vec!["[::1]:25000".parse().unwrap(), "127.0.0.1:25000".parse().unwrap()];
        let addresses = Addresses { given: "localhost:25000".to_owned(), all };
        assert_eq!(
            addresses.failed_to("connect to", &io::Error::from(ErrorKind::ConnectionRefused)).to_string(),
            "failed to connect to `localhost:25000` (::1, 127.0.0.1): connection refused; is the server running?"
        );
        let addresses = Addresses::resolve(("10.0.3.1", 25000)).unwrap();
        assert_eq!(
            addresses.no_reply_within(Duration::from_secs(2)).to_string(),
            "no reply from `10.0.3.1:25000` within 2 s; is the server running?"
        );
    }

    proptest! {
        #[test]
        fn reads_both_spellings_alike(host in "[a-z][a-z0-9.-]{0,20}", port: u16) {
            let word = format!("{host}:{port}");
            prop_assert_eq!(split(&word, None, 1).unwrap(), (&*host, port));
            prop_assert_eq!(split(&host, Some(&port.to_string()), 1).unwrap(), (&*host, port));
        }

        #[test]
        fn reads_every_ipv6_address(address: std::net::Ipv6Addr, port: u16) {
            let bare = address.to_string();
            let word = format!("[{bare}]:{port}");
            prop_assert_eq!(split(&word, None, 1).unwrap(), (&*bare, port));
            prop_assert_eq!(split(&bare, Some(&port.to_string()), 1).unwrap(), (&*bare, port));
        }

        #[test]
        fn never_panics(first: String, second: Option<String>) {
            let _ = split(&first, second.as_deref(), 25000);
        }
    }
}
