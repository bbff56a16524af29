//! What all servers promise, whatever they serve.

use crate::failure::Cause;
#[cfg(target_os = "linux")]
use crate::peer::TcpPeer;
#[cfg(unix)]
use crate::program::command_line::ensure_not_replaced;
use crate::program::{Server, run};
use crate::{check, check_eq};
use std::net::Ipv6Addr;
use std::path::Path;
use std::time::Duration;

/// How long a check waits for output that must not come.
const SILENCE: Duration = Duration::from_millis(200);

/// Clients that come after standard output was closed: so many that the server must have noticed.
#[cfg(unix)]
const CLIENTS_AFTER_CLOSE: usize = 1000;

/// Processor time that a server may use while it has nothing to do for [`IDLE`].
#[cfg(target_os = "linux")]
const BUSY_MAX: Duration = Duration::from_millis(200);
#[cfg(target_os = "linux")]
const IDLE: Duration = Duration::from_millis(500);

/// A time in RFC 3339 with milliseconds and an offset, with 0 for each digit.
const TIME_PATTERN: &str = "0000-00-00T00:00:00.000+00:00 ";

/// True if a line begins with a time in the form of [`TIME_PATTERN`].
fn starts_with_time(line: &str) -> bool {
    let is_like = |(expected, found): (char, char)| match expected {
        '0' => found.is_ascii_digit(),
        '+' => "+-".contains(found),
        _ => found == expected,
    };
    line.len() > TIME_PATTERN.len() && TIME_PATTERN.chars().zip(line.chars()).all(is_like)
}

/// A server program, and how a client converses with it.
#[derive(Clone, Copy)]
pub struct ServerContract<'a> {
    /// The path of the program.
    pub program: &'a str,
    /// The directory in which it is started; the top folder if there is none.
    pub directory: Option<&'a Path>,
    /// Options that it needs when it is started in another directory.
    pub args: &'a [&'a str],
    /// Plays a client, from connecting to leaving, and expects the right replies.
    pub ask: fn(&Server),
}

impl<'a> ServerContract<'a> {
    /// A server that needs no directory and no options.
    pub const fn new(program: &'a str, ask: fn(&Server)) -> ServerContract<'a> {
        ServerContract { program, directory: None, args: &[], ask }
    }

    /// Starts the server with exactly this address on its command line.
    #[track_caller]
    fn at(&self, address: &[&str]) -> Server {
        Server::at(self.program, &[address, self.args].concat())
    }

    /// With `--quiet`, the server prints its first line, `listening on`, and no other.
    #[track_caller]
    pub fn prints_only_where_it_listens_when_quiet(&self) {
        let server = match self.directory {
            Some(directory) => Server::start_in(directory, self.program, &["--quiet"]),
            None => Server::start(self.program, &["--quiet"]),
        };
        (self.ask)(&server);
        server.expect_no_more_output_for(SILENCE, &format!("listening on {}\n", server.address()));
    }

    /// With `--timestamps`, each line but the first one begins with the time in RFC 3339, with milliseconds and the
    /// offset. `event` is in the line of a client.
    #[track_caller]
    pub fn starts_each_event_with_the_time(&self, event: &str) {
        let server = Server::start(self.program, &["--timestamps"]);
        (self.ask)(&server);
        server.expect_output(event);
        let output = server.stdout();
        let (first, events) = output.split_once('\n').unwrap_or((&output, ""));
        check_eq!(first, format!("listening on {}", server.address()), "the first line");
        for line in events.lines() {
            check!(
                starts_with_time(line),
                "this line does not start with a time like {TIME_PATTERN}: {line}"
            );
        }
    }

    /// The server goes on when nobody reads its output any more, as in `server | head -1`.
    #[cfg(unix)]
    #[track_caller]
    pub fn survives_a_closed_standard_output(&self) {
        ensure_not_replaced(self.program);
        let args: String = self.args.iter().map(|arg| format!(" '{arg}'")).collect();
        let start = format!("'{}' 127.0.0.1 0{args}", self.program);
        // The pipe is closed after the first line.
        let script = format!("{start} | {{ head -n 1; exec <&-; echo gone; }}");
        let server = Server::at("/bin/sh", &["-c", &script]);
        server.expect_output("gone\n");
        for _ in 0..CLIENTS_AFTER_CLOSE {
            (self.ask)(&server);
        }
    }

    /// The server can be bound to the loopback address of IPv6, which `address` holds.
    #[track_caller]
    pub fn listens_on_ipv6(&self, address: &[&str]) -> Server {
        let server = match self.directory {
            Some(_) => self.at(address),
            None => Server::start_on_ipv6(self.program, &[address, self.args].concat()),
        };
        (self.ask)(&server);
        let found = server.address();
        if !found.is_ipv6() {
            let wanted = (Ipv6Addr::LOCALHOST, found.port()).into();
            let cause = Cause::ListensElsewhere { found, wanted };
            server.fail_because(cause, &format!("it was started at `::1`, and listens at {found}"));
        }
        server
    }

    /// A second server at the same address explains in one line why it cannot start.
    #[track_caller]
    pub fn fails_when_the_port_is_taken(&self) {
        let first = self.at(&["127.0.0.1:0"]);
        let address = first.address().to_string();
        let second = run(self.program, &[&[&*address], self.args].concat());
        let start = format!("error: failed to bind `{address}`: ");
        second.expect_error(&start, "; is another server running? try port 0");
    }

    /// Without a free descriptor, the server says so once or twice, and pauses before it tries again. `count` clients
    /// are more than a limit of `descriptors` allows. Returns the server, which is still without descriptors, and the
    /// clients.
    #[cfg(target_os = "linux")]
    #[track_caller]
    pub fn stays_calm_without_descriptors(&self, descriptors: u32, count: usize) -> (Server, Vec<TcpPeer>) {
        let server = Server::limited(&format!("-n {descriptors}"), self.program, self.args);
        let mut clients: Vec<TcpPeer> = (0..count).map(|_| server.tcp_client()).collect();
        server.expect_output("failed to accept a client: ");
        let before = server.cpu_time();
        if let Some(client) = clients.get_mut(1) {
            client.expect_nothing_for(IDLE);
        }
        let used = server.cpu_time().saturating_sub(before);
        if used >= BUSY_MAX {
            let what = format!("it used {used:?} of processor time in {IDLE:?}, without a free descriptor");
            server.fail_because(Cause::BusyWaiting, &what);
        }
        // Twice if one more client was accepted in between, but not each time that it tries again.
        let complaints = server.stdout().matches("failed to accept").count();
        if complaints > 2 {
            let what = format!("it printed {complaints} times that it failed to accept a client");
            server.fail_because(Cause::RepeatsComplaint, &what);
        }
        (server, clients)
    }
}
