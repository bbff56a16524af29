//! The exchange itself: a request is sent, a reply received, and the time taken right beside the two calls.
//!
//! Read [`Lane::udp`] and [`Lane::tcp`], which open the socket, then [`Lane::send`] and [`Lane::receive`].

use crate::clock::{Clock, nanoseconds};
use crate::event::{Event, SystemError, What};
use crate::ledger::{Arrival, Ledger};
use crate::plan::{Plan, Protocol};
// BEGIN SOLUTION
use crate::request::{Arrived, Requests, SIZE_MAX};
use labcore::is_timeout;
use std::io::{self, ErrorKind, Read, Write};
// END SOLUTION
// STUB: use crate::request::{Requests, SIZE_MAX};
// STUB: use labcore::is_timeout;
// STUB: use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

/// One protocol's part of a run: its socket, and the books of what went over it.
///
/// All memory that an exchange takes is there before the first one: nothing is allocated between sending and receiving.
pub struct Lane {
    /// The protocol.
    pub protocol: Protocol,
    /// The server's socket address.
    pub server: SocketAddr,
    /// How long TCP's handshake took. UDP has none.
    pub connect: Option<Duration>,
    /// What was sent, and what became of it.
    pub ledger: Ledger,
    /// The error that ended this part before its time.
    pub ended_by: Option<io::Error>,
    /// Errors that the system reported and that did not end it, such as a refusal while the server was restarted: each
    /// kind with how often it came.
    pub errors: Vec<(SystemError, u64)>,
    /// Counted requests that still had time for a reply when the run was stopped.
    pub unfinished: u64,
    pub(crate) socket: Socket,
    requests: Requests,
    split_write: bool,
    buffer: Vec<u8>,
    /// What has come over TCP and is not yet a whole reply.
    unread: Vec<u8>,
}

pub(crate) enum Socket {
    Udp(UdpSocket),
    Tcp(TcpStream),
}

/// Room for any datagram: UDP's length field has 16 bits (RFC 768).
const BUFFER_BYTES: usize = 65_535;

/// Room for a line that is too long to be a reply, before it is thrown away, and for what one more read brings.
const UNREAD_BYTES: usize = 2 * SIZE_MAX + BUFFER_BYTES;

/// The number of the request that looks for the server; those that are measured begin with 1.
const PROBE: u32 = 0;

/// How long one call to receive waits. The system rounds it up to its own tick of up to 10 ms.
pub(crate) const READ_TIMEOUT: Duration = Duration::from_millis(20);

