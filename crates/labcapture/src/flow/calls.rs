//! The calls of one program that a lab is about, under their names in Rust and in the system.
//!
//! Everything else in a trace (options of sockets, files that the program loads, calls that failed) is left out.

use crate::conversation::Protocol;
use crate::flow::trace::SystemCall;
use std::collections::HashMap;
use std::net::SocketAddr;

/// A call, as it is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The thread that made it, as an index: 0 is the first one of the program.
    pub thread: usize,
    /// When it began, in nanoseconds since 1970.
    pub begin_ns: u64,
    /// What it does.
    pub action: Action,
    /// The socket that it uses, as an index into the sockets of the program.
    pub socket: Option<usize>,
    /// The peer that it names, as in `sendto`.
    pub peer: Option<SocketAddr>,
    /// What it returned, or `None` if it did not return.
    pub result: Option<u64>,
    /// The names of the system calls.
    pub system: String,
}

/// What a call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Creates a socket and binds it to an address.
    Bind,
    /// Connects a socket.
    Connect,
    /// Accepts a connection.
    Accept,
    /// Sends to the peer of the socket.
    Send,
    /// Sends to an address.
    SendTo,
    /// Receives from the peer of the socket.
    Receive,
    /// Receives from any address.
    ReceiveFrom,
    /// Ends the stream that the program sends.
    Shutdown,
    /// Closes a socket.
    Close,
    /// Starts the thread with this index.
    Spawn(usize),
    /// Reads the monotonic clock.
    ReadClock,
    /// Opens a file.
    Open,
    /// Reads from a file.
    ReadFile,
}

/// A socket that a program created or accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Socket {
    /// Its protocol.
    pub protocol: Protocol,
    /// The peer of an accepted connection.
    pub accepted_from: Option<SocketAddr>,
}

/// What one program did.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// Its calls, in the order in which they began.
    pub calls: Vec<Call>,
    /// Its sockets.
    pub sockets: Vec<Socket>,
}

#[derive(Default)]
struct Collector {
    program: Program,
    threads: Vec<u32>,
    descriptors: HashMap<i64, Descriptor>,
}

#[derive(Clone, Copy)]
enum Descriptor {
    /// A socket that is not bound or connected yet, and when it was created.
    New(usize, u64),
    Socket(usize),
    File,
}

/// Selects the calls of a lab from a trace, and shows them as those of one thread.
pub fn select_as_one_thread(trace: &[SystemCall]) -> Program {
    let is_start = |call: &SystemCall| matches!(call.name.as_str(), "clone" | "clone3");
    let calls = trace.iter().filter(|call| !is_start(call));
    let calls: Vec<SystemCall> = calls.map(|call| SystemCall { thread: 0, ..call.clone() }).collect();
    select(&calls)
}

/// Selects the calls of a lab from a trace.
pub fn select(trace: &[SystemCall]) -> Program {
    let mut collector = Collector::default();
    for call in trace {
        collector.take(call);
    }
    let mut program = collector.program;
    name_unfinished(&mut program);
    keep_clock_beside_messages(&mut program);
    // A thread that never uses a socket, such as the one that prints the log, is not part of the conversation.
    let has_socket: Vec<usize> =
        program.calls.iter().filter(|call| call.socket.is_some()).map(|call| call.thread).collect();
    program.calls.retain(|call| {
        let thread = if let Action::Spawn(child) = call.action { child } else { call.thread };
        has_socket.contains(&thread)
    });
    program
}

