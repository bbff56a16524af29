//! The *commands* that show a failure again, for a person to type: they start the program on a fixed port, and play the
//! other end with `nc` or `curl`.

use crate::failure::Command;
use crate::os::second_host;
use crate::os::socket::Transport;
use crate::peer_log::{PeerLog, Role};
use crate::response::find;
use crate::settings;
use crate::transcript::{Launch, Transcript};
use std::fmt::Write;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// Commands are only useful if a person is willing to type them: so many peers, and so many bytes in all.
const PEERS_MAX: usize = 4;
const SENT_BYTES_MAX: usize = 300;

/// Files of a served directory that the first line creates.
const FILES_MAX: usize = 4;

/// The port for programs that take one.
const ECHO_PORT: u16 = 25000;
const WEB_PORT: u16 = 6789;

/// The directory that is served, in the lines to type.
const SITE: &str = "site";

/// The commands that repeat what the peers of the check did. Empty if that takes more than a few short lines.
/// `shows_bytes` is true if a terminal would hide some of the bytes that come.
pub(crate) fn commands(transcript: &Transcript, shows_bytes: bool) -> Vec<Command> {
    let Some(launch) = transcript.launch() else { return Vec::new() };
    let lines = transcript.peers(|peers| match peers.iter().rev().find(|peer| peer.role == Role::Server) {
        Some(server) => with_server(&launch, server, &transcript.typed()),
        None => with_clients(&launch, peers, shows_bytes),
    });
    let mut lines = lines.unwrap_or_default();
    if settings::on_second_host().is_some() {
        lines = if settings::has_run_file() { Vec::new() } else { on_hosts(&lines) };
    }
    lines.into_iter().enumerate().map(|(number, line)| Command { terminal: number + 1, line }).collect()
}

/// The same lines for the simulated hosts of a lab room. The first line starts the server, which is on host A. On one
/// computer alone, nothing would go wrong. A person with a run file may not have that script.
fn on_hosts(lines: &[String]) -> Vec<String> {
    const TOPOLOGY: &str = "scripts/topology.sh";
    let on = |host: &str, line: &str| {
        let needs_shell = line.contains(|character| "|;&()<>".contains(character));
        let line = if needs_shell { format!("sh -c {}", shell_words::quote(line)) } else { line.to_owned() };
        format!("{TOPOLOGY} exec {host} {line}")
    };
    let Some((server, clients)) = lines.split_first() else { return Vec::new() };
    let mut all = vec![format!("{TOPOLOGY} up"), on("A", server)];
    all.extend(clients.iter().map(|client| on("B", client)));
    if clients.is_empty() {
        // Without a client, the server's sockets show where it listens.
        all.push(on("A", "ss -lntu"));
    }
    all
}

fn with_clients(launch: &Launch, clients: &[PeerLog], shows_bytes: bool) -> Option<Vec<String>> {
    let sent = || clients.iter().flat_map(|client| &client.sent);
    let bytes: usize = sent().map(Vec::len).sum();
    // A reset and an incomplete log cannot be repeated by `nc`.
    let is_special = |client: &PeerLog| client.was_reset || client.sent_more;
    if clients.len() > PEERS_MAX || bytes > SENT_BYTES_MAX || clients.iter().any(is_special) {
        return None;
    }
    let is_web = sent().any(|bytes| find(bytes, b" HTTP/1.").is_some());
    let usual_port = if is_web { WEB_PORT } else { ECHO_PORT };
    let host = second_host::program_address().unwrap_or(Ipv4Addr::LOCALHOST.into());
    let used = clients.last().map_or((host, usual_port).into(), |client| client.server);
    let address = address(launch, used, usual_port);
    let mut lines = vec![start(launch, address)?];
    // A UDP client that sent nothing is not there for the server.
    let is_seen = |client: &&PeerLog| client.socket.transport() == Transport::Tcp || !client.sent.is_empty();
    let clients: Vec<&PeerLog> = clients.iter().filter(is_seen).collect();
    for (number, client) in clients.iter().enumerate() {
        lines.push(client_line(client, address, number + 1 == clients.len())?);
    }
    if let Some(last) = lines.last_mut().filter(|_| shows_bytes && !clients.is_empty()) {
        last.push_str(" | od -c");
    }
    Some(lines)
}

fn with_server(launch: &Launch, server: &PeerLog, typed: &[u8]) -> Option<Vec<String>> {
    if typed.len() > SENT_BYTES_MAX || server.was_reset || server.sent_more {
        return None;
    }
    let address = address(launch, server.server, ECHO_PORT);
    let udp = if server.socket.transport() == Transport::Udp { "-u " } else { "" };
    let listen = format!("nc {udp}-l {} {}", address.ip(), address.port());
    let replies = if server.sent.is_empty() {
        listen
    } else {
        format!("{} | {listen}", grouped(printed(&server.sent)?))
    };
    let client = start(launch, address)?;
    // Its input stays open until the reply has come, as a person's terminal does.
    let client = match typed {
        [] => client,
        _ => format!("({}; sleep 2) | {client}", printed(&[typed.to_vec()])?),
    };
    Some(vec![replies, client])
}

