//! A relay for datagrams that loses, delays, duplicates and reorders them, and keeps a log of it.
//!
//! Read [`Relay::run`], the clients' side, `receive_replies`, the server's, and `forward`, which sends. In between,
//! a datagram waits in the queue until it is due.

use crate::fate::{Direction, Treatment};
use crate::queue::{Datagram, Queue};
use labcore::{EventLog, is_timeout};
use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, ErrorKind, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Room for any datagram: UDP's length field has 16 bits (RFC 768).
const DATAGRAM_BYTES_MAX: usize = 65_535;

/// Clients at the same time. Each has a socket and a thread; datagrams of further clients are refused.
const CLIENTS_MAX: usize = 256;

/// A client that is silent for this long is forgotten, with its socket.
const CLIENT_SILENCE_MAX: Duration = Duration::from_secs(60);

/// Requests of one client whose replies are recognised.
const REMEMBERED_MAX: usize = 10_000;

/// How long the forwarding thread sleeps when nothing waits; what comes in wakes it earlier.
const IDLE_WAIT: Duration = Duration::from_secs(60);

/// The first line of the log. Another version of the log has another one.
///
/// Each further line is a datagram or a copy of one, in the order in which they were dropped or sent:
/// - `arrived_us`, `sent_us`: microseconds since the relay began; `sent_us` is empty unless it was sent;
/// - `client`: 1, 2, …, in the order in which they appeared;
/// - `direction`: `request` or `reply`;
/// - `number`: of a request, its place among those of its client; of a reply, the number of the request with the same
///   text, in capitals or not, or 0 if there is none;
/// - `occurrence`: of a reply, 1 for the first one of its number, 2 for the next; of a request, 1;
/// - `copy`: 1, or 2 for the duplicate that the relay made;
/// - `bytes`: the size of what it carries;
/// - `fate`: `sent`, `dropped`, or `refused` if too many wait;
/// - `swapped`: `true` if it was to change places with the next one.
pub const LOG_HEAD: &str = "arrived_us,sent_us,client,direction,number,occurrence,copy,bytes,fate,swapped";

/// A relay between clients, who know its socket only, and a server.
pub struct Relay {
    /// The clients' side.
    socket: UdpSocket,
    server: SocketAddr,
    treatment: Treatment,
    event_log: EventLog,
    start: Instant,
    state: Mutex<State>,
    /// Wakes `forward`: something new is in the queue.
    entered: Condvar,
}

struct State {
    clients: HashMap<SocketAddr, Client>,
    clients_so_far: u64,
    queue: Queue,
    log: Option<Box<dyn Write + Send>>,
}

/// What the relay knows about a client.
struct Client {
    number: u64,
    /// The socket that stands for this client at the server: its replies come back there, and no others.
    upstream: Arc<UdpSocket>,
    heard: Instant,
    requests: Requests,
}

impl Relay {
    /// Makes a relay of `socket`, where the clients send to.
    ///
    /// # Errors
    /// If the first line of `log` can't be written.
    pub fn new(
        socket: UdpSocket,
        server: SocketAddr,
        treatment: Treatment,
        mut log: Option<Box<dyn Write + Send>>,
        event_log: EventLog,
    ) -> io::Result<Arc<Relay>> {
        if let Some(log) = &mut log {
            writeln!(log, "{LOG_HEAD}")?;
        }
        let state = State { clients: HashMap::new(), clients_so_far: 0, queue: Queue::default(), log };
        let (start, state, entered) = (Instant::now(), Mutex::new(state), Condvar::new());
        Ok(Arc::new(Relay { socket, server, treatment, event_log, start, state, entered }))
    }