impl Collector {
    fn take(&mut self, call: &SystemCall) {
        // The first thread is number 0, so it is counted before a thread that it starts.
        let _ = self.thread(call.thread);
        let argument = |index: usize| call.arguments.get(index).map_or("", String::as_str);
        let number: i64 = argument(0).parse().unwrap_or(-1);
        let descriptor = self.descriptors.get(&number).copied();
        let result = call.result.and_then(|result| u64::try_from(result).ok());
        let has_failed = call.result.is_some_and(|result| result < 0);
        if has_failed && !(call.name == "connect" && call.error.as_deref() == Some("EINPROGRESS")) {
            return;
        }
        match (call.name.as_str(), descriptor) {
            ("socket", _) if argument(0).starts_with("AF_INET") => {
                let is_stream = argument(1).starts_with("SOCK_STREAM");
                let protocol = if is_stream { Protocol::Tcp } else { Protocol::Udp };
                let socket = self.socket(protocol, None);
                self.describe(result, Descriptor::New(socket, call.begin_ns));
            }
            ("bind" | "connect", Some(Descriptor::New(socket, begin_ns))) => {
                self.descriptors.insert(number, Descriptor::Socket(socket));
                let action = if call.name == "bind" { Action::Bind } else { Action::Connect };
                let begun = SystemCall { begin_ns, ..call.clone() };
                let system = format!("socket, {}", call.name);
                self.add(&begun, action, Some(socket), &system).peer = address(argument(1));
            }
            ("connect", Some(Descriptor::Socket(socket))) => {
                self.add(call, Action::Connect, Some(socket), "connect").peer = address(argument(1));
            }
            ("listen", Some(Descriptor::Socket(socket))) => {
                let bind = self.program.calls.iter_mut().find(|call| {
                    call.socket == Some(socket) && call.action == Action::Bind && call.system != LISTENING
                });
                bind.into_iter().for_each(|bind| LISTENING.clone_into(&mut bind.system));
            }
            ("accept" | "accept4", Some(Descriptor::Socket(_))) => {
                let peer = address(argument(1));
                let socket = result.map(|_| self.socket(Protocol::Tcp, peer));
                if let Some(socket) = socket {
                    self.describe(result, Descriptor::Socket(socket));
                }
                let accepted = self.add(call, Action::Accept, socket, "accept");
                accepted.peer = peer;
            }
            (
                "sendto" | "send" | "write" | "writev" | "sendmsg" | "sendfile",
                Some(Descriptor::Socket(socket)),
            ) => {
                let peer = if call.name == "sendto" { address(argument(4)) } else { None };
                let (action, name) = match (peer, call.name.as_str()) {
                    (Some(_), _) => (Action::SendTo, "sendto"),
                    (None, "sendto") => (Action::Send, "send"),
                    (None, name) => (Action::Send, name),
                };
                self.add(call, action, Some(socket), name).peer = peer;
            }
            ("recvfrom" | "recv" | "read" | "readv" | "recvmsg", Some(Descriptor::Socket(socket)))
                if !argument(3).contains("MSG_PEEK") =>
            {
                let is_from_any = call.name == "recvfrom" && !matches!(argument(4), "NULL" | "");
                let (action, name) = match call.name.as_str() {
                    "recvfrom" if is_from_any => (Action::ReceiveFrom, "recvfrom"),
                    "recvfrom" => (Action::Receive, "recv"),
                    name => (Action::Receive, name),
                };
                let peer = address(argument(4));
                self.add(call, action, Some(socket), name).peer = peer;
            }
            ("shutdown", Some(Descriptor::Socket(socket))) if argument(1) != "SHUT_RD" => {
                self.add(call, Action::Shutdown, Some(socket), "shutdown");
            }
            ("close", Some(descriptor)) => {
                self.descriptors.remove(&number);
                if let Descriptor::Socket(socket) = descriptor {
                    self.add(call, Action::Close, Some(socket), "close");
                }
            }
            ("open" | "openat" | "openat2", _) => {
                self.describe(result, Descriptor::File);
                self.add(call, Action::Open, None, "open");
            }
            ("read" | "pread64", Some(Descriptor::File)) if result > Some(0) => {
                self.add(call, Action::ReadFile, None, "file");
            }
            ("clone" | "clone3", _) => {
                if let Some(child) = result.and_then(|child| u32::try_from(child).ok()) {
                    let child = self.thread(child);
                    self.add(call, Action::Spawn(child), None, "clone");
                }
            }
            ("clock_gettime", _) if argument(0) == "CLOCK_MONOTONIC" => {
                self.add(call, Action::ReadClock, None, "clock_gettime");
            }
            _ => {}
        }
    }

    fn add(&mut self, call: &SystemCall, action: Action, socket: Option<usize>, system: &str) -> &mut Call {
        let thread = self.thread(call.thread);
        let result = call.result.map(|result| u64::try_from(result).unwrap_or(0));
        let system = system.to_owned();
        let at = self.program.calls.len();
        self.program.calls.push(Call {
            thread,
            begin_ns: call.begin_ns,
            action,
            socket,
            peer: None,
            result,
            system,
        });
        &mut self.program.calls[at]
    }

