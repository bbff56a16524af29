//! Runs the program, and reads captures with the library.

use labcapture::capture::{Capture, read_bytes};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The path of a capture in `tests/captures`.
pub fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures").join(name)
}

/// Reads a capture in `tests/captures`.
pub fn capture(name: &str) -> Capture {
    let (capture, result) = read_bytes(&fs::read(path(name)).unwrap());
    result.unwrap();
    capture
}

/// Runs the program. An argument with `.pcap` in it is a capture in `tests/captures`.
pub fn run(arguments: &[&str]) -> Output {
    let arguments = arguments.iter().map(|argument| {
        if argument.contains(".pcap") { path(argument).into_os_string() } else { argument.into() }
    });
    Command::new(env!("CARGO_BIN_EXE_labcapture")).args(arguments).output().unwrap()
}

/// Checks that the program succeeds and that its output contains each of these texts.
#[track_caller]
pub fn shows(arguments: &[&str], expected: &[&str]) {
    let output = run(arguments);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for part in expected {
        assert!(text.contains(part), "`{part}` is not in:\n{text}");
    }
}

/// Checks that the program succeeds and that its output contains none of these texts.
#[track_caller]
pub fn lacks(arguments: &[&str], unexpected: &[&str]) {
    let output = run(arguments);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for part in unexpected {
        assert!(!text.contains(part), "`{part}` is in:\n{text}");
    }
}

/// Checks that the program fails with this exit status and with an error that contains a text.
#[track_caller]
pub fn fails(arguments: &[&str], status: i32, expected: &str) {
    let output = run(arguments);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(status), "{text}");
    assert!(text.starts_with("error: ") && text.contains(expected), "{text}");
    assert!(status == 2 || text.lines().count() == 1, "{text}");
}
