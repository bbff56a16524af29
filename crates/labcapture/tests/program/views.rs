//! What the program prints: text, JSON, a picture, and errors.

use crate::harness::{capture, fails, path, run, shows};
use labcapture::sequence_diagram;
use std::fs;
use std::process::Command;

#[test]
fn shows_a_section_per_conversation() {
    shows(
        &["connections.pcap"],
        &[
            "Conversation 1: TCP, client 10.0.3.2:43000, server 10.0.3.1:25000 (Wireshark: tcp.stream == 0)",
            "Opening   SYN (frame 1), SYN, ACK (frame 2), ACK (frame 3): the three-way handshake",
            "the client starts at 1000 (raw), which is 0 (relative)",
            "RTT       0.153 ms from SYN to SYN, ACK; 0.306 ms from SYN to ACK",
            "Closing   3 segments, started by the client: frames 8, 9, 10 (FIN in 8 and 9)",
            "Closing   4 segments, started by the server: ",
            "Closing   reset by the client (RST in frame ",
            "Opening   refused: SYN (frame 41), answered by RST (frame 42); no server listens on this port",
            "Resent    4 segments from the client: frames 44, 45, 49, 52",
            "nothing to close: the connection was refused",
            "2 segments, 32 bytes in ",
            "the server sent 5 bytes in between (half-closed)",
            "keep-alive",
            "previous segment missing",
            "6 \"hello\\n\"",
            "client: hello\\n",
            "server: HELLO\\n",
        ],
    );
    shows(
        &["lab-udp-echo.pcap"],
        &[
            "13  0x",
            "port unreachable: no socket is bound to it, reported by 10.0.3.1 (frame 8)",
            "\"hello\" → \"HELLO\"",
        ],
    );
    shows(
        &["http.pcap"],
        &["GET /file.txt HTTP/1.1 (frame 4) → HTTP/1.1 200 OK (frame 6; head 65 bytes, body 19 bytes)"],
    );
    shows(&["connections.pcap", "--conversation", "2"], &["Conversation 2: "]);
}

#[test]
fn explains_rare_events() {
    shows(
        &["odd.pcap"],
        &[
            "1 \"\\0\" (keep-alive)",
            "1 \"y\" (retransmission)",
            "(window probe)",
            "Opening   SYN (frame 28); the server's SYN, ACK is not in the capture",
            "Closing   reset by the server (RST in frame 34)",
            "10 \"lost\\nmore\\n\" (retransmission)",
            "Closing   reset by the server (RST in frame 51)",
            "Opening   refused: SYN (frame 52), answered by RST (frame 53); no server listens on this port",
            "Resent    2 segments from the client: frames 54, 56",
            "Opening   SYN (frame 58), without an answer",
            "Closing   nothing to close: the SYN was never answered",
        ],
    );
    assert_eq!(capture("odd.pcap").conversations.len(), 7);
}

#[test]
fn ends_with_one_error_line() {
    fails(&["/nonexistent"], 1, "failed to open `/nonexistent`: ");
    fails(&["/"], 1, "failed to read `/`");
    fails(&["cut-off.pcap"], 1, "the file ends in the middle of a frame, after frame 15");
    fails(&["clean.pcap", "--conversation", "9"], 1, "there is no conversation 9; the capture holds 2");
    fails(&["Cargo.toml"], 1, "it is not a pcap or pcapng file");
    fails(&[], 2, "");
    fails(&["clean.pcap", "--lab", "none"], 2, "none");
    fails(&["grade", "clean.pcap", "Cargo.toml"], 1, "is not an answer sheet");
    // The readable part is shown before the error.
    let output = run(&["cut-off.pcap"]);
    assert!(String::from_utf8(output.stdout).unwrap().contains("Conversation 3"));
}

#[cfg(target_os = "linux")]
#[test]
fn reports_a_full_disk() {
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output =
        Command::new(env!("CARGO_BIN_EXE_labcapture")).arg(path("clean.pcap")).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8(output.stderr).unwrap().starts_with("error: failed to write to standard output: ")
    );
}

#[test]
fn writes_json_that_reads_back() {
    let output = run(&["lab-tcp-echo.pcap", "--json", "--lab", "tcp-echo"]);
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(value["version"], 1);
    assert_eq!(value["frames"], 27);
    let first = &value["conversations"][0];
    assert_eq!(first["packets"][0]["flags"], serde_json::json!(["SYN"]));
    assert_eq!(first["packets"][1]["sequence_raw"], 222_222);
    assert_eq!(
        first["close"],
        serde_json::json!({"kind": "complete", "by": "client", "frames": [17, 18, 19]})
    );
    assert_eq!(first["stream"][0]["text"], "hello\\n");
    assert_eq!(value["conversations"][2]["close"]["kind"], "refused");
    assert_eq!(value["questions"][0]["number"], 1);
}

#[test]
fn draws_each_packet() {
    let capture = capture("lab-tcp-echo.pcap");
    let picture = sequence_diagram::draw(&capture.conversations[0]);
    assert_eq!(picture.matches("<path d=").count(), capture.conversations[0].common.packets.len());
    assert!(picture.contains(">PSH, ACK · seq 1 ack 1 · 6 bytes &quot;hello\\n&quot;<"), "{picture}");
    assert!(picture.ends_with("</svg>\n"));
}
