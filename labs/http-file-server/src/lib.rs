//! A web server for the files of a directory: HTTP/1.1 by hand, with a thread for each connection.
//!
//! Read it from top to bottom: the functions follow the steps of the handout, and [`serve`] puts them together. RFC 9110
//! says what HTTP's messages mean, RFC 9112 how a connection carries them.

mod types;

pub use types::content_type;

// BEGIN SOLUTION
use labcore::{EventLog, parse_timeout};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

/// A pause after a failed `accept`, which may fail again at once, as when the process has no descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The buffer in which a response is assembled.
const SEND_BYTES: usize = 16 * 1024;
// END SOLUTION
// STUB: use labcore::{EventLog, parse_timeout};
// STUB: use std::fs::File; // step 4 also needs `std::fs`
// STUB: use std::io::{self, BufRead, BufReader, Read}; // step 3 also needs `BufWriter` and `Write`
// STUB: use std::net::{Shutdown, TcpListener, TcpStream};
// STUB: use std::path::{Path, PathBuf};
// STUB: use std::time::Duration; // steps 1 and 7 also need `std::thread`

/// The longest head: request line, header fields and the empty line. Without a limit, one client could fill the memory.
const HEAD_BYTES_MAX: u64 = 16 * 1024;

/// The part of a request line that is printed.
const SHOWN_BYTES_MAX: usize = 200;

/// For how long, and how many bytes, a closing connection is still read.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES_MAX: u64 = 1 << 20;

/// What is served.
pub struct Site {
    /// The directory with the files. Its path is absolute and free of links ([`std::fs::canonicalize`]).
    pub root: PathBuf,
    /// How long the server waits for a client.
    pub timeouts: Timeouts,
}

/// How long a server waits for a client.
#[derive(clap::Args, Clone, Copy)]
pub struct Timeouts {
    /// Time in which a request must arrive
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_timeout)]
    pub request_timeout: Duration,
    /// Time that a connection may stay open without a request
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = parse_timeout)]
    pub idle_timeout: Duration,
    /// Time after which a client that receives nothing is disconnected
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_timeout)]
    pub write_timeout: Duration,
}

/// The words of a request line.
#[derive(Clone, Copy)]
struct Request<'a> {
    target: &'a str,
    version: &'a str,
}

/// A response that is not sent yet.
struct Response {
    /// Code and reason, such as `200 OK`.
    status: &'static str,
    content_type: &'static str,
    /// Bytes of the body.
    length: u64,
    body: Box<dyn Read>,
}

impl Response {
    /// Makes a response whose body is a page of HTML.
    fn page(status: &'static str, html: &'static str) -> Response {
        let (content_type, length) = ("text/html; charset=utf-8", html.len() as u64);
        Response { status, content_type, length, body: Box::new(html.as_bytes()) }
    }
}

/// Waits for the next client, and prints its socket address.
fn accept(listener: &TcpListener, log: &EventLog) -> TcpStream {
    // BEGIN SOLUTION
    let mut is_logged = false;
    loop {
        match listener.accept() {
            Ok((stream, client)) => {
                log.line(format_args!("client connected from {client}"));
                return stream;
            }
            Err(error) => {
                if !is_logged {
                    log.line(format_args!("failed to accept a client: {error}; it waits"));
                }
                is_logged = true;
                thread::sleep(ACCEPT_PAUSE);
            }
        }
    }
    // END SOLUTION
    // STUB: let _ = listener; // delete this line
    // STUB: let client = "?"; // the address that `listener.accept()` returns
    // STUB: log.line(format_args!("client connected from {client}"));
    // STUB: todo!("step 1: accept a client; `listener.accept()` returns its connection and its address")
}

/// Reads a head, with the empty line that ends it, in however many segments it arrives.
///
/// `None`: the stream ends before the empty line, or the head is longer than [`HEAD_BYTES_MAX`].
fn read_head(reader: &mut impl BufRead) -> io::Result<Option<String>> {
    // BEGIN SOLUTION
    let mut reader = reader.take(HEAD_BYTES_MAX);
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if reader.read_until(b'\n', &mut head)? == 0 {
            return Ok(None);
        }
    }
    Ok(Some(String::from_utf8_lossy(&head).into_owned()))
    // END SOLUTION
    // STUB: let _ = (reader.fill_buf()?, HEAD_BYTES_MAX); // delete this line
    // STUB: todo!("step 2: read up to `\\r\\n\\r\\n`; `read_until` reads a line, and `take` limits the whole head")
}

