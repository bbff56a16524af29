//! Selects the conversations that a lab's questions are about.

use crate::capture::Capture;
use crate::conversation::{Conversation, Protocol};
use crate::http;
use crate::lab::Lab;
use std::collections::BTreeSet;
use std::net::SocketAddr;

/// Ports of the labs and of the lectures' examples.
const LAB_PORTS: [u16; 6] = [25_000, 6789, 8000, 12_000, 5000, 25_002];

/// Ports of services that do not belong to a lab: remote shells, DNS, DHCP, time, discovery.
const OTHER_PORTS: [u16; 13] = [22, 53, 67, 68, 123, 137, 138, 443, 546, 547, 1900, 5353, 5355];

/// Returns the conversations that a lab's questions are about: those on a lab's port and those that were refused, or
/// those with a web server. If there is none, returns all conversations except those of other services.
pub fn relevant(lab: Lab, capture: &Capture) -> Vec<&Conversation> {
    let protocols: &[Protocol] = match lab {
        Lab::UdpEcho => &[Protocol::Udp],
        Lab::RttClient => &[Protocol::Udp, Protocol::Tcp],
        Lab::TcpEcho | Lab::TcpThreaded | Lab::HttpFileServer => &[Protocol::Tcp],
    };
    let all = capture.conversations.iter().filter(|conversation| {
        protocols.contains(&conversation.protocol()) && !OTHER_PORTS.contains(&conversation.server().port())
    });
    let all: Vec<&Conversation> = all.collect();
    let is_of_the_lab = |conversation: &&Conversation| match lab {
        Lab::HttpFileServer => conversation.tcp().is_some_and(|tcp| !http::exchanges(tcp).is_empty()),
        // A client with a wrong port number is refused on a port that is not the lab's.
        _ => {
            let refused = conversation.is_refused() || !conversation.common.icmp_errors.is_empty();
            refused || LAB_PORTS.contains(&conversation.server().port())
        }
    };
    let chosen: Vec<&Conversation> = all.iter().copied().filter(is_of_the_lab).collect();
    if chosen.is_empty() {
        return all;
    }
    if lab == Lab::HttpFileServer {
        // A browser opens connections that it does not use.
        let servers: BTreeSet<SocketAddr> = chosen.iter().map(|conversation| conversation.server()).collect();
        return all.into_iter().filter(|conversation| servers.contains(&conversation.server())).collect();
    }
    chosen
}
