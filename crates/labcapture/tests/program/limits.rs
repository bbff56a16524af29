//! Large captures stay within the limits, and of damaged ones, the readable part is shown.

use crate::harness::path;
use labcapture::capture::read_bytes;
use labcapture::conversation::Conversation;
use labcapture::lab::Lab;
use labcapture::{json, pitfalls, questions, sequence_diagram, sheet, text_view};
use proptest::prelude::*;
use std::fs;

/// Builds a capture of TCP segments from `number` clients: each client sends one segment with `payload_length` bytes at
/// each of the sequence numbers.
fn many_connections(number: u16, payload_length: u16, sequences: &[u32]) -> Vec<u8> {
    let mut file = [0xa1_b2_c3_d4_u32, 0x0004_0002, 0, 0, 0x0004_0000, 101].map(u32::to_le_bytes).concat();
    let length = 40 + payload_length;
    for client in 0..number {
        let [high, low] = client.to_be_bytes();
        for sequence in sequences {
            let frame_length = u32::from(length);
            file.extend([1, 0, frame_length, frame_length].map(u32::to_le_bytes).concat());
            let [length_high, length_low] = length.to_be_bytes();
            file.extend([0x45, 0, length_high, length_low, 0, 1, 0, 0, 64, 6, 0, 0]);
            file.extend([10, 1, high, low, 10, 0, 3, 1, 0x9c, 0x40, 0x61, 0xa8]);
            file.extend(sequence.to_be_bytes());
            file.extend([0, 0, 0, 1, 0x50, 16, 1, 0, 0, 0, 0, 0]);
            file.resize(file.len() + usize::from(payload_length), b'x');
        }
    }
    file
}

#[test]
fn bounds_the_payload_that_waits_for_a_lost_segment() {
    let (capture, result) = read_bytes(&many_connections(300, 60_000, &[1, 70_001, 140_001]));
    result.unwrap();
    assert_eq!((capture.conversations.len(), capture.frames), (300, 900));
    let kept: usize = capture.conversations.iter().map(Conversation::kept_bytes).sum();
    assert!(kept <= (32 << 20) + 120_000, "{kept} bytes are kept");
}

#[test]
fn names_many_conversations_in_one_sentence() {
    let (capture, result) = read_bytes(&many_connections(60_000, 0, &[1]));
    result.unwrap();
    let found = pitfalls::find(&capture, false);
    let late = found.iter().find(|pitfall| pitfall.name() == "began-late").unwrap();
    assert_eq!(
        late.sentence(),
        "conversations 1, 2, 3, 4, 5, 6, 7, 8 and 59992 more were open when the capture started: \
         their handshake is missing."
    );
    assert_eq!((found.len(), late.frames.len()), (3, 8));
    // The search for a conversation that waits for another one is bounded, too.
    assert_eq!(questions::answers(Lab::TcpEcho, &capture).len(), 14);
}

#[test]
fn compares_a_sheet_about_all_conversations_once() {
    let (capture, _) = read_bytes(&many_connections(5000, 0, &[1]));
    for lab in [Lab::TcpThreaded, Lab::RttClient] {
        assert!(sheet::candidates(lab, &capture).len() <= 1, "{lab}");
    }
    let sheet =
        sheet::parse("lab = \"tcp-threaded\"\n3.server_addresses = 1\n4.client_addresses = 5000\n").unwrap();
    let grade = sheet::grade(&sheet, &capture).unwrap();
    assert_eq!((grade.conversation, grade.right), (None, 2));
}

/// Shows a file in every form. Returns the number of frames, and the error.
fn show_all(bytes: &[u8]) -> (u64, Option<String>) {
    let (capture, result) = read_bytes(bytes);
    let error = result.err().map(|error| format!("{error:#}"));
    let pitfalls = pitfalls::find(&capture, error.is_some());
    let mut output = Vec::new();
    text_view::write(&capture, &pitfalls, None, &mut output).unwrap();
    json::write(&capture, error.as_deref(), &pitfalls, None, None, &mut output).unwrap();
    for lab in Lab::ALL {
        questions::write(&questions::answers(lab, &capture), &mut output).unwrap();
    }
    for conversation in &capture.conversations {
        sequence_diagram::draw(conversation);
    }
    (capture.frames, error)
}

#[test]
fn shows_the_readable_part_of_an_incomplete_file() {
    for name in ["pcap-nanoseconds.pcap", "pcapng-big-endian.pcapng"] {
        let bytes = fs::read(path(name)).unwrap();
        let mut last = 0;
        for length in (0..bytes.len()).step_by(11) {
            let (frames, error) = show_all(&bytes[..length]);
            assert!(frames >= last, "{name} {length}");
            assert!(error.is_none_or(|error| !error.contains('\n')));
            last = frames;
        }
    }
}

#[test]
fn stops_at_an_impossible_length() {
    let mut bytes = fs::read(path("clean.pcap")).unwrap();
    bytes[24 + 8..24 + 12].copy_from_slice(&[0xff; 4]);
    let (frames, error) = show_all(&bytes);
    assert_eq!(frames, 0);
    assert!(error.unwrap().contains("after frame 0"));
    // A packet that is longer than its block, in a file that is longer than the buffer of the reader.
    let mut bytes = fs::read(path("pcapng-nanoseconds.pcapng")).unwrap();
    let at = bytes.windows(4).position(|word| word == [6, 0, 0, 0]).unwrap();
    bytes[at + 20..at + 24].copy_from_slice(&[0, 16, 0, 0]);
    bytes.extend(vec![0; 3 << 20]);
    let (frames, error) = show_all(&bytes);
    assert_eq!(frames, 0);
    assert!(error.unwrap().contains("after frame 0"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn shows_any_damaged_file_without_panic(
        name in prop::sample::select(vec![
            "connections.pcap", "http.pcap", "ipv6-extensions-and-fragments.pcap", "ipv4-options-and-fragments.pcap",
            "pcapng-two-sections.pcapng", "lab-rtt-client.pcap", "no-host-mixed.pcap", "resets.pcap",
        ]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..30),
    ) {
        let mut bytes = fs::read(path(name)).unwrap();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        show_all(&bytes);
    }
}
