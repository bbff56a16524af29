//! Round-trip times over UDP and TCP.
//!
//! Read in the order of the steps: [`send`] and [`receive`], the two halves of an exchange over UDP; [`line()`], which shows
//! it; [`connect_tcp`] and [`ask_tcp`], the same over TCP; [`repeat`] and [`statistics`], for many exchanges.

// BEGIN SOLUTION
use chrono::{DateTime, Local, Utc};
use labcore::is_timeout;
use std::fmt::{self, Display};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

/// Room for any datagram: UDP's length field has 16 bits (RFC 768).
pub const DATAGRAM_BYTES_MAX: usize = 65_535;

/// The longest line that is taken from a TCP server, so that an endless line can't fill the memory.
const LINE_BYTES_MAX: u64 = 1 << 20;
// END SOLUTION
// STUB: use chrono::{DateTime, Local, Utc};
// STUB: use std::fmt::{self, Display};
// STUB: use std::io::{self, BufReader};
// STUB: use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
// STUB: use std::time::{Duration, Instant};

/// How people read a time: date, microseconds and the offset from UTC.
pub const TIME_FORMAT: &str = "%Y-%m-%d %H:%M:%S%.6f %:z";

/// The time at which something happened, on both clocks.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The wall clock, for people. It may be set back at any time, so no duration is computed from it.
    pub wall: DateTime<Utc>,
    /// The monotonic clock, for durations. It only goes forward.
    pub monotonic: Instant,
}

impl Moment {
    /// Reads both clocks.
    pub fn now() -> Moment {
        Moment { wall: Utc::now(), monotonic: Instant::now() }
    }
}

impl Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.wall.with_timezone(&Local).format(TIME_FORMAT).fmt(f)
    }
}

/// A request and its reply.
pub struct Exchange {
    /// The number of the request: 1, 2, 3, …
    pub number: u32,
    /// Read just before the request was sent.
    pub sent: Moment,
    /// Read just after the reply was received.
    pub received: Moment,
    /// The text of the reply, without the number.
    pub reply: Vec<u8>,
}

/// Makes the bytes of a request: its number, a space, and the text. The number shows to which request a reply belongs:
/// without it, a late reply to request 1 would be taken for the reply to request 2.
pub fn request(number: u32, text: &[u8]) -> Vec<u8> {
    [format!("{number} ").as_bytes(), text].concat()
}

/// Returns the text of a reply if it belongs to request `number`.
pub fn text_of_reply(number: u32, reply: &[u8]) -> Option<&[u8]> {
    reply.strip_prefix(format!("{number} ").as_bytes())
}

/// Converts a duration to milliseconds.
pub fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// Makes a UDP socket for one server, as in lab 1. Nothing is sent.
pub fn connect_udp(server: SocketAddr) -> io::Result<UdpSocket> {
    let any_address: SocketAddr = match server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any_address)?;
    socket.connect(server)?;
    Ok(socket)
}

/// Step 1: sends a request as one datagram, and returns the time just before.
pub fn send(socket: &UdpSocket, number: u32, text: &[u8]) -> io::Result<Moment> {
    // BEGIN SOLUTION
    // Everything that takes time is done before the clocks are read.
    let request = request(number, text);
    let sent = Moment::now();
    socket.send(&request)?;
    Ok(sent)
    // END SOLUTION
    // STUB: let _ = (socket, number, text); // delete this line
    // STUB: todo!("step 1: make the bytes first with `request(number, text)`; then read the clocks, `Moment::now()`")
}

/// Step 2: waits for the reply to request `number`, and returns its text and the time just after it was received.
///
/// The wait ends after `timeout`, however many other datagrams arrive meanwhile. UDP never reports a loss.
pub fn receive(socket: &UdpSocket, number: u32, timeout: Duration) -> io::Result<(Vec<u8>, Moment)> {
    // BEGIN SOLUTION
    let deadline = Instant::now() + timeout;
    let mut buffer = [0; DATAGRAM_BYTES_MAX];
    loop {
        socket.set_read_timeout(Some(time_left(deadline)?))?;
        let size = match socket.recv(&mut buffer) {
            Ok(size) => size,
            // The user suspended the program and resumed it (Ctrl+Z, `fg`).
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let received = Moment::now();
        // Anything else is a late reply to an earlier request.
        if let Some(text) = text_of_reply(number, &buffer[..size]) {
            return Ok((text.to_vec(), received));
        }
    }
    // END SOLUTION
    // STUB: let _ = (socket, number, timeout); // delete this line
    // STUB: todo!("step 2: limit the wait first, `socket.set_read_timeout`; then `socket.recv` into a large buffer")
}

// BEGIN SOLUTION
/// Returns the time until `deadline`, which a socket accepts as its read timeout: it is never zero.
fn time_left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
}
// END SOLUTION

/// Makes one exchange over UDP.
pub fn ask_udp(socket: &UdpSocket, number: u32, text: &[u8], timeout: Duration) -> io::Result<Exchange> {
    let sent = send(socket, number, text)?;
    let (reply, received) = receive(socket, number, timeout)?;
    Ok(Exchange { number, sent, received, reply })
}