/// Where the program is to listen: on a fixed port, unless it has one of its own.
fn address(launch: &Launch, used: SocketAddr, usual_port: u16) -> SocketAddr {
    let takes_port = launch.line.contains(Launch::PORT);
    let port = if takes_port { usual_port } else { settings::port().unwrap_or(used.port()) };
    SocketAddr::new(used.ip(), port)
}

/// The line that starts the program under test, in a directory with the same files if it serves one.
fn start(launch: &Launch, address: SocketAddr) -> Option<String> {
    let line = launch.line.replace(Launch::HOST, &address.ip().to_string());
    let line = line.replace(Launch::PORT, &address.port().to_string()).trim_end().to_owned();
    let Some(directory) = &launch.directory else { return Some(line) };
    let mut files = Vec::new();
    collect_files(directory, Path::new(""), &mut files)?;
    // A program in any other language is started where its own files are, and serves that directory.
    let site = if settings::has_run_file() { Path::new("") } else { Path::new(SITE) };
    let folder = |name: &Path| site.join(name).parent().map(Path::to_owned).unwrap_or_default();
    let mut folders: Vec<PathBuf> = files.iter().map(|(name, _)| folder(name)).collect();
    folders.retain(|folder| !folder.as_os_str().is_empty());
    folders.sort();
    folders.dedup();
    let mut steps = Vec::new();
    if !folders.is_empty() {
        let folders = folders.iter().map(|folder| Some(shell_words::quote(folder.to_str()?).into_owned()));
        steps.push(format!("mkdir -p {}", folders.collect::<Option<Vec<String>>>()?.join(" ")));
    }
    for (name, content) in &files {
        let name = site.join(name);
        steps.push(format!(
            "{} >{}",
            printed(std::slice::from_ref(content))?,
            shell_words::quote(name.to_str()?)
        ));
    }
    if !site.as_os_str().is_empty() {
        steps.push(format!("cd {SITE}"));
    }
    steps.push(line);
    Some(steps.join(" && "))
}

/// Collects the files below `directory`, as long as they are few and small.
fn collect_files(directory: &Path, name: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) -> Option<()> {
    let mut entries: Vec<_> = fs::read_dir(directory.join(name)).ok()?.filter_map(Result::ok).collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (kind, name) = (entry.file_type().ok()?, name.join(entry.file_name()));
        if kind.is_dir() {
            collect_files(directory, &name, files)?;
        } else if kind.is_file()
            && files.len() < FILES_MAX
            && entry.metadata().ok()?.len() <= SENT_BYTES_MAX as u64
        {
            files.push((name, fs::read(entry.path()).ok()?));
        } else {
            return None;
        }
    }
    Some(())
}

/// The line that plays a client. One that is not the last one stays connected until its terminal ends the input.
fn client_line(client: &PeerLog, address: SocketAddr, is_last: bool) -> Option<String> {
    let (host, port) = (address.ip(), address.port());
    if let [request] = &*client.sent {
        if let Some(target) = ordinary_target(request) {
            let url = format!("http://{address}{target}");
            return Some(format!("curl -i --path-as-is {}", shell_words::quote(&url)));
        }
    }
    let sent = if client.sent.is_empty() { None } else { Some(printed(&client.sent)?) };
    if client.socket.transport() == Transport::Udp {
        // `nc` sends no datagram for an empty input.
        let sent = sent.filter(|_| client.sent.iter().all(|datagram| !datagram.is_empty()))?;
        return Some(format!("{} | nc -u -w 2 {host} {port}", grouped(sent)));
    }
    // The sending side stays open while the client waits for its reply.
    let stays_open = match (client.has_ended_sending, is_last || !client.socket.is_open()) {
        (true, _) => None,
        (false, true) => Some("sleep 1"),
        (false, false) => Some("cat"),
    };
    let input = match (sent, stays_open) {
        (Some(sent), Some(wait)) => format!("({sent}; {wait})"),
        (Some(sent), None) => grouped(sent),
        (None, wait) => wait.unwrap_or("printf ''").to_owned(),
    };
    Some(format!("{input} | nc -N {host} {port}"))
}

