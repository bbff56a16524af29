//! The open connections, tracked so that they can be ended when the server stops.

use crate::server::admission::Admission;
use std::collections::HashMap;
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

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