/// Splits a request line such as `GET /file.txt HTTP/1.1` into its words. `None`: it is something else.
fn parse_request_line(line: &str) -> Option<Request<'_>> {
    // BEGIN SOLUTION
    let mut words = line.split(' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    let is_right = words.next().is_none()
        && method == "GET"
        && target.starts_with('/')
        && version.starts_with("HTTP/1.");
    is_right.then_some(Request { target, version })
    // END SOLUTION
    // STUB: let _ = (line, Request { target: "/", version: "HTTP/1.1" }); // delete this line
    // STUB: todo!("step 3: split the line at its spaces; return the target and the version of a GET request")
}

/// Sends status line, header fields, an empty line and the body.
///
/// `Content-Length` tells the client where the body ends. `Connection` says whether the server closes afterwards.
fn send(stream: &TcpStream, response: Response, keep_open: bool) -> io::Result<()> {
    let Response { status, content_type, length, body } = response;
    // BEGIN SOLUTION
    let connection = if keep_open { "keep-alive" } else { "close" };
    // Head and body of a small file leave in one write. `io::copy` would write a head alone that leaves less room.
    let mut writer = BufWriter::with_capacity(SEND_BYTES, stream);
    write!(writer, "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\n")?;
    write!(writer, "Content-Length: {length}\r\nConnection: {connection}\r\n\r\n")?;
    // The file may grow or shrink meanwhile. More bytes would look like the next response.
    let sent = io::copy(&mut body.take(length), &mut writer)?;
    writer.flush()?;
    if sent < length { Err(ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    // END SOLUTION
    // STUB: let _ = (stream, keep_open, status, content_type, length, body); // delete this line
    // STUB: todo!("step 3: `write!` the head, each line ended by `\\r\\n`; `io::copy` copies the body; then `flush`")
}

/// Opens the file that a target names below the root. `None`: there is no such file, or it lies outside.
fn open_below(root: &Path, target: &str) -> Option<(PathBuf, File)> {
    // BEGIN SOLUTION
    // The query after a `?` is not part of the name.
    let name = target.split('?').next()?.trim_start_matches('/');
    // This follows each `..` and each symbolic link. If a link changes between this check and the opening, the server
    // opens another file than the one that was checked.
    let path = fs::canonicalize(root.join(name)).ok()?;
    let below = path.strip_prefix(root).ok()?;
    let is_hidden = below.iter().any(|name| name.as_encoded_bytes().starts_with(b"."));
    // Opening a pipe would wait for a writer.
    if is_hidden || !path.is_file() {
        return None;
    }
    let file = File::open(&path).ok()?;
    Some((path, file))
    // END SOLUTION
    // STUB: let _ = (root, target); // delete this line
    // STUB: todo!("step 4: join root and target; check with `fs::canonicalize` and `starts_with`; then open the file")
}

/// Decides what to answer. `None` in place of a request: the client sent something else.
fn answer(request: Option<Request<'_>>, root: &Path) -> Response {
    let Some(request) = request else {
        // BEGIN SOLUTION
        return Response::page("400 Bad Request", "<!DOCTYPE html>\n<h1>400 Bad Request</h1>\n");
        // END SOLUTION
        // STUB: todo!("step 5: answer with `400 Bad Request` and a page; `Response::page` makes a response")
    };
    // The root itself is not a file.
    if request.target == "/" {
        return Response::page("200 OK", "<!DOCTYPE html>\n<h1>It works</h1>\n<p>Now request a file.\n");
    }
    let Some((path, file)) = open_below(root, request.target) else {
        // BEGIN SOLUTION
        return Response::page("404 Not Found", "<!DOCTYPE html>\n<h1>404 Not Found</h1>\n");
        // END SOLUTION
        // STUB: todo!("step 5: answer with `404 Not Found` and a page; `Response::page` makes a response")
    };
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    Response { status: "200 OK", content_type: content_type(&path), length, body: Box::new(file) }
}

/// Answers the next request on a connection. True if there may be another one.
fn answer_request(reader: &mut BufReader<&TcpStream>, root: &Path, log: &EventLog) -> io::Result<bool> {
    let stream = *reader.get_ref();
    let client = stream.peer_addr()?;
    let Some(head) = read_head(reader)? else { return Ok(false) };
    let line = head.lines().next().unwrap_or_default();
    let shown = escape(line);
    log.line(format_args!("{client} asks: {shown}"));
    let request = parse_request_line(line);
    let response = answer(request, root);
    let status = response.status;
    // BEGIN SOLUTION
    // After something that is not a request, it is unknown where the next request begins.
    let keep_open = request.is_some_and(|request| keeps_alive(&request, &head));
    // END SOLUTION
    // STUB: let _ = (request.map(|request| request.version), list(&head, "Connection")); // delete this line
    // STUB: let keep_open = false;
    let sent = send(stream, response, keep_open);
    log.line(format_args!("{} \"{shown}\" {status}", client.ip()));
    sent?;
    // BEGIN SOLUTION
    Ok(keep_open)
    // END SOLUTION
    // STUB: todo!("step 6: return `Ok(false)`, which closes the connection; then decide when it can stay open")
}

/// Escapes a request line, so that no client can forge a line of the log, and cuts a long one.
fn escape(line: &str) -> String {
    match line.as_bytes().get(..SHOWN_BYTES_MAX) {
        Some(shown) => format!("{}...", shown.escape_ascii()),
        None => line.as_bytes().escape_ascii().to_string(),
    }
}

// BEGIN SOLUTION
/// True if the connection stays open after the response (RFC 9112 §9.3).
fn keeps_alive(request: &Request<'_>, head: &str) -> bool {
    let wants = |word: &str| list(head, "Connection").iter().any(|value| value.eq_ignore_ascii_case(word));
    // This server does not read bodies, so what follows one can't be told from it.
    let has_body = ["Content-Length", "Transfer-Encoding"].iter().any(|name| !list(head, name).is_empty());
    let is_persistent = request.version != "HTTP/1.0" || wants("keep-alive");
    is_persistent && !wants("close") && !has_body
}

// END SOLUTION
/// Returns the values of a header field. A list has commas between them, and may go on in another field of the same name
/// (RFC 9110 §5.3).
fn list<'a>(head: &'a str, name: &str) -> Vec<&'a str> {
    let fields = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    let values = fields.filter(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    values.flat_map(|value| value.split(',')).map(str::trim).collect()
}

/// Answers the requests of one client, until there are no more.
fn answer_requests(stream: &TcpStream, site: &Site, log: &EventLog) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_write_timeout(Some(site.timeouts.write_timeout))?;
    stream.set_read_timeout(Some(site.timeouts.request_timeout))?;
    // The reader keeps the bytes that arrive together with a head: they belong to the next request.
    let mut reader = BufReader::new(stream);
    while answer_request(&mut reader, &site.root, log)? {
        stream.set_read_timeout(Some(site.timeouts.idle_timeout))?;
    }
    Ok(())
}

