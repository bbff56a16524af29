//! Captures in which a host, a server or a reply is missing.

use crate::harness::{capture, lacks, shows};
use labcapture::lab::Lab;
use labcapture::questions::{self, Answer};
use labcapture::sheet;

/// The lines of the answer to one question.
fn answer(file: &str, lab: Lab, number: u8) -> String {
    let answers = questions::answers(lab, &capture(file));
    answers.iter().find(|answer| answer.number == number).unwrap().text().join("\n")
}

#[test]
fn names_a_host_that_never_answered() {
    let asked = "10.0.3.9 never answered ARP: 3 requests";
    for (lab, number) in [(Lab::UdpEcho, 7), (Lab::TcpEcho, 12), (Lab::RttClient, 5)] {
        for file in ["no-host.pcap", "no-host-mixed.pcap"] {
            assert!(answer(file, lab, number).contains(asked), "{file} {lab}: {}", answer(file, lab, number));
        }
        let text = answer("case-no-host.pcapng", lab, number);
        assert!(text.contains("10.0.3.77 never answered ARP: 3 requests"), "{lab}: {text}");
        assert!(!text.contains("10.0.3.1 "), "{lab}: {text}");
        let text = answer("no-host-mixed.pcap", lab, number);
        assert!(text.contains("fd00::9 never answered neighbour discovery: 2 requests"), "{lab}: {text}");
        assert_eq!(text.lines().count(), 2, "{lab}: {text}");
    }
    shows(&["no-host-mixed.pcap"], &["10.0.3.9 never answered ARP: 3 requests"]);
    lacks(&["clean.pcap"], &["never answered"]);
}

/// The frames of the requests without a reply.
fn without_reply(file: &str) -> Vec<u64> {
    let capture = capture(file);
    let exchanges = capture.conversations.iter().flat_map(|conversation| &conversation.common.exchanges);
    let lost = exchanges.filter(|exchange| exchange.reply.is_none());
    lost.map(|exchange| exchange.request.at.frame).collect()
}

#[test]
fn takes_the_second_copy_of_a_reply_for_no_reply() {
    assert_eq!(without_reply("case-duplicate.pcap"), [1]);
    assert_eq!(without_reply("case-loss.pcapng"), [1, 5, 8, 12, 18, 26, 27]);
    lacks(&["case-loss.pcapng"], &["368.879 ms"]);
    let text = answer("case-loss.pcapng", Lab::RttClient, 5);
    assert!(text.contains("every server answered, but not every request"), "{text}");
}

#[test]
fn claims_no_answer_where_nothing_was_asked() {
    for lab in Lab::ALL {
        for file in ["no-host.pcap", "case-no-host.pcapng"] {
            let answers = questions::answers(lab, &capture(file));
            let texts: Vec<String> = answers.iter().flat_map(Answer::text).collect();
            assert!(
                !texts.iter().any(|text| text.contains("answered") && text.contains("every")),
                "{lab}: {texts:?}"
            );
        }
    }
}

#[test]
fn claims_no_server_where_every_client_is_refused() {
    for lab in [Lab::UdpEcho, Lab::TcpEcho, Lab::TcpThreaded, Lab::HttpFileServer] {
        for question in questions::answers(lab, &capture("refused-only.pcap")) {
            let text = format!("{} {}", question.text().join("\n"), question.inferred.unwrap_or_default());
            for claim in [
                "one that listens",
                "one socket that listens",
                "one socket address",
                "the server's,",
                "the server has one socket",
                "server's port is",
            ] {
                assert!(!text.contains(claim), "{lab} {}: {text}", question.number);
            }
        }
    }
    let text = answer("refused-only.pcap", Lab::TcpEcho, 9);
    assert!(text.contains("no connection was accepted"), "{text}");
    let text = answer("refused-only.pcap", Lab::TcpEcho, 10);
    assert!(
        text.contains("10.0.3.1:25000: not a server's address; clients were refused in 2 conversations"),
        "{text}"
    );
    let sheet = sheet::parse("lab = \"tcp-threaded\"\n3.server_addresses = 1\n2.addresses = \"10.0.3.2:42190 10.0.3.2:42191\"\n4.client_addresses = 2\n4.per_computer = [2]\n").unwrap();
    let grade = sheet::grade(&sheet, &capture("refused-only.pcap")).unwrap();
    assert_eq!((grade.right, grade.of), (3, 3), "{grade:?}");
}

#[test]
fn a_refused_port_is_not_the_servers() {
    for number in [1, 5] {
        let text = answer("case-wrong-port.pcapng", Lab::UdpEcho, number);
        assert!(
            text.contains("25001: not a server's address") || text.contains("no program has port 25001"),
            "{text}"
        );
        assert!(
            text.contains("server's port is 25000") || text.contains("10.0.3.1:25000: the server's"),
            "{text}"
        );
    }
    let text = answer("lab-tcp-echo.pcap", Lab::TcpEcho, 9);
    assert!(text.contains("one socket address: 10.0.3.1:25000;"), "{text}");
}
