//! The measurement itself. Read [`Lane::send`] and [`Lane::receive`], where the time is taken, then [`measure`].

use crate::clock::{Clock, nanoseconds};
use crate::ledger::{Arrival, Exchange, Ledger};
use crate::request::{Arrived, Requests};
use labcore::is_timeout;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::fmt::{self, Display};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What a run is to do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Exchanges over each protocol that count.
    pub count: u32,
    /// Exchanges before them that do not.
    pub warm_up: u32,
    /// Time from one request to the next. Zero: the next one leaves when the reply has come.
    pub interval: Duration,
    /// A reply that takes longer is late.
    pub timeout: Duration,
    /// Bytes of a request.
    pub size: usize,
    /// Sends each TCP request in two writes.
    pub split_write: bool,
    /// Sets TCP_NODELAY, which turns Nagle's algorithm off (RFC 896, RFC 1122 section 4.2.3.4).
    pub no_delay: bool,
}

/// A transport protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Datagrams.
    Udp,
    /// One connection.
    Tcp,
}

/// One protocol's part of a run: its socket, and the books of what went over it.
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
    /// Errors that the system reported and that did not end it, such as a refusal while the server was restarted.
    pub errors: u64,
    socket: Socket,
    requests: Requests,
    split_write: bool,
    buffer: Vec<u8>,
    /// What has come over TCP and is not yet a whole reply.
    unread: Vec<u8>,
}

enum Socket {
    Udp(UdpSocket),
    Tcp(TcpStream),
}

/// Something to show while the run goes on.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// The protocol it happened to.
    pub protocol: Protocol,
    /// When, in nanoseconds since the run began.
    pub at_ns: u64,
    /// What happened.
    pub what: What,
}

/// What happened.
#[derive(Clone, Copy, Debug)]
pub enum What {
    /// The first reply to a request came.
    Reply {
        /// The number of the request.
        sequence: u32,
        /// The two of them.
        exchange: Exchange,
        /// It came after the timeout.
        late: bool,
    },
    /// One more reply came to a request that has one.
    Duplicate {
        /// The number of the request.
        sequence: u32,
    },
    /// The timeout of a request has passed without a reply so far.
    Overdue {
        /// The number of the request.
        sequence: u32,
        /// The request.
        exchange: Exchange,
    },
    /// Something came that answers no request of this run.
    Garbage,
    /// The system reported an error, and the run goes on.
    Error(ErrorKind),
}

/// Room for any datagram: UDP's length field has 16 bits (RFC 768).
const BUFFER_BYTES: usize = 65_535;

/// How long one call to receive waits. The system rounds this up to its own tick of up to 10 ms, so it serves for the
/// long part of a wait only; `poll`, below, is exact and costs one more system call per exchange, about 1 µs.
const READ_TIMEOUT: Duration = Duration::from_millis(20);

/// A wait as long as this begins with a plain call to receive. Not on Windows, where a read timeout may take half a
/// second longer than it says.
const PLAIN_WAIT_NS_MIN: u64 = if cfg!(windows) { u64::MAX } else { 50_000_000 };

/// How often a wait is interrupted to see whether the run was stopped.
const STOP_CHECK: Duration = Duration::from_millis(100);

/// How long the run listens on, at least, for replies whose timeout has passed.
const LATE_WAIT_NS_MIN: u64 = 1_000_000_000;

/// How long the run listens on, at least, for second copies of replies.
const DUPLICATE_WAIT_NS_MIN: u64 = 500_000_000;

impl Lane {
    /// Opens a UDP socket for one server. Nothing is sent.
    ///
    /// Connecting a UDP socket makes the system drop datagrams of anybody but the server, and report when the server's
    /// machine says that nobody listens there (ICMP port unreachable).
    ///
    /// # Errors
    /// If there is no port to be had, or no route to the server.
    pub fn udp(server: SocketAddr, plan: &Plan, run: u32) -> io::Result<Lane> {
        let any_address: SocketAddr = match server {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(any_address)?;
        socket.connect(server)?;
        socket.set_read_timeout(Some(READ_TIMEOUT))?;
        Ok(Lane::new(Protocol::Udp, server, None, Socket::Udp(socket), plan, run))
    }

    /// Connects to a server over TCP, and measures how long that takes: one round trip, for SYN and SYN-ACK.
    ///
    /// # Errors
    /// If nobody listens there, the server can't be reached, or does not answer in time.
    pub fn tcp(server: SocketAddr, plan: &Plan, run: u32) -> io::Result<Lane> {
        let before = Instant::now();
        let stream = TcpStream::connect_timeout(&server, plan.timeout)?;
        let connect = before.elapsed();
        stream.set_nodelay(plan.no_delay)?;
        stream.set_read_timeout(Some(READ_TIMEOUT))?;
        stream.set_write_timeout(Some(plan.timeout))?;
        Ok(Lane::new(Protocol::Tcp, server, Some(connect), Socket::Tcp(stream), plan, run))
    }

    fn new(
        protocol: Protocol,
        server: SocketAddr,
        connect: Option<Duration>,
        socket: Socket,
        plan: &Plan,
        run: u32,
    ) -> Lane {
        Lane {
            protocol,
            server,
            connect,
            ledger: Ledger::new(plan.warm_up + plan.count, nanoseconds(plan.timeout)),
            ended_by: None,
            errors: 0,
            socket,
            requests: Requests::new(run, plan.size, protocol == Protocol::Tcp),
            split_write: plan.split_write,
            buffer: vec![0; BUFFER_BYTES],
            unread: Vec::with_capacity(2 * BUFFER_BYTES),
        }
    }

    /// Sends the next request. It was due at `due_ns`, or is due now if there is no schedule.
    fn send(&mut self, due_ns: Option<u64>, clock: &Clock, tell: &mut dyn FnMut(Event)) {
        let request = self.requests.write(self.ledger.next_sequence());
        let sent_ns = clock.now_ns();
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
            if let Socket::Udp(socket) = &self.socket {
                let _ = socket.send(self.requests.write(self.ledger.next_sequence()));
            }
        }
        self.ledger.sent(due_ns.unwrap_or(sent_ns), sent_ns);
    }

