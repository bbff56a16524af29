//! The questions of lab 1.

use super::{
    Answer, COMPARED_MAX, Lab, Servers, address_lines, answered_meanwhile, first_of, lines, prove_by_all,
    relevant, streams,
};
use crate::checksum::Status;
use crate::conversation::{Conversation, Detail, Entry, Side};
use crate::report::Report;
use crate::words::{Hex, count, list, milliseconds};

pub(super) fn answers(report: &Report) -> Vec<Answer> {
    let all = relevant(Lab::UdpEcho, report);
    let servers = Servers::of(&all);
    let asked = |answer: Answer| {
        let by_ports = |conversation: &Conversation, entry: &Entry| servers.received(conversation, entry);
        answer.shown(&all, &servers.receive("udp"), by_ports)
    };
    vec![
        asked(Answer::to(1, "Which port does the client use, and who chose it?"))
            .lines(lines(&all, |conversation| {
                let (client, server) = (conversation.client(), conversation.server());
                Some(format!("{}, chosen by the client's system; the server's is {}", client.port(), server.port()))
            }))
            .or_nothing("there is no UDP conversation"),
        asked(Answer::to(2, "What is the Length of the client's first datagram, and what does it count?"))
            .lines(lines(&all, |conversation| {
                let entry = first_of(conversation, Side::Client)?;
                let Detail::Udp(length) = entry.detail else { return None };
                let text = entry.text_length;
                Some(format!("{length}: 8 bytes of header and {text} of text (frame {})", entry.at.frame))
            }))
            .or_nothing("no client sends a datagram"),
        prove_by_all(Answer::to(3, "What are the checksums of the client's datagram and of the reply, and are they correct?"), &all)
            .lines(lines(&all, |conversation| {
                let client = first_of(conversation, Side::Client)?;
                let server = first_of(conversation, Side::Server);
                let server = server.map_or("there is no reply".to_owned(), |entry| format!("the server's {}", checksum(entry)));
                Some(format!("the client's {}, {server}", checksum(client)))
            }))
            .or_nothing("no client sends a datagram"),
        prove_by_all(
            Answer::to(4, "Which frames belong to one line of text? Does any open or close the conversation?").lines(
                lines(&all, |conversation| {
                    let exchange = conversation.exchanges.iter().find(|exchange| exchange.reply.is_some())?;
                    let reply = exchange.reply?.frame;
                    Some(format!(
                        "two: the client's datagram ({}) and the server's ({reply}); {} in all, and none that opens or closes",
                        exchange.request.frame,
                        count(conversation.packets(), "datagram")
                    ))
                }),
            ),
            &all,
        )
        .or_nothing("no line was answered"),
        prove_by_all(Answer::to(5, "Every socket address, and the server's sockets").lines(address_lines(&all)), &all)
            .line(sockets(&all))
            .inferred("a capture shows addresses, not sockets: that all replies come from one address fits one socket"),
        at_once(&all),
        refused(7, "The client is started before the server: what happens?", &all)
            .inferred("what the calls return is not on the wire: `send` succeeds, and `recv` fails where the ICMP message arrives"),
        refused(8, "Client and server use different ports: what happens, and which packet tells?", &all)
            .inferred("a port that nobody uses and a server that is not started look alike; the screen tells which it was"),
        Answer::to(9, "Why does a second server on the same address fail?")
            .line("no frame shows it: `bind` is a matter of one system, and fails there because the address is in use")
            .inferred("the second server never sends anything"),
    ]
}

/// A checksum with what it proves.
fn checksum(entry: &Entry) -> String {
    let meaning = match entry.checksum_status {
        Status::Right => "correct",
        Status::Wrong => "wrong: the datagram was damaged, or changed without a new checksum",
        Status::Partial => {
            "partial: the sum over the addresses only, the network card does the rest (offload)"
        }
        Status::Absent => "left out by the sender",
        Status::Unknown => "not to be verified, since the frame is cut off",
    };
    format!("{} in frame {} ({meaning})", Hex(entry.checksum), entry.at.frame)
}

fn sockets(all: &[&Conversation]) -> String {
    let clients = count(all.len() as u64, "client address").replace("addresss", "addresses");
    format!("{clients}; the server has one socket for all of them, each client one of its own")
}

fn at_once(all: &[&Conversation]) -> Answer {
    let answer = Answer::to(6, "Why is C answered at once while B's client still runs?");
    let answer = match answered_meanwhile(all) {
        Some((later, request, reply, earlier)) => answer
            .line(format!(
                "the line of conversation {} (frame {request}) is answered in frame {reply}, and conversation {} goes on after that: \
                 datagrams of all clients come to one socket, and each names its sender",
                later.number, earlier.number
            ))
            .shown(&[earlier, later], "", |_, _| true),
        None => second_client(all, answer),
    };
    answer.inferred(
        "the calls are not on the wire: `recv_from` gives the sender's address, and `send_to` takes it",
    )
}

/// A second client's first exchange. Whether the first client still runs then is not on the wire: nothing closes it.
fn second_client(all: &[&Conversation], answer: Answer) -> Answer {
    let found = all.iter().take(COMPARED_MAX).enumerate().find_map(|(at, later)| {
        let is_earlier = |earlier: &&&Conversation| {
            earlier.server() == later.server() && earlier.client() != later.client()
        };
        let earlier = all[..at].iter().find(is_earlier)?;
        let exchange = later.exchanges.iter().find(|exchange| exchange.reply.is_some())?;
        Some((*later, *earlier, exchange, exchange.reply?))
    });
    let Some((later, earlier, exchange, reply)) = found else {
        return answer.or_nothing("only one client was answered");
    };
    let request = exchange.request.frame;
    let time = exchange.rtt_ns().map_or(String::new(), |ns| format!(", {} later", milliseconds(ns)));
    answer
        .line(format!(
            "the line of conversation {} (frame {request}) is answered in frame {}{time}, and no frame had to end conversation \
             {} before: datagrams of all clients come to one socket, and each names its sender",
            later.number, reply.frame, earlier.number
        ))
        .shown(&[earlier, later], "", |_, _| true)
}

pub(super) fn refused(number: u8, question: &'static str, all: &[&Conversation]) -> Answer {
    let refused: Vec<&Conversation> =
        all.iter().copied().filter(|conversation| !conversation.refusals.is_empty()).collect();
    let frames = || {
        refused.iter().flat_map(|conversation| conversation.refusals.iter().map(|refusal| refusal.at.frame))
    };
    let silent: Vec<&Conversation> = all
        .iter()
        .copied()
        .filter(|conversation| {
            conversation.refusals.is_empty() && conversation.sent[Side::Server].packets == 0
        })
        .collect();
    let silent = lines(&silent, |conversation| {
        let frame = conversation.first.frame;
        Some(format!("nothing answers the datagrams to {} (from frame {frame})", conversation.server()))
    });
    let filter = format!(
        "(icmp.type == 3 || icmpv6.type == 1) && {}",
        streams(&refused).replace(" && !icmp && !icmpv6", "")
    );
    Answer::to(number, question)
        .lines(lines(&refused, |conversation| {
            let refusal = conversation.refusals.first()?;
            let what = if refusal.port { "port unreachable" } else { "unreachable" };
            Some(format!(
                "the datagram to {} (port {}) is sent and lost; ICMP {what} comes back from {} (frame {})",
                conversation.server(),
                conversation.server().port(),
                refusal.from,
                list([refusal.at.frame])
            ))
        }))
        .lines(silent)
        .proof(frames())
        .filter(filter)
        .or_nothing("every datagram was answered")
}
