//! The handshake: the three segments that open a connection (RFC 9293, section 3.5), or the reset that refuses it.

use crate::conversation::endpoint::Side;
use crate::conversation::moment::Moment;
use crate::packet::Flags;

/// The segments of a handshake.
#[derive(Clone, Copy, Debug, Default)]
pub struct Handshake {
    /// The client's first SYN.
    pub syn: Option<Moment>,
    /// The last SYN before the server's answer; it differs from `syn` if the SYN was retransmitted.
    pub last_syn: Option<Moment>,
    /// The server's SYN, ACK.
    pub syn_ack: Option<Moment>,
    /// The client's ACK.
    pub ack: Option<Moment>,
    /// The RST with which the server refuses the connection.
    pub refusal: Option<Moment>,
}

impl Handshake {
    /// Adds a segment. `acknowledged` is the position that it acknowledges, and `is_first` tells whether `from` sent no
    /// segment before.
    pub fn take(&mut self, at: Moment, from: Side, flags: Flags, acknowledged: Option<i64>, is_first: bool) {
        match (from, flags.has(Flags::SYN), acknowledged) {
            (Side::Client, true, None) => {
                self.syn.get_or_insert(at);
                if self.syn_ack.or(self.refusal).is_none() {
                    self.last_syn = Some(at);
                }
            }
            (Side::Server, true, Some(_)) if self.syn.is_some() => {
                self.syn_ack.get_or_insert(at);
            }
            (Side::Client, false, Some(1..)) if self.syn.is_some() && !flags.has(Flags::RST) => {
                self.ack.get_or_insert(at);
            }
            // A later RST resets a connection that was open, even if the capture lacks the server's SYN, ACK.
            (Side::Server, false, Some(_)) if flags.has(Flags::RST) && is_first => {
                self.refusal = self.refusal.or(self.syn.and(Some(at)));
            }
            _ => {}
        }
    }

    /// Returns the time from the SYN to the server's SYN, ACK: Wireshark's `tcp.analysis.ack_rtt` of that segment.
    pub fn rtt_ns(&self) -> Option<u64> {
        self.syn_ack?.since(self.last_syn?)
    }

    /// Returns the time from the SYN to the client's ACK, or to the RST: Wireshark's `tcp.analysis.initial_rtt`.
    pub fn initial_rtt_ns(&self) -> Option<u64> {
        let end = self.refusal.or(self.ack)?;
        end.since(self.last_syn?)
    }
}

#[cfg(test)]
mod tests {
    use super::Handshake;
    use crate::conversation::endpoint::Side::{self, Client, Server};
    use crate::conversation::moment::Moment;
    use crate::packet::Flags;

    const SYN_ACK: Flags = Flags(Flags::SYN.0 | Flags::ACK.0);
    const RST_ACK: Flags = Flags(Flags::RST.0 | Flags::ACK.0);

    /// Takes segments with the frame numbers 1, 2, 3 … at 1 µs, 2 µs, 3 µs …
    fn handshake(segments: &[(Side, Flags, Option<i64>)]) -> Handshake {
        let mut handshake = Handshake::default();
        for ((at, (from, flags, acknowledged)), frame) in segments.iter().enumerate().zip(1..) {
            let is_first = segments[..at].iter().all(|(sender, ..)| sender != from);
            let at = Moment { frame, time_ns: frame * 1000 };
            handshake.take(at, *from, *flags, *acknowledged, is_first);
        }
        handshake
    }

    fn frames(handshake: &Handshake) -> [Option<u64>; 4] {
        [handshake.syn, handshake.syn_ack, handshake.ack, handshake.refusal].map(|at| at.map(|at| at.frame))
    }

    #[test]
    fn recognizes_the_three_segments() {
        let three = handshake(&[
            (Client, Flags::SYN, None),
            (Server, SYN_ACK, Some(1)),
            (Client, Flags::ACK, Some(1)),
            (Client, Flags::ACK, Some(7)),
        ]);
        assert_eq!(frames(&three), [Some(1), Some(2), Some(3), None]);
        assert_eq!((three.rtt_ns(), three.initial_rtt_ns()), (Some(1000), Some(2000)));
    }

    #[test]
    fn measures_from_the_retransmitted_syn() {
        let repeated = handshake(&[
            (Client, Flags::SYN, None),
            (Client, Flags::SYN, None),
            (Server, SYN_ACK, Some(1)),
            (Client, Flags::SYN, None),
            (Client, Flags::ACK, Some(1)),
        ]);
        assert_eq!(frames(&repeated), [Some(1), Some(3), Some(5), None]);
        assert_eq!((repeated.rtt_ns(), repeated.initial_rtt_ns()), (Some(1000), Some(3000)));
    }

    #[test]
    fn recognizes_a_refusal() {
        let refused = handshake(&[(Client, Flags::SYN, None), (Server, RST_ACK, Some(1))]);
        assert_eq!(frames(&refused), [Some(1), None, None, Some(2)]);
        assert_eq!((refused.rtt_ns(), refused.initial_rtt_ns()), (None, Some(1000)));
    }

    #[test]
    fn takes_a_later_reset_for_no_refusal() {
        let reset = handshake(&[
            (Client, Flags::SYN, None),
            (Server, Flags::ACK, Some(1)),
            (Server, RST_ACK, Some(1)),
        ]);
        assert_eq!(frames(&reset), [Some(1), None, None, None]);
    }

    #[test]
    fn is_empty_when_the_capture_began_later() {
        let late = handshake(&[(Server, SYN_ACK, Some(1)), (Client, Flags::ACK, Some(1))]);
        assert_eq!(frames(&late), [None; 4]);
        assert_eq!((late.rtt_ns(), late.initial_rtt_ns()), (None, None));
    }
}