    /// Receives what comes next, waiting at most [`READ_TIMEOUT`] for it.
    fn receive(&mut self, clock: &Clock, tell: &mut dyn FnMut(Event)) {
        let result = match &mut self.socket {
            Socket::Udp(socket) => socket.recv(&mut self.buffer),
            Socket::Tcp(stream) => stream.read(&mut self.buffer),
        };
        let at_ns = clock.now_ns();
        match (self.protocol, result) {
            (Protocol::Udp, Ok(size)) => match self.requests.find(&self.buffer[..size]) {
                Some((sequence, _)) => self.enter(sequence, at_ns, tell),
                None => self.enter_garbage(at_ns, tell),
            },
            (Protocol::Tcp, Ok(0)) => {
                let closed = io::Error::new(ErrorKind::UnexpectedEof, "the server closed the connection");
                self.fail(closed, at_ns, tell);
            }
            (Protocol::Tcp, Ok(size)) => {
                self.unread.extend_from_slice(&self.buffer[..size]);
                while let Some(arrived) = self.requests.take(&mut self.unread) {
                    match arrived {
                        Arrived::Reply(sequence) => self.enter(sequence, at_ns, tell),
                        Arrived::Garbage => self.enter_garbage(at_ns, tell),
                    }
                }
            }
            (_, Err(error)) if is_timeout(&error) || error.kind() == ErrorKind::Interrupted => {}
            (_, Err(error)) => self.fail(error, at_ns, tell),
        }
    }

