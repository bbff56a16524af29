//! The questions of lab 3.

use super::{
    Answer, Lab, address_lines, answered_meanwhile, has, prove_by_all, relevant, shown_by_syn, tcp_echo,
};
use crate::packet::Flags;
use crate::report::Report;
use std::collections::BTreeSet;

const NOT_ON_THE_WIRE: &str =
    "threads and the memory they cost are within one computer; a capture shows nothing of them";

pub(super) fn answers(report: &Report) -> Vec<Answer> {
    let all = relevant(Lab::TcpThreaded, report);
    let clients: BTreeSet<_> = all.iter().map(|conversation| conversation.client()).collect();
    let meanwhile =
        Answer::to(1, "Which frames show that one client is answered while another's connection stays open?");
    let meanwhile = match answered_meanwhile(&all) {
        Some((later, request, reply, earlier)) => meanwhile
            .line(format!(
                "the line of conversation {} (frame {request}) is answered in frame {reply}, and conversation {} goes on after that",
                later.number, earlier.number
            ))
            .shown(&[earlier, later], "tcp.len > 0", |_, entry| entry.text_length > 0),
        None => meanwhile.or_nothing("no client is answered while another one is connected"),
    };
    vec![
        meanwhile,
        prove_by_all(Answer::to(2, "Every socket address, and what it is used for").lines(address_lines(&all)), &all),
        Answer::to(3, "How many socket addresses has the server, and how many sockets did it make?")
            .line(tcp_echo::server_sockets(&all))
            .line("the four numbers together (both addresses, both ports) tell the connections apart")
            .shown(&all, "tcp.flags.syn == 1 && tcp.flags.ack == 1", |_, entry| has(entry, Flags::SYN) && has(entry, Flags::ACK))
            .inferred("a capture shows addresses, not sockets: that one listens, and each connection has its own, is how TCP servers are made"),
        shown_by_syn(Answer::to(4, "How many socket addresses and sockets do the clients have together?"), &all)
            .line(format!("{0} socket address(es) and {0} socket(s), one for each connection", clients.len()))
            .inferred("a capture shows addresses; that each of them is one socket holds for every TCP client"),
        Answer::to(5, "Why did C wait in lab 2, and why not now?")
            .line("in lab 2 the only thread blocked in `read` for B; now each connection has its own thread, and the first one is back in `accept`")
            .inferred(NOT_ON_THE_WIRE),
        Answer::to(6, "What does a waiting thread cost, and what would 10,000 cost?")
            .line("memory for its stack, and a socket; no processor time while it waits")
            .inferred(NOT_ON_THE_WIRE),
        Answer::to(7, "What if one client's thread crashed the whole program?")
            .line("every connection would end; the capture would show FIN or RST from the server on all of them")
            .inferred("a crash and an orderly end look alike on the wire"),
    ]
}