/// Step 3: formats an exchange as one line: `UDP 1: sent TIME, received TIME, RTT 0.079 ms`, and a newline.
pub fn line(protocol: &str, exchange: &Exchange) -> String {
    // BEGIN SOLUTION
    let Exchange { number, sent, received, .. } = exchange;
    let rtt_ms = milliseconds(received.monotonic - sent.monotonic);
    format!("{protocol} {number}: sent {sent}, received {received}, RTT {rtt_ms:.3} ms\n")
    // END SOLUTION
    // STUB: let _ = (protocol, exchange); // delete this line
    // STUB: todo!("step 3: compute the RTT first, the difference of the monotonic times; then use `format!`")
}

/// Step 4: connects to a server over TCP. Returns when the connection was requested, and how long it took: one round trip,
/// for SYN and SYN-ACK.
pub fn connect_tcp(server: SocketAddr, timeout: Duration) -> io::Result<(TcpStream, Moment, Duration)> {
    // BEGIN SOLUTION
    let requested = Moment::now();
    let stream = TcpStream::connect_timeout(&server, timeout)?;
    let connect = requested.monotonic.elapsed();
    // Otherwise Nagle's algorithm holds a request back while an earlier one is not acknowledged.
    stream.set_nodelay(true)?;
    stream.set_write_timeout(Some(timeout))?;
    Ok((stream, requested, connect))
    // END SOLUTION
    // STUB: let _ = (server, timeout); // delete this line
    // STUB: todo!("step 4: read the clocks first; then connect with `TcpStream::connect_timeout`")
}

/// Formats the time at which a connection was requested, and how long it took.
pub fn connection_line(requested: &Moment, connect: Duration) -> String {
    format!("TCP: connection requested {requested}, connected after {:.3} ms\n", milliseconds(connect))
}

/// Step 4: makes one exchange over TCP. The request is a line, and so is its reply, which may arrive in pieces.
pub fn ask_tcp(
    connection: &mut BufReader<TcpStream>,
    number: u32,
    text: &[u8],
    timeout: Duration,
) -> io::Result<Exchange> {
    // BEGIN SOLUTION
    let deadline = Instant::now() + timeout;
    // Text and newline in one write: two writes would be two segments, and the second might wait for the first.
    let request = [&request(number, text)[..], b"\n"].concat();
    let sent = Moment::now();
    connection.get_mut().write_all(&request)?;
    loop {
        connection.get_ref().set_read_timeout(Some(time_left(deadline)?))?;
        let mut line = Vec::new();
        match connection.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line) {
            Ok(0) => {
                return Err(io::Error::new(ErrorKind::UnexpectedEof, "the server closed the connection"));
            }
            Ok(_) => {}
            Err(error) if is_timeout(&error) => return Err(ErrorKind::TimedOut.into()),
            Err(error) => return Err(error),
        }
        let received = Moment::now();
        // Anything else is a late reply to an earlier request.
        if let Some(text) = text_of_reply(number, line.trim_ascii_end()) {
            return Ok(Exchange { number, sent, received, reply: text.to_vec() });
        }
    }
    // END SOLUTION
    // STUB: let _ = (connection, number, text, timeout); // delete this line
    // STUB: todo!("step 4: send the request and a newline with one `write_all`; then use `read_until` as in lab 2")
}

/// Step 5: calls `ask` with 1, 2, 3, … up to `count`, and adds the round-trip time of each reply to `rtts`.
///
/// `ask` returns `None` if no reply came. Its error ends the run. A request leaves `interval` after the one before, or
/// later if that one has waited longer for its reply.
pub fn repeat(
    count: u32,
    interval: Duration,
    rtts: &mut Vec<Duration>,
    mut ask: impl FnMut(u32) -> anyhow::Result<Option<Duration>>,
) -> anyhow::Result<()> {
    // BEGIN SOLUTION
    for number in 1..=count {
        let next = Instant::now() + interval;
        rtts.extend(ask(number)?);
        if number < count {
            thread::sleep(next.saturating_duration_since(Instant::now()));
        }
    }
    Ok(())
    // END SOLUTION
    // STUB: let _ = (count, interval, rtts, &mut ask); // delete this line
    // STUB: todo!("step 5: write the loop first, `for number in 1..=count`; keep what `ask(number)?` returns")
}

/// Step 6: returns minimum, mean, median and maximum of `times`, which are in any order. `None` if there are no times.
pub fn statistics(times: &[Duration]) -> Option<[Duration; 4]> {
    // BEGIN SOLUTION
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let (minimum, maximum) = (*sorted.first()?, *sorted.last()?);
    let mean = times.iter().sum::<Duration>().div_f64(times.len() as f64);
    let middle = times.len() / 2;
    let median = match times.len() % 2 {
        0 => (sorted[middle - 1] + sorted[middle]) / 2,
        _ => sorted[middle],
    };
    Some([minimum, mean, median, maximum])
    // END SOLUTION
    // STUB: let _ = times; // delete this line
    // STUB: todo!("step 6: sort a copy of the times first, `times.to_vec()`; minimum and maximum are its two ends")
}
