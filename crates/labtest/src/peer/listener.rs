//! A scripted TCP server.

use super::tcp::TcpPeer;
use crate::diagnosis::fail::{Problem, fail};
use crate::diagnosis::peers;
use crate::failure::Verdict;
use crate::peer_log::Role;
use crate::settings;
use crate::transcript::Transcript;
use crate::wait::{Limit, POLL, Programs, Wait};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;

/// A scripted TCP server, for a client under test.
pub struct TcpPeerListener {
    listener: TcpListener,
    transcript: Arc<Transcript>,
}

impl TcpPeerListener {
    /// Listens on a free port of loopback, or where `LAB_ADDRESS` and `LAB_PORT` say.
    pub fn bind() -> TcpPeerListener {
        TcpPeerListener { listener: bind_as_server(TcpListener::bind), transcript: Transcript::current() }
    }

    /// Listens on the loopback address of IPv6. `None` on a machine without IPv6.
    pub(crate) fn bind_on_ipv6() -> Option<TcpPeerListener> {
        let listener = bind_on_ipv6(TcpListener::bind)?;
        Some(TcpPeerListener { listener, transcript: Transcript::current() })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap()
    }

    /// Accepts a client that has connected already.
    pub(crate) fn accept_now(&self) -> Option<TcpPeer> {
        self.try_accept().ok()
    }

    fn try_accept(&self) -> io::Result<TcpPeer> {
        self.listener.set_nonblocking(true).unwrap();
        let (stream, client) = self.listener.accept()?;
        stream.set_nonblocking(false).unwrap();
        Ok(TcpPeer::on(stream, Role::Server, client, Arc::clone(&self.transcript)))
    }

    /// Waits for the client under test to connect.
    #[track_caller]
    pub fn accept(&self) -> TcpPeer {
        let transcript = &*self.transcript;
        // The standard library has no accept with a timeout, so this looks again and again.
        let mut wait = Wait::of(Limit::start(), transcript);
        loop {
            match self.try_accept() {
                Ok(peer) => return peer,
                Err(error) if error.kind() == ErrorKind::WouldBlock && wait.next_piece().is_some() => {
                    thread::sleep(POLL);
                }
                Err(_) => {
                    let address = self.address();
                    let cause = peers::cause_of_no_request(transcript, address);
                    let problem =
                        Problem::new(format!("no client connected to {address}")).cause(Some(cause));
                    let has_ended = transcript.have_ended();
                    let verdict = if has_ended { Verdict::DidNotStart } else { Verdict::Timeout };
                    fail(transcript, problem.verdict(verdict));
                }
            }
        }
    }
}

/// Binds a scripted server: on a free port of loopback, or where `LAB_ADDRESS` and `LAB_PORT` say, for clients that have
/// these in their code. A second server of the same check finds them taken, and gets a free port.
pub(super) fn bind_as_server<T>(bind: fn(SocketAddr) -> io::Result<T>) -> T {
    let address = settings::address().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let port = settings::port().unwrap_or(0);
    bind((address, port).into()).or_else(|_| bind((address, 0).into())).unwrap()
}

/// Binds a scripted server on the loopback address of IPv6, at the port that `LAB_PORT` says or a free one.
pub(super) fn bind_on_ipv6<T>(bind: fn(SocketAddr) -> io::Result<T>) -> Option<T> {
    let ports = [settings::port().unwrap_or(0), 0].into_iter();
    let addresses = ports.map(|port| SocketAddr::from((Ipv6Addr::LOCALHOST, port)));
    addresses.filter_map(|address| bind(address).ok()).next()
}

#[cfg(test)]
mod tests {
    use super::TcpPeerListener;
    use std::net::TcpStream;
    use std::time::Duration;

    #[test]
    fn accepts_a_client_that_has_reset_its_connection_already() {
        let listener = TcpPeerListener::bind();
        let client = TcpStream::connect(listener.address()).unwrap();
        socket2::SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
        drop(client);
        assert_eq!(listener.accept().read_to_end(), b"");
    }
}
