//! The open connections: limited in number, and tracked, so that they can be ended when the server stops.

use labcore::{Permit, Permits};
use std::collections::HashMap;
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Clients that may get the answer "503 Service Unavailable" at once. Further ones are dropped without an answer.
const REJECTED_MAX: usize = 64;

/// How many clients there is room for.
pub struct Capacity {
    served: Permits,
    rejected: Permits,
}

/// Whether a client is served.
pub enum Admission<'a> {
    /// There is room to serve the client.
    Serve(Permit<'a>),
    /// There is room only to tell the client that the server is full.
    Reject(Permit<'a>),
}

impl Capacity {
    /// Makes room to serve `served_max` clients at once.
    pub fn new(served_max: usize) -> Capacity {
        Capacity { served: Permits::new(served_max), rejected: Permits::new(REJECTED_MAX) }
    }

    /// Admits a client, or returns `None` if there is not even room to reject it.
    pub fn admit(&self) -> Option<Admission<'_>> {
        let served = self.served.try_acquire().map(Admission::Serve);
        served.or_else(|| self.rejected.try_acquire().map(Admission::Reject))
    }
}

/// All open connections.
#[derive(Default)]
pub struct Connections {
    open: Mutex<HashMap<u64, Arc<TcpStream>>>,
    closed: Condvar,
    stopping: AtomicBool,
}

/// One of the [`Connections`], until it is dropped.
pub struct OpenConnection<'a> {
    connections: &'a Connections,
    number: u64,
    /// Whether the client is served. The permit is released before the socket is closed, because a client that sees the
    /// end of its connection may connect again at once.
    pub admission: Admission<'a>,
    /// The client's socket.
    pub stream: Arc<TcpStream>,
}

impl Connections {
    /// Adds connection `number`, or closes it and returns `None` if the server is stopping.
    pub fn add<'a>(
        &'a self,
        number: u64,
        stream: TcpStream,
        admission: Admission<'a>,
    ) -> Option<OpenConnection<'a>> {
        let stream = Arc::new(stream);
        let mut open = self.lock();
        if self.is_stopping() {
            return None;
        }
        open.insert(number, Arc::clone(&stream));
        Some(OpenConnection { connections: self, number, admission, stream })
    }

    /// True once [`Connections::stop`] was called.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// Accepts no further connection, and ends the receiving side of every open one.
    ///
    /// A thread that waits for its client's next request sees the end of the stream. A thread that is sending
    /// continues.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.shut_down(Shutdown::Read);
    }

    /// Waits until all connections are closed, but not longer than `patience`: then it breaks them.
    pub fn wait_for_end(&self, patience: Duration) {
        drop(self.closed.wait_timeout_while(self.lock(), patience, |open| !open.is_empty()));
        self.shut_down(Shutdown::Both);
    }

    fn shut_down(&self, how: Shutdown) {
        for stream in self.lock().values() {
            let _ = stream.shutdown(how); // the client may have closed already
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Arc<TcpStream>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OpenConnection<'_> {
    fn drop(&mut self) {
        self.connections.lock().remove(&self.number);
        self.connections.closed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::{Admission, Capacity, REJECTED_MAX};

    #[test]
    fn rejects_what_it_can_not_serve_and_drops_the_rest() {
        let capacity = Capacity::new(1);
        let served = capacity.admit();
        assert!(matches!(served, Some(Admission::Serve(_))));
        let rejected: Vec<_> = (0..REJECTED_MAX).map(|_| capacity.admit()).collect();
        assert!(rejected.iter().all(|admission| matches!(admission, Some(Admission::Reject(_)))));
        assert!(capacity.admit().is_none());
        drop(served);
        assert!(matches!(capacity.admit(), Some(Admission::Serve(_))));
    }
}
