//! The program and its library on small captures; `captures/make.py` says what each of them holds.

#![allow(clippy::unwrap_used)]

use labcapture::conversation::Conversation;
use labcapture::questions::{self, Lab};
use labcapture::report::{Report, read_bytes};
use labcapture::{json, page, pitfalls, sheet, svg};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures").join(name)
}

fn report(name: &str) -> Report {
    let (report, result) = read_bytes(&fs::read(path(name)).unwrap());
    result.unwrap();
    report
}

fn run(arguments: &[&str]) -> Output {
    let arguments = arguments.iter().map(|argument| {
        if argument.contains(".pcap") { path(argument).into_os_string() } else { argument.into() }
    });
    Command::new(env!("CARGO_BIN_EXE_labcapture")).args(arguments).output().unwrap()
}

#[track_caller]
fn shows(arguments: &[&str], expected: &[&str]) {
    let output = run(arguments);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for part in expected {
        assert!(text.contains(part), "`{part}` is not in:\n{text}");
    }
}

#[track_caller]
fn fails(arguments: &[&str], status: i32, expected: &str) {
    let output = run(arguments);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(status), "{text}");
    assert!(text.starts_with("error: ") && text.contains(expected), "{text}");
    assert!(status == 2 || text.lines().count() == 1, "{text}");
}

#[test]
fn shows_a_page_per_conversation() {
    shows(
        &["connections.pcap"],
        &[
            "Conversation 1: TCP, client 10.0.3.2:43000, server 10.0.3.1:25000 (Wireshark: tcp.stream == 0)",
            "Opening   SYN (frame 1), SYN, ACK (frame 2), ACK (frame 3): the three-way handshake",
            "the client begins at 1000 (raw), which is 0 (relative)",
            "RTT       0.153 ms from SYN to SYN, ACK; 0.306 ms from SYN to ACK",
            "Closing   3 segments, the client began: frames 8, 9, 10 (FIN in 8 and 9)",
            "Closing   4 segments, the server began: ",
            "Closing   broken off by the client with RST (frame ",
            "Opening   refused: SYN (frame 41), answered by RST (frame 42); nobody listens there",
            "Repeated  4 segments of the client: frames 44, 45, 49, 52",
            "nothing to close: the connection was refused",
            "2 segments, 32 bytes in ",
            "the server sent 5 bytes in between (half-closed)",
            "keep-alive",
            "one before it is missing",
            "6 \"hello\\n\"",
            "client: hello\\n",
            "server: HELLO\\n",
        ],
    );
    shows(
        &["lab-udp-echo.pcap"],
        &[
            "13  0x",
            "port unreachable: nobody has a socket there, says 10.0.3.1 (frame 8)",
            "\"hello\" → \"HELLO\"",
        ],
    );
    shows(
        &["http.pcap"],
        &["GET /file.txt HTTP/1.1 (frame 4) → HTTP/1.1 200 OK (frame 6, head of 65 bytes, body of 19)"],
    );
    shows(&["connections.pcap", "--conversation", "2"], &["Conversation 2: "]);
}

#[test]
fn explains_what_connections_seldom_do() {
    shows(
        &["odd.pcap"],
        &[
            "1 \"\\0\" (keep-alive)",
            "1 \"y\" (sent again)",
            "(asks whether there is room again)",
            "Opening   SYN (frame 28); the server's SYN, ACK is not in the capture",
            "Closing   broken off by the server with RST (frame 34)",
            "10 \"lost\\nmore\\n\" (sent again)",
            "Closing   broken off by the server with RST (frame 51)",
            "Opening   refused: SYN (frame 52), answered by RST (frame 53); nobody listens there",
            "Repeated  2 segments of the client: frames 54, 56",
            "Opening   SYN (frame 58), and no answer",
            "Closing   nothing to close: nobody answered",
        ],
    );
    assert_eq!(report("odd.pcap").conversations.len(), 7);
}

