//! Where the programs under test *sent*, as the network and their own sockets show it.

use super::startup;
use crate::failure::Cause;
use crate::os::socket::{self, Transport};
use crate::os::traffic::Packet;
use crate::peer_log::{Role, Socket};
use crate::settings;
use crate::transcript::{Launch, Transcript};
use std::net::SocketAddr;

/// The port of name servers: a look-up is no request of a client.
const NAME_SERVER_PORT: u16 = 53;

/// What a client under test uses in place of its server: another address or another transport. `None` if nothing shows it.
pub(super) fn cause_of_client(
    transcript: &Transcript,
    wanted: Transport,
    server: SocketAddr,
) -> Option<Cause> {
    let packets = transcript.packets().into_iter().filter(|packet| packet.from != server);
    let packets = packets.map(|packet| (packet.transport, packet.to));
    let sockets = || transcript.processes().into_iter().flat_map(socket::connected);
    let was_told = was_told(transcript);
    cause_of_requests(&packets.collect::<Vec<_>>(), wanted, server, was_told)
        .or_else(|| cause_of_requests(&sockets().collect::<Vec<_>>(), wanted, server, was_told))
        .or_else(|| {
            has_only_udp_sockets(transcript, wanted).then(|| of_wrong_transport(Transport::Udp, wanted))
        })
        .or_else(|| Some(asks_elsewhere(transcript, server, Some(refused_address(transcript, server)?))))
}

/// The client asks somewhere else, at `found` if that is known.
pub(super) fn asks_elsewhere(
    transcript: &Transcript,
    server: SocketAddr,
    found: Option<SocketAddr>,
) -> Cause {
    Cause::AsksElsewhere { server, found, was_told: was_told(transcript) }
}

/// False if the command line of the client under test has no place for an address.
pub(super) fn was_told(transcript: &Transcript) -> bool {
    let variable = |line: &str| settings::command_line(line).is_some();
    let is_replaced = variable(settings::CLIENT) || variable(settings::TCP_CLIENT);
    let launch = transcript.launch().filter(|_| is_replaced);
    launch.is_none_or(|launch| launch.line.contains(Launch::HOST) || launch.line.contains(Launch::PORT))
}

/// The cause that the addresses of `requests` show, for a server that received none.
fn cause_of_requests(
    requests: &[(Transport, SocketAddr)],
    wanted: Transport,
    server: SocketAddr,
    was_told: bool,
) -> Option<Cause> {
    let is_server = |to: &SocketAddr| {
        let ip = to.ip().to_canonical();
        to.port() == server.port() && (server.ip().is_unspecified() || ip == server.ip())
    };
    let requests = requests.iter().filter(|(_, to)| to.port() != NAME_SERVER_PORT);
    let (same, other): (Vec<_>, Vec<_>) = requests.partition(|(transport, _)| *transport == wanted);
    match (same.first(), other.first()) {
        (Some(_), _) if same.iter().any(|(_, to)| is_server(to)) => None,
        (Some((_, found)), _) => Some(Cause::AsksElsewhere { server, found: Some(*found), was_told }),
        (None, Some((found, _))) => Some(of_wrong_transport(*found, wanted)),
        (None, None) => None,
    }
}

fn of_wrong_transport(found: Transport, wanted: Transport) -> Cause {
    Cause::WrongTransport { address: None, found, wanted }
}

/// True if a client of a TCP server has sent datagrams from a socket that is still there.
fn has_only_udp_sockets(transcript: &Transcript, wanted: Transport) -> bool {
    let mut open = transcript.processes().into_iter().flat_map(socket::open).peekable();
    wanted == Transport::Tcp && open.peek().is_some() && open.all(|(found, _)| found == Transport::Udp)
}

/// The address in a message of the program that a connection was refused, if it is not its server's.
fn refused_address(transcript: &Transcript, server: SocketAddr) -> Option<SocketAddr> {
    let mut output = transcript.output().into_iter().map(|output| output.stdout + &output.stderr);
    output.find_map(|printed| startup::refused_address(&printed)).filter(|found| *found != server)
}