    fn socket(&mut self, protocol: Protocol, accepted_from: Option<SocketAddr>) -> usize {
        self.program.sockets.push(Socket { protocol, accepted_from });
        self.program.sockets.len() - 1
    }

    fn describe(&mut self, descriptor: Option<u64>, is: Descriptor) {
        if let Some(number) = descriptor.and_then(|number| i64::try_from(number).ok()) {
            self.descriptors.insert(number, is);
        }
    }

    /// Returns the index of a thread.
    fn thread(&mut self, id: u32) -> usize {
        self.threads.iter().position(|known| *known == id).unwrap_or_else(|| {
            self.threads.push(id);
            self.threads.len() - 1
        })
    }
}

const LISTENING: &str = "socket, bind, listen";

impl Program {
    /// Returns the name of a call in Rust's standard library.
    pub fn std_name(&self, call: &Call) -> &'static str {
        let is_stream = call.socket.is_some_and(|socket| self.sockets[socket].protocol == Protocol::Tcp);
        match (call.action, is_stream) {
            (Action::Bind, true) => "TcpListener::bind",
            (Action::Bind, false) => "UdpSocket::bind",
            (Action::Connect, true) => "TcpStream::connect",
            (Action::Connect, false) => "connect",
            (Action::Accept, _) => "accept",
            (Action::Send, true) => "write_all",
            (Action::Send, false) => "send",
            (Action::SendTo, _) => "send_to",
            (Action::Receive, true) => "read",
            (Action::Receive, false) => "recv",
            (Action::ReceiveFrom, _) => "recv_from",
            (Action::Shutdown, _) => "shutdown",
            (Action::Close, _) => "drop",
            (Action::Spawn(_), _) => "thread::spawn",
            (Action::ReadClock, _) => "Instant::now",
            (Action::Open, _) => "File::open",
            (Action::ReadFile, _) => "read",
        }
    }
}

/// Names calls that received nothing, so that the trace does not show their arguments: without a peer, a socket receives
/// from any address.
fn name_unfinished(program: &mut Program) {
    let connected: Vec<Option<usize>> =
        program.calls.iter().filter(|call| call.action == Action::Connect).map(|call| call.socket).collect();
    for call in &mut program.calls {
        let is_udp = call.socket.is_some_and(|socket| program.sockets[socket].protocol == Protocol::Udp);
        if is_udp && call.action == Action::Receive && !connected.contains(&call.socket) {
            call.action = Action::ReceiveFrom;
            "recvfrom".clone_into(&mut call.system);
        }
    }
}

/// Keeps only the readings of the clock that time a message: directly before it is sent (or a connection is requested),
/// and directly after it was received.
fn keep_clock_beside_messages(program: &mut Program) {
    let calls = &program.calls;
    let is_stream =
        |call: &Call| call.socket.is_some_and(|socket| program.sockets[socket].protocol == Protocol::Tcp);
    let is_kept = |at: usize| {
        let is_same_thread = |call: &&Call| call.thread == calls[at].thread;
        let sends = calls[at + 1..].iter().find(is_same_thread).is_some_and(|next| match next.action {
            Action::Send | Action::SendTo => true,
            Action::Connect => is_stream(next),
            _ => false,
        });
        let received = calls[..at].iter().rev().find(is_same_thread).is_some_and(|last| {
            matches!(last.action, Action::Receive | Action::ReceiveFrom) && last.result > Some(0)
        });
        calls[at].action != Action::ReadClock || sends || received
    };
    program.calls = (0..calls.len()).filter(|at| is_kept(*at)).map(|at| calls[at].clone()).collect();
}

