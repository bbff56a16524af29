//! Exchanges: requests, each with its reply.

use crate::conversation::moment::Moment;
use crate::conversation::preview::preview;

/// A request and its reply.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// What the client sent.
    pub request: Message,
    /// What the server replied, if it did.
    pub reply: Option<Message>,
}

/// A request or a reply.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its first frame.
    pub at: Moment,
    /// The start of its payload.
    pub payload: Box<[u8]>,
    /// The length of its payload in bytes.
    pub length: u64,
}

impl Message {
    /// Describes a message of `length` bytes, of which `payload` was captured.
    pub fn new(at: Moment, payload: &[u8], length: u64) -> Message {
        Message { at, payload: preview(payload), length }
    }
}

impl Exchange {
    /// Returns the round-trip time: from the request's first frame to the reply's first frame.
    pub fn rtt_ns(&self) -> Option<u64> {
        self.reply.as_ref()?.at.since(self.request.at)
    }
}

#[cfg(test)]
mod tests {
    use super::{Exchange, Message};
    use crate::conversation::moment::Moment;

    #[test]
    fn has_a_round_trip_time_once_it_is_answered() {
        let message = |frame, time_ns| Message::new(Moment { frame, time_ns }, b"hello", 5);
        let mut exchange = Exchange { request: message(1, 1000), reply: None };
        assert_eq!(exchange.rtt_ns(), None);
        exchange.reply = Some(message(2, 1300));
        assert_eq!(exchange.rtt_ns(), Some(300));
    }
}
