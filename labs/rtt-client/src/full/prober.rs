//! Sends requests and receives replies. The time is taken right next to the two calls.
//!
//! Read [`Prober::udp`] and [`Prober::tcp`], which open the socket, then [`Prober::send`] and [`Prober::receive`].

use crate::clock::{Clock, nanoseconds};
use crate::connection::{Connection, READ_TIMEOUT, TcpPlan, connect};
use crate::event::{Event, EventKind, SystemError};
use crate::plan::{Plan, Protocol};
use crate::probe_log::{Arrival, ProbeLog};
use crate::request::{Requests, SIZE_MAX, StreamItem};
use labcore::is_timeout;
use rtt_client::{DATAGRAM_BYTES_MAX, connect_udp};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

/// One protocol's part of a run: its socket, and the log of its exchanges.
///
/// All memory is allocated before the first exchange: nothing is allocated between sending and receiving.
pub struct Prober {
    /// The transport protocol.
    pub protocol: Protocol,
    /// The server's socket address.
    pub server: SocketAddr,
    /// The TCP connections: one for all requests, or one for each. UDP has none.
    pub connections: Vec<Connection>,
    /// Which requests were sent, and which were answered.
    pub log: ProbeLog,
    /// The error that ended this part early.
    pub ended_by: Option<io::Error>,
    /// Errors that the system reported without ending this part, such as a refusal while the server restarts: each kind
    /// with its count.
    pub errors: Vec<(SystemError, u64)>,
    /// Counted requests that still had time for a reply when the run was stopped.
    pub unfinished: u64,
    pub(crate) socket: Socket,
    /// True between the reply on one connection and the next connection. Nothing can be received then.
    pub(crate) is_between_connections: bool,
    requests: Requests,
    plan: TcpPlan,
    buffer: Vec<u8>,
    /// Bytes that have arrived over TCP and are not a whole reply yet.
    unread: Vec<u8>,
}

pub(crate) enum Socket {
    Udp(UdpSocket),
    Tcp(TcpStream),
}

/// Room for a line that is too long to be a reply, before it is discarded, and for one more read.
const UNREAD_BYTES: usize = 2 * SIZE_MAX + DATAGRAM_BYTES_MAX;

/// The number of the request that checks whether there is a server. Measured requests have numbers from 1 on.
const CHECK_SEQUENCE: u32 = 0;

impl Prober {
    /// Opens a UDP socket for one server. Nothing is sent.
    ///
    /// # Errors
    /// If no port is free, there is no route to the server, or not enough memory for the log.
    pub fn udp(server: SocketAddr, plan: &Plan, run: u32) -> io::Result<Prober> {
        let socket = connect_udp(server)?;
        socket.set_read_timeout(Some(READ_TIMEOUT))?;
        Prober::new(Protocol::Udp, server, Socket::Udp(socket), plan, run)
    }

    /// Connects to a server over TCP, and measures how long that takes: one round trip, for SYN and SYN-ACK.
    ///
    /// # Errors
    /// If no program listens there, the server can't be reached or does not answer in time, or there is not enough
    /// memory for the log.
    pub fn tcp(server: SocketAddr, plan: &Plan, run: u32) -> io::Result<Prober> {
        let (stream, connection) = connect(server, TcpPlan::of(plan, Protocol::Tcp))?;
        let mut prober = Prober::new(Protocol::Tcp, server, Socket::Tcp(stream), plan, run)?;
        prober.connections.try_reserve_exact(if plan.connect_each {
            (plan.warm_up + plan.count) as usize
        } else {
            1
        })?;
        prober.connections.push(connection);
        Ok(prober)
    }

    /// Sends the next request. A request that the system refuses to send counts as sent and lost.
    ///
    /// `due_ns` is when the request was due. Without a schedule it is `None`: the request is due now. If each request has
    /// a connection of its own, the client connects first. While it does, nothing is received over the other protocol.
    pub fn send(&mut self, due_ns: Option<u64>, clock: &Clock, on_event: &mut dyn FnMut(Event)) {
        // The first request has the connection that showed where the server is.
        if self.plan.connect_each && self.log.next_sequence() > 1 {
            match connect(self.server, self.plan) {
                Ok((stream, connection)) => {
                    self.socket = Socket::Tcp(stream);
                    self.unread.clear();
                    self.is_between_connections = false;
                    self.connections.push(connection);
                    let kind = EventKind::Connected(connection);
                    on_event(Event { protocol: self.protocol, at_ns: clock.now_ns(), kind });
                }
                Err(error) => {
                    self.ended_by.get_or_insert(error);
                    return;
                }
            }
        }
        let request = self.requests.write(self.log.next_sequence());
        let mut sent_ns = clock.now_ns();
        let result = match &mut self.socket {
            Socket::Udp(socket) => socket.send(request).map(drop),
            Socket::Tcp(stream) if self.plan.split_write => {
                let (first, second) = request.split_at(request.len() / 2);
                stream.write_all(first).and_then(|()| stream.write_all(second))
            }
            Socket::Tcp(stream) => stream.write_all(request),
        };
        if let Err(error) = result {
            self.fail(error, sent_ns, on_event);
            // The error that the system reports on sending is that of an *earlier* datagram, and this one was not sent.
            if let (Socket::Udp(socket), None) = (&self.socket, &self.ended_by) {
                sent_ns = clock.now_ns();
                let _ = socket.send(self.requests.write(self.log.next_sequence()));
            }
        }
        self.log.add_request(due_ns.unwrap_or(sent_ns), sent_ns);
    }

