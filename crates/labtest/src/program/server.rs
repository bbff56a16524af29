//! A *server* under test, ready for clients.

#[cfg(unix)]
use super::command_line::ensure_not_replaced;
use super::command_line::{filled, own, top_folder};
use super::process::Program;
use crate::diagnosis::fail::{Problem, fail};
use crate::diagnosis::startup;
use crate::failure::{Action, Cause, Verdict};
use crate::os::{process, second_host, socket};
use crate::output::Output;
use crate::settings;
use crate::transcript::Transcript;
use crate::wait::{POLL, start_patience};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How much longer a program may take to start because others use the processors, as a multiple of the normal limit.
const QUEUE_MAX: u32 = 2;

/// How long a server that listens may take to print where.
const LAST_LINE: Duration = Duration::from_millis(100);

/// Ports that are tried for a server that cannot ask the system for one.
const PORTS_TRIED_MAX: usize = 3;

/// A server under test.
pub struct Server {
    program: Program,
    address: SocketAddr,
    /// How many requests for a page it has answered, for the diagnosis.
    pub(crate) responses: AtomicU32,
}

impl Server {
    /// Starts the crate's own server on a free port, or the one that `LAB_SERVER` names, with `args`: on loopback, or on
    /// its own host in a check on two hosts.
    #[track_caller]
    pub fn start(own_server: &str, args: &[&str]) -> Server {
        Server::start_in(&top_folder(), own_server, args)
    }

    /// Like [`Server::start`], in a directory of its own, such as the one that a web server is to serve.
    ///
    /// `LAB_SERVER` must name files by their absolute paths then.
    #[track_caller]
    pub fn start_in(directory: &Path, own_server: &str, args: &[&str]) -> Server {
        if let Some(template) = settings::command_line(settings::SERVER) {
            return Server::from_template_in(directory, &template, args);
        }
        let mut line = own(own_server, &[args, &[&host(), "0"]].concat());
        line.set_directory(directory);
        Server::of(Program::start_in(directory, &line))
    }

    /// Starts any server by a command line with `{host}`, `{port}` and `{args}` in it.
    #[track_caller]
    pub fn from_template(template: &str, args: &[&str]) -> Server {
        Server::from_template_in(&top_folder(), template, args)
    }

    #[track_caller]
    fn from_template_in(directory: &Path, template: &str, args: &[&str]) -> Server {
        // The port was free a moment ago. If another program has taken it since, the next one is tried.
        for _ in 0..PORTS_TRIED_MAX {
            let mut line = filled(settings::SERVER, template, args, &host(), free_port());
            line.set_directory(directory);
            let mut program = Program::start_in(directory, &line);
            match program.wait_until_ready(true) {
                Some(address) => return Server { program, address, responses: AtomicU32::new(0) },
                None if program.output.stderr().to_lowercase().contains("in use") => {}
                None => program.fail_to_start(),
            }
        }
        let problem = Problem::new(format!("found no free port for `{template}`"));
        let problem = problem.verdict(Verdict::DidNotStart).cause(Some(Cause::PortTaken));
        fail(&Transcript::current(), problem);
    }

    /// Starts a server with exactly these words on its command line.
    #[track_caller]
    pub fn at(program: &str, args: &[&str]) -> Server {
        Server::of(Program::start(&own(program, args)))
    }

    /// Waits until one of our own servers can be reached.
    #[track_caller]
    fn of(mut program: Program) -> Server {
        // A submission need not say where it listens.
        match program.wait_until_ready(settings::programs().is_some()) {
            Some(address) => Server { program, address, responses: AtomicU32::new(0) },
            None => program.fail_to_start(),
        }
    }

    /// Starts the crate's own server within a limit of the shell's `ulimit`, such as `-n 32`.
    #[cfg(unix)]
    #[track_caller]
    pub fn limited(limit: &str, own_server: &str, args: &[&str]) -> Server {
        ensure_not_replaced(own_server);
        if settings::programs().is_some() {
            return Server::within(&format!("ulimit {limit} && exec"), own_server, args);
        }
        let script = format!("ulimit {limit} && exec \"$0\" \"$@\"");
        Server::at("/bin/sh", &[&["-c", &script, own_server], args, &["127.0.0.1", "0"]].concat())
    }

    /// Starts the crate's own server where it can have only `count` threads.
    ///
    /// The limit counts the threads of a user, and does not hold for root. So root starts the server as a user of its
    /// own, and an ordinary user starts it in a user namespace, whose count begins at 0.
    #[cfg(target_os = "linux")]
    #[track_caller]
    pub fn with_few_threads(count: usize, own_server: &str, args: &[&str]) -> Server {
        ensure_not_replaced(own_server);
        let limit = format!("--nproc={count}");
        if settings::programs().is_some() {
            return Server::within(&format!("exec prlimit {limit}"), own_server, args);
        }
        let address = ["127.0.0.1", "0"];
        if !rustix::process::geteuid().is_root() {
            return Server::at(
                "unshare",
                &[&["--user", "prlimit", &limit, own_server], args, &address].concat(),
            );
        }
        // That user may not enter the folder that the program lies in.
        let copy = copy(own_server);
        let user = format!("--reuid={}", 20_000 + std::process::id() % 40_000);
        let wrapper = [&*user, "--clear-groups", "prlimit", &limit, copy.to_str().unwrap_or_default()];
        Server::at("setpriv", &[&wrapper, args, &address].concat())
    }

