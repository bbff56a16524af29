//! A web capture with connections that the browser did not use.

use crate::harness::capture;
use labcapture::lab::Lab;
use labcapture::questions::{self, Answer};
use labcapture::sheet;

const FILE: &str = "http-unused.pcap";

fn answer(number: u8) -> Answer {
    let mut answers = questions::answers(Lab::HttpFileServer, &capture(FILE)).into_iter();
    answers.find(|answer| answer.number == number).unwrap()
}

#[test]
fn counts_the_connections_that_the_browser_did_not_use() {
    let lines = answer(8).lines;
    assert!(lines.iter().any(|line| line == "4 connections, of which 2 carry no request"), "{lines:?}");
    for port in 50001..=50004 {
        assert!(lines.iter().any(|line| line.starts_with(&format!("10.0.3.2:{port}: "))), "{lines:?}");
    }
    assert!(!lines.iter().any(|line| line.contains("5005")), "{lines:?}");
    // The SYNs.
    assert_eq!(answer(7).frames.len(), 4);
    let lines = answer(1).lines;
    assert_eq!(lines.iter().filter(|line| line.contains("did not use")).count(), 2, "{lines:?}");
}

#[test]
fn describes_a_response_without_header_fields() {
    let text = answer(3).lines.join("\n");
    assert!(text.contains("HTTP/1.0 200 OK without header fields, body of 19 bytes"), "{text}");
    assert!(!text.contains(" ,"), "{text}");
}

fn is_right(client_port: &str) -> bool {
    let text = format!("lab = \"http-file-server\"\n2.method = \"GET\"\n8.client_port = {client_port}\n");
    let grade = sheet::grade(&sheet::parse(&text).unwrap(), &capture(FILE)).unwrap();
    assert_eq!(grade.of, 8, "{grade:?}");
    grade.answers.iter().any(|answer| answer.field == "8.client_port" && answer.right)
}

#[test]
fn takes_every_port_of_the_browser() {
    for right in ["50001", "50002", "50003", "\"50004\"", "[50001, 50002, 50003, 50004]"] {
        assert!(is_right(right), "{right}");
    }
    for wrong in ["6789", "50005", "[50001, 6789]", "\"none\""] {
        assert!(!is_right(wrong), "{wrong}");
    }
}
