//! What a UDP and a TCP conversation have in common.

use crate::checksum::Status;
use crate::conversation::endpoint::{PerSide, Side};
use crate::conversation::exchange::Exchange;
use crate::conversation::moment::Moment;
use crate::conversation::record::{Detail, PacketRecord};
use crate::occurrences::Occurrences;
use crate::packet::{Packet, Transport, Unreachable};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

/// The maximum number of packets of one conversation that are kept. The others are only counted.
const PACKETS_MAX: usize = 1000;

/// The maximum number of ICMP errors of one conversation that are kept.
const ICMP_ERRORS_MAX: usize = 1000;

/// Addresses, packets and exchanges of a conversation.
#[derive(Debug)]
pub struct Common {
    /// Its number in the capture, starting at 1.
    pub number: usize,
    /// Its number in Wireshark: `udp.stream` or `tcp.stream`.
    pub stream: usize,
    /// The socket addresses.
    pub addresses: PerSide<SocketAddr>,
    /// Whether client and server were guessed, because no SYN was captured.
    pub client_is_guessed: bool,
    /// The first frame.
    pub first: Moment,
    /// The last frame.
    pub last: Moment,
    /// The packets in the order of their capture.
    pub packets: Vec<PacketRecord>,
    /// The number of packets that were not kept, because there are too many.
    pub packets_left_out: u64,
    /// What each endpoint sent.
    pub traffic: PerSide<Traffic>,
    /// The requests with their replies.
    pub exchanges: Vec<Exchange>,
    /// The ICMP errors about packets of this conversation.
    pub icmp_errors: Vec<IcmpError>,
}

/// Totals of what one endpoint sent.
#[derive(Debug, Default)]
pub struct Traffic {
    /// The number of packets.
    pub packets: u64,
    /// The number of packets with each header length; 8 bytes for UDP.
    pub header_lengths: BTreeMap<u16, u64>,
    /// Packets with a wrong checksum.
    pub wrong_checksums: Occurrences,
    /// Packets with a partial checksum.
    pub partial_checksums: Occurrences,
}

/// An ICMP error about a packet of the conversation.
#[derive(Clone, Copy, Debug)]
pub struct IcmpError {
    /// Its frame.
    pub at: Moment,
    /// The host that sent it.
    pub from: IpAddr,
    /// Whether it says that no socket is bound to the port.
    pub port_unreachable: bool,
}

impl Common {
    /// Starts a conversation at `first`.
    pub fn new(
        number: usize,
        stream: usize,
        addresses: PerSide<SocketAddr>,
        client_is_guessed: bool,
        first: Moment,
    ) -> Common {
        Common {
            number,
            stream,
            addresses,
            client_is_guessed,
            first,
            last: first,
            packets: Vec::new(),
            packets_left_out: 0,
            traffic: PerSide::default(),
            exchanges: Vec::new(),
            icmp_errors: Vec::new(),
        }
    }

    /// Tells which endpoint sends from `source`.
    pub fn side_of(&self, source: SocketAddr) -> Side {
        if source == self.addresses.client { Side::Client } else { Side::Server }
    }

    /// Returns the number of packets, including those that were not kept.
    pub fn packet_count(&self) -> u64 {
        self.traffic.client.packets + self.traffic.server.packets
    }

    /// Returns each header length with its number of packets, the longest header first.
    pub fn header_lengths(&self) -> Vec<(u16, u64)> {
        let mut lengths = self.traffic.client.header_lengths.clone();
        for (length, packets) in &self.traffic.server.header_lengths {
            *lengths.entry(*length).or_default() += packets;
        }
        lengths.into_iter().rev().collect()
    }

    /// Counts a packet.
    pub fn count(&mut self, packet: &Packet<'_>, transport: &Transport<'_>) -> (Moment, Side) {
        let at = Moment::of(packet);
        let from = self.side_of(transport.source);
        self.last = at;
        let traffic = &mut self.traffic[from];
        traffic.packets += 1;
        *traffic.header_lengths.entry(transport.header_length).or_default() += 1;
        match transport.checksum_status {
            Status::Wrong => traffic.wrong_checksums.add(at.frame),
            Status::Partial => traffic.partial_checksums.add(at.frame),
            Status::Right | Status::Absent | Status::Unknown => {}
        }
        (at, from)
    }

    /// Keeps the details of a packet that was counted.
    pub fn keep(&mut self, at: Moment, from: Side, transport: &Transport<'_>, detail: Detail) {
        if self.packets.len() < PACKETS_MAX {
            self.packets.push(PacketRecord::new(at, from, transport, detail));
        } else {
            self.packets_left_out += 1;
        }
    }

    /// Keeps an ICMP error about a packet of the conversation.
    pub fn keep_icmp_error(&mut self, packet: &Packet<'_>, unreachable: &Unreachable) {
        if self.icmp_errors.len() < ICMP_ERRORS_MAX {
            self.icmp_errors.push(IcmpError {
                at: Moment::of(packet),
                from: unreachable.from,
                port_unreachable: unreachable.port,
            });
        }
    }
}
