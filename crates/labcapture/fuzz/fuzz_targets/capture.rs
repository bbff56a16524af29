//! Any bytes as a capture file: whatever they hold, all that is shown of them comes without panic.
//!
//! The first byte chooses whether the rest is a whole file, or frames of one kind of interface, so that the fuzzer need not
//! find the file's own structure before it reaches the headers.

#![no_main]

use labcapture::capture::Frame;
use labcapture::questions::{self, Lab};
use labcapture::report::{Reader, Report, read_bytes};
use labcapture::{json, page, pitfalls, sheet, svg};
use libfuzzer_sys::fuzz_target;

/// Ethernet, loopback, raw IP, SLL, SLL2.
const LINKS: [i32; 5] = [1, 0, 101, 113, 276];

const LABS: [Lab; 5] = [Lab::UdpEcho, Lab::TcpEcho, Lab::TcpThreaded, Lab::RttClient, Lab::HttpFileServer];

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, rest)) = bytes.split_first() else { return };
    let report = match LINKS.get(usize::from(*kind)) {
        Some(link) => frames(*link, rest),
        None => read_bytes(rest).0,
    };
    let pitfalls = pitfalls::find(&report, false);
    let mut output = Vec::new();
    page::write(&report, &pitfalls, None, &mut output).unwrap();
    json::write(&report, None, &pitfalls, None, None, &mut output).unwrap();
    for lab in LABS {
        questions::write(&questions::answers(lab, &report), &mut output).unwrap();
        let sheet = sheet::parse(&sheet::blank(lab)).unwrap();
        let _ = sheet::grade(&sheet, &report);
    }
    for conversation in &report.conversations {
        svg::draw(conversation);
    }
});

/// Frames of a length that a byte before them tells.
fn frames(link: i32, mut bytes: &[u8]) -> Report {
    let mut reader = Reader::default();
    let mut number = 0;
    while let Some((length, rest)) = bytes.split_first() {
        let (frame, rest) = rest.split_at(usize::from(*length).min(rest.len()));
        number += 1;
        let length = u32::from(*length);
        reader.take(&Frame { number, time_ns: number * 1_000_000, link, bytes: frame, length });
        bytes = rest;
    }
    reader.finish()
}
