//! Who is connected: counted, to keep their number within a limit, and known, so that they can be told to leave.

use std::collections::HashMap;
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many clients may at once be told that there is no room for them. The ones above are dropped without a word.
const TURNED_AWAY_MAX: usize = 64;

/// All open connections.
#[derive(Default)]
pub struct Connections {
    open: Mutex<Open>,
    left: Condvar,
    stopping: AtomicBool,
}

#[derive(Default)]
struct Open {
    streams: HashMap<u64, Arc<TcpStream>>,
    /// How many of them are served, and not turned away.
    served: usize,
}

/// One of the [`Connections`], until it is dropped.
pub struct Seat<'a> {
    connections: &'a Connections,
    number: u64,
    /// Its socket.
    pub stream: Arc<TcpStream>,
    /// Whether there is room to serve the client, or only to tell it that there is none.
    pub is_served: bool,
}

impl Connections {
    /// Adds connection `number`. It is served if there are fewer than `served_max`.
    ///
    /// `None`, and the connection is closed, if there is not even room to turn it away, or the server is stopping.
    pub fn enter(&self, number: u64, stream: TcpStream, served_max: usize) -> Option<Seat<'_>> {
        let stream = Arc::new(stream);
        let mut open = self.lock();
        if self.is_stopping() || open.streams.len() >= served_max.saturating_add(TURNED_AWAY_MAX) {
            return None;
        }
        let is_served = open.served < served_max;
        open.served += usize::from(is_served);
        open.streams.insert(number, Arc::clone(&stream));
        Some(Seat { connections: self, number, stream, is_served })
    }

    /// Tells if [`Connections::stop`] was called.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// Lets nobody enter any more, and ends the receiving side of every connection.
    ///
    /// Whoever waits for a client's next request sees the end of the stream. Whoever is sending sends on.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.shut_down(Shutdown::Read);
    }

    /// Waits until all connections are closed, but not longer than `patience`: then it breaks them.
    pub fn wait_for_end(&self, patience: Duration) {
        drop(self.left.wait_timeout_while(self.lock(), patience, |open| !open.streams.is_empty()));
        self.shut_down(Shutdown::Both);
    }

    fn shut_down(&self, how: Shutdown) {
        for stream in self.lock().streams.values() {
            let _ = stream.shutdown(how); // the client may have done it already
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut open = self.connections.lock();
        open.streams.remove(&self.number);
        open.served -= usize::from(self.is_served);
        self.connections.left.notify_all();
    }
}