#[test]
fn reads_headers_whose_options_are_cut_off() {
    let report = report("snapped-short.pcap");
    assert_eq!((report.conversations.len(), report.conversations[0].packets()), (1, 10));
    // The piece that is there of a cut-off fragment does not make a datagram.
    assert_eq!(self::report("snapped-fragment.pcap").conversations.len(), 0);
}

#[test]
fn ends_with_one_error_line() {
    fails(&["/nonexistent"], 1, "failed to open `/nonexistent`: ");
    fails(&["/"], 1, "failed to read `/`");
    fails(&["cut-off.pcap"], 1, "the file ends within a frame, after frame 15");
    fails(&["clean.pcap", "--conversation", "9"], 1, "there is no conversation 9, only 2");
    fails(&["Cargo.toml"], 1, "it is no pcap or pcapng file");
    fails(&[], 2, "");
    fails(&["clean.pcap", "--lab", "none"], 2, "none");
    fails(&["grade", "clean.pcap", "Cargo.toml"], 1, "is no answer sheet");
    // What was readable is shown before the error.
    let output = run(&["cut-off.pcap"]);
    assert!(String::from_utf8(output.stdout).unwrap().contains("Conversation 3"));
}

#[cfg(target_os = "linux")]
#[test]
fn says_that_the_output_is_full() {
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output =
        Command::new(env!("CARGO_BIN_EXE_labcapture")).arg(path("clean.pcap")).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8(output.stderr).unwrap().starts_with("error: failed to write to standard output: ")
    );
}

#[track_caller]
fn has_pitfalls(name: &str, expected: &[&str]) {
    let found = pitfalls::find(&report(name), false);
    let found: BTreeSet<&str> = found.iter().map(|pitfall| pitfall.name).collect();
    assert_eq!(found, expected.iter().copied().collect(), "{name}");
}

#[test]
fn names_each_pitfall_and_invents_none() {
    has_pitfalls("pitfall-partial-checksum.pcap", &["partial-checksum"]);
    has_pitfalls("pitfall-misread-port.pcap", &["misread-port"]);
    has_pitfalls("pitfall-loopback.pcap", &["loopback"]);
    has_pitfalls("pitfall-any.pcap", &["any-interface"]);
    has_pitfalls("link-sll2.pcap", &["any-interface"]);
    has_pitfalls("pitfall-began-late.pcap", &["began-late", "relative-numbers"]);
    has_pitfalls("pitfall-ended-early.pcap", &["ended-early"]);
    has_pitfalls("pitfall-larger-than-mss.pcap", &["larger-than-mss"]);
    has_pitfalls("pitfall-one-byte-segments.pcap", &["one-byte-segments"]);
    has_pitfalls("snapped.pcap", &["cut-frames"]);
    for clean in [
        "clean.pcap",
        "connections.pcap",
        "odd.pcap",
        "http.pcap",
        "wrong-checksum.pcap",
        "absent-checksum.pcap",
        "lab-udp-echo.pcap",
        "lab-tcp-echo.pcap",
        "lab-tcp-threaded.pcap",
        "lab-rtt-client.pcap",
        "link-vlan.pcap",
        "link-raw.pcap",
        "link-null.pcap",
        "ipv4-options-and-fragments.pcap",
        "ipv6-extensions-and-fragments.pcap",
        "pcapng-nanoseconds.pcapng",
    ] {
        has_pitfalls(clean, &[]);
    }
}

#[test]
fn reads_every_file_format_alike() {
    let pages = |name: &str| {
        let mut page = Vec::new();
        page::write(&report(name), &[], None, &mut page).unwrap();
        String::from_utf8(page).unwrap()
    };
    let expected = pages("pcap-nanoseconds.pcap");
    for name in ["pcap-nanoseconds-big-endian.pcap", "pcapng-nanoseconds.pcapng", "pcapng-big-endian.pcapng"]
    {
        assert_eq!(pages(name), expected, "{name}");
    }
    for name in ["pcapng-microseconds.pcapng", "pcapng-offset-big-endian.pcapng"] {
        assert_eq!(pages(name), pages("pcap-big-endian.pcap"), "{name}");
    }
    assert_eq!(report("pcapng-two-sections.pcapng").conversations.len(), 8);
}

