//! Each pitfall is found in its capture, and in no other.

use crate::harness::capture;
use labcapture::pitfalls::{self, Pitfall};
use std::collections::BTreeSet;

#[track_caller]
fn has_pitfalls(name: &str, expected: &[&str]) {
    let found = pitfalls::find(&capture(name), false);
    let found: BTreeSet<&str> = found.iter().map(Pitfall::name).collect();
    assert_eq!(found, expected.iter().copied().collect(), "{name}");
}

#[test]
fn names_the_misread_ports() {
    let found = pitfalls::find(&capture("pitfall-misread-port.pcap"), false);
    let ports = |pitfall: &Pitfall| match pitfall.finding {
        pitfalls::Finding::MisreadPort { port } => Some((port, pitfall.frames.clone())),
        _ => None,
    };
    let found: Vec<_> = found.iter().filter_map(ports).collect();
    assert_eq!(found, [(12_000, vec![1]), (12_004, vec![3])]);
}

#[test]
fn finds_each_pitfall_and_no_other() {
    has_pitfalls("pitfall-partial-checksum.pcap", &["partial-checksum"]);
    has_pitfalls("pitfall-misread-port.pcap", &["misread-port"]);
    has_pitfalls("pitfall-loopback.pcap", &["loopback"]);
    has_pitfalls("pitfall-any.pcap", &["any-interface"]);
    has_pitfalls("link-sll2.pcap", &["any-interface"]);
    has_pitfalls("pitfall-began-late.pcap", &["began-late", "relative-numbers"]);
    has_pitfalls("pitfall-ended-early.pcap", &["ended-early"]);
    has_pitfalls("pitfall-larger-than-mss.pcap", &["larger-than-mss"]);
    has_pitfalls("pitfall-one-byte-segments.pcap", &["one-byte-segments"]);
    has_pitfalls("snapped.pcap", &["cut-frames"]);
    for clean in [
        "clean.pcap",
        "connections.pcap",
        "odd.pcap",
        "http.pcap",
        "wrong-checksum.pcap",
        "absent-checksum.pcap",
        "other-ports.pcap",
        "lab-udp-echo.pcap",
        "lab-tcp-echo.pcap",
        "lab-tcp-threaded.pcap",
        "lab-rtt-client.pcap",
        "link-vlan.pcap",
        "link-raw.pcap",
        "link-null.pcap",
        "ipv4-options-and-fragments.pcap",
        "ipv6-extensions-and-fragments.pcap",
        "pcapng-nanoseconds.pcapng",
    ] {
        has_pitfalls(clean, &[]);
    }
}
