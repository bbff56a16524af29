//! Large captures stay within the limits, and damaged ones are shown as far as they are readable.

use crate::harness::path;
use labcapture::capture::read_bytes;
use labcapture::conversation::Conversation;
use labcapture::lab::Lab;
use labcapture::{json, pitfalls, questions, sequence_diagram, sheet, text_view};
use proptest::prelude::*;
use std::fs;

/// A capture of TCP segments, each from another client, with that many bytes of text.
fn many_connections(number: u16, text_length: u16, sequences: &[u32]) -> Vec<u8> {
    let mut file = [0xa1_b2_c3_d4_u32, 0x0004_0002, 0, 0, 0x0004_0000, 101].map(u32::to_le_bytes).concat();
    let length = 40 + text_length;
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
            file.resize(file.len() + usize::from(text_length), b'x');
        }
    }
    file
}

#[test]
fn keeps_no_more_text_when_all_of_it_waits_for_a_lost_segment() {
    let (capture, result) = read_bytes(&many_connections(300, 60_000, &[1, 70_001, 140_001]));
    result.unwrap();
    assert_eq!((capture.conversations.len(), capture.frames), (300, 900));
    let kept: usize = capture.conversations.iter().map(Conversation::kept_bytes).sum();
    assert!(kept <= (32 << 20) + 120_000, "{kept} bytes are kept");
}

#[test]
fn has_one_sentence_for_many_conversations() {
    let (capture, result) = read_bytes(&many_connections(60_000, 0, &[1]));
    result.unwrap();
    let found = pitfalls::find(&capture, false);
    let late = found.iter().find(|pitfall| pitfall.name() == "began-late").unwrap();
    assert_eq!(
        late.sentence(),
        "conversations 1, 2, 3, 4, 5, 6, 7, 8 and 59992 more were open when the capture began: their handshake is not there."
    );
    assert_eq!((found.len(), late.frames.len()), (3, 8));
    // Nor does it take long to look for one that had to wait for another.
    assert_eq!(questions::answers(Lab::TcpEcho, &capture).len(), 12);
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

/// All that can be shown of a file, whatever it holds.
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
fn shows_what_is_readable_of_a_file_cut_off_anywhere() {
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
fn ends_at_a_length_that_cannot_be() {
    let mut bytes = fs::read(path("clean.pcap")).unwrap();
    bytes[24 + 8..24 + 12].copy_from_slice(&[0xff; 4]);
    let (frames, error) = show_all(&bytes);
    assert_eq!(frames, 0);
    assert!(error.unwrap().contains("after frame 0"));
    // A packet that is larger than its block, with more of the file after it than the reader holds at a time.
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
    fn shows_changed_files_without_panic(
        name in prop::sample::select(vec![
            "connections.pcap", "http.pcap", "ipv6-extensions-and-fragments.pcap", "ipv4-options-and-fragments.pcap",
            "pcapng-two-sections.pcapng", "lab-rtt-client.pcap",
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
