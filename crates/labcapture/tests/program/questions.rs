//! Each question of the handouts has an answer.

use crate::harness::{capture, shows};
use labcapture::lab::Lab;
use labcapture::questions;
use std::fs;
use std::path::Path;

#[test]
fn answers_every_question_of_the_handouts() {
    let labs = [
        ("udp-echo", Lab::UdpEcho, "lab-udp-echo.pcap", 10),
        ("tcp-echo", Lab::TcpEcho, "lab-tcp-echo.pcap", 14),
        ("tcp-threaded", Lab::TcpThreaded, "lab-tcp-threaded.pcap", 7),
        ("rtt-client", Lab::RttClient, "lab-rtt-client.pcap", 8),
        ("http-file-server", Lab::HttpFileServer, "http.pcap", 8),
    ];
    for (folder, lab, file, count) in labs {
        let answers = questions::answers(lab, &capture(file));
        let numbers: Vec<u8> = answers.iter().map(|answer| answer.number).collect();
        assert_eq!(numbers, (1..=count).collect::<Vec<u8>>(), "{folder}");
        for answer in &answers {
            // A filter says what the frames have in common, so that students can learn from it.
            let by_number =
                answer.filter.as_ref().is_some_and(|filter| filter.to_string().contains("frame.number"));
            assert!(!by_number, "{folder}: {answer:?}");
            assert!(!answer.text().is_empty(), "{folder}: {answer:?}");
            assert!(
                answer.inferred.is_some() || !answer.frames.is_empty() || answer.absent.is_some(),
                "{answer:?}"
            );
        }
        let handout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../labs").join(folder).join("README.md");
        // A lab's folder may have been deleted.
        if let Ok(text) = fs::read_to_string(handout) {
            let questions = text.split("\n## Questions\n").nth(1).unwrap().split("\n## ").next().unwrap();
            let is_question =
                |line: &&str| line.split_once(". ").is_some_and(|(number, _)| number.parse::<u8>().is_ok());
            assert_eq!(questions.lines().filter(is_question).count(), usize::from(count), "{folder}");
        }
    }
    shows(
        &["lab-tcp-echo.pcap", "--lab", "tcp-echo"],
        &["it is answered in frame 20", "after conversation 1 closed", "inferred: "],
    );
    shows(
        &["lab-tcp-echo.pcap", "--lab", "tcp-echo"],
        &["the client's socket (10.0.3.2:42170) sends the first FIN, and is in TIME-WAIT"],
    );
    shows(
        &["lab-udp-echo.pcap", "--lab", "udp-echo"],
        &["this capture has 1 datagram from 10.0.3.3, and 1 reply"],
    );
    shows(
        &["lab-tcp-threaded.pcap", "--lab", "tcp-threaded"],
        &[
            "10.0.3.3: 1 socket address and 1 socket (port 42180)",
            "in total: 2 socket addresses and 2 sockets",
        ],
    );
    shows(&["lab-rtt-client.pcap", "--lab", "rtt-client"], &["and, 41.000 ms later, frame"]);
    shows(
        &["lab-udp-echo.pcap", "--lab", "udp-echo"],
        &["ICMP port unreachable comes back from 10.0.3.1 (frame 8)"],
    );
}
