//! Reads arbitrary bytes as a capture file and shows the capture in every form. Nothing may panic.
//!
//! The first byte selects whether the rest is a whole file, or frames of one link type. With frames, the fuzzer reaches
//! the headers without having to find the structure of a file first.

#![no_main]

use labcapture::capture_file::Frame;
use labcapture::lab::Lab;
use labcapture::capture::{Capture, Collector, read_bytes};
use labcapture::{json, pitfalls, questions, sequence_diagram, sheet, text_view};
use libfuzzer_sys::fuzz_target;

/// Ethernet, loopback, raw IP, SLL, SLL2.
const LINKS: [i32; 5] = [1, 0, 101, 113, 276];


fuzz_target!(|bytes: &[u8]| {
    let Some((kind, rest)) = bytes.split_first() else { return };
    let capture = match LINKS.get(usize::from(*kind)) {
        Some(link) => frames(*link, rest),
        None => read_bytes(rest).0,
    };
    let pitfalls = pitfalls::find(&capture, false);
    let mut output = Vec::new();
    text_view::write(&capture, &pitfalls, None, &mut output).unwrap();
    json::write(&capture, None, &pitfalls, None, None, &mut output).unwrap();
    for lab in Lab::ALL {
        questions::write(&questions::answers(lab, &capture), &mut output).unwrap();
        let sheet = sheet::parse(&sheet::blank(lab)).unwrap();
        let _ = sheet::grade(&sheet, &capture);
    }
    for conversation in &capture.conversations {
        sequence_diagram::draw(conversation);
    }
});

/// Reads frames, each of which follows a byte with its length.
fn frames(link: i32, mut bytes: &[u8]) -> Capture {
    let mut collector = Collector::default();
    let mut number = 0;
    while let Some((length, rest)) = bytes.split_first() {
        let (frame, rest) = rest.split_at(usize::from(*length).min(rest.len()));
        number += 1;
        let length = u32::from(*length);
        collector.take(&Frame { number, time_ns: number * 1_000_000, link, bytes: frame, length });
        bytes = rest;
    }
    collector.finish()
}
