//! When something happened.

use crate::packet::Packet;

/// The frame in which something happened, and its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The frame number.
    pub frame: u64,
    /// When the frame was captured, in nanoseconds since 1970; 0 if the file does not say.
    pub time_ns: u64,
}

impl Moment {
    /// Returns the moment at which a packet was captured.
    pub fn of(packet: &Packet<'_>) -> Moment {
        Moment { frame: packet.frame, time_ns: packet.time_ns }
    }

    /// Returns the time that has passed since `earlier`, or `None` if the file has no times.
    pub fn since(self, earlier: Moment) -> Option<u64> {
        (earlier.time_ns > 0).then(|| self.time_ns.saturating_sub(earlier.time_ns))
    }
}

#[cfg(test)]
mod tests {
    use super::Moment;

    #[test]
    fn has_no_duration_without_times() {
        let at = |time_ns| Moment { frame: 1, time_ns };
        assert_eq!(at(7).since(at(4)), Some(3));
        assert_eq!(at(4).since(at(7)), Some(0), "two clocks may disagree");
        assert_eq!(at(0).since(at(0)), None);
    }
}
