//! The capture questions of a submission with a capture and an answer sheet.

// A file that cannot be written fails the test.
#![allow(clippy::unwrap_used)]

use labgrade::answers::{SHEET, grade};
use std::fs;
use std::path::{Path, PathBuf};

const CAPTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../labcapture/tests/captures");

/// Returns an empty folder.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("answers-{name}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn counts_right_answers_and_says_why_others_are_wrong() {
    let folder = folder("right");
    fs::copy(format!("{CAPTURES}/lab-tcp-echo.pcap"), folder.join("capture.pcap")).unwrap();
    fs::write(
        folder.join(SHEET),
        "lab = \"tcp-echo\"\n1.client_sequence = 333333\n2.client_port = 42180\n4.segments = 3\n",
    )
    .unwrap();
    let answers = grade(&folder, "tcp-echo").unwrap();
    assert!(answers.right >= 1 && answers.of > 3, "{answers:?}");
    let all = answers.right;
    assert!(answers.report.contains("2.client_port        right  42180"), "{}", answers.report);
    fs::write(
        folder.join(SHEET),
        "lab = \"tcp-echo\"\n1.client_sequence = 333333\n2.client_port = 25000\n4.segments = 3\n",
    )
    .unwrap();
    let answers = grade(&folder, "tcp-echo").unwrap();
    assert_eq!(answers.right, all - 1, "{}", answers.report);
    assert!(answers.report.contains("2.client_port        WRONG  25000: "), "{}", answers.report);
}

#[test]
fn grades_nothing_without_a_sheet() {
    let folder = folder("none");
    assert_eq!(grade(&folder, "tcp-echo"), None);
    fs::copy(format!("{CAPTURES}/lab-tcp-echo.pcap"), folder.join("capture.pcap")).unwrap();
    assert_eq!(grade(&folder, "tcp-echo"), None);
}

#[track_caller]
fn check_not_graded(folder: &Path, why: &str) {
    let answers = grade(folder, "tcp-echo").unwrap();
    assert_eq!((answers.right, answers.of), (0, 0));
    assert!(answers.report.contains(why), "{}", answers.report);
}

#[test]
fn says_why_it_cannot_grade() {
    let folder = folder("wrong");
    fs::write(folder.join(SHEET), "lab = \"tcp-echo\"\n").unwrap();
    check_not_graded(&folder, "neither `capture.pcapng` nor `capture.pcap`");
    fs::write(folder.join("capture.pcap"), "no capture").unwrap();
    check_not_graded(&folder, "the capture holds no conversation of lab `tcp-echo`");
    fs::write(folder.join(SHEET), "lab = \"udp-echo\"\n").unwrap();
    check_not_graded(&folder, "is a sheet for lab `udp-echo`, not for `tcp-echo`");
    fs::write(folder.join(SHEET), "= no sheet").unwrap();
    check_not_graded(&folder, "`answers.toml`: line 1: ");
    // The limit lies in the middle of a character.
    fs::write(folder.join(SHEET), format!("lab = \"tcp-echo\"\n#{}", "ü".repeat(40_000))).unwrap();
    check_not_graded(&folder, "`answers.toml`: it has more than 65536 bytes");
    fs::write(folder.join(SHEET), b"lab = \"tcp-echo\" # caf\xe9\n").unwrap();
    check_not_graded(&folder, "`answers.toml`: it is no text in UTF-8");
}

/// A link could reveal a file that only the grader may read.
#[cfg(unix)]
#[test]
fn follows_no_links() {
    let folder = folder("link");
    fs::write(folder.join(SHEET), "lab = \"tcp-echo\"\n").unwrap();
    std::os::unix::fs::symlink(format!("{CAPTURES}/lab-tcp-echo.pcap"), folder.join("capture.pcap")).unwrap();
    check_not_graded(&folder, "neither `capture.pcapng` nor `capture.pcap`");
    fs::remove_file(folder.join(SHEET)).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", folder.join(SHEET)).unwrap();
    assert_eq!(grade(&folder, "tcp-echo"), None);
}
