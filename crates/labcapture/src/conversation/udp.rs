//! A UDP conversation: datagrams, paired into requests and replies.
//!
//! UDP itself pairs nothing. The payloads of an echo show which reply belongs to which request, even when datagrams are
//! lost or reordered.

use crate::conversation::common::Common;
use crate::conversation::endpoint::Side;
use crate::conversation::exchange::{Exchange, Message};
use crate::conversation::moment::Moment;
use crate::conversation::preview::start_of;
use crate::conversation::record::Detail;
use crate::packet::{Packet, Udp};

/// The maximum number of requests of one conversation that are kept.
const EXCHANGES_MAX: usize = 1000;

/// The maximum number of requests that wait for a reply at the same time.
const UNANSWERED_MAX: usize = 256;

/// The maximum number of requests that a reply is compared with to find out whether it is a second copy.
const COMPARED_MAX: usize = 256;

/// The state of a UDP conversation.
#[derive(Debug, Default)]
pub struct UdpFlow {
    /// The indices in [`Common::exchanges`] of the requests without a reply, oldest first.
    unanswered: Vec<usize>,
}

impl UdpFlow {
    /// Adds a datagram. Its details are kept only with `keep`.
    pub fn take(&mut self, common: &mut Common, packet: &Packet<'_>, udp: &Udp<'_>, keep: bool) {
        let (at, from) = common.count(packet, &udp.transport);
        if keep {
            common.keep(at, from, &udp.transport, Detail::Udp(udp.length));
        }
        match from {
            Side::Client if keep => self.take_request(&mut common.exchanges, at, udp),
            Side::Client => {}
            Side::Server => self.take_reply(&mut common.exchanges, at, udp),
        }
    }

    fn take_request(&mut self, exchanges: &mut Vec<Exchange>, at: Moment, udp: &Udp<'_>) {
        if exchanges.len() < EXCHANGES_MAX && self.unanswered.len() < UNANSWERED_MAX {
            self.unanswered.push(exchanges.len());
            exchanges.push(Exchange { request: message(at, udp), reply: None });
        }
    }

    /// Pairs a reply with the request that it echoes, or else with the oldest request without a reply. A second copy of a
    /// reply answers nothing.
    fn take_reply(&mut self, exchanges: &mut [Exchange], at: Moment, udp: &Udp<'_>) {
        let is_echoed = |request: &Message| {
            request.length == u64::from(udp.transport.payload_length)
                && request.payload.eq_ignore_ascii_case(start_of(udp.transport.payload))
        };
        let place = self.unanswered.iter().position(|index| is_echoed(&exchanges[*index].request));
        let mut latest = exchanges.iter().rev().take(COMPARED_MAX);
        if place.is_none() && latest.any(|exchange| exchange.reply.is_some() && is_echoed(&exchange.request))
        {
            return;
        }
        let place = place.unwrap_or(0);
        if place < self.unanswered.len() {
            exchanges[self.unanswered.remove(place)].reply = Some(message(at, udp));
        }
    }
}

fn message(at: Moment, udp: &Udp<'_>) -> Message {
    Message::new(at, udp.transport.payload, u64::from(udp.transport.payload_length))
}

#[cfg(test)]
mod tests {
    use super::{UNANSWERED_MAX, UdpFlow};
    use crate::conversation::common::Common;
    use crate::conversation::endpoint::PerSide;
    use crate::conversation::moment::Moment;
    use crate::packet::Content;
    use crate::packet::hand_built::{CLIENT, SERVER, datagram, packet};
    use std::net::SocketAddr;

    /// Takes datagrams with the frame numbers 1, 2, 3 …
    fn converse(datagrams: &[(SocketAddr, &[u8])]) -> Common {
        let addresses = PerSide { client: CLIENT, server: SERVER };
        let mut common = Common::new(1, 0, addresses, false, Moment { frame: 1, time_ns: 1000 });
        let mut flow = UdpFlow::default();
        for ((from, payload), frame) in datagrams.iter().zip(1..) {
            let udp = datagram(*from, payload);
            flow.take(&mut common, &packet(frame, Content::Udp(udp)), &udp, true);
        }
        common
    }

    /// The frames of each request and of its reply.
    fn pairs(datagrams: &[(SocketAddr, &[u8])]) -> Vec<(u64, Option<u64>)> {
        let frames = |exchange: &crate::conversation::exchange::Exchange| {
            (exchange.request.at.frame, exchange.reply.as_ref().map(|reply| reply.at.frame))
        };
        converse(datagrams).exchanges.iter().map(frames).collect()
    }

    #[test]
    fn pairs_each_request_with_its_reply() {
        let two = [(CLIENT, &b"one"[..]), (SERVER, b"ONE"), (CLIENT, b"two"), (SERVER, b"TWO")];
        assert_eq!(pairs(&two), [(1, Some(2)), (3, Some(4))]);
    }

    #[test]
    fn pairs_an_echo_with_its_request_despite_loss_and_reordering() {
        let lost = [(CLIENT, &b"lost"[..]), (CLIENT, b"two"), (SERVER, b"TWO")];
        assert_eq!(pairs(&lost), [(1, None), (2, Some(3))]);
        let reordered = [(CLIENT, &b"one"[..]), (CLIENT, b"two"), (SERVER, b"TWO"), (SERVER, b"ONE")];
        assert_eq!(pairs(&reordered), [(1, Some(4)), (2, Some(3))]);
    }

    #[test]
    fn pairs_another_reply_with_the_oldest_request() {
        let other =
            [(CLIENT, &b"one"[..]), (CLIENT, b"two"), (SERVER, b"?"), (SERVER, b"!"), (SERVER, b"more")];
        assert_eq!(pairs(&other), [(1, Some(3)), (2, Some(4))]);
    }

    #[test]
    fn pairs_nothing_with_the_second_copy_of_a_reply() {
        let copied = [(CLIENT, &b"one"[..]), (CLIENT, b"two"), (SERVER, b"TWO"), (SERVER, b"TWO")];
        assert_eq!(pairs(&copied), [(1, None), (2, Some(3))]);
        let repeated = [(CLIENT, &b"one"[..]), (SERVER, b"ONE"), (CLIENT, b"one"), (SERVER, b"ONE")];
        assert_eq!(pairs(&repeated), [(1, Some(2)), (3, Some(4))]);
    }

    #[test]
    fn keeps_an_empty_datagram() {
        let common = converse(&[(CLIENT, b""), (SERVER, b"")]);
        assert_eq!(common.exchanges[0].rtt_ns(), Some(1000));
        assert_eq!((common.packet_count(), common.header_lengths()), (2, vec![(8, 2)]));
    }

    #[test]
    fn bounds_the_requests_that_wait() {
        let requests = vec![(CLIENT, &b"hello"[..]); UNANSWERED_MAX + 10];
        assert_eq!(converse(&requests).exchanges.len(), UNANSWERED_MAX);
    }
}