    /// Relays until receiving from the clients fails.
    ///
    /// # Errors
    /// If the socket can't receive any more, or a thread can't be started.
    pub fn run(self: &Arc<Relay>) -> io::Result<()> {
        self.event_log.line(format_args!("relaying to {}", self.server));
        let relay = Arc::clone(self);
        thread::Builder::new().name("forward".to_owned()).spawn(move || relay.forward())?;
        let mut buffer = vec![0; DATAGRAM_BYTES_MAX];
        loop {
            let (size, address) = match self.socket.recv_from(&mut buffer) {
                Ok(received) => received,
                // Windows reports here that an earlier reply met a closed port.
                Err(error) if error.kind() == ErrorKind::ConnectionReset => continue,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let arrived = Instant::now();
            match self.meet(address) {
                Ok(()) => self.treat(Direction::Request, address, &buffer[..size], arrived),
                Err(error) => {
                    self.event_log.line(format_args!("a datagram of {address} is refused: {error}"))
                }
            }
        }
    }

    /// Gives a client that is not known yet a number, and a socket and a thread of its own.
    fn meet(self: &Arc<Relay>, address: SocketAddr) -> io::Result<()> {
        let mut state = self.lock();
        if state.clients.contains_key(&address) {
            return Ok(());
        }
        if state.clients.len() == CLIENTS_MAX {
            return Err(io::Error::other("there are too many clients"));
        }
        let any_address: SocketAddr = match self.server {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let upstream = UdpSocket::bind(any_address)?;
        upstream.connect(self.server)?;
        upstream.set_read_timeout(Some(CLIENT_SILENCE_MAX))?;
        let upstream = Arc::new(upstream);
        let (relay, replies) = (Arc::clone(self), Arc::clone(&upstream));
        let number = state.clients_so_far + 1;
        let thread = thread::Builder::new().name(format!("client {number}"));
        thread.spawn(move || relay.receive_replies(&replies, address))?;
        state.clients_so_far = number;
        let client = Client { number, upstream, heard: Instant::now(), requests: Requests::default() };
        state.clients.insert(address, client);
        self.event_log.line(format_args!("client {number} calls from {address}"));
        Ok(())
    }

    /// Receives the server's replies to one client, until the client is forgotten.
    fn receive_replies(&self, upstream: &UdpSocket, client: SocketAddr) {
        let mut buffer = vec![0; DATAGRAM_BYTES_MAX];
        loop {
            match upstream.recv(&mut buffer) {
                Ok(size) => self.treat(Direction::Reply, client, &buffer[..size], Instant::now()),
                Err(error) if is_timeout(&error) => {
                    let mut state = self.lock();
                    if state
                        .clients
                        .get(&client)
                        .is_none_or(|client| client.heard.elapsed() >= CLIENT_SILENCE_MAX)
                    {
                        state.clients.remove(&client);
                        return;
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // The server may be started later, or again.
                Err(error) => self.event_log.line(format_args!("no reply from {}: {error}", self.server)),
            }
        }
    }

    /// Decides on a datagram that has arrived: dropped, or queued once or twice.
    fn treat(&self, direction: Direction, address: SocketAddr, payload: &[u8], arrived: Instant) {
        let mut state = self.lock();
        let Some(client) = state.clients.get_mut(&address) else { return };
        client.heard = arrived;
        let (number, occurrence) = match direction {
            Direction::Request => (client.requests.enter(payload), 1),
            Direction::Reply => client.requests.answered_by(payload),
        };
        let payload = payload.into();
        let (client, copy, swapped) = (client.number, 1, false);
        let datagram =
            Datagram { client, address, direction, number, occurrence, copy, swapped, arrived, payload };
        let fate = self.treatment.fate(direction, number, occurrence);
        if fate.dropped {
            self.note(&mut state, &datagram, None, "dropped");
        } else if state.queue.enter(&datagram, &fate) {
            self.entered.notify_one();
        } else {
            self.note(&mut state, &datagram, None, "refused");
        }
    }

    /// Sends what is due, and waits for what is due next.
    fn forward(&self) {
        let mut state = self.lock();
        loop {
            let now = Instant::now();
            let Some(datagram) = state.queue.take_due(now) else {
                let wait = state.queue.next_due().map_or(IDLE_WAIT, |due| due - now);
                state = match self.entered.wait_timeout(state, wait) {
                    Ok((state, _)) => state,
                    Err(poisoned) => poisoned.into_inner().0,
                };
                continue;
            };
            // First the line, then the datagram: whoever has it finds it in the log.
            self.note(&mut state, &datagram, Some(now), "sent");
            let upstream = state.clients.get(&datagram.address).map(|client| Arc::clone(&client.upstream));
            drop(state);
            let result = match (datagram.direction, upstream) {
                // What the system reports on sending may be the fate of an earlier datagram, and this one was not sent.
                (Direction::Request, Some(upstream)) => {
                    upstream.send(&datagram.payload).or_else(|_| upstream.send(&datagram.payload))
                }
                (Direction::Request, None) => Err(io::Error::other("the client was silent for too long")),
                (Direction::Reply, _) => self.socket.send_to(&datagram.payload, datagram.address),
            };
            if let Err(error) = result {
                self.event_log.line(format_args!("client {}: can't send: {error}", datagram.client));
            }
            state = self.lock();
        }
    }

    /// Writes down what was done to a datagram.
    fn note(&self, state: &mut State, datagram: &Datagram, sent: Option<Instant>, fate: &str) {
        let Datagram { client, direction, number, occurrence, copy, swapped, arrived, payload, .. } =
            datagram;
        let us = |time: &Instant| time.duration_since(self.start).as_micros();
        let again = if *copy == 2 { " again" } else { "" };
        let swap = if *swapped { ", out of its turn" } else { "" };
        self.event_log.line(format_args!("client {client}: {direction} {number} {fate}{again}{swap}"));
        if let Some(log) = &mut state.log {
            let (arrived_us, sent_us) =
                (us(arrived), sent.map_or(String::new(), |sent| us(&sent).to_string()));
            let bytes = payload.len();
            let row = format!(
                "{arrived_us},{sent_us},{client},{direction},{number},{occurrence},{copy},{bytes},{fate},{swapped}\n"
            );
            if let Err(error) = log.write_all(row.as_bytes()) {
                self.event_log.line(format_args!("failed to write the log: {error}"));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The requests of one client, by their text.
#[derive(Default)]
struct Requests {
    count: u64,
    /// The number of the latest request with this text, and how many replies to it have come.
    by_text: HashMap<u64, (u64, u64)>,
    /// The texts above, the oldest first.
    order: VecDeque<u64>,
    /// Replies whose request is not known.
    unknown: u64,
}

impl Requests {
    /// Gives a request its number.
    fn enter(&mut self, payload: &[u8]) -> u64 {
        self.count += 1;
        let text = text(payload);
        if self.by_text.insert(text, (self.count, 0)).is_none() {
            self.order.push_back(text);
        }
        if self.order.len() > REMEMBERED_MAX {
            self.order.pop_front().map(|oldest| self.by_text.remove(&oldest));
        }
        self.count
    }

    /// The number of the request that a reply answers, and the how-manieth reply to it this is.
    ///
    /// A reply that answers none has the number 0.
    fn answered_by(&mut self, payload: &[u8]) -> (u64, u64) {
        match self.by_text.get_mut(&text(payload)) {
            Some((number, replies)) => {
                *replies += 1;
                (*number, *replies)
            }
            None => {
                self.unknown += 1;
                (0, self.unknown)
            }
        }
    }
}

/// Stands for a text, in capitals or not.
fn text(payload: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    payload.to_ascii_uppercase().hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::{REMEMBERED_MAX, Requests};

    #[test]
    fn finds_the_request_that_a_reply_answers() {
        let mut requests = Requests::default();
        assert_eq!((requests.enter(b"hello"), requests.enter(b"world")), (1, 2));
        assert_eq!(requests.answered_by(b"WORLD"), (2, 1));
        assert_eq!(requests.answered_by(b"HELLO"), (1, 1));
        assert_eq!(requests.answered_by(b"hello"), (1, 2));
        assert_eq!(requests.answered_by(b"HELLO!"), (0, 1));
        assert_eq!(requests.enter(b"hello"), 3);
        assert_eq!(requests.answered_by(b"HELLO"), (3, 1));
    }

    #[test]
    fn forgets_the_oldest_request() {
        let mut requests = Requests::default();
        for number in 0..=REMEMBERED_MAX {
            requests.enter(number.to_string().as_bytes());
        }
        assert_eq!(requests.answered_by(b"0"), (0, 1));
        assert_eq!(requests.answered_by(b"1"), (2, 1));
        assert_eq!(requests.by_text.len(), REMEMBERED_MAX);
    }
}
