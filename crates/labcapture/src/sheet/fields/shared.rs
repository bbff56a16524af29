//! Fields that several labs have.

use crate::conversation::{Close, Conversation, Exchange, Side};
use crate::sheet::expected::Expected;

/// The client's port.
pub fn client_port(conversation: &Conversation) -> Option<Expected> {
    let server = u64::from(conversation.server().port());
    let client = u64::from(conversation.client().port());
    Some(Expected::number(client).but(server, "that is the server's port"))
}

/// The endpoint that closed first.
pub fn first_to_close(conversation: &Conversation) -> Option<Expected> {
    match conversation.tcp()?.close() {
        Close::Complete { began, .. } | Close::Incomplete { began, .. } => {
            Some(endpoint(conversation, began))
        }
        Close::FinThenReset { fins, .. } => fins.first().map(|(began, _)| endpoint(conversation, *began)),
        Close::Reset { by, .. } if !conversation.is_refused() => Some(endpoint(conversation, by)),
        _ => None,
    }
}

fn endpoint(conversation: &Conversation, side: Side) -> Expected {
    let names = |side: Side| {
        let address = conversation.common.addresses[side];
        [side.to_string(), address.to_string(), address.ip().to_string()]
    };
    let right = names(side);
    // Two programs on the same computer have the same IP address, so their address does not tell them apart.
    let wrong = names(side.other()).into_iter().filter(|name| !right.contains(name)).collect();
    Expected::Endpoint { right: right.into(), wrong }
}

/// The times of a handshake in nanoseconds: to the SYN, ACK, and to the ACK.
pub fn handshake_times(conversation: &Conversation) -> Vec<u64> {
    let Some(handshake) = conversation.tcp().map(|tcp| tcp.handshake) else { return Vec::new() };
    let Some(rtt_ns) = handshake.rtt_ns() else { return Vec::new() };
    [rtt_ns].into_iter().chain(handshake.initial_rtt_ns()).collect()
}

/// The round-trip times of requests in nanoseconds.
pub fn round_trip_times(conversations: &[&Conversation]) -> Vec<u64> {
    let exchanges = conversations.iter().flat_map(|conversation| &conversation.common.exchanges);
    exchanges.filter_map(Exchange::rtt_ns).collect()
}

/// Expects one of these times, unless there are none.
pub fn one_of_times(times: Vec<u64>) -> Option<Expected> {
    (!times.is_empty()).then_some(Expected::Milliseconds(times))
}
