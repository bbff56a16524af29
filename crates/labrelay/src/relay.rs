//! A relay for datagrams that drops, delays, duplicates and reorders them, and logs what it does.
//!
//! Read [`Relay::run`], which receives from the clients, `receive_replies`, which receives from the server, and
//! `forward`, which sends. In between, a datagram waits in the queue until it is due.

use crate::impairments::{Direction, Impairments};
use crate::queue::{Datagram, Queue};
use crate::requests::{REMEMBERED_BYTES_MAX, Requests};
use labcore::{EventLog, is_timeout, limit_clients};
use std::collections::HashMap;
use std::io::{self, ErrorKind, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Room for any datagram: UDP's length field has 16 bits (RFC 768).
const DATAGRAM_BYTES_MAX: usize = 65_535;

/// The most clients at the same time. Each has a socket and a thread. Datagrams of further clients are refused.
const CLIENTS_MAX: usize = 256;

/// What a client may need in memory: its thread's stack, a buffer for datagrams, its latest requests, and its share of
/// the queue.
const CLIENT_BYTES: usize =
    STACK_BYTES + DATAGRAM_BYTES_MAX + REMEMBERED_BYTES_MAX + (16 << 20) / CLIENTS_MAX;

/// The stack of a client's thread.
const STACK_BYTES: usize = 256 << 10;

/// How long the forwarding thread sleeps when the queue is empty. A new datagram wakes it earlier.
const IDLE_WAIT: Duration = Duration::from_secs(60);

/// The first line of the log. Another version of the log has a different one.
///
/// Each further line is a datagram or a copy of one, in the order in which they were dropped or sent:
/// - `arrived_us`, `sent_us`: microseconds since the relay began; `sent_us` is empty unless it was sent;
/// - `client`: 1, 2, …, in the order in which they appeared;
/// - `direction`: `request` or `reply`;
/// - `number`: for a request, its place among those of its client; for a reply, the number of the request with the same
///   text, in capitals or not, or 0 if there is none;
/// - `occurrence`: for a reply, 1 for the first one to its request, 2 for the next; for a request, 1;
/// - `copy`: 1, or 2 for the relay's duplicate;
/// - `bytes`: the size of its payload;
/// - `fate`: `sent`, `dropped`, or `refused` if too many wait;
/// - `swapped`: `true` if it was to change places with the next one.
pub const LOG_HEAD: &str = "arrived_us,sent_us,client,direction,number,occurrence,copy,bytes,fate,swapped";

/// A relay between a server and clients, which send to the relay's socket instead of the server's.
pub struct Relay {
    /// The socket that clients send to.
    socket: UdpSocket,
    server: SocketAddr,
    impairments: Impairments,
    clients_max: usize,
    /// A client that is silent for this long is forgotten, and its socket is closed.
    forget_after: Duration,
    event_log: EventLog,
    start: Instant,
    state: Mutex<State>,
    /// Wakes `forward` when a datagram is added to the queue.
    queued: Condvar,
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
    /// The socket that sends this client's requests to the server. It receives the replies to this client only.
    upstream: Arc<UdpSocket>,
    last_heard: Instant,
    requests: Requests,
}

impl Relay {
    /// Makes a relay that receives from its clients on `socket`. It forgets a client that is silent for `forget_after`.
    ///
    /// # Errors
    /// If the first line of `log` can't be written.
    pub fn new(
        socket: UdpSocket,
        server: SocketAddr,
        impairments: Impairments,
        forget_after: Duration,
        mut log: Option<Box<dyn Write + Send>>,
        event_log: EventLog,
    ) -> io::Result<Arc<Relay>> {
        if let Some(log) = &mut log {
            writeln!(log, "{LOG_HEAD}")?;
        }
        let state = State { clients: HashMap::new(), clients_so_far: 0, queue: Queue::default(), log };
        Ok(Arc::new(Relay {
            socket,
            server,
            impairments,
            clients_max: limit_clients(CLIENTS_MAX, CLIENT_BYTES),
            forget_after,
            event_log,
            start: Instant::now(),
            state: Mutex::new(state),
            queued: Condvar::new(),
        }))
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
            match self.register(address) {
                Ok(()) => self.handle(Direction::Request, address, &buffer[..size], arrived),
                Err(error) => {
                    self.event_log.line(format_args!("a datagram of {address} is refused: {error}"));
                }
            }
        }
    }

    /// Gives a new client a number, a socket and a thread of its own.
    fn register(self: &Arc<Relay>, address: SocketAddr) -> io::Result<()> {
        let mut state = self.lock();
        if state.clients.contains_key(&address) {
            return Ok(());
        }
        if state.clients.len() >= self.clients_max {
            return Err(io::Error::other("there are too many clients"));
        }
        let any_address: SocketAddr = match self.server {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let upstream = UdpSocket::bind(any_address)?;
        upstream.connect(self.server)?;
        upstream.set_read_timeout(Some(self.forget_after))?;
        let upstream = Arc::new(upstream);
        let (relay, replies) = (Arc::clone(self), Arc::clone(&upstream));
        let number = state.clients_so_far + 1;
        let thread = thread::Builder::new().name(format!("client {number}")).stack_size(STACK_BYTES);
        thread.spawn(move || relay.receive_replies(&replies, address))?;
        state.clients_so_far = number;
        let client = Client { number, upstream, last_heard: Instant::now(), requests: Requests::default() };
        state.clients.insert(address, client);
        self.event_log.line(format_args!("client {number} calls from {address}"));
        Ok(())
    }

    /// Receives the server's replies to one client, until the client is forgotten.
    fn receive_replies(&self, upstream: &UdpSocket, client: SocketAddr) {
        // On the stack, because an allocator may keep what hundreds of threads allocate and free.
        let mut buffer = [0; DATAGRAM_BYTES_MAX];
        loop {
            match upstream.recv(&mut buffer) {
                Ok(size) => self.handle(Direction::Reply, client, &buffer[..size], Instant::now()),
                Err(error) if is_timeout(&error) => {
                    let mut state = self.lock();
                    let silence = state.clients.get(&client).map(|client| client.last_heard.elapsed());
                    match silence.and_then(|silence| self.forget_after.checked_sub(silence)) {
                        // The client has sent something since.
                        Some(left) if !left.is_zero() => {
                            let _ = upstream.set_read_timeout(Some(left));
                        }
                        _ => {
                            if let Some(Client { number, .. }) = state.clients.remove(&client) {
                                self.event_log.line(format_args!("client {number} is silent and forgotten"));
                            }
                            return;
                        }
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // The server may start later, or restart.
                Err(error) => self.event_log.line(format_args!("no reply from {}: {error}", self.server)),
            }
        }
    }

    /// Handles a datagram that has arrived: drops it, or queues it once or twice.
    fn handle(&self, direction: Direction, address: SocketAddr, payload: &[u8], arrived: Instant) {
        let mut state = self.lock();
        let Some(client) = state.clients.get_mut(&address) else { return };
        client.last_heard = arrived;
        let (number, occurrence) = match direction {
            Direction::Request => (client.requests.add(payload), 1),
            Direction::Reply => client.requests.find(payload),
        };
        let payload = payload.into();
        let (client, copy, swapped) = (client.number, 1, false);
        let datagram =
            Datagram { client, address, direction, number, occurrence, copy, swapped, arrived, payload };
        let action = self.impairments.action(direction, number, occurrence);
        if action.dropped {
            self.record(&mut state, &datagram, None, "dropped");
        } else if state.queue.push(&datagram, &action) {
            self.queued.notify_one();
        } else {
            self.record(&mut state, &datagram, None, "refused");
        }
    }

    /// Sends each datagram when it is due.
    fn forward(&self) {
        let mut state = self.lock();
        loop {
            let now = Instant::now();
            let Some(datagram) = state.queue.take_due(now) else {
                let wait = state.queue.next_due().map_or(IDLE_WAIT, |due| due - now);
                state = match self.queued.wait_timeout(state, wait) {
                    Ok((state, _)) => state,
                    Err(poisoned) => poisoned.into_inner().0,
                };
                continue;
            };
            // The log is written first, so that the line exists when the datagram arrives.
            self.record(&mut state, &datagram, Some(now), "sent");
            let upstream = state.clients.get(&datagram.address).map(|client| Arc::clone(&client.upstream));
            drop(state);
            let result = match (datagram.direction, upstream) {
                // The error that the system reports on sending may be that of an earlier datagram, and this one was not
                // sent.
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

    /// Logs what was done to a datagram.
    fn record(&self, state: &mut State, datagram: &Datagram, sent: Option<Instant>, outcome: &str) {
        let Datagram { client, direction, number, occurrence, copy, swapped, arrived, payload, .. } =
            datagram;
        let us = |time: &Instant| time.duration_since(self.start).as_micros();
        let again = if *copy == 2 { " again" } else { "" };
        let swap = if *swapped { ", out of its turn" } else { "" };
        self.event_log.line(format_args!("client {client}: {direction} {number} {outcome}{again}{swap}"));
        if let Some(log) = &mut state.log {
            let (arrived_us, sent_us) =
                (us(arrived), sent.map_or(String::new(), |sent| us(&sent).to_string()));
            let bytes = payload.len();
            let row = format!(
                "{arrived_us},{sent_us},{client},{direction},{number},{occurrence},{copy},{bytes},{outcome},{swapped}\n"
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