#[test]
fn answers_every_question_of_the_handouts() {
    let labs = [
        ("udp-echo", Lab::UdpEcho, "lab-udp-echo.pcap", 9),
        ("tcp-echo", Lab::TcpEcho, "lab-tcp-echo.pcap", 12),
        ("tcp-threaded", Lab::TcpThreaded, "lab-tcp-threaded.pcap", 7),
        ("rtt-client", Lab::RttClient, "lab-rtt-client.pcap", 8),
        ("http-file-server", Lab::HttpFileServer, "http.pcap", 8),
    ];
    for (folder, lab, capture, count) in labs {
        let answers = questions::answers(lab, &report(capture));
        let numbers: Vec<u8> = answers.iter().map(|answer| answer.number).collect();
        assert_eq!(numbers, (1..=count).collect::<Vec<u8>>(), "{folder}");
        for answer in &answers {
            // A filter says what the frames are: only that can be learnt from.
            let by_number = answer.filter.as_ref().is_some_and(|filter| filter.contains("frame.number"));
            assert!(!by_number, "{folder}: {answer:?}");
            assert!(!answer.lines.is_empty(), "{folder}: {answer:?}");
            assert!(
                answer.inferred.is_some()
                    || !answer.frames.is_empty()
                    || answer.lines[0].starts_with("not in"),
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
        &["it is answered in frame 20", "after conversation 1 was closed", "inferred: "],
    );
    shows(&["lab-rtt-client.pcap", "--lab", "rtt-client"], &["and, 41.000 ms later, frame"]);
    shows(
        &["lab-udp-echo.pcap", "--lab", "udp-echo"],
        &["ICMP port unreachable comes back from 10.0.3.1 (frame 8)"],
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
    let report = report("lab-tcp-echo.pcap");
    let picture = svg::draw(&report.conversations[0]);
    assert_eq!(picture.matches("class=\"head\"").count(), report.conversations[0].entries.len());
    assert!(picture.contains(">PSH, ACK · seq 1 ack 1 · 6 bytes \"hello\\n\"<"), "{picture}");
    assert!(picture.ends_with("</svg>\n"));
}

/// A field, right ways to answer it, and wrong ones.
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

/// A small generator of numbers (Knuth's MMIX constants): the same sheets in each run.
fn next(state: &mut u64) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) as usize
}

fn check_sheets(lab: &str, capture: &str, fields: &[Answers]) {
    let report = report(capture);
    let mut state = 1;
    for number in 0..200 {
        let spoilt = (number % 2 == 1).then(|| next(&mut state) % fields.len());
        let mut text = format!("lab = \"{lab}\"\n");
        for (at, (name, right, wrong)) in fields.iter().enumerate() {
            let choices = if spoilt == Some(at) { wrong } else { right };
            text.push_str(&format!("{name} = {}\n", choices[next(&mut state) % choices.len()]));
        }
        let grade = sheet::grade(&sheet::parse(&text).unwrap(), &report).unwrap();
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
fn judges_right_and_spoilt_sheets() {
    check_sheets("udp-echo", "lab-udp-echo.pcap", UDP);
    check_sheets("tcp-echo", "lab-tcp-echo.pcap", TCP);
}

#[test]
fn notices_a_sheet_about_another_capture() {
    let sheet = "lab = \"tcp-echo\"\n1.client_sequence = 987654\n1.server_sequence = 123456\n2.client_port = 60000\n4.segments = 3\n";
    let grade = sheet::grade(&sheet::parse(sheet).unwrap(), &report("lab-tcp-echo.pcap")).unwrap();
    assert!(grade.other_capture);
    // The relative number instead of the raw one, and the server's port: wrong, but of this capture.
    let sheet = "lab = \"tcp-echo\"\n1.client_sequence = 0\n2.client_port = 25000\n";
    let grade = sheet::grade(&sheet::parse(sheet).unwrap(), &report("lab-tcp-echo.pcap")).unwrap();
    assert!(!grade.other_capture);
}

#[test]
fn grades_against_the_conversation_that_fits_best() {
    let sheet = "lab = \"tcp-echo\"\n1.client_sequence = 333333\n2.client_port = 42180\n4.segments = 4\n";
    let grade = sheet::grade(&sheet::parse(sheet).unwrap(), &report("lab-tcp-echo.pcap")).unwrap();
    assert_eq!((grade.conversation, grade.right), (Some(2), 3));
}

#[test]
fn every_blank_sheet_is_a_sheet() {
    for (lab, capture) in [
        (Lab::UdpEcho, "lab-udp-echo.pcap"),
        (Lab::TcpEcho, "lab-tcp-echo.pcap"),
        (Lab::TcpThreaded, "lab-tcp-threaded.pcap"),
        (Lab::RttClient, "lab-rtt-client.pcap"),
        (Lab::HttpFileServer, "http.pcap"),
    ] {
        let grade = sheet::grade(&sheet::parse(&sheet::blank(lab)).unwrap(), &report(capture)).unwrap();
        assert_eq!((grade.right, grade.of), (0, sheet::names(lab).len()), "{lab}");
        assert!(!grade.other_capture);
    }
}

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
    let (report, result) = read_bytes(&many_connections(300, 60_000, &[1, 70_001, 140_001]));
    result.unwrap();
    assert_eq!((report.conversations.len(), report.frames), (300, 900));
    let kept: usize = report.conversations.iter().map(Conversation::text_bytes).sum();
    assert!(kept <= (32 << 20) + 120_000, "{kept} bytes are kept");
}

#[test]
fn has_one_sentence_for_many_conversations() {
    let (report, result) = read_bytes(&many_connections(60_000, 0, &[1]));
    result.unwrap();
    let found = pitfalls::find(&report, false);
    let late = found.iter().find(|pitfall| pitfall.name == "began-late").unwrap();
    assert_eq!(
        late.sentence,
        "conversations 1, 2, 3, 4, 5, 6, 7, 8 and 59992 more were open when the capture began: their handshake is not there."
    );
    assert_eq!((found.len(), late.frames.len()), (3, 8));
    // Nor does it take long to look for one that had to wait for another.
    assert_eq!(questions::answers(Lab::TcpEcho, &report).len(), 12);
}

#[test]
fn compares_a_sheet_about_all_conversations_once() {
    let (report, _) = read_bytes(&many_connections(5000, 0, &[1]));
    for lab in [Lab::TcpThreaded, Lab::RttClient] {
        assert!(sheet::candidates(lab, &report).len() <= 1, "{lab}");
    }
    let sheet =
        sheet::parse("lab = \"tcp-threaded\"\n3.server_addresses = 1\n4.client_addresses = 5000\n").unwrap();
    let grade = sheet::grade(&sheet, &report).unwrap();
    assert_eq!((grade.conversation, grade.right), (None, 2));
}

/// All that can be shown of a file, whatever it holds.
fn show_all(bytes: &[u8]) -> (u64, Option<String>) {
    let (report, result) = read_bytes(bytes);
    let error = result.err().map(|error| format!("{error:#}"));
    let pitfalls = pitfalls::find(&report, error.is_some());
    let mut output = Vec::new();
    page::write(&report, &pitfalls, None, &mut output).unwrap();
    json::write(&report, error.as_deref(), &pitfalls, None, None, &mut output).unwrap();
    for lab in [Lab::UdpEcho, Lab::TcpEcho, Lab::TcpThreaded, Lab::RttClient, Lab::HttpFileServer] {
        questions::write(&questions::answers(lab, &report), &mut output).unwrap();
    }
    for conversation in &report.conversations {
        svg::draw(conversation);
    }
    (report.frames, error)
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
