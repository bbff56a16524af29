//! A TCP client: messages form one stream, and so do the replies.

use crate::figures::Tally;
use crate::payload::{Payload, SLICE_BYTES_MAX};
use crate::runner::Client;
use mio::event::Source;
use mio::net::TcpStream;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// A client with a connection of its own.
pub struct Connection {
    stream: TcpStream,
    size: u64,
    /// Bytes of all messages so far, whether written or not.
    asked: u64,
    written: u64,
    received: u64,
    /// When each message without a whole reply was due, the oldest first.
    due: VecDeque<Instant>,
}

impl Client for Connection {
    const PROTOCOL: &'static str = "TCP";
    const SIZE_MIN: usize = 1;
    const SIZE_MAX: usize = 1 << 20;

    fn open(server: SocketAddr, size: usize, timeout: Duration) -> io::Result<Connection> {
        let stream = std::net::TcpStream::connect_timeout(&server, timeout)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let stream = TcpStream::from_std(stream);
        Ok(Connection { stream, size: size as u64, asked: 0, written: 0, received: 0, due: VecDeque::new() })
    }

    fn source(&mut self) -> &mut impl Source {
        &mut self.stream
    }

    fn outstanding(&self) -> usize {
        self.due.len()
    }

    fn ask(&mut self, due: Instant, payload: &Payload) -> io::Result<()> {
        self.asked += self.size;
        self.due.push_back(due);
        self.write(payload)
    }

    fn write(&mut self, payload: &Payload) -> io::Result<()> {
        while self.written < self.asked {
            let left = usize::try_from(self.asked - self.written).unwrap_or(usize::MAX);
            match self.stream.write(payload.to_send(self.written, left)) {
                Ok(size) => self.written += size as u64,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn read(&mut self, buffer: &mut [u8], payload: &Payload, tally: &mut Tally) -> io::Result<()> {
        loop {
            let size = match self.stream.read(&mut buffer[..SLICE_BYTES_MAX]) {
                Ok(0) => {
                    return Err(io::Error::new(ErrorKind::UnexpectedEof, "the server closed the connection"));
                }
                Ok(size) => size,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let expected = payload.to_expect(self.received, size);
            if buffer[..size] != *expected || self.received + size as u64 > self.written {
                let same = expected.iter().zip(&*buffer).take_while(|(a, b)| a == b).count() as u64;
                let at = self.written.min(self.received + same);
                tally.count_wrong(|| format!("byte {at} of a connection is wrong, or one too many"));
                // Everything after it would be wrong too.
                return Err(ErrorKind::InvalidData.into());
            }
            let before = self.received / self.size;
            self.received += size as u64;
            let now = Instant::now();
            for _ in before..self.received / self.size {
                if let Some(due) = self.due.pop_front() {
                    tally.count_answer(now.saturating_duration_since(due));
                }
            }
            // A short read has emptied the socket: epoll(7), question 9.
            if size < SLICE_BYTES_MAX {
                return Ok(());
            }
        }
    }

    fn give_up(&mut self, before: Instant, tally: &mut Tally) -> io::Result<()> {
        if self.due.front().is_none_or(|due| *due > before) {
            return Ok(());
        }
        // In a stream, no later reply can arrive before the missing one.
        tally.lost += self.due.len() as u64;
        Err(io::Error::new(ErrorKind::TimedOut, "no reply in time"))
    }
}
