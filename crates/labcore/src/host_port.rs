//! Parses a host and a port from command-line words. Nothing here does I/O.

use anyhow::{Context, bail, ensure};
use std::net::Ipv6Addr;

/// A host and a port as the user wrote them. The host is not resolved yet.
#[derive(Debug, PartialEq)]
pub(crate) struct HostPort<'a> {
    /// A name, an IPv4 address, or an IPv6 address without its brackets.
    pub host: &'a str,
    pub port: u16,
}

impl<'a> HostPort<'a> {
    /// Parses one word (`HOST`, `HOST:PORT`, `[IPV6]:PORT`) or two (`HOST PORT`).
    ///
    /// # Errors
    /// If the words are not an address. The error shows how to write one.
    pub fn parse(first: &'a str, second: Option<&str>, default_port: u16) -> anyhow::Result<HostPort<'a>> {
        let (host, port) = split_word(first, default_port)?;
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
        Ok(HostPort { host, port })
    }
}

/// Splits a word into the host and what follows its colon, if it has one.
fn split_word(word: &str, default_port: u16) -> anyhow::Result<(&str, Option<&str>)> {
    if let Some(rest) = word.strip_prefix('[') {
        let (host, after) = rest.split_once(']').with_context(|| {
            format!("`{word}` has no closing bracket; write an IPv6 address like `[::1]:{default_port}`")
        })?;
        ensure!(is_ipv6(host), "`{host}` is not an IPv6 address, and only those stand in brackets");
        return match after.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if after.is_empty() => Ok((host, None)),
            None => bail!("`{word}` has `{after}` after its bracket; write it like `[::1]:{default_port}`"),
        };
    }
    if is_ipv6(word) {
        return Ok((word, None));
    }
    match word.split_once(':') {
        Some((_, port)) if port.contains(':') => {
            bail!("`{word}` is not an IPv6 address; one with a port is written like `[::1]:{default_port}`")
        }
        Some((host, port)) => Ok((host, Some(port))),
        None => Ok((word, None)),
    }
}

fn parse_port(word: &str) -> anyhow::Result<u16> {
    let digits = word.bytes().all(|byte| byte.is_ascii_digit());
    let port = word.parse().ok().filter(|_| digits);
    port.with_context(|| format!("`{word}` is not a port number; write one from 0 to 65535"))
}

/// True for an IPv6 address, with or without the zone that a link-local address needs (`fe80::1%eth0`).
fn is_ipv6(host: &str) -> bool {
    host.split('%').next().is_some_and(|address| address.parse::<Ipv6Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::HostPort;
    use proptest::prelude::*;

    fn check(first: &str, second: Option<&str>, expected: Result<(&str, u16), &str>) {
        let result = HostPort::parse(first, second, 25000).map_err(|error| error.to_string());
        let expected = expected.map(|(host, port)| HostPort { host, port }).map_err(str::to_owned);
        assert_eq!(result, expected, "{first} {second:?}");
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

    fn parse<'a>(first: &'a str, second: Option<&str>) -> (&'a str, u16) {
        let HostPort { host, port } = HostPort::parse(first, second, 1).unwrap();
        (host, port)
    }

    proptest! {
        #[test]
        fn reads_both_spellings_alike(host in "[a-z][a-z0-9.-]{0,20}", port: u16) {
            let word = format!("{host}:{port}");
            prop_assert_eq!(parse(&word, None), (&*host, port));
            prop_assert_eq!(parse(&host, Some(&port.to_string())), (&*host, port));
        }

        #[test]
        fn reads_every_ipv6_address(address: std::net::Ipv6Addr, port: u16) {
            let bare = address.to_string();
            let word = format!("[{bare}]:{port}");
            prop_assert_eq!(parse(&word, None), (&*bare, port));
            prop_assert_eq!(parse(&bare, Some(&port.to_string())), (&*bare, port));
        }

        #[test]
        fn never_panics(first: String, second: Option<String>) {
            let _ = HostPort::parse(&first, second.as_deref(), 25000);
        }
    }
}