/// What one ordinary GET asks for, so that `curl` can ask for the same.
fn ordinary_target(request: &[u8]) -> Option<&str> {
    let request = std::str::from_utf8(request).ok()?.strip_suffix("\r\n\r\n")?;
    let (first, fields) = request.split_once("\r\n").unwrap_or((request, ""));
    let target = first.strip_prefix("GET ")?.strip_suffix(" HTTP/1.1")?;
    let is_plain = target.starts_with('/') && target.chars().all(|character| character.is_ascii_graphic());
    let is_usual = |field: &str| ["host:", "connection: close"].iter().any(|usual| field.starts_with(usual));
    let fields_are_usual = fields.lines().all(|field| is_usual(&field.to_ascii_lowercase()));
    // curl gives these characters a meaning of its own.
    (is_plain && fields_are_usual && !target.contains(['[', ']', '{', '}', '#', '\\'])).then_some(target)
}

/// The command that prints `sent`, one piece after the other, as the peer sent them.
fn printed(sent: &[Vec<u8>]) -> Option<String> {
    if sent.iter().map(Vec::len).sum::<usize>() > SENT_BYTES_MAX {
        return None;
    }
    let pieces: Vec<String> = sent.iter().map(|bytes| format!("printf {}", printf_format(bytes))).collect();
    Some(match &*pieces {
        [only] => only.clone(),
        // Without a pause they may go as one segment or one datagram.
        _ => pieces.join("; sleep 1; "),
    })
}

/// Commands whose output goes into one pipe.
fn grouped(commands: String) -> String {
    if commands.contains("; sleep ") { format!("({commands})") } else { commands }
}

/// `bytes` as the format of the shell's `printf`, in single quotes.
fn printf_format(bytes: &[u8]) -> String {
    let mut format = String::from("'");
    for byte in bytes {
        match byte {
            b'\n' => format.push_str("\\n"),
            b'\r' => format.push_str("\\r"),
            b'\\' => format.push_str("\\\\"),
            b'%' => format.push_str("%%"),
            // A quote would end the word, and a leading dash would be an option.
            b' '..=b'~' if !b"'-".contains(byte) => format.push(char::from(*byte)),
            _ => {
                let _ = write!(format, "\\{byte:03o}");
            }
        }
    }
    format + "'"
}

#[cfg(test)]
mod tests {
    use super::{on_hosts, ordinary_target, printed, printf_format, start};
    use crate::transcript::Launch;

    #[test]
    fn writes_bytes_for_printf() {
        assert_eq!(printf_format(b"it's -5 %\n\\ \xff\0"), r"'it\047s \0555 %%\n\\ \377\000'");
        let pieces = [b"a".to_vec(), b"b".to_vec()];
        assert_eq!(printed(&pieces).as_deref(), Some("printf 'a'; sleep 1; printf 'b'"));
    }

    #[test]
    fn puts_lines_on_two_hosts() {
        let lines = ["server 10.0.3.1 25000", "printf 'a' | nc 10.0.3.1 25000"].map(str::to_owned);
        let expected = [
            "scripts/topology.sh up",
            "scripts/topology.sh exec A server 10.0.3.1 25000",
            r"scripts/topology.sh exec B sh -c 'printf '\''a'\'' | nc 10.0.3.1 25000'",
        ];
        assert_eq!(on_hosts(&lines), expected);
        assert_eq!(on_hosts(&lines[..1]).last().unwrap(), "scripts/topology.sh exec A ss -lntu");
        assert!(on_hosts(&[]).is_empty());
    }

    #[test]
    fn makes_the_files_of_a_web_server() {
        let site = tempfile::tempdir().unwrap();
        let address = "127.0.0.1:6789".parse().unwrap();
        let line = "server {host} {port} ".to_owned();
        let launch = Launch { line, directory: Some(site.path().to_owned()) };
        std::fs::write(site.path().join("a.html"), "100 %\n").unwrap();
        std::fs::create_dir(site.path().join("b")).unwrap();
        std::fs::write(site.path().join("b/c d"), "").unwrap();
        let expected = "mkdir -p site site/b && printf '100 %%\\n' >site/a.html && printf '' >'site/b/c d' \
                        && cd site && server 127.0.0.1 6789";
        assert_eq!(start(&launch, address).as_deref(), Some(expected));
        // More than a person would type.
        std::fs::write(site.path().join("large"), [b'x'; 1000]).unwrap();
        assert_eq!(start(&launch, address), None);
    }

    #[test]
    fn leaves_ordinary_requests_to_curl() {
        assert_eq!(
            ordinary_target(b"GET /a%20b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
            Some("/a%20b")
        );
        for request in
            ["GET /a HTTP/1.1\n", "GET /a HTTP/1.1\r\nRange: bytes=0-1\r\n\r\n", "GET /[a] HTTP/1.1\r\n\r\n"]
        {
            assert_eq!(ordinary_target(request.as_bytes()), None);
        }
    }
}
