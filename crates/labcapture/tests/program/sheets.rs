//! Answer sheets: right ones, wrong ones, and those about another capture.

use crate::harness::capture;
use labcapture::lab::Lab;
use labcapture::sheet;

/// A field, right answers, and wrong answers.
type Answers = (&'static str, &'static [&'static str], &'static [&'static str]);

const UDP: &[Answers] = &[
    (
        "1.client_port",
        &["51465", "\"51465\"", "\"0xc909\"", "0xC909"],
        &["25000", "51466", "\"port\"", "[51465, 25000]"],
    ),
    ("2.length", &["13", "\"0x000d\"", "\"13 bytes\""], &["5", "33", "\"0x13\"", "8"]),
    ("3.client_checksum", &["\"0x774d\"", "\"774D\"", "30541"], &["\"0x4d77\"", "\"0x774e\"", "0"]),
    ("3.server_checksum", &["\"0xd78d\"", "\"d78d\"", "55181"], &["\"0x774d\"", "\"0x0000\""]),
    ("4.frames", &["2", "\"2\""], &["1", "3", "7"]),
];

const TCP: &[Answers] = &[
    (
        "1.flags",
        &[
            "[\"SYN\", \"SYN, ACK\", \"ACK\"]",
            "\"SYN; ACK SYN; ACK\"",
            "\"[SYN], [SYN, ACK], [ACK]\"",
            "[\"0x002\", \"0x012\", \"0x010\"]",
        ],
        &["[\"SYN\", \"ACK\", \"ACK\"]", "\"SYN\"", "[\"SYN, ACK\", \"SYN\", \"ACK\"]"],
    ),
    ("1.client_sequence", &["111111", "\"0x1b207\""], &["0", "1", "222222"]),
    ("1.server_sequence", &["222222", "\"222222\""], &["0", "111111"]),
    ("2.client_port", &["42170", "\"42170\""], &["25000", "42171"]),
    ("3.header_length", &["[40, 32]", "40", "32", "\"32 and 40\""], &["20", "[40, 20]", "10", "8"]),
    ("4.segments", &["3", "\"3\"", "\"three segments\""], &["4", "2"]),
    (
        "4.began",
        &["\"client\"", "\"CLIENT\"", "\"10.0.3.2\"", "\"the client (B)\""],
        &["\"server\"", "\"both\"", "\"client, server\""],
    ),
    (
        "5.flags",
        &["\"PSH, ACK\"", "\"ack push\"", "[\"PSH\", \"ACK\"]", "\"0x018\"", "0x018"],
        &["\"ACK\"", "\"PSH\"", "\"SYN\"", "\"\u{fffd}\""],
    ),
    ("6.handshake_ms", &["0.153", "\"0.153 ms\"", "0.306", "\"153 us\""], &["0.2", "153", "\"none\""]),
    ("6.line_ms", &["0.307", "0.306", "\"0.000307 s\"", "\"0,307 ms\""], &["0.6", "\"later\""]),
];

const THREADED: &[Answers] = &[
    (
        "2.addresses",
        &[
            "[\"10.0.3.1:25000\", \"10.0.3.2:42170\", \"10.0.3.3:42180\"]",
            "\"10.0.3.3:42180 10.0.3.2:42170 10.0.3.1:25000\"",
        ],
        &["\"10.0.3.1:25000\"", "\"10.0.3.1:25000 10.0.3.2:42170 10.0.3.3:42180 10.0.3.4:1\""],
    ),
    ("3.server_addresses", &["1", "\"one\""], &["2", "3"]),
    (
        "4.per_computer",
        &["[1, 1]", "\"B: 1, C: 1\"", "[\"10.0.3.2: 1\", \"10.0.3.3: 1\"]"],
        &["2", "[1, 2]", "1"],
    ),
    ("4.client_addresses", &["2", "\"two\""], &["1", "3"]),
];

/// A linear congruential generator with the constants of Knuth's MMIX, so that every run checks the same sheets.
fn next(state: &mut u64) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) as usize
}

fn check_sheets(lab: &str, file: &str, fields: &[Answers]) {
    let capture = capture(file);
    let mut state = 1;
    for number in 0..200 {
        let spoilt = (number % 2 == 1).then(|| next(&mut state) % fields.len());
        let mut text = format!("lab = \"{lab}\"\n");
        for (at, (name, right, wrong)) in fields.iter().enumerate() {
            let choices = if spoilt == Some(at) { wrong } else { right };
            text.push_str(&format!("{name} = {}\n", choices[next(&mut state) % choices.len()]));
        }
        let grade = sheet::grade(&sheet::parse(&text).unwrap(), &capture).unwrap();
        let wrong: Vec<&str> =
            grade.answers.iter().filter(|answer| !answer.right).map(|answer| answer.field.as_str()).collect();
        let expected: Vec<&str> = spoilt.iter().map(|at| fields[*at].0).collect();
        assert_eq!(wrong, expected, "{text}");
        assert!(grade.answers.iter().all(|answer| answer.right != answer.why.is_some()), "{grade:?}");
        assert_eq!(grade.of, fields.len());
        assert!(!grade.other_capture, "{text}");
    }
}

#[test]
fn judges_right_and_wrong_answers() {
    check_sheets("udp-echo", "lab-udp-echo.pcap", UDP);
    check_sheets("tcp-echo", "lab-tcp-echo.pcap", TCP);
    check_sheets("tcp-threaded", "lab-tcp-threaded.pcap", THREADED);
}

#[test]
fn notices_a_sheet_about_another_capture() {
    let sheet = "lab = \"tcp-echo\"\n1.client_sequence = 987654\n1.server_sequence = 123456\n\
                 2.client_port = 60000\n4.segments = 3\n";
    let grade = sheet::grade(&sheet::parse(sheet).unwrap(), &capture("lab-tcp-echo.pcap")).unwrap();
    assert!(grade.other_capture);
    // A relative number instead of the raw one, and the server's port, are wrong but belong to this capture.
    let sheet = "lab = \"tcp-echo\"\n1.client_sequence = 0\n2.client_port = 25000\n";
    let grade = sheet::grade(&sheet::parse(sheet).unwrap(), &capture("lab-tcp-echo.pcap")).unwrap();
    assert!(!grade.other_capture);
}

#[test]
fn grades_against_the_conversation_that_fits_best() {
    let sheet = "lab = \"tcp-echo\"\n1.client_sequence = 333333\n2.client_port = 42180\n4.segments = 4\n";
    let grade = sheet::grade(&sheet::parse(sheet).unwrap(), &capture("lab-tcp-echo.pcap")).unwrap();
    assert_eq!((grade.conversation, grade.right), (Some(2), 3));
}

#[test]
fn grades_a_blank_sheet() {
    for (lab, file) in [
        (Lab::UdpEcho, "lab-udp-echo.pcap"),
        (Lab::TcpEcho, "lab-tcp-echo.pcap"),
        (Lab::TcpThreaded, "lab-tcp-threaded.pcap"),
        (Lab::RttClient, "lab-rtt-client.pcap"),
        (Lab::HttpFileServer, "http.pcap"),
    ] {
        let grade = sheet::grade(&sheet::parse(&sheet::blank(lab)).unwrap(), &capture(file)).unwrap();
        assert_eq!((grade.right, grade.of), (0, sheet::fields(lab).len()), "{lab}");
        assert!(!grade.other_capture);
    }
}
