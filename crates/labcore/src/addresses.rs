//! The socket addresses that a host and a port resolve to, and the errors that name them.

use crate::host_port::HostPort;
use anyhow::{Context, anyhow, ensure};
use std::fmt::{self, Display};
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

/// The socket addresses of one host and port, in the order to try them. There is at least one.
#[derive(Debug)]
pub struct Addresses {
    /// What the user wrote, such as `rpi-a:25000`.
    given: String,
    all: Vec<SocketAddr>,
}

/// What a program tried to do with an address. An error message names it, and hints depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Give a socket this local address.
    Bind,
    /// Connect to a server.
    Connect,
    /// Open a UDP socket for a server. Nothing is sent yet.
    Reach,
    /// Send a request and receive its reply.
    GetReply,
    /// Send a text and wait for nothing.
    Send,
}

impl Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Operation::Bind => "bind",
            Operation::Connect => "connect to",
            Operation::Reach => "reach",
            Operation::GetReply => "get a reply from",
            Operation::Send => "send to",
        })
    }
}

impl Addresses {
    /// Resolves one word, such as the value of an option: `rpi-a`, `10.0.3.1:12000`.
    ///
    /// # Errors
    /// If the word is not an address, or the name has none.
    pub fn of_word(word: &str, default_port: u16) -> anyhow::Result<Addresses> {
        Addresses::resolve(&HostPort::parse(word, None, default_port)?)
    }

    /// Asks the system's resolver for every address of a host.
    pub(crate) fn resolve(&HostPort { host, port }: &HostPort<'_>) -> anyhow::Result<Addresses> {
        let resolved = (host, port)
            .to_socket_addrs()
            .with_context(|| format!("failed to resolve `{host}`"))
            .map_err(|error| anyhow!("{error:#}; is the name right? `getent hosts {host}` asks the same"))?;
        let mut all = Vec::new();
        for address in resolved {
            if !all.contains(&address) {
                all.push(address);
            }
        }
        ensure!(!all.is_empty(), "the name `{host}` has no address");
        let given = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        Ok(Addresses { given, all })
    }

    /// Calls `attempt` with each address in turn, until one succeeds.
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

    /// Makes the error that says which operation failed and why, and what the user can do about it.
    pub fn failed_to(&self, operation: Operation, error: &io::Error) -> anyhow::Error {
        let to_bind = operation == Operation::Bind;
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
        anyhow!("failed to {operation} {self}: {error}{hint}")
    }

    /// Makes the error for a reply that did not arrive in time. There may be no server at these addresses.
    pub fn no_reply_within(&self, timeout: Duration) -> anyhow::Error {
        anyhow!("no reply from {self} within {} s; is the server running?", timeout.as_secs_f64())
    }

    /// Makes the error for a reply that did not arrive in time from a server that has accepted the connection.
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

/// Shows what the user wrote, and every address that a name stands for: `` `localhost:25000` (127.0.0.1, ::1) ``.
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

#[cfg(test)]
mod tests {
    use super::{Addresses, Operation};
    use std::io::{self, ErrorKind};
    use std::time::Duration;

    #[track_caller]
    fn check_error(given: &str, all: &[&str], operation: Operation, kind: ErrorKind, expected: &str) {
        let all = all.iter().map(|address| address.parse().unwrap()).collect();
        let addresses = Addresses { given: given.to_owned(), all };
        assert_eq!(addresses.failed_to(operation, &io::Error::from(kind)).to_string(), expected);
    }

    #[test]
    fn names_every_address_in_an_error() {
        check_error(
            "localhost:25000",
            &["[::1]:25000", "127.0.0.1:25000"],
            Operation::Connect,
            ErrorKind::ConnectionRefused,
            "failed to connect to `localhost:25000` (::1, 127.0.0.1): connection refused; is the server running?",
        );
        let addresses = Addresses::of_word("10.0.3.1", 25000).unwrap();
        assert_eq!(
            addresses.no_reply_within(Duration::from_secs(2)).to_string(),
            "no reply from `10.0.3.1:25000` within 2 s; is the server running?"
        );
    }

    #[test]
    fn hints_at_a_low_port_only_to_a_server() {
        let (given, kind) = ("127.0.0.1:80", ErrorKind::PermissionDenied);
        let expected =
            "failed to bind `127.0.0.1:80`: permission denied; ports below 1024 are for root; try one above";
        check_error(given, &[given], Operation::Bind, kind, expected);
        let expected = "failed to get a reply from `127.0.0.1:80`: permission denied";
        check_error(given, &[given], Operation::GetReply, kind, expected);
    }
}
