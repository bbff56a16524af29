//! Causes that a single reply does not show, but all peers, programs and sockets together do.

use super::bytes::{self, Exchange};
use super::{sent, startup, two_hosts};
use crate::failure::{Cause, End};
use crate::os::socket::{self, Transport, unreachable_datagrams};
use crate::peer_log::{PeerLog, Role, Socket};
use crate::settings;
use crate::transcript::Transcript;
use crate::wait::Programs;
use std::io::Read;
use std::net::{Shutdown, SocketAddr, TcpStream, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

/// How long a reply may take that was held back until now.
const RELEASE: Duration = Duration::from_secs(1);

/// How long a program that closed its connection may take to end, if that is why.
const END: Duration = Duration::from_millis(500);

/// Bytes of the largest datagram over IPv4.
const DATAGRAM_BYTES_MAX: usize = 65_507;

/// Finds the cause of what the peer with the index `peer` received.
pub(crate) fn cause(transcript: &Transcript, peer: usize, exchange: &Exchange<'_>) -> Option<Cause> {
    let is_possible = |cause: &Cause| cause.is_possible_over(exchange.transport);
    let cause = cause_of_all(transcript, peer, exchange).filter(is_possible);
    cause.or_else(|| bytes::cause(exchange)).filter(is_possible)
}

fn cause_of_all(transcript: &Transcript, peer: usize, exchange: &Exchange<'_>) -> Option<Cause> {
    let (role, server) = transcript.peers(|peers| (peers[peer].role, peers[peer].server));
    match (role, exchange.received.is_empty(), exchange.end) {
        (Role::Client, true, _) => cause_of_no_reply(transcript, peer, exchange),
        (Role::Server, true, End::Silence) => Some(if owes_datagram(transcript, peer) {
            cause_of_no_next_request(transcript)
        } else {
            cause_of_no_request(transcript, server)
        }),
        (Role::Client, false, End::Reset) => Some(Cause::OneReadForAll),
        (Role::Client, false, _) if begins_with_an_older_text(transcript, peer, exchange) => {
            Some(Cause::OlderMessageFirst)
        }
        (Role::Client, false, _) if is_cut_at_a_buffer(server, exchange) => {
            Some(Cause::CutAtBuffer { bytes: exchange.received.len(), transport: exchange.transport })
        }
        _ => None,
    }
}

/// Sends a UDP server a longer text than the one of which only the beginning came back. True if its reply has the same
/// length: then a buffer is too small.
fn is_cut_at_a_buffer(server: SocketAddr, exchange: &Exchange<'_>) -> bool {
    let (expected, received) = (exchange.expected, exchange.received);
    let is_cut = expected.len() > received.len() && expected.starts_with(received);
    if exchange.transport != Transport::Udp || !is_cut {
        return false;
    }
    let any = match server {
        SocketAddr::V4(_) => SocketAddr::from(([0, 0, 0, 0], 0)),
        SocketAddr::V6(_) => SocketAddr::from(([0; 16], 0)),
    };
    let longer = vec![b'x'; (2 * expected.len()).min(DATAGRAM_BYTES_MAX)];
    let ask = || {
        let socket = UdpSocket::bind(any)?;
        socket.set_read_timeout(Some(RELEASE))?;
        socket.send_to(&longer, server)?;
        socket.recv(&mut [0; DATAGRAM_BYTES_MAX])
    };
    ask().is_ok_and(|size| size == received.len())
}

/// True for a UDP server that has let a request go unanswered, as if the request or its reply had been lost.
fn owes_datagram(transcript: &Transcript, peer: usize) -> bool {
    transcript.peers(|peers| peers[peer].owes_reply && peers[peer].socket.transport() == Transport::Udp)
}

/// True if what came begins with the reply to another text than the newest one of `peer`.
fn begins_with_an_older_text(transcript: &Transcript, peer: usize, exchange: &Exchange<'_>) -> bool {
    transcript.peers(|peers| {
        let newest = peers[peer].sent.len().saturating_sub(1);
        let texts = peers.iter().enumerate().flat_map(|(at, other)| {
            let older = if at == peer { newest } else { other.sent.len() };
            other.sent[..older].iter().filter(|_| other.role == Role::Client)
        });
        let replies = texts.map(|text| text.trim_ascii_end().to_ascii_uppercase());
        let mut older = replies.filter(|reply| reply.len() > 1 && !exchange.expected.starts_with(reply));
        older.any(|reply| exchange.received.starts_with(&reply))
    })
}

/// Gives a program that closed a connection the time to end, if that is why. True if it has ended.
fn has_ended(transcript: &Transcript, end: End) -> bool {
    if end == End::Silence { transcript.have_ended() } else { transcript.wait_for_end(END) }
}

fn cause_of_no_reply(transcript: &Transcript, peer: usize, exchange: &Exchange<'_>) -> Option<Cause> {
    let (transport, end) = (exchange.transport, exchange.end);
    let server = transcript.peers(|peers| peers[peer].server);
    if has_ended(transcript, end) {
        return Some(cause_of_end(transcript));
    }
    let cause = cause_of_other_sockets(transcript, transport, server);
    if let Some(cause) = cause.or_else(|| cause_of_socket_call(transcript)) {
        return Some(cause);
    }
    let (replies, unreachable_before) =
        transcript.peers(|peers| (peers[peer].replies, peers[peer].unreachable_before));
    match (transport, end) {
        (_, End::Silence) if another_got_the_reply(transcript, peer) => {
            Some(Cause::SentToOtherClient { transport })
        }
        (Transport::Udp, End::Silence) => {
            let unused = unreachable_before < unreachable_datagrams();
            let lost = sent::cause_of_lost_reply(transcript, server);
            lost.or_else(|| unused.then_some(Cause::SentToUnusedPort { to: None }))
                .or_else(|| cause_of_white_space(exchange))
                .or_else(|| socket::has_unread_datagram(server).then_some(Cause::DoesNotRead))
                .or_else(|| {
                    let was_received = sent::was_received_only(transcript, peer);
                    Some(Cause::NoReply { transport, was_received })
                })
        }
        (Transport::Tcp, End::Silence) if is_released_by_disconnecting_others(transcript, peer) => {
            let others_open = others(transcript, peer, |peer| peer.socket.is_open());
            Some(Cause::ClientsWait { one_at_a_time: others_open == 1 })
        }
        (Transport::Tcp, End::Silence) if cause_of_white_space(exchange).is_some() => {
            cause_of_white_space(exchange)
        }
        (Transport::Tcp, End::Silence) if replies > 0 => Some(Cause::StopsAnswering { replies }),
        (Transport::Tcp, End::Silence) if others_have_left(transcript, peer) => {
            Some(Cause::StuckAfterClientLeft)
        }
        (Transport::Tcp, End::Closed | End::Reset) if replies > 0 => {
            Some(Cause::ClosedAfterReplies { replies })
        }
        (Transport::Tcp, End::Reset) => Some(Cause::NeverRead),
        _ => None,
    }
}

/// The cause of silence after a text of white space alone.
fn cause_of_white_space(exchange: &Exchange<'_>) -> Option<Cause> {
    let is_white = !exchange.sent.is_empty() && exchange.sent.trim_ascii().is_empty();
    is_white.then(|| Cause::WhitespaceStripped { text: labcore::printable(exchange.sent).to_string() })
}

/// The cause that a failed call of a program on a socket shows.
fn cause_of_socket_call(transcript: &Transcript) -> Option<Cause> {
    // Some programs report errors on standard output.
    transcript.output().iter().find_map(|output| {
        startup::cause_of_socket_call(&output.stderr)
            .or_else(|| startup::cause_of_socket_call(&output.stdout))
    })
}

/// The same, where the connection ended without a response.
pub(crate) fn cause_of_no_response(transcript: &Transcript, end: End) -> Option<Cause> {
    has_ended(transcript, end);
    cause_of_socket_call(transcript)
}

/// The cause that the last words of a program show which ended before it did anything.
fn cause_of_last_words(transcript: &Transcript) -> Option<Cause> {
    let serves_files = transcript.launch().is_some_and(|launch| launch.directory.is_some());
    let mut causes = transcript.output().into_iter().filter_map(|output| startup::cause(&output.stderr));
    // A web server that ends where a file is missing lacks an answer for that, and not the file.
    causes.find(|cause| !serves_files || !matches!(cause, Cause::FileMissing { .. }))
}

/// How many other clients there are of this kind.
fn others(transcript: &Transcript, peer: usize, is: impl Fn(&PeerLog) -> bool) -> usize {
    transcript.peers(|peers| {
        let others = peers.iter().enumerate().filter(|(at, other)| *at != peer && other.role == Role::Client);
        others.filter(|(_, other)| is(other)).count()
    })
}

fn another_got_the_reply(transcript: &Transcript, peer: usize) -> bool {
    others(transcript, peer, has_extra_replies) > 0
}

/// True if more has come to a peer than replies to what it sent. (How many replies a stream holds cannot be known.) This
/// reads datagrams, so it is for a check that has failed.
fn has_extra_replies(peer: &PeerLog) -> bool {
    let owed = peer.sent.len().saturating_sub(peer.replies);
    match &peer.socket {
        Socket::Tcp(stream) => stream.upgrade().is_some_and(|stream| {
            stream.set_nonblocking(true).is_ok() && stream.peek(&mut [0]).is_ok_and(|size| size > 0)
        }),
        Socket::Udp(socket) => socket.upgrade().is_some_and(|socket| {
            let next = || socket.recv_from(&mut [0; 1 << 16]).is_ok();
            socket.set_nonblocking(true).is_ok() && (0..=owed).all(|_| next())
        }),
    }
}

fn others_have_left(transcript: &Transcript, peer: usize) -> bool {
    others(transcript, peer, |peer| peer.replies > 0) > 0
        && others(transcript, peer, |peer| peer.socket.is_open()) == 0
}

/// Disconnects all other clients, and finds out if this one gets its reply then.
fn is_released_by_disconnecting_others(transcript: &Transcript, peer: usize) -> bool {
    let streams: Vec<Option<Arc<TcpStream>>> = transcript.peers(|peers| {
        let clients = peers.iter().map(|peer| (peer.role == Role::Client).then_some(peer));
        clients.map(|peer| peer.and_then(|peer| peer.socket.stream())).collect()
    });
    let mut left = false;
    for (_, stream) in streams.iter().enumerate().filter(|(at, _)| *at != peer) {
        left |= stream.as_ref().is_some_and(|stream| stream.shutdown(Shutdown::Both).is_ok());
    }
    let Some(stream) = streams[peer].as_ref().filter(|_| left) else { return false };
    let is_ready = stream.set_nonblocking(false).is_ok() && stream.set_read_timeout(Some(RELEASE)).is_ok();
    is_ready && (&**stream).read(&mut [0]).is_ok_and(|size| size > 0)
}

/// How many replies all clients together have received.
fn replies(transcript: &Transcript) -> usize {
    transcript
        .peers(|peers| peers.iter().filter(|peer| peer.role == Role::Client).map(|peer| peer.replies).sum())
}

/// Why the program cannot be reached any more, or never could.
pub(crate) fn cause_of_refusal(transcript: &Transcript, server: SocketAddr) -> Option<Cause> {
    if has_ended(transcript, End::Refused) {
        return Some(cause_of_end(transcript));
    }
    let listener_closed = || Some(replies(transcript)).filter(|replies| *replies > 0);
    cause_of_other_sockets(transcript, Transport::Tcp, server)
        .or_else(|| listener_closed().map(|replies| Cause::ListenerClosed { replies }))
}

fn cause_of_end(transcript: &Transcript) -> Cause {
    let mentions_reset = transcript.output().iter().any(|output| {
        let printed = format!("{}{}", output.stdout, output.stderr).to_lowercase();
        ["reset", "broken pipe", "brokenpipe"].iter().any(|word| printed.contains(word))
    });
    if mentions_reset && transcript.peers(|peers| peers.iter().any(|peer| peer.was_reset)) {
        return Cause::EndedByReset;
    }
    match replies(transcript) {
        0 => cause_of_last_words(transcript).unwrap_or(Cause::EndedBeforeReply),
        replies => Cause::EndedAfterReplies { replies },
    }
}

/// A program that is there, but at another address or with another transport.
fn cause_of_other_sockets(transcript: &Transcript, wanted: Transport, server: SocketAddr) -> Option<Cause> {
    let open: Vec<(Transport, SocketAddr)> =
        transcript.processes().into_iter().flat_map(socket::open).collect();
    let (same, other): (Vec<_>, Vec<_>) = open.into_iter().partition(|(transport, _)| *transport == wanted);
    if same.iter().any(|(_, address)| socket::reaches(*address, server)) {
        return None;
    }
    if let Some((_, found)) = same.first() {
        return Some(Cause::ListensElsewhere { found: *found, wanted: server });
    }
    let (found, address) = *other.first()?;
    Some(Cause::WrongTransport { address: Some(address), found, wanted })
}

/// Why a client under test sends no more after a request that was not answered.
fn cause_of_no_next_request(transcript: &Transcript) -> Cause {
    if transcript.have_ended() { Cause::EndedAfterLostReply } else { Cause::WaitsForLostReply }
}

/// True if the command line of the client under test has no place for an address, and no address is known.
fn has_fixed_address(transcript: &Transcript) -> bool {
    settings::port().is_none() && !sent::was_told(transcript)
}

/// How the server at `server` is asked: a UDP server is known from the start, and a TCP server when it accepts.
fn transport_of(transcript: &Transcript, server: SocketAddr) -> Transport {
    transcript.peers(|peers| {
        let mut servers = peers.iter().filter(|peer| peer.role == Role::Server && peer.server == server);
        servers.next().map_or(Transport::Tcp, |peer| peer.socket.transport())
    })
}

/// Why a client under test sent nothing to `server`.
pub(crate) fn cause_of_no_request(transcript: &Transcript, server: SocketAddr) -> Cause {
    if let Some(cause) = two_hosts::cause_of_no_request(transcript, server) {
        return cause;
    }
    let wanted = transport_of(transcript, server);
    let replies: usize = transcript.peers(|peers| {
        peers.iter().filter(|peer| peer.role == Role::Server).map(|peer| peer.sent.len()).sum()
    });
    if let Some(cause) = sent::cause_of_client(transcript, wanted, server).filter(|_| replies == 0) {
        return cause;
    }
    let mentions_refusal = transcript
        .output()
        .iter()
        .any(|output| format!("{}{}", output.stdout, output.stderr).to_lowercase().contains("refused"));
    let went_astray = transcript.peers(|peers| {
        let mut servers = peers.iter().filter(|peer| peer.role == Role::Server);
        servers.any(|peer| peer.unreachable_before < unreachable_datagrams())
    });
    if mentions_refusal || went_astray {
        sent::asks_elsewhere(transcript, server, None)
    } else if transcript.have_ended() {
        match replies {
            0 => cause_of_last_words(transcript).unwrap_or(Cause::EndedBeforeSending),
            replies => Cause::EndedTooEarly { replies },
        }
    } else if replies == 0 && has_fixed_address(transcript) {
        sent::asks_elsewhere(transcript, server, None)
    } else if transcript.has_typed() {
        Cause::SentNothingAfterInput
    } else {
        Cause::SentNothing
    }
}
