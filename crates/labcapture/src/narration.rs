//! Sentences about how a connection opens and closes, and about hosts that do not answer, for the text view and for the answers to questions.

use crate::conversation::{Close, Conversation, Moment, Side, TcpFlow};
use crate::formatting::{count, frames};
use crate::neighbours::Unanswered;

/// Tells that a host did not answer when it was asked for its hardware address.
pub fn unanswered(unanswered: &Unanswered<'_>) -> String {
    let Unanswered { host, by, asked } = unanswered;
    let how = if host.is_ipv4() { "ARP" } else { "neighbour discovery" };
    let when = if asked.was_there { "no longer" } else { "never" };
    format!(
        "{host} {when} answered {how}: {} from {by} ({}); nothing can be sent to it without its hardware address",
        count(asked.requests, "request"),
        frames(&asked.frames)
    )
}

/// Tells how a connection was opened.
pub fn opening(conversation: &Conversation, tcp: &TcpFlow) -> String {
    let frame = |at: Option<Moment>| at.map(|at| at.frame);
    let handshake = &tcp.handshake;
    if let (Some(syn), Some(reset)) = (frame(handshake.syn), frame(handshake.refusal)) {
        return format!(
            "refused: SYN (frame {syn}), answered by RST (frame {reset}); no server listens on this port"
        );
    }
    match (frame(handshake.syn), frame(handshake.syn_ack), frame(handshake.ack)) {
        (Some(syn), Some(syn_ack), Some(ack)) => {
            format!(
                "SYN (frame {syn}), SYN, ACK (frame {syn_ack}), ACK (frame {ack}): the three-way handshake"
            )
        }
        (Some(syn), Some(syn_ack), None) => {
            format!("SYN (frame {syn}), SYN, ACK (frame {syn_ack}); the client's ACK is not in the capture")
        }
        (Some(syn), None, _) if conversation.is_unanswered() => {
            format!("SYN (frame {syn}), without an answer")
        }
        (Some(syn), None, _) => format!("SYN (frame {syn}); the server's SYN, ACK is not in the capture"),
        (None, ..) => "not in the capture, which started later".to_owned(),
    }
}

/// Tells how a connection ended.
pub fn closing(conversation: &Conversation, tcp: &TcpFlow) -> String {
    if conversation.is_refused() {
        return "nothing to close: the connection was refused".to_owned();
    }
    match tcp.close() {
        Close::Complete { began, frames: numbers } => {
            let fin = |side: Side| tcp.directions[side].fin.map_or(0, |fin| fin.at.frame);
            let (first, second) = (fin(began), fin(began.other()));
            let half_closed = match tcp.directions[began.other()].after_fin_bytes {
                0 => String::new(),
                bytes => {
                    format!("; the {} sent {} in between (half-closed)", began.other(), count(bytes, "byte"))
                }
            };
            format!(
                "{} segments, started by the {began}: {} (FIN in {first} and {second}){half_closed}",
                numbers.len(),
                frames(&numbers)
            )
        }
        Close::Incomplete { began, frames: numbers } => {
            format!("started by the {began} ({}); the rest is not in the capture", frames(&numbers))
        }
        Close::FinThenReset { fins, by, at, .. } => {
            let fins: Vec<String> =
                fins.iter().map(|(side, frame)| format!("by the {side} (frame {frame})")).collect();
            format!(
                "closed with FIN {}, then reset by the {by} (RST in frame {})",
                fins.join(" and "),
                at.frame
            )
        }
        Close::Reset { by, at } => format!("reset by the {by} (RST in frame {})", at.frame),
        Close::Open if conversation.is_unanswered() => {
            "nothing to close: the SYN was never answered".to_owned()
        }
        Close::Open => "not in the capture: the connection was still open when the capture ended".to_owned(),
    }
}
