//! A thread for each client, but only for as many clients as there is room for.
//!
//! Read [`serve`], then [`Handler::run`], which each thread runs.

use crate::admission::{accept, prepare, reject};
use labcore::{EventLog, Permit, Permits, limit_clients};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use tcp_threaded::{Reply, serve_connection, thread_number};

/// A thread's stack. The system's default of 2 to 8 MiB, times 10,000, is more than a 32-bit Raspberry Pi can address.
const STACK_BYTES: usize = 131_072;

/// The memory that a client may need: its thread's stack, a second stack for signals, its lines, and what the allocator
/// keeps for the thread.
const CLIENT_BYTES: usize = STACK_BYTES + 65_536;

/// Serves every client at once, each in a thread of its own, but at most `clients_max` of them.
///
/// A client takes a permit when it comes. Its handler holds the permit, and dropping the handler releases it.
pub fn serve(listener: &TcpListener, reply: Reply, clients_max: usize, log: &EventLog) {
    let clients_max = limit_clients(clients_max, CLIENT_BYTES);
    let permits = Permits::new(clients_max);
    thread::scope(|scope| {
        for number in 1_u64.. {
            let (connection, address) = accept(listener, log);
            let Some(permit) = permits.try_acquire() else {
                let _ = reject(&connection, clients_max);
                log.line(format_args!("client {number} turned away from {address}: the server is full"));
                continue;
            };
            let handler = Handler { _permit: permit, connection, address, number, reply, log };
            let thread = thread::Builder::new().name(format!("client {number}")).stack_size(STACK_BYTES);
            // If no thread can be started, the handler is dropped, and with it the connection and the permit.
            if let Err(error) = thread.spawn_scoped(scope, || handler.run()) {
                log.line(format_args!("client {number} lost: failed to start a thread: {error}"));
            }
        }
    });
}

/// One client's connection, and everything that serving it takes.
pub struct Handler<'a> {
    // Fields are dropped in this order. A client that sees the end of its connection may connect again at once, so its
    // permit is released before the connection closes.
    _permit: Permit<'a>,
    connection: TcpStream,
    address: SocketAddr,
    number: u64,
    reply: Reply,
    log: &'a EventLog,
}

impl Handler<'_> {
    /// Serves the client until either side closes.
    fn run(self) {
        let Handler { number, log, .. } = self;
        log.line(format_args!(
            "client {number} connected from {} on thread {}",
            self.address,
            thread_number()
        ));
        let result = prepare(&self.connection)
            .and_then(|()| serve_connection(&self.connection, number, self.reply, log));
        drop(self);
        match result {
            Ok(()) => log.line(format_args!("client {number} disconnected")),
            Err(error) => log.line(format_args!("client {number} disconnected: {error}")),
        }
    }
}
