//! Connections that one side closes with FIN, and that are reset afterwards.

use crate::harness::{capture, shows};
use labcapture::lab::Lab;
use labcapture::{questions, sheet};

const FILE: &str = "resets.pcap";

#[test]
fn names_the_fin_and_the_reset() {
    let answers = questions::answers(Lab::TcpEcho, &capture(FILE));
    let lines = &answers[3].lines;
    for (line, expected) in lines.iter().zip([
        "closed with FIN by the client (frame 8), then reset by the server (RST in frame 9)",
        "closed with FIN by the client (frame 17), then reset by the client (RST in frame 20)",
        "closed with FIN by the server (frame 28) and by the client (frame 30), then reset by the server (RST in frame 31)",
        "reset by the server (RST in frame 39)",
        "closed with FIN by the client (frame 47), then reset by the server (RST in frame 48)",
    ]) {
        assert!(line.contains(expected), "{line}");
    }
    assert!(lines[0].ends_with("flags 8: FIN, ACK; 9: RST, ACK"), "{}", lines[0]);
    for frame in [8, 9, 17, 20, 28, 30, 31, 39, 47, 48] {
        assert!(answers[3].frames.contains(&frame), "{frame}: {:?}", answers[3].frames);
    }
    shows(&[FILE, "--conversation", "1"], &["Closing   closed with FIN by the client (frame 8), then reset"]);
}

/// Whether two answers about the connection from a port are right.
fn grade(port: u16, segments: &str, began: &str) -> (bool, bool) {
    let text = format!(
        "lab = \"tcp-echo\"\n1.flags = \"SYN; SYN, ACK; ACK\"\n1.client_sequence = {}\n1.server_sequence = {}\n2.client_port = {port}\n4.segments = {segments}\n4.began = \"{began}\"\n",
        u32::from(port) + 100_000,
        u32::from(port) + 200_000,
    );
    let grade = sheet::grade(&sheet::parse(&text).unwrap(), &capture(FILE)).unwrap();
    let is_right = |name: &str| grade.answers.iter().any(|answer| answer.field == name && answer.right);
    assert!(is_right("2.client_port"), "{grade:?}");
    (is_right("4.segments"), is_right("4.began"))
}

#[test]
fn counts_the_fin_and_the_reset() {
    assert_eq!(grade(45000, "2", "client"), (true, true));
    assert_eq!(grade(45000, "1", "server"), (false, false));
    // The ACK of the FIN may be counted or not.
    assert_eq!(grade(45001, "2", "client"), (true, true));
    assert_eq!(grade(45001, "3", "server"), (true, false));
    assert_eq!(grade(45001, "4", "client"), (false, true));
    assert_eq!(grade(45002, "3", "server"), (true, true));
    assert_eq!(grade(45002, "2", "client"), (false, false));
    assert_eq!(grade(45003, "1", "server"), (true, true));
    assert_eq!(grade(45003, "2", "client"), (false, false));
    assert_eq!(grade(45004, "2", "client"), (true, true));
}