    fn enter(&mut self, sequence: u32, at_ns: u64, tell: &mut dyn FnMut(Event)) {
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

    fn enter_garbage(&mut self, at_ns: u64, tell: &mut dyn FnMut(Event)) {
        self.ledger.garbage();
        tell(Event { protocol: self.protocol, at_ns, what: What::Garbage });
    }

    /// Ends this part of the run, unless it is UDP and replies have come before: then the server may come back.
    fn fail(&mut self, error: io::Error, at_ns: u64, tell: &mut dyn FnMut(Event)) {
        if self.protocol == Protocol::Udp && !self.ledger.arrival_order().is_empty() {
            self.errors += 1;
            tell(Event { protocol: self.protocol, at_ns, what: What::Error(error.kind()) });
        } else {
            self.ended_by.get_or_insert(error);
        }
    }

    /// Sends one request that is not counted and waits for its reply, to learn whether the server is at this address.
    ///
    /// # Errors
    /// If no reply comes in time, or the system tells that none will.
    pub fn probe(&mut self, timeout: Duration) -> io::Result<()> {
        let deadline = Instant::now() + timeout;
        let Socket::Udp(socket) = &self.socket else { return Ok(()) };
        socket.send(self.requests.write(0))?;
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

    /// When the run need no longer listen here, once the last request is sent.
    fn listens_until(&self, timeout_ns: u64) -> u64 {
        let (Some(last), None) = (self.ledger.exchanges().last(), &self.ended_by) else { return 0 };
        let longest_ns = self.ledger.rtt_max_ns();
        if !self.ledger.is_complete() {
            return last.sent_ns + (timeout_ns + timeout_ns.max(LATE_WAIT_NS_MIN)).max(2 * longest_ns);
        }
        match self.protocol {
            // A stream brings nothing twice.
            Protocol::Tcp => 0,
            Protocol::Udp => last.sent_ns + longest_ns + longest_ns.max(DUPLICATE_WAIT_NS_MIN),
        }
    }
}

/// A request that is to be sent.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    due_ns: u64,
    sequence: u32,
    lane: usize,
}

/// Carries out `plan` over one or two lanes, and tells what happens. A `stop` ends the sending.
///
/// UDP requests leave on schedule, whether earlier ones are answered or not. Over TCP the next one waits for the reply to
/// the one before, or its timeout, as most programs do; it is then behind its schedule, and the books show that.
/// After the last request the run listens on for late replies and second copies: for as long as the longest round
/// trip took and more, but at least 0.5 s over UDP, and 1 s beyond the timeout while replies are missing.
///
/// With two lanes, each has its requests half an interval after the other's. Without an interval they take turns.
pub fn measure(
    lanes: &mut [Lane],
    plan: &Plan,
    clock: &Clock,
    stop: &AtomicBool,
    tell: &mut dyn FnMut(Event),
) {
    let begin_ns = clock.now_ns();
    let timeout_ns = nanoseconds(plan.timeout);
    loop {
        let now_ns = clock.now_ns();
        for lane in &mut *lanes {
            while let Some(sequence) = lane.ledger.overdue(now_ns) {
                if let Some(&exchange) = lane.ledger.exchange(sequence) {
                    let what = What::Overdue { sequence, exchange };
                    tell(Event { protocol: lane.protocol, at_ns: now_ns, what });
                }
            }
        }
        let stopped = stop.load(Ordering::Relaxed);
        let mut turn = next_turn(lanes, plan, begin_ns).filter(|_| !stopped);
        if let Some(due) = turn.take_if(|turn| turn.due_ns <= now_ns) {
            let scheduled_ns = (!plan.interval.is_zero()).then(|| slot(lanes.len(), plan, begin_ns, &due));
            lanes[due.lane].send(scheduled_ns, clock, tell);
            if plan.interval.is_zero() && timeout_ns >= PLAIN_WAIT_NS_MIN {
                // Nothing is due before this reply: straight on to the call that receives it.
                lanes[due.lane].receive(clock, tell);
                continue;
            }
            turn = next_turn(lanes, plan, begin_ns).filter(|_| !stopped);
        }
        let until_ns = match turn {
            Some(turn) => turn.due_ns,
            None => {
                let end_ns = lanes.iter().map(|lane| lane.listens_until(timeout_ns)).max();
                match end_ns {
                    Some(end_ns) if now_ns < end_ns => end_ns,
                    _ => return,
                }
            }
        };
        receive_until(lanes, until_ns, clock, tell);
    }
}

/// Which lane sends next, and when.
fn next_turn(lanes: &[Lane], plan: &Plan, begin_ns: u64) -> Option<Turn> {
    let open = lanes.iter().enumerate().filter(|(_, lane)| lane.ended_by.is_none());
    let turns = open.filter_map(|(at, lane)| {
        let sequence = lane.ledger.next_sequence();
        if sequence > plan.warm_up + plan.count {
            return None;
        }
        let mut turn = Turn { due_ns: 0, sequence, lane: at };
        let awaited_until = if plan.interval.is_zero() {
            lanes.iter().filter_map(|lane| lane.ledger.awaited_until()).max()
        } else {
            turn.due_ns = slot(lanes.len(), plan, begin_ns, &turn);
            lane.ledger.awaited_until().filter(|_| lane.protocol == Protocol::Tcp)
        };
        turn.due_ns = turn.due_ns.max(awaited_until.unwrap_or(0));
        Some(turn)
    });
    turns.min()
}

/// The time that the schedule has for a request.
fn slot(lanes: usize, plan: &Plan, begin_ns: u64, turn: &Turn) -> u64 {
    let interval_ns = nanoseconds(plan.interval);
    let offset_ns = interval_ns / lanes as u64 * turn.lane as u64;
    begin_ns + offset_ns + interval_ns * u64::from(turn.sequence - 1)
}

/// Waits for the next replies, at most until `until_ns`, and receives them.
fn receive_until(lanes: &mut [Lane], until_ns: u64, clock: &Clock, tell: &mut dyn FnMut(Event)) {
    let left_ns = until_ns.saturating_sub(clock.now_ns());
    let mut open = lanes.iter_mut().filter(|lane| lane.ended_by.is_none());
    match (open.next(), open.next()) {
        (Some(lane), None) => {
            if left_ns >= PLAIN_WAIT_NS_MIN || readable([lane], left_ns) == [true] {
                lane.receive(clock, tell);
            }
        }
        (Some(first), Some(second)) => {
            let ready = readable([first, second], left_ns);
            for (lane, ready) in [first, second].into_iter().zip(ready) {
                if ready {
                    lane.receive(clock, tell);
                }
            }
        }
        (None, _) => {}
    }
}

/// Waits until one of the sockets has something to receive, at most for `left_ns`, and tells which have.
fn readable<const N: usize>(lanes: [&Lane; N], left_ns: u64) -> [bool; N] {
    let mut sockets = lanes.map(|lane| match &lane.socket {
        Socket::Udp(socket) => PollFd::new(socket, PollFlags::IN),
        Socket::Tcp(stream) => PollFd::new(stream, PollFlags::IN),
    });
    let wait = Timespec::try_from(Duration::from_nanos(left_ns).min(STOP_CHECK));
    // A signal may interrupt the wait: then nothing is ready, and the caller looks at the clock again.
    match wait.map(|wait| poll(&mut sockets, Some(&wait))) {
        Ok(Ok(_)) => sockets.map(|socket| !socket.revents().is_empty()),
        _ => [false; N],
    }
}

impl Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Protocol::Udp => "UDP",
            Protocol::Tcp => "TCP",
        })
    }
}
