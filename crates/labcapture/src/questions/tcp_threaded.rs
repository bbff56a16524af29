//! The questions of lab 3.

use crate::capture::Capture;
use crate::conversation::Conversation;
use crate::lab::Lab;
use crate::packet::Flags;
use crate::questions::answer::Answer;
use crate::questions::filter::Filter;
use crate::questions::selection::relevant;
use crate::questions::shared::{Overlap, answered_meanwhile, has_payload, shown_by_all, shown_by_syn};
use crate::questions::sockets::{
    NO_SERVER, address_lines, client_computers, client_sockets, server_sockets, sockets_are_inferred,
};

const NOT_ON_THE_WIRE: &str =
    "threads and their memory are inside one computer; a capture does not show them";

pub fn answers(capture: &Capture) -> Vec<Answer> {
    let all = relevant(Lab::TcpThreaded, capture);
    vec![
        two_clients(&all),
        shown_by_all(
            Answer::to(2, "Every socket address, and what it is used for")
                .lines(address_lines(&all))
                .or_absent("there is no TCP conversation"),
            &all,
        ),
        server(&all)
            .shown(
                &all,
                Some(Filter::is("tcp.flags.syn == 1").and(Filter::is("tcp.flags.ack == 1"))),
                |_, packet| packet.has(Flags::SYN) && packet.has(Flags::ACK),
            )
            .or_absent(NO_SERVER)
            .inferred(sockets_are_inferred(
                &all,
                "a capture shows addresses, not sockets; a TCP server has one socket that listens, and one \
                 for each connection",
            )),
        shown_by_syn(
            Answer::to(
                4,
                "How many socket addresses and sockets do the clients have on each computer, and in total?",
            ),
            &all,
        )
        .lines(client_computers(&all))
        .lines(client_sockets(&all).map(|sockets| format!("in total: {sockets}")))
        .or_absent("there is no TCP conversation")
        .inferred("a capture shows addresses, not sockets; a TCP client has one socket for each address"),
        Answer::to(5, "Why did C wait in lab 2, and why not now?")
            .line(
                "in lab 2, the only thread was blocked in `read` for B; now each connection has its own \
                 thread, and the main thread is back in `accept`",
            )
            .inferred(NOT_ON_THE_WIRE),
        Answer::to(6, "What does a waiting thread cost, and what would 10,000 cost?")
            .line("memory for its stack, and a socket; no processor time while it waits")
            .inferred(NOT_ON_THE_WIRE),
        Answer::to(7, "What if one client's thread crashed the whole program?")
            .line(
                "every connection would end: the capture would show a FIN or an RST from the server in each \
                 of them",
            )
            .inferred("a crash and a normal exit look alike on the wire"),
    ]
}

fn server(all: &[&Conversation]) -> Answer {
    let question = "How many socket addresses does the server have, and how many sockets did it create?";
    let answer = Answer::to(3, question).lines(server_sockets(all));
    if answer.lines.is_empty() {
        return answer;
    }
    answer.line("the two IP addresses and the two ports together identify a connection")
}

fn two_clients(all: &[&Conversation]) -> Answer {
    let question = "Which frames show that one client is answered while another's connection stays open?";
    let answer = Answer::to(1, question);
    match answered_meanwhile(all) {
        Some(Overlap { earlier, later, request, reply }) => answer
            .line(format!(
                "the line of conversation {} (frame {request}) is answered in frame {reply}, and \
                 conversation {} continues after that",
                later.common.number, earlier.common.number
            ))
            .shown(&[earlier, later], Some(has_payload()), |_, packet| packet.payload_length > 0),
        None => answer.or_absent("no client is answered while another one is connected"),
    }
}
