//! UDP echo in upper case.
//!
//! Read [`serve`], then [`connect`] and [`ask`]. Together they make every socket call except the server's `bind`.

// BEGIN SOLUTION
use labcore::{EventLog, printable, uppercase};
use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;
// END SOLUTION
// STUB: #![allow(unused_imports)] // delete this line when you have finished
// STUB:
// STUB: use labcore::{EventLog, printable, uppercase};
// STUB: use std::collections::HashMap;
// STUB: use std::io::{self, ErrorKind};
// STUB: use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
// STUB: use std::time::Duration;

/// The longest text that fits: 65,535 bytes less the headers of IPv4 (20) and UDP (8).
pub const TEXT_BYTES_MAX: usize = 65_507;

// BEGIN SOLUTION
/// Room for any datagram: UDP's length field has 16 bits (RFC 768). If a datagram were longer than the buffer, the rest
/// of it would be lost.
const DATAGRAM_BYTES_MAX: usize = 65_535;

/// Clients that the log numbers before it forgets them all. A table that only grows would let strangers fill the
/// memory.
const CLIENTS_MAX: usize = 10_000;
// END SOLUTION

/// Answers each datagram on `socket` with its text in upper case, until receiving fails.
///
/// One socket serves every client: there is no connection, and each datagram carries its sender's address.
///
/// # Errors
/// If the socket can't receive any more. If a reply can't be sent, only its client is affected.
pub fn serve(socket: &UdpSocket, log: &EventLog) -> io::Result<()> {
    // BEGIN SOLUTION
    let mut buffer = [0; DATAGRAM_BYTES_MAX];
    let mut clients = Clients::default();
    loop {
        let (size, client) = match socket.recv_from(&mut buffer) {
            Ok(received) => received,
            // Windows reports here that an earlier reply met a closed port. Only that client is gone.
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::Interrupted) => {
                continue;
            }
            Err(error) => return Err(error),
        };
        let datagram = &mut buffer[..size];
        let number = clients.number(client, log);
        log.line(format_args!("client {number}: {}", printable(datagram)));
        uppercase(datagram);
        // One unreachable client must not stop the server.
        if let Err(error) = socket.send_to(datagram, client) {
            log.line(format_args!("client {number} can't be answered: {error}"));
        }
    }
    // END SOLUTION
    // STUB: let _ = (socket, log); // delete this line
    // STUB: // To print: log.line(format_args!("client {number}: {}", printable(datagram)));
    // STUB: todo!("step 1: `socket.recv_from(&mut buffer)`; print; `uppercase`; `socket.send_to` the sender; repeat")
}

// BEGIN SOLUTION
/// Numbers the socket addresses that datagrams come from. Only the log needs the numbers: UDP has no connections.
#[derive(Default)]
struct Clients {
    numbers: HashMap<SocketAddr, u64>,
    last: u64,
}

impl Clients {
    fn number(&mut self, client: SocketAddr, log: &EventLog) -> u64 {
        if let Some(&number) = self.numbers.get(&client) {
            return number;
        }
        if self.numbers.len() == CLIENTS_MAX {
            self.numbers.clear();
        }
        self.last += 1;
        self.numbers.insert(client, self.last);
        log.line(format_args!("client {} calls from {client}", self.last));
        self.last
    }
}
// END SOLUTION

/// Makes a client's socket for one server.
///
/// Port 0 asks the system for a free port. Connecting a UDP socket sends nothing. It makes the system drop datagrams
/// from any other address, and report when the server's machine says that no program listens there (ICMP port
/// unreachable).
///
/// # Errors
/// If no port is free, or there is no route to the server.
pub fn connect(server: SocketAddr, timeout: Duration) -> io::Result<UdpSocket> {
    // BEGIN SOLUTION
    let any_address: SocketAddr = match server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any_address)?;
    socket.connect(server)?;
    // A lost datagram is never announced. Without a timeout, a client would wait for its reply for ever.
    socket.set_read_timeout(Some(timeout))?;
    Ok(socket)
    // END SOLUTION
    // STUB: let _ = (server, timeout); // delete this line
    // STUB: todo!("step 2: `UdpSocket::bind` to port 0 of any address; `connect` to the server; `set_read_timeout`")
}

/// Sends `text` as one datagram and waits for one reply, up to the timeout that [`connect`] has set.
///
/// # Errors
/// `ConnectionRefused` if the system reports that no program listens there, and a timeout if no reply arrives. UDP
/// does not tell whether the request or the reply was lost, or whether there is a server at all.
pub fn ask(socket: &UdpSocket, text: &[u8]) -> io::Result<Vec<u8>> {
    // BEGIN SOLUTION
    socket.send(text)?;
    let mut buffer = vec![0; DATAGRAM_BYTES_MAX];
    loop {
        match socket.recv(&mut buffer) {
            Ok(size) => {
                buffer.truncate(size);
                return Ok(buffer);
            }
            // The user suspended the program and resumed it (Ctrl+Z, `fg`).
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    // END SOLUTION
    // STUB: let _ = (socket, text); // delete this line
    // STUB: todo!("step 2: send the text with `socket.send`; receive the reply with `socket.recv(&mut buffer)`")
}
