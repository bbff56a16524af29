//! The flags of a TCP segment.

use serde::Serialize;
use std::fmt;

/// The nine flags of a TCP header: the low bits of its bytes 12 and 13 (RFC 9293, section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
pub struct Flags(pub u16);

impl Flags {
    /// The sender has no more data.
    pub const FIN: Flags = Flags(1);
    /// The first segment in its direction.
    pub const SYN: Flags = Flags(2);
    /// The connection is reset.
    pub const RST: Flags = Flags(4);
    /// The receiver should pass the data received so far to the program.
    pub const PSH: Flags = Flags(8);
    /// The acknowledgment number is valid.
    pub const ACK: Flags = Flags(16);

    /// The name of each bit, lowest bit first.
    pub const NAMES: [(&'static str, u16); 9] = [
        ("FIN", 1),
        ("SYN", 2),
        ("RST", 4),
        ("PSH", 8),
        ("ACK", 16),
        ("URG", 32),
        ("ECE", 64),
        ("CWR", 128),
        ("AE", 256),
    ];

    /// Tells whether all flags of `other` are set.
    pub fn has(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }

    /// Returns the names of the flags that are set, lowest bit first.
    pub fn names(self) -> Vec<&'static str> {
        Flags::NAMES.iter().filter(|(_, bit)| self.0 & bit != 0).map(|(name, _)| *name).collect()
    }
}

impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.names();
        f.pad(&if names.is_empty() { "none".to_owned() } else { names.join(", ") })
    }
}

#[cfg(test)]
mod tests {
    use super::Flags;

    #[test]
    fn names_flags_in_the_order_of_their_bits() {
        assert_eq!(Flags(0x12).to_string(), "SYN, ACK");
        assert_eq!(Flags(0x18).to_string(), "PSH, ACK");
        assert_eq!(Flags(0).to_string(), "none");
    }
}