impl Lane {
    /// Opens a UDP socket for one server. Nothing is sent.
    ///
    /// Connecting a UDP socket makes the system drop datagrams of anybody but the server, and report when the server's
    /// machine says that nobody listens there (ICMP port unreachable).
    ///
    /// # Errors
    /// If there is no port to be had, no route to the server, or no memory for the books.
    pub fn udp(server: SocketAddr, plan: &Plan, run: u32) -> io::Result<Lane> {
        let any_address: SocketAddr = match server {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(any_address)?;
        socket.connect(server)?;
        socket.set_read_timeout(Some(READ_TIMEOUT))?;
        Lane::new(Protocol::Udp, server, None, Socket::Udp(socket), plan, run)
    }

    /// Connects to a server over TCP, and measures how long that takes: one round trip, for SYN and SYN-ACK.
    ///
    /// # Errors
    /// If nobody listens there, the server can't be reached, or does not answer in time, or there is no memory for the
    /// books.
    pub fn tcp(server: SocketAddr, plan: &Plan, run: u32) -> io::Result<Lane> {
        let before = Instant::now();
        let stream = TcpStream::connect_timeout(&server, plan.timeout)?;
        let connect = before.elapsed();
        stream.set_nodelay(plan.no_delay)?;
        stream.set_read_timeout(Some(READ_TIMEOUT))?;
        stream.set_write_timeout(Some(plan.timeout))?;
        Lane::new(Protocol::Tcp, server, Some(connect), Socket::Tcp(stream), plan, run)
    }

    /// Sends the next request; one that the system refuses to send counts as sent and lost.
    ///
    /// It was due at `due_ns`, or is due now if there is no schedule.
    pub fn send(&mut self, due_ns: Option<u64>, clock: &Clock, tell: &mut dyn FnMut(Event)) {
        // BEGIN SOLUTION
        let request = self.requests.write(self.ledger.next_sequence());
        let mut sent_ns = clock.now_ns();
        let result = match &mut self.socket {
            Socket::Udp(socket) => socket.send(request).map(drop),
            Socket::Tcp(stream) if self.split_write => {
                let (first, second) = request.split_at(request.len() / 2);
                stream.write_all(first).and_then(|()| stream.write_all(second))
            }
            Socket::Tcp(stream) => stream.write_all(request),
        };
        if let Err(error) = result {
            self.fail(error, sent_ns, tell);
            // What the system reports on sending is the fate of an *earlier* datagram, and this one was not sent.
            if let (Socket::Udp(socket), None) = (&self.socket, &self.ended_by) {
                sent_ns = clock.now_ns();
                let _ = socket.send(self.requests.write(self.ledger.next_sequence()));
            }
        }
        self.ledger.sent(due_ns.unwrap_or(sent_ns), sent_ns);
        // END SOLUTION
        // STUB: let _ = (due_ns, clock, tell, self.split_write, Lane::fail); // this line can go when you use them
        // STUB: todo!("look at the clock first: `clock.now_ns()`; then send what `self.requests.write` gives")
    }

    /// Receives what comes next, waiting a little, at most, if nothing is there.
    pub fn receive(&mut self, clock: &Clock, tell: &mut dyn FnMut(Event)) {
        // BEGIN SOLUTION
        let result = match &mut self.socket {
            Socket::Udp(socket) => socket.recv(&mut self.buffer),
            Socket::Tcp(stream) => stream.read(&mut self.buffer),
        };
        let at_ns = clock.now_ns();
        match (self.protocol, result) {
            (_, Err(error)) if is_timeout(&error) || error.kind() == ErrorKind::Interrupted => {}
            (_, Err(error)) => self.fail(error, at_ns, tell),
            (Protocol::Udp, Ok(size)) => {
                let found = self.requests.find(&self.buffer[..size]);
                self.enter(found.map(|(sequence, _)| sequence), at_ns, tell);
            }
            (Protocol::Tcp, Ok(0)) => {
                let closed = io::Error::new(ErrorKind::UnexpectedEof, "the server closed the connection");
                self.fail(closed, at_ns, tell);
            }
            (Protocol::Tcp, Ok(size)) => {
                self.unread.extend_from_slice(&self.buffer[..size]);
                while let Some(arrived) = self.requests.take(&mut self.unread) {
                    let sequence = match arrived {
                        Arrived::Reply(sequence) => Some(sequence),
                        Arrived::Garbage => None,
                    };
                    self.enter(sequence, at_ns, tell);
                }
            }
        }
        // END SOLUTION
        // STUB: let _ = (clock, tell, &self.unread, Lane::enter); // this line can go when you use them
        // STUB: todo!("receive into `self.buffer` first, and look at the clock right after: `clock.now_ns()`")
    }

    /// Enters what has arrived in the books: a reply to the request number `sequence`, or garbage.
    fn enter(&mut self, sequence: Option<u32>, at_ns: u64, tell: &mut dyn FnMut(Event)) {
        if sequence == Some(PROBE) {
            return; // a second or late reply to it: no part of the run, and no garbage
        }
        let sequence = sequence.unwrap_or(0); // no request has this number
        let arrival = self.ledger.received(sequence, at_ns);
        let what = match (arrival, self.ledger.exchange(sequence)) {
            (Arrival::Reply, Some(&exchange)) => {
                What::Reply { sequence, exchange, late: self.ledger.is_late(&exchange) }
            }
            (Arrival::Duplicate, _) => What::Duplicate { sequence },
            _ => What::Garbage,
        };
        tell(Event { protocol: self.protocol, at_ns, what });
    }

    /// Ends this part of the run, unless it is UDP and replies have come before: then the server may come back.
    fn fail(&mut self, error: io::Error, at_ns: u64, tell: &mut dyn FnMut(Event)) {
        if self.protocol == Protocol::Udp && !self.ledger.arrival_order().is_empty() {
            let error = SystemError::from(&error);
            match self.errors.iter_mut().find(|(known, _)| *known == error) {
                Some((_, count)) => *count += 1,
                None => self.errors.push((error, 1)),
            }
            tell(Event { protocol: self.protocol, at_ns, what: What::Error(error) });
        } else {
            self.ended_by.get_or_insert(error);
        }
    }

    /// Sends one request that is not counted and waits for its reply, to learn whether a server is at this address.
    ///
    /// # Errors
    /// If no reply comes in time, or the system tells that none will.
    pub fn probe(&mut self, timeout: Duration) -> io::Result<()> {
        let Socket::Udp(socket) = &self.socket else { return Ok(()) };
        let deadline = Instant::now() + timeout;
        socket.send(self.requests.write(PROBE))?;
        while Instant::now() < deadline {
            match socket.recv(&mut self.buffer) {
                Ok(size) if self.requests.find(&self.buffer[..size]).is_some() => return Ok(()),
                Err(error) if !is_timeout(&error) && error.kind() != ErrorKind::Interrupted => {
                    return Err(error);
                }
                _ => {}
            }
        }
        Err(ErrorKind::TimedOut.into())
    }

    fn new(
        protocol: Protocol,
        server: SocketAddr,
        connect: Option<Duration>,
        socket: Socket,
        plan: &Plan,
        run: u32,
    ) -> io::Result<Lane> {
        Ok(Lane {
            protocol,
            server,
            connect,
            ledger: Ledger::new(plan.warm_up + plan.count, nanoseconds(plan.timeout))?,
            ended_by: None,
            errors: Vec::new(),
            unfinished: 0,
            socket,
            requests: Requests::new(run, plan.size, protocol == Protocol::Tcp),
            split_write: plan.split_write,
            buffer: vec![0; BUFFER_BYTES],
            unread: Vec::with_capacity(UNREAD_BYTES),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Lane, Socket};
    use crate::clock::Clock;
    use crate::ledger::Tally;
    use crate::plan::Plan;
    use std::net::UdpSocket;
    use std::time::Duration;

    #[test]
    fn counts_no_further_reply_to_the_probe() {
        let server = UdpSocket::bind("127.0.0.1:0").unwrap();
        let plan = Plan {
            count: 1,
            warm_up: 0,
            interval: Duration::ZERO,
            timeout: Duration::from_secs(9),
            size: 32,
            split_write: false,
            no_delay: true,
        };
        let mut lane = Lane::udp(server.local_addr().unwrap(), &plan, 1).unwrap();
        let Socket::Udp(socket) = &lane.socket else { unreachable!() };
        let client = socket.local_addr().unwrap();
        // Both are there before it asks.
        for _ in 0..2 {
            server.send_to(b"RTT 00000001 0000000000 ABCDEFGH", client).unwrap();
        }
        lane.probe(plan.timeout).unwrap();
        lane.receive(&Clock::start(), &mut |event| panic!("{event:?}"));
        assert_eq!(lane.ledger.tally(0), Tally::default());
    }
}