    /// Receives what has arrived, or waits for it, for [`READ_TIMEOUT`] at most.
    pub fn receive(&mut self, clock: &Clock, on_event: &mut dyn FnMut(Event)) {
        let result = match &mut self.socket {
            Socket::Udp(socket) => socket.recv(&mut self.buffer),
            Socket::Tcp(stream) => stream.read(&mut self.buffer),
        };
        let at_ns = clock.now_ns();
        match (self.protocol, result) {
            (_, Err(error)) if is_timeout(&error) || error.kind() == ErrorKind::Interrupted => {}
            (_, Err(error)) => self.fail(error, at_ns, on_event),
            (Protocol::Udp, Ok(size)) => {
                let found = self.requests.find(&self.buffer[..size]);
                if let Some((_, end)) = found {
                    self.requests.keep_first(&self.buffer[..end]);
                }
                self.record(found.map(|(sequence, _)| sequence), at_ns, on_event);
            }
            (Protocol::Tcp, Ok(0)) => {
                let closed = io::Error::new(ErrorKind::UnexpectedEof, "the server closed the connection");
                self.fail(closed, at_ns, on_event);
            }
            (Protocol::Tcp, Ok(size)) => {
                self.unread.extend_from_slice(&self.buffer[..size]);
                while let Some(item) = self.requests.take(&mut self.unread) {
                    let sequence = match item {
                        StreamItem::Reply(sequence) => Some(sequence),
                        StreamItem::Garbage => None,
                    };
                    self.record(sequence, at_ns, on_event);
                }
                if let Socket::Tcp(stream) = &self.socket {
                    if self.plan.connect_each && self.log.awaited_until().is_none() {
                        // The server may close by itself. One that does not waits for this before it serves the next.
                        let _ = stream.shutdown(Shutdown::Both);
                        self.is_between_connections = true;
                    }
                }
            }
        }
    }

    /// Returns the text of the first reply, if the plan has a text.
    pub fn first_reply(&self) -> Option<&[u8]> {
        self.requests.first_reply()
    }

    /// Records what has arrived: a reply to request `sequence`, or garbage.
    fn record(&mut self, sequence: Option<u32>, at_ns: u64, on_event: &mut dyn FnMut(Event)) {
        if sequence == Some(CHECK_SEQUENCE) {
            return; // a second or late reply to the check is not part of the run
        }
        let sequence = sequence.unwrap_or(0); // no request has this number
        let arrival = self.log.add_reply(sequence, at_ns);
        let kind = match (arrival, self.log.exchange(sequence)) {
            (Arrival::Reply, Some(&exchange)) => {
                EventKind::Reply { sequence, exchange, late: self.log.is_late(&exchange) }
            }
            (Arrival::Duplicate, _) => EventKind::Duplicate { sequence },
            _ => EventKind::Garbage,
        };
        on_event(Event { protocol: self.protocol, at_ns, kind });
    }

    /// Ends this part of the run because of an error. Over UDP, once replies have arrived, it
    /// continues instead, because the server may come back.
    fn fail(&mut self, error: io::Error, at_ns: u64, on_event: &mut dyn FnMut(Event)) {
        if self.protocol == Protocol::Udp && !self.log.arrival_order().is_empty() {
            let error = SystemError::from(&error);
            match self.errors.iter_mut().find(|(known, _)| *known == error) {
                Some((_, count)) => *count += 1,
                None => self.errors.push((error, 1)),
            }
            on_event(Event { protocol: self.protocol, at_ns, kind: EventKind::Error(error) });
        } else {
            self.ended_by.get_or_insert(error);
        }
    }

    /// Checks whether a server is at this address: sends one request that is not counted, and waits for its reply.
    ///
    /// # Errors
    /// If no reply arrives in time, or the system reports that no program listens there.
    pub fn check_server(&mut self, timeout: Duration) -> io::Result<()> {
        let Socket::Udp(socket) = &self.socket else { return Ok(()) };
        let deadline = Instant::now() + timeout;
        socket.send(self.requests.write(CHECK_SEQUENCE))?;
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
        socket: Socket,
        plan: &Plan,
        run: u32,
    ) -> io::Result<Prober> {
        Ok(Prober {
            protocol,
            server,
            connections: Vec::new(),
            log: ProbeLog::new(plan.warm_up + plan.count, nanoseconds(plan.timeout))?,
            ended_by: None,
            errors: Vec::new(),
            unfinished: 0,
            socket,
            requests: Requests::new(run, plan, protocol == Protocol::Tcp),
            plan: TcpPlan::of(plan, protocol),
            is_between_connections: false,
            buffer: vec![0; DATAGRAM_BYTES_MAX],
            unread: Vec::with_capacity(UNREAD_BYTES),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Prober, Socket};
    use crate::clock::Clock;
    use crate::plan::Plan;
    use crate::probe_log::Tally;
    use std::net::UdpSocket;
    use std::time::Duration;

    #[test]
    fn ignores_a_second_reply_to_the_check() {
        let server = UdpSocket::bind("127.0.0.1:0").unwrap();
        let plan = Plan {
            count: 1,
            warm_up: 0,
            interval: Duration::ZERO,
            timeout: Duration::from_secs(9),
            size: 32,
            split_write: false,
            no_delay: true,
            connect_each: false,
            text: None,
        };
        let mut prober = Prober::udp(server.local_addr().unwrap(), &plan, 1).unwrap();
        let Socket::Udp(socket) = &prober.socket else { unreachable!() };
        let client = socket.local_addr().unwrap();
        // Both replies have arrived before it sends its request.
        for _ in 0..2 {
            server.send_to(b"RTT 00000001 0000000000 ABCDEFGH", client).unwrap();
        }
        prober.check_server(plan.timeout).unwrap();
        prober.receive(&Clock::start(), &mut |event| panic!("{event:?}"));
        assert_eq!(prober.log.tally(0), Tally::default());
    }
}
