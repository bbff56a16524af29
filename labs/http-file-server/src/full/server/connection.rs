//! One connection: requests arrive, answers are sent in the same order (RFC 9112 §9.3).

use crate::http::body;
use crate::http::request::{BodyLength, Method, Request, parse};
use crate::http::response::{Body, Response};
use crate::http::status::Status;
use crate::server::context::Server;
use crate::server::log;
use crate::server::send::Sender;
use crate::site::answer::{answer, unavailable};
use labcore::is_timeout;
use std::io::{self, ErrorKind, Read};
use std::net::{IpAddr, Shutdown, TcpStream};
use std::time::{Duration, Instant};

/// The most that one read takes.
const CHUNK_BYTES_MAX: usize = 4096;

/// The longest body that is read to find the request after it.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// For how long, and how many bytes, a closing connection is still read.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES_MAX: usize = 1 << 20;

/// The server's end of a connection.
pub struct Connection<'a> {
    stream: &'a TcpStream,
    /// The client's address, for the log.
    client: String,
    server: &'a Server,
    sender: Sender<'a>,
    /// Bytes that have arrived and are not parsed yet: part of a request, or several if the client does not wait for
    /// answers.
    pending: Vec<u8>,
    /// When the whole request must have arrived. The first request has a deadline from the start, a later one gets it
    /// when its first bytes arrive.
    deadline: Option<Instant>,
    /// The buffer for reading.
    chunk: [u8; CHUNK_BYTES_MAX],
    /// The timeout that is set on the socket. Setting the same one again would waste a system call.
    read_timeout: Duration,
    answered: u64,
}

impl<'a> Connection<'a> {
    /// Prepares to serve the client at the other end of `stream`.
    ///
    /// # Errors
    /// If the connection is already broken.
    pub fn new(stream: &'a TcpStream, client: IpAddr, server: &'a Server) -> io::Result<Connection<'a>> {
        Ok(Connection {
            stream,
            client: client.to_canonical().to_string(),
            server,
            sender: Sender::new(stream, server.limits.timeouts.write_timeout)?,
            pending: Vec::new(),
            deadline: None,
            chunk: [0; CHUNK_BYTES_MAX],
            read_timeout: Duration::ZERO,
            answered: 0,
        })
    }

    /// Answers requests until either side closes, and returns how many were answered.
    pub fn serve(mut self) -> u64 {
        while self.exchange() {}
        self.linger();
        self.answered
    }

    /// Tells the client that the server is full, without waiting for its request.
    pub fn reject(mut self) {
        self.respond(unavailable(), b"", false, false);
        self.linger();
    }

    /// Answers one request. True if there may be another.
    fn exchange(&mut self) -> bool {
        match self.receive() {
            Ok(Some(request)) => {
                let response = answer(&request, &self.server.site);
                let stop = self.server.once || self.server.connections.is_stopping();
                let keep_alive = request.keep_alive && !stop;
                self.respond(response, &request.line, request.method == Method::Head, keep_alive)
            }
            Ok(None) => false,
            Err(status) => {
                let mut lines = self.pending.trim_ascii_start().split(|byte| b"\r\n".contains(byte));
                let line = lines.next().unwrap_or_default().to_vec();
                self.respond(Response::of(status), &line, line.starts_with(b"HEAD "), false)
            }
        }
    }

    /// Waits for the next request. `None`: the client sends no more, or is gone.
    ///
    /// # Errors
    /// The status to refuse the request with, if it is malformed or too slow.
    fn receive(&mut self) -> Result<Option<Request>, Status> {
        let is_first = self.answered == 0;
        self.deadline = is_first.then(|| Instant::now() + self.server.limits.timeouts.request_timeout);
        let (mut request, head_length) = loop {
            if let Some(parsed) = parse(&self.pending)? {
                break parsed;
            }
            if !self.read()? {
                return Ok(None);
            }
        };
        match self.find_end(&request, head_length)? {
            Some(end) => drop(self.pending.drain(..end)),
            None => request.keep_alive = false,
        }
        // An idle connection should not hold memory.
        self.pending.shrink_to(CHUNK_BYTES_MAX);
        Ok(Some(request))
    }

    /// Finds where the request and its body end, and the next request begins. The body is not used otherwise.
    ///
    /// `None`: the body is too long to read to its end. The connection then closes after the answer, because what
    /// follows can't be told from the body.
    fn find_end(&mut self, request: &Request, head_length: usize) -> Result<Option<usize>, Status> {
        if request.expects_continue && request.body != BodyLength::Bytes(0) {
            return Ok(None); // the client waits for an answer before it sends the body
        }
        let mut end = head_length;
        loop {
            let is_complete = body::skip(request.body, &self.pending, &mut end)?;
            let length = if is_complete { end } else { self.pending.len() } - head_length;
            if length > BODY_BYTES_MAX {
                return Ok(None);
            }
            if is_complete {
                return Ok(Some(end));
            }
            if !self.read()? {
                return Err(Status::BAD_REQUEST); // the client closed in the middle of the body
            }
        }
    }

    /// Reads what has arrived, or waits for it. False: nothing more will arrive.
    fn read(&mut self) -> Result<bool, Status> {
        let limits = &self.server.limits;
        if !self.pending.is_empty() {
            self.deadline.get_or_insert_with(|| Instant::now() + limits.timeouts.request_timeout);
        }
        // The deadline belongs to the whole request. With a new timeout for each read, a client could send a byte now
        // and then and occupy the server for ever.
        let wait = match self.deadline {
            Some(deadline) => deadline.saturating_duration_since(Instant::now()),
            None => limits.timeouts.idle_timeout,
        };
        match self.read_within(wait) {
            Ok(size) => {
                self.pending.extend_from_slice(&self.chunk[..size]);
                Ok(size > 0)
            }
            Err(error) if is_timeout(&error) && !self.pending.is_empty() => Err(Status::REQUEST_TIMEOUT),
            Err(_) => Ok(false), // the client is idle, or gone
        }
    }

    fn read_within(&mut self, wait: Duration) -> io::Result<usize> {
        if wait.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        if wait != self.read_timeout {
            self.stream.set_read_timeout(Some(wait))?;
            self.read_timeout = wait;
        }
        loop {
            match self.stream.read(&mut self.chunk) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    /// Sends an answer, and logs it even if sending fails. True if the connection stays open.
    fn respond(&mut self, response: Response, line: &[u8], head_only: bool, keep_alive: bool) -> bool {
        let status = response.status;
        let (head, body) = response.finish(keep_alive);
        let body = if head_only { Body::Absent } else { body };
        let (body_bytes, result) = self.sender.send(head, body);
        let entry = log::Entry { client: &self.client, request: line, status, body_bytes };
        self.server.log.line(format_args!("{entry}"));
        self.answered += 1;
        keep_alive && result.is_ok()
    }

    /// Closes the sending side, and waits a little for the client to close its own (a lingering close).
    ///
    /// Closing a socket with unread bytes resets the connection, and the client may lose the last answer.
    fn linger(&mut self) {
        if self.stream.shutdown(Shutdown::Write).is_err() {
            return; // the client is already gone
        }
        let deadline = Instant::now() + LINGER;
        let mut left = LINGER_BYTES_MAX;
        while left > 0 {
            match self.read_within(deadline.saturating_duration_since(Instant::now())) {
                Ok(0) | Err(_) => break,
                Ok(size) => left = left.saturating_sub(size),
            }
        }
    }
}