    /// Starts a submission's server with the beginning of a shell's command, `LAB_LIMIT`, before its own. The limit is for
    /// the program that runs in the sandbox, so the sandbox sets it.
    #[cfg(unix)]
    #[track_caller]
    fn within(limit: &str, own_server: &str, args: &[&str]) -> Server {
        let limit = format!("LAB_LIMIT={limit}");
        Server::at("env", &[&[&limit, own_server], args, &["127.0.0.1", "0"]].concat())
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Program {
    /// Waits for `listening on`, or for a `silent` program's listening socket, and returns its address.
    ///
    /// `None` when the program ended or did neither.
    fn wait_until_ready(&mut self, silent: bool) -> Option<SocketAddr> {
        let (group, child) = (self.child.id(), &mut self.child);
        let (mut ended, mut seen) = (false, None);
        let mut ready = |output: &Output| {
            if let Some(address) = announced(&output.stdout()) {
                return Some(Some(address));
            }
            let sockets = if silent { socket::open(group) } else { Vec::new() };
            if let Some((_, address)) = sockets.first() {
                // Its line decides, even if it is wrong. It may have been printed and not been read yet.
                let seen = *seen.get_or_insert_with(Instant::now);
                return (seen.elapsed() > LAST_LINE).then_some(Some(*address));
            }
            // Once more after its end, for a last line. What it printed before shows the cause.
            let ended_before = std::mem::replace(&mut ended, child.try_wait().unwrap().is_some());
            (ended_before && output.is_complete()).then_some(None)
        };
        let (mut time, mut granted) = (start_patience(), Duration::ZERO);
        let address = loop {
            let address = self.output.wait_within(time, &mut ready);
            // Time that it waited for a processor is the machine's fault.
            let queued = process::times(group).1.min(QUEUE_MAX * start_patience());
            time = queued.saturating_sub(granted);
            granted += time;
            if address.is_some() || time < POLL {
                break address;
            }
        };
        let address = address.flatten()?;
        self.transcript.step(self.actor(), Action::Listen { address });
        Some(address)
    }

    #[track_caller]
    fn fail_to_start(&mut self) -> ! {
        let why = match self.child.try_wait().unwrap() {
            Some(status) => format!("ended with {status}"),
            None => format!("has no listening socket after {} s", self.started.elapsed().as_secs()),
        };
        let problem = Problem::new(format!("{} {why}", self.name()));
        let cause = startup::cause(&self.output.stderr());
        fail(&self.transcript, problem.verdict(Verdict::DidNotStart).cause(cause));
    }
}

/// The host that a server is told to listen on: loopback, or the address of the host that it runs on.
fn host() -> String {
    second_host::program_address().unwrap_or(Ipv4Addr::LOCALHOST.into()).to_string()
}

/// Copies a program into a folder of its own, which is removed with the returned value.
#[cfg(target_os = "linux")]
fn copy(program: &str) -> tempfile::TempPath {
    use std::os::unix::fs::PermissionsExt;
    let copy = tempfile::Builder::new()
        .prefix("labtest-")
        .permissions(std::fs::Permissions::from_mode(0o755))
        .tempfile()
        .unwrap()
        .into_temp_path();
    // By another process: a file that is still open for writing somewhere, if only in a child that is just being
    // made by another test, cannot be run.
    assert!(std::process::Command::new("cp").arg(program).arg(&copy).status().unwrap().success());
    copy
}

/// Finds the address in the line `listening on IP:PORT`.
fn announced(output: &str) -> Option<SocketAddr> {
    let (complete, _) = output.rsplit_once('\n')?;
    let address = complete.lines().find_map(|line| line.strip_prefix("listening on "))?;
    let address: SocketAddr = address.trim().parse().ok()?;
    Some(SocketAddr::new(socket::reachable(address.ip()), address.port()))
}

/// Finds a port that is free for UDP and TCP, below those that the system hands out for port 0.
fn free_port() -> u16 {
    const FIRST: u16 = 20000;
    const COUNT: u16 = 10000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    #[allow(clippy::cast_possible_truncation)] // any number will do, as long as two test programs differ
    let start = (std::process::id() as u16).wrapping_mul(257);
    for _ in 0..COUNT {
        let port = FIRST + start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % COUNT;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() && UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no port is free");
}

impl Deref for Server {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.program
    }
}

impl DerefMut for Server {
    fn deref_mut(&mut self) -> &mut Program {
        &mut self.program
    }
}

#[cfg(test)]
mod tests {
    use super::{announced, free_port};

    #[test]
    fn reads_the_line_of_a_server_that_is_ready() {
        assert_eq!(announced("hello\nlistening on 0.0.0.0:25000\n"), "127.0.0.1:25000".parse().ok());
        assert_eq!(announced("listening on 127.0.0.1:250"), None); // the line is not complete yet
        assert_eq!(announced("listening on port 12000\n"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn finds_a_server_ready_that_prints_nothing() {
        use crate::{Server, has_tool};
        if !has_tool("python3") {
            return;
        }
        // It serves a single client: a connection made to see whether it listens would be the only one.
        const ONE_SHOT: &str = "import socket, sys; s = socket.create_server((sys.argv[1], int(sys.argv[2]))); \
            c, _ = s.accept(); c.sendall(c.recv(100).upper())";
        for template in [
            format!("python3 -c '{ONE_SHOT}' {{host}} {{port}}"),
            format!("python3 -c '{ONE_SHOT}' localhost 0"),
        ] {
            let server = Server::from_template(&template, &[]);
            let mut client = server.tcp_client();
            client.send(b"hello");
            client.expect(b"HELLO");
        }
    }

    #[test]
    fn finds_different_free_ports() {
        assert_ne!(free_port(), free_port());
    }
}
