//! TCP *connections*: one for all requests of a run, or one for each.

use crate::plan::{Plan, Protocol};
use rtt_client::{Moment, connect_tcp};
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long one call to receive waits. The system rounds it up to its clock tick of up to 10 ms.
pub const READ_TIMEOUT: Duration = Duration::from_millis(20);

/// A TCP connection.
#[derive(Clone, Copy, Debug)]
pub struct Connection {
    /// When it was requested.
    pub requested: Moment,
    /// How long the handshake took.
    pub connect: Duration,
}

impl Connection {
    /// Returns the connection that request `sequence` was sent on.
    pub fn of(connections: &[Connection], sequence: u32) -> Option<Connection> {
        connections.get(sequence as usize - 1).or(connections.last()).copied()
    }
}

/// What the plan says about TCP.
#[derive(Clone, Copy)]
pub struct TcpPlan {
    pub split_write: bool,
    pub no_delay: bool,
    pub connect_each: bool,
    pub timeout: Duration,
}

impl TcpPlan {
    /// Takes its part of the plan of a run. Over UDP, no request has a connection of its own.
    pub fn of(plan: &Plan, protocol: Protocol) -> TcpPlan {
        let Plan { split_write, no_delay, timeout, .. } = *plan;
        let connect_each = plan.connect_each && protocol == Protocol::Tcp;
        TcpPlan { split_write, no_delay, connect_each, timeout }
    }
}

/// Connects to a server over TCP, and sets the options of the socket.
///
/// # Errors
/// If the server refuses, or does not answer in time.
pub fn connect(server: SocketAddr, plan: TcpPlan) -> io::Result<(TcpStream, Connection)> {
    let (stream, requested, connect) = connect_tcp(server, plan.timeout)?;
    stream.set_nodelay(plan.no_delay)?;
    stream.set_read_timeout(Some(READ_TIMEOUT))?;
    Ok((stream, Connection { requested, connect }))
}