/// Reads an address such as `{sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("10.0.3.1")}`.
fn address(text: &str) -> Option<SocketAddr> {
    let (_, port) = text.split_once("htons(")?;
    let (port, _) = port.split_once(')')?;
    let (_, host) = text.split_once("inet_addr(\"")?;
    let (host, _) = host.split_once('"')?;
    Some(SocketAddr::new(host.parse().ok()?, port.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::{Action, Program, select};
    use crate::flow::trace::parse;

    fn shown(trace: &str) -> Vec<String> {
        let program: Program = select(&parse(trace).unwrap());
        let words = |call| format!("{} ({})", program.std_name(call), call.system);
        program.calls.iter().map(words).collect()
    }

    #[test]
    fn names_the_calls_of_a_server() {
        let trace = "7 1.000000 socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_IP) = 3 <0.1>\n\
            7 1.000001 setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0 <0.1>\n\
            7 1.000002 bind(3, {sa_family=AF_INET, sin_port=htons(25000), sin_addr=inet_addr(\"10.0.3.1\")}, 16) = 0 <0.1>\n\
            7 1.000003 listen(3, 128) = 0 <0.1>\n\
            7 1.000004 accept4(3, {sa_family=AF_INET, sin_port=htons(51000), sin_addr=inet_addr(\"10.0.3.2\")}, [128 => 16], SOCK_CLOEXEC) = 4 <0.1>\n\
            7 1.000005 recvfrom(4, \"hello\\n\", 65536, 0, NULL, NULL) = 6 <0.1>\n\
            7 1.000006 sendto(4, \"HELLO\\n\", 6, MSG_NOSIGNAL, NULL, 0) = 6 <0.1>\n\
            7 1.000007 close(4) = 0 <0.1>\n\
            7 1.000008 close(9) = 0 <0.1>\n";
        let names = [
            "TcpListener::bind (socket, bind, listen)",
            "accept (accept)",
            "read (recv)",
            "write_all (send)",
            "drop (close)",
        ];
        assert_eq!(shown(trace), names);
    }

    #[test]
    fn keeps_the_clock_readings_that_time_a_message() {
        let calls = [
            "clock_gettime(CLOCK_MONOTONIC, 0x7) = 0 <0.1>",
            "socket(AF_INET, SOCK_DGRAM, IPPROTO_IP) = 3 <0.1>",
            "connect(3, {sin_port=htons(25000), sin_addr=inet_addr(\"10.0.3.1\")}, 16) = 0 <0.1>",
            "clock_gettime(CLOCK_MONOTONIC, 0x7) = 0 <0.1>",
            "clock_gettime(CLOCK_MONOTONIC, 0x7) = 0 <0.1>",
            "sendto(3, \"a\", 1, 0, NULL, 0) = 1 <0.1>",
            "clock_gettime(CLOCK_MONOTONIC, 0x7) = 0 <0.1>",
            "recvfrom(3, \"A\", 9, 0, NULL, NULL) = 1 <0.1>",
            "clock_gettime(CLOCK_MONOTONIC, 0x7) = 0 <0.1>",
            "clock_gettime(CLOCK_MONOTONIC, 0x7) = 0 <0.1>",
            "recvfrom(3, 0x7, 9, 0, NULL, NULL) = -1 EAGAIN (Resource temporarily unavailable) <0.1>",
        ];
        let lines = calls.iter().enumerate().map(|(at, call)| format!("7 1.{at:06} {call}\n"));
        let names = [
            "connect (socket, connect)",
            "Instant::now (clock_gettime)",
            "send (send)",
            "recv (recv)",
            "Instant::now (clock_gettime)",
        ];
        assert_eq!(shown(&lines.collect::<String>()), names);
    }

    #[test]
    fn names_a_call_that_never_returned_by_its_socket() {
        let trace = "7 1.000000 socket(AF_INET, SOCK_DGRAM, IPPROTO_IP) = 3 <0.1>\n\
            7 1.000001 bind(3, {sin_port=htons(25000), sin_addr=inet_addr(\"10.0.3.1\")}, 16) = 0 <0.1>\n\
            7 1.000002 recvfrom(3,  <unfinished ...>) = ?\n7 1.000003 +++ killed by SIGKILL +++\n";
        assert_eq!(shown(trace), ["UdpSocket::bind (socket, bind)", "recv_from (recvfrom)"]);
    }

    #[test]
    fn leaves_threads_out_that_use_no_socket() {
        let trace = "7 1.000000 clone3({flags=0}, 88) = 8 <0.1>\n8 1.000001 openat(AT_FDCWD, \"log\", O_RDONLY) = 3 <0.1>\n\
            7 1.000002 clone3({flags=0}, 88) = 9 <0.1>\n9 1.000003 socket(AF_INET, SOCK_DGRAM, IPPROTO_IP) = 4 <0.1>\n\
            9 1.000004 bind(4, {sin_port=htons(0), sin_addr=inet_addr(\"0.0.0.0\")}, 16) = 0 <0.1>\n";
        let program = select(&parse(trace).unwrap());
        let actions: Vec<Action> = program.calls.iter().map(|call| call.action).collect();
        assert_eq!(actions, [Action::Spawn(2), Action::Bind], "{program:?}");
    }
}
