//! What is kept of one packet of a conversation.

use crate::checksum::Status;
use crate::conversation::endpoint::Side;
use crate::conversation::moment::Moment;
use crate::conversation::preview::preview;
use crate::packet::{Flags, Transport};
use serde::Serialize;

/// One packet of a conversation.
#[derive(Clone, Debug)]
pub struct PacketRecord {
    /// The frame that carried it, or the frame of its last fragment.
    pub at: Moment,
    /// The sender.
    pub from: Side,
    /// The IP header in bytes.
    pub ip_header_length: u16,
    /// The UDP or TCP header in bytes.
    pub header_length: u16,
    /// The checksum field.
    pub checksum: u16,
    /// Whether the checksum is right.
    pub checksum_status: Status,
    /// The length of the payload in bytes.
    pub payload_length: u32,
    /// The start of the payload.
    pub payload: Box<[u8]>,
    /// What only UDP or only TCP has.
    pub detail: Detail,
}

/// The part of a record that depends on the protocol.
#[derive(Clone, Copy, Debug)]
pub enum Detail {
    /// A datagram, with its Length field.
    Udp(u16),
    /// A segment.
    Tcp(SegmentDetail),
}

/// What only a segment has.
#[derive(Clone, Copy, Debug)]
pub struct SegmentDetail {
    /// The flags.
    pub flags: Flags,
    /// The raw sequence number.
    pub sequence: u32,
    /// The sequence number relative to the initial one of this direction.
    pub relative_sequence: u32,
    /// The raw acknowledgment number.
    pub acknowledgment: u32,
    /// The acknowledgment number relative to the initial sequence number of the other direction; `None` without ACK.
    pub relative_acknowledgment: Option<u32>,
    /// The window field, before window scaling.
    pub window: u16,
    /// The maximum segment size option.
    pub mss: Option<u16>,
    /// What the sequence numbers say about the segment.
    pub analysis: Analysis,
}

/// How a segment fits into the stream. In JSON, some variants keep their names of format version 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Analysis {
    /// It continues the stream, or only acknowledges.
    #[serde(rename = "no")]
    InOrder,
    /// All of its payload was captured before.
    Retransmission,
    /// It checks whether the peer is still there (RFC 9293, section 3.8.4).
    KeepAlive,
    /// It checks whether a peer that announced a window of 0 has room again (RFC 9293, section 3.8.6.1).
    WindowProbe,
    /// The segment before it is missing or comes later.
    #[serde(rename = "ahead")]
    AfterGap,
    /// It comes after segments that follow it in the stream: it was overtaken, or is a retransmission.
    #[serde(rename = "late")]
    OutOfOrder,
}

impl PacketRecord {
    /// Records a packet.
    pub fn new(at: Moment, from: Side, transport: &Transport<'_>, detail: Detail) -> PacketRecord {
        PacketRecord {
            at,
            from,
            ip_header_length: transport.ip_header_length,
            header_length: transport.header_length,
            checksum: transport.checksum,
            checksum_status: transport.checksum_status,
            payload_length: transport.payload_length,
            payload: preview(transport.payload),
            detail,
        }
    }

    /// Returns what only a segment has, or `None` for a datagram.
    pub fn segment(&self) -> Option<&SegmentDetail> {
        match &self.detail {
            Detail::Tcp(detail) => Some(detail),
            Detail::Udp(_) => None,
        }
    }

    /// Tells whether this is a segment in which all of `flags` are set.
    pub fn has(&self, flags: Flags) -> bool {
        self.segment().is_some_and(|segment| segment.flags.has(flags))
    }
}