/// Closes the sending side, and waits a little for the client to close its own.
///
/// Closing a socket with unread bytes resets the connection, and the client might lose the last response.
fn close(stream: &TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    stream.set_read_timeout(Some(LINGER))?;
    // The client may be slow or gone, and that is no failure.
    let _ = io::copy(&mut stream.take(LINGER_BYTES_MAX), &mut io::sink());
    Ok(())
}

/// Serves one client, and closes its connection. A failure affects this client only.
fn serve_connection(stream: &TcpStream, site: &Site, log: &EventLog) {
    if let Err(error) = answer_requests(stream, site, log).and_then(|()| close(stream)) {
        log.line(format_args!("gave up on a client: {error}"));
    }
}

/// Serves every client at once, each in a thread of its own.
///
/// A client that is slow, idle or gone delays its own thread and no other.
pub fn serve(listener: &TcpListener, site: &Site, log: &EventLog) {
    // BEGIN SOLUTION
    // Threads of a scope may borrow the site and the log: the scope ends after all of them.
    thread::scope(|scope| {
        loop {
            let stream = accept(listener, log);
            let connection = move || serve_connection(&stream, site, log);
            // The closure owns the connection. If the thread can't start, dropping the closure closes it.
            if let Err(error) = thread::Builder::new().spawn_scoped(scope, connection) {
                log.line(format_args!("lost a client: failed to start a thread: {error}"));
            }
        }
    });
    // END SOLUTION
    // STUB: serve_connection(&accept(listener, log), site, log);
    // STUB: todo!("step 7: accept the next client, in a loop; then give each connection a thread, as in lab 3")
}
