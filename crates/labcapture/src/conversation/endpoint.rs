//! The two endpoints of a conversation, and the protocol between them.

use serde::Serialize;
use std::fmt;
use std::ops::{Index, IndexMut};

/// The transport protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// UDP, which carries datagrams.
    Udp,
    /// TCP, which carries a stream of bytes in each direction.
    Tcp,
}

impl Protocol {
    /// Returns the protocol's name in Wireshark's display filters, as in `tcp.stream`.
    pub fn filter_name(self) -> &'static str {
        match self {
            Protocol::Udp => "udp",
            Protocol::Tcp => "tcp",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Protocol::Udp => "UDP",
            Protocol::Tcp => "TCP",
        })
    }
}

/// One of the two endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The endpoint that starts the conversation.
    Client,
    /// The endpoint that the client contacts.
    Server,
}

impl Side {
    /// Both endpoints, the client first.
    pub const BOTH: [Side; 2] = [Side::Client, Side::Server];

    /// Returns the opposite endpoint.
    #[must_use]
    pub fn other(self) -> Side {
        match self {
            Side::Client => Side::Server,
            Side::Server => Side::Client,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Side::Client => "client",
            Side::Server => "server",
        })
    }
}

/// One value for each endpoint, indexed by [`Side`].
#[derive(Clone, Debug, Default)]
pub struct PerSide<T> {
    /// The client's value.
    pub client: T,
    /// The server's value.
    pub server: T,
}

impl<T> Index<Side> for PerSide<T> {
    type Output = T;
    fn index(&self, side: Side) -> &T {
        match side {
            Side::Client => &self.client,
            Side::Server => &self.server,
        }
    }
}

impl<T> IndexMut<Side> for PerSide<T> {
    fn index_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{PerSide, Side};

    #[test]
    fn keeps_the_two_sides_apart() {
        let mut bytes = PerSide::<u32>::default();
        bytes[Side::Client] = 1;
        bytes[Side::Client.other()] = 2;
        assert_eq!((bytes[Side::Client], bytes[Side::Server]), (1, 2));
        assert_eq!(Side::BOTH.map(|side| side.to_string()), ["client", "server"]);
    }
}
