//! The *commands* that show a failure again, for a person to type: they start the program on a fixed port, and play the
//! other end with `nc` or `curl`.

use crate::failure::Command;
use crate::os::socket::Transport;
use crate::peer_log::{PeerLog, Role};
use crate::settings;
use crate::transcript::{Launch, Transcript};
use std::fmt::Write;
use std::net::SocketAddr;

/// Peers that are worth typing. More would help nobody, so then there are no commands.
const PEERS_MAX: usize = 4;

/// Bytes that are worth typing, for the same reason.
const SENT_BYTES_MAX: usize = 300;

/// The port for programs that take one.
const ECHO_PORT: u16 = 25000;
const WEB_PORT: u16 = 6789;

/// The commands that show the failure of the peer with the index `peer`. Empty if it takes more than commands.
pub(crate) fn commands(transcript: &Transcript, peer: usize) -> Vec<Command> {
    let Some(launch) = transcript.launch() else { return Vec::new() };
    let lines = transcript.peers(|peers| match peers[peer].role {
        Role::Client => with_clients(&launch, peers, peer),
        Role::Server => with_server(&launch, &peers[peer], &transcript.typed()),
    });
    let lines = lines.unwrap_or_default().into_iter().enumerate();
    lines.map(|(number, line)| Command { terminal: number + 1, line }).collect()
}

/// The commands that show what all peers of the check did.
pub(crate) fn commands_of_check(transcript: &Transcript) -> Vec<Command> {
    let last = transcript.peers(|peers| peers.len().checked_sub(1));
    last.map(|last| commands(transcript, last)).unwrap_or_default()
}

/// The commands that send a request to a web server under test.
pub(crate) fn commands_of_request(
    transcript: &Transcript,
    request: &[u8],
    server: SocketAddr,
) -> Vec<Command> {
    let lines = transcript.launch().and_then(|launch| {
        let address = address(&launch, server, WEB_PORT);
        let asks = match ordinary_target(request) {
            Some(target) => {
                format!("curl -i --path-as-is {}", shell_words::quote(&format!("http://{address}{target}")))
            }
            None => {
                format!("{} | nc -w 5 {} {}", printed(&[request.to_vec()])?, address.ip(), address.port())
            }
        };
        Some([start(&launch, address), asks])
    });
    let lines = lines.into_iter().flatten().enumerate();
    lines.map(|(number, line)| Command { terminal: number + 1, line }).collect()
}

fn with_clients(launch: &Launch, peers: &[PeerLog], last: usize) -> Option<Vec<String>> {
    let clients: Vec<&PeerLog> = peers.iter().filter(|peer| peer.role == Role::Client).collect();
    let bytes: usize = clients.iter().flat_map(|peer| &peer.sent).map(Vec::len).sum();
    if clients.len() > PEERS_MAX || bytes > SENT_BYTES_MAX {
        return None;
    }
    let address = address(launch, peers[last].server, ECHO_PORT);
    let mut lines = vec![start(launch, address)];
    for client in clients {
        let is_last = std::ptr::eq(client, &raw const peers[last]);
        lines.push(client_line(client, address, is_last)?);
    }
    Some(lines)
}

fn with_server(launch: &Launch, server: &PeerLog, typed: &[u8]) -> Option<Vec<String>> {
    if typed.len() > SENT_BYTES_MAX {
        return None;
    }
    let address = address(launch, server.server, ECHO_PORT);
    let udp = if server.socket.transport() == Transport::Udp { "-u " } else { "" };
    let listen = format!("nc {udp}-l {} {}", address.ip(), address.port());
    let replies =
        if server.sent.is_empty() { listen } else { format!("{} | {listen}", printed(&server.sent)?) };
    let client = start(launch, address);
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

/// The line that starts the program under test.
fn start(launch: &Launch, address: SocketAddr) -> String {
    let line = launch.line.replace(Launch::HOST, &address.ip().to_string());
    line.replace(Launch::PORT, &address.port().to_string())
}

/// The line that plays a client. One that is not the last one stays connected until its terminal ends the input.
fn client_line(client: &PeerLog, address: SocketAddr, is_last: bool) -> Option<String> {
    let (host, port) = (address.ip(), address.port());
    let sent = if client.sent.is_empty() { None } else { Some(printed(&client.sent)?) };
    if client.socket.transport() == Transport::Udp {
        return Some(format!("{} | nc -u -w 2 {host} {port}", sent.as_deref().unwrap_or("printf ''")));
    }
    // The sending side stays open while the client waits for its reply.
    let stays_open = match (client.has_ended_sending, is_last || !client.socket.is_open()) {
        (true, _) => None,
        (false, true) => Some("sleep 1"),
        (false, false) => Some("cat"),
    };
    let input = match (sent, stays_open) {
        (Some(sent), Some(wait)) => format!("({sent}; {wait})"),
        (Some(sent), None) => sent,
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
        _ => format!("({})", pieces.join("; sleep 1; ")),
    })
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
    use super::{ordinary_target, printed, printf_format};

    #[test]
    fn writes_bytes_for_printf() {
        assert_eq!(printf_format(b"it's -5 %\n\\ \xff\0"), r"'it\047s \0555 %%\n\\ \377\000'");
        let pieces = [b"a".to_vec(), b"b".to_vec()];
        assert_eq!(printed(&pieces).as_deref(), Some("(printf 'a'; sleep 1; printf 'b')"));
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
