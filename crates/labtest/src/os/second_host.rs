//! A *second host*: a network of its own for the program under test, while the check's peers stay in the first one.
//!
//! Both networks are namespaces of Linux, joined by a virtual cable (a pair of veth devices). The check must be root in a
//! user namespace, and alone in its process. A program runs on the second host if [`command`] begins its command line.

use crate::settings::{self, OnSecondHost};
use crate::wait;
use std::fs;
use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

/// The server's address, as in the handouts, unless the programs have another one in their code.
pub const SERVER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 3, 1));

/// Holds the network of the second host until its input ends, which happens when the check ends.
///
/// Servers of handouts listen on ports such as 80, which an ordinary user may not use otherwise.
const GUARD: &str = "echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start; echo ready; exec cat";

/// What [`GUARD`] prints when its network is there.
const READY: &str = "ready\n";

/// Hardware addresses of the two ends of the cable. As both hosts know them, the first packet waits for no other.
const HARDWARE: [&str; 2] = ["02:00:0a:00:03:01", "02:00:0a:00:03:02"];

/// How long the cable may take until packets pass through it, and how long to wait for each of them.
const CABLE: Duration = Duration::from_secs(5);
const TRY: Duration = Duration::from_millis(10);

/// The process that holds the network of the second host.
static GUARD_PROCESS: OnceLock<Child> = OnceLock::new();

/// The client's address on the network of a server.
pub fn client_address(server: IpAddr) -> IpAddr {
    let usual = Ipv4Addr::new(10, 0, 3, 2);
    match server {
        IpAddr::V4(server) if server == usual => Ipv4Addr::new(10, 0, 3, 3).into(),
        IpAddr::V4(_) => usual.into(),
        IpAddr::V6(_) => Ipv6Addr::new(0xfd00, 0, 0, 3, 0, 0, 0, 2).into(),
    }
}

/// The server's address: the one in the programs' code, if other hosts can reach it at all.
pub(crate) fn server_address() -> IpAddr {
    settings::address().filter(|address| !address.to_canonical().is_loopback()).unwrap_or(SERVER)
}

/// The address of the second host, where the program under test runs. `None` if there is only one host.
pub(crate) fn program_address() -> Option<IpAddr> {
    Some(match settings::on_second_host()? {
        OnSecondHost::Server => server_address(),
        OnSecondHost::Client => client_address(server_address()),
    })
}

/// Makes the second host, and joins it to the network of this process.
///
/// # Errors
/// With the reason why this system does not allow it.
pub(crate) fn join() -> io::Result<()> {
    let mut guard = tool("unshare")
        .args(["--net", "sh", "-c", GUARD])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut line = String::new();
    if let Some(output) = guard.stdout.take() {
        BufReader::new(output).read_line(&mut line)?;
    }
    if line != READY {
        return Err(io::Error::other("`unshare --net` failed"));
    }
    let guard = GUARD_PROCESS.get_or_init(|| guard);
    let server = server_address();
    let mut addresses = [server, client_address(server)];
    if settings::on_second_host() == Some(OnSecondHost::Client) {
        addresses.reverse();
    }
    let [second, first] = addresses;
    let [near, far] = HARDWARE;
    let cable =
        format!("link add eth0 address {near} type veth peer name eth0 address {far} netns {}\n", guard.id());
    configure(&mut tool("ip"), &format!("{cable}{}", device(first, second, far)))?;
    let mut inside = tool("nsenter");
    inside.args([&network(guard), "ip"]);
    configure(&mut inside, &device(second, first, near))?;
    // The system turns the cable on a moment later, and loses what is sent before. Nothing listens at this port.
    let is_connected = || {
        let error = TcpStream::connect_timeout(&(second, 9).into(), TRY).err()?;
        (error.kind() == ErrorKind::ConnectionRefused).then_some(())
    };
    wait::poll(CABLE, is_connected).ok_or_else(|| io::Error::other("the two hosts do not reach each other"))
}

/// The beginning of a command line that runs on the second host. Empty if there is none.
pub(crate) fn command() -> Vec<String> {
    let guard = GUARD_PROCESS.get();
    guard.map(|guard| vec!["nsenter".to_owned(), network(guard), "--".to_owned()]).unwrap_or_default()
}

/// True if a program on the second host has sent something to that host itself.
pub(crate) fn has_talked_to_itself() -> bool {
    let Some(guard) = GUARD_PROCESS.get() else { return false };
    let table = fs::read_to_string(format!("/proc/{}/net/dev", guard.id())).unwrap_or_default();
    // The first number is the count of bytes received.
    let loopback = table.lines().find_map(|line| line.trim_start().strip_prefix("lo:"));
    let bytes = loopback.and_then(|numbers| numbers.split_whitespace().next()?.parse().ok());
    bytes.is_some_and(|bytes: u64| bytes > 0)
}

/// The option of `nsenter` that names the network of the second host.
fn network(guard: &Child) -> String {
    format!("--net=/proc/{}/ns/net", guard.id())
}

/// The lines for `ip -batch` that give a host its address, and lead it to the other host and its hardware address.
fn device(own: IpAddr, other: IpAddr, hardware: &str) -> String {
    // Duplicate address detection would take more than a second.
    let (bits, options) = if own.is_ipv4() { (32, "") } else { (128, " nodad") };
    format!(
        "link set lo up\naddress add {own}/{bits} dev eth0{options}\nlink set eth0 up\n\
         route add {other}/{bits} dev eth0\nneigh add {other} lladdr {hardware} dev eth0\n"
    )
}

/// Lets `ip` read these lines.
fn configure(ip: &mut Command, lines: &str) -> io::Result<()> {
    let mut child = ip
        .args(["-batch", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| io::Error::other(format!("failed to start `ip`: {error}; install iproute2")))?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(lines.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    if output.status.success() {
        return Ok(());
    }
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(io::Error::other(format!("`ip` failed: {}", errors.lines().next().unwrap_or("no reason given"))))
}

/// A tool of the system. Ordinary users of Debian do not have the folder of `ip` on their `PATH`.
fn tool(name: &str) -> Command {
    let mut command = Command::new(name);
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{path}:/usr/sbin:/sbin"));
    command
}

#[cfg(test)]
mod tests {
    use super::{SERVER, client_address};

    #[test]
    fn gives_client_and_server_different_addresses() {
        assert_eq!(client_address(SERVER).to_string(), "10.0.3.2");
        assert_eq!(client_address("10.0.3.2".parse().unwrap()).to_string(), "10.0.3.3");
        assert!(client_address("2001:db8::1".parse().unwrap()).is_ipv6());
    }
}