/// Where the UDP server at `server` sent a reply, if the network shows one that went to none of its clients.
pub(super) fn cause_of_lost_reply(transcript: &Transcript, server: SocketAddr) -> Option<Cause> {
    cause_of_replies(&transcript.packets(), server)
}

fn cause_of_replies(packets: &[Packet], server: SocketAddr) -> Option<Cause> {
    let packets = || packets.iter().filter(|packet| packet.transport == Transport::Udp);
    // Whoever has sent it a datagram is a client, and may have left since.
    let is_request = |packet: &&Packet| packet.to == server && packet.from.port() != server.port();
    let clients: Vec<SocketAddr> = packets().filter(is_request).map(|packet| packet.from).collect();
    let strays = packets().filter(|packet| {
        !clients.contains(&packet.from)
            && !clients.contains(&packet.to)
            && packet.to.port() != NAME_SERVER_PORT
    });
    let to = strays.map(|packet| packet.to).next()?;
    Some(if to.port() == server.port() {
        Cause::SentToOwnPort
    } else {
        Cause::SentToUnusedPort { to: Some(to) }
    })
}

/// True if the network shows that the server received the newest datagram of the client with the index `peer`, and has
/// sent nothing but the replies that came.
pub(super) fn was_received_only(transcript: &Transcript, peer: usize) -> bool {
    let (client, server, sent, replies) = transcript.peers(|peers| {
        let clients = peers.iter().filter(|peer| peer.role == Role::Client);
        let address = match &peers[peer].socket {
            Socket::Udp(socket) => socket.upgrade().and_then(|socket| socket.local_addr().ok()),
            Socket::Tcp(_) => None,
        };
        let replies: usize = clients.map(|client| client.replies).sum();
        (address, peers[peer].server, peers[peer].sent.len(), replies)
    });
    let packets = transcript.packets();
    let count = |is: &dyn Fn(&Packet) -> bool| packets.iter().filter(|packet| is(packet)).count();
    client.is_some_and(|client| count(&|packet| packet.from == client && packet.to == server) == sent)
        && count(&|packet| packet.from.port() == server.port()) == replies
        && !socket::has_unread_datagram(server)
}

#[cfg(test)]
mod tests {
    use super::{cause_of_replies, cause_of_requests};
    use crate::failure::Cause;
    use crate::os::socket::Transport::{Tcp, Udp};
    use crate::os::traffic::Packet;
    use std::net::SocketAddr;

    fn at(port: u16) -> SocketAddr {
        ([127, 0, 0, 1], port).into()
    }

    #[test]
    fn names_what_a_client_used_in_place_of_its_server() {
        let server = at(1000);
        let elsewhere = Cause::AsksElsewhere { server, found: Some(at(12000)), was_told: true };
        let of_transport = |found, wanted| Some(Cause::WrongTransport { address: None, found, wanted });
        for (requests, wanted, expected) in [
            (vec![(Udp, at(12000))], Udp, Some(elsewhere.clone())),
            (vec![(Udp, at(53)), (Tcp, at(12000))], Tcp, Some(elsewhere)),
            (vec![(Udp, at(53))], Tcp, None),
            (vec![(Udp, server)], Tcp, of_transport(Udp, Tcp)),
            (vec![(Tcp, server)], Udp, of_transport(Tcp, Udp)),
            (vec![(Udp, at(12000)), (Udp, server)], Udp, None),
            (vec![], Udp, None),
        ] {
            assert_eq!(cause_of_requests(&requests, wanted, server, true), expected, "{requests:?}");
        }
    }

    #[test]
    fn names_where_a_reply_went() {
        let (server, client, other) = (at(1000), at(2000), at(2001));
        let packet = |from, to| Packet { transport: Udp, from, to };
        let to = Some(at(3000));
        for (to, expected) in [
            (server, Some(Cause::SentToOwnPort)),
            (at(3000), Some(Cause::SentToUnusedPort { to })),
            (client, None),
            (other, None),
        ] {
            let packets = [packet(other, server), packet(client, server), packet(server, to)];
            assert_eq!(cause_of_replies(&packets, server), expected);
        }
    }
}
