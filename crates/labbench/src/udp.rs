//! A UDP client: each message is a numbered datagram, and its reply may be lost.

use crate::figures::Tally;
use crate::payload::Payload;
use crate::runner::Client;
use mio::event::Source;
use mio::net::UdpSocket;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

/// Digits of the number at the beginning of each datagram.
const NUMBER_BYTES: usize = 8;
/// One more than the largest number. After it, numbers begin at 0 again.
const NUMBERS: u64 = 100_000_000;

/// A client with a socket of its own.
pub struct Socket {
    socket: UdpSocket,
    size: usize,
    /// The number of the next message.
    next: u64,
    /// When each message since the oldest unanswered one was due. `None` once it is answered.
    due: VecDeque<Option<Instant>>,
    /// The number of unanswered messages.
    waiting: usize,
    message: Vec<u8>,
}

impl Client for Socket {
    const PROTOCOL: &'static str = "UDP";
    const SIZE_MIN: usize = NUMBER_BYTES;
    const SIZE_MAX: usize = 65_507;

    fn open(server: SocketAddr, size: usize, _: Duration) -> io::Result<Socket> {
        let any = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let socket = UdpSocket::bind(SocketAddr::new(any, 0))?;
        socket.connect(server)?;
        Ok(Socket {
            socket,
            size,
            next: 0,
            due: VecDeque::new(),
            waiting: 0,
            message: Vec::with_capacity(size),
        })
    }

    fn source(&mut self) -> &mut impl Source {
        &mut self.socket
    }

    fn outstanding(&self) -> usize {
        self.waiting
    }

    fn ask(&mut self, due: Instant, payload: &Payload) -> io::Result<()> {
        self.message.clear();
        write!(self.message, "{:0NUMBER_BYTES$}", self.next % NUMBERS)?;
        self.message.extend_from_slice(payload.to_send(self.next, self.size - NUMBER_BYTES));
        self.next += 1;
        self.due.push_back(Some(due));
        self.waiting += 1;
        match self.socket.send(&self.message) {
            // The send buffer is full: the datagram is lost here instead of in the network.
            Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
            _ => Ok(()),
        }
    }

    fn write(&mut self, _: &Payload) -> io::Result<()> {
        Ok(())
    }

    fn read(&mut self, buffer: &mut [u8], payload: &Payload, tally: &mut Tally) -> io::Result<()> {
        loop {
            let size = match self.socket.recv(buffer) {
                Ok(size) => size,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let now = Instant::now();
            match self.message_of(&buffer[..size], payload) {
                None => {
                    tally.count_wrong(|| format!("a datagram of {size} bytes answers none that was sent"));
                }
                Some(at) => {
                    // A late reply or a duplicate: the message was counted as lost or answered before.
                    let Some(due) = self.due.get_mut(at).and_then(Option::take) else { continue };
                    self.waiting -= 1;
                    tally.count_answer(now.saturating_duration_since(due));
                }
            }
            while let Some(None) = self.due.front() {
                self.due.pop_front();
            }
        }
    }

    fn give_up(&mut self, before: Instant, tally: &mut Tally) -> io::Result<()> {
        while self.due.front().is_some_and(|due| due.is_none_or(|due| due <= before)) {
            if let Some(Some(_)) = self.due.pop_front() {
                self.waiting -= 1;
                tally.lost += 1;
            }
        }
        Ok(())
    }
}

impl Socket {
    /// Finds the message that `reply` answers, and returns its index in `due`. For an older message, the index is out
    /// of range.
    fn message_of(&self, reply: &[u8], payload: &Payload) -> Option<usize> {
        let (number, rest) = reply.split_at_checked(NUMBER_BYTES)?;
        let number: u64 = std::str::from_utf8(number).ok()?.parse().ok()?;
        // The newest message with this number.
        let age = (self.next + NUMBERS - 1 - number) % NUMBERS;
        let message = self.next.checked_sub(age + 1)?;
        (rest == payload.to_expect(message, self.size - NUMBER_BYTES)).then_some(())?;
        let oldest = self.next - self.due.len() as u64;
        Some(usize::try_from(message.checked_sub(oldest).unwrap_or(u64::MAX)).unwrap_or(usize::MAX))
    }
}
