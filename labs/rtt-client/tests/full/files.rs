//! The rows of the reference's summary, and the files that it writes.

use crate::common::{figures, start};
use crate::scratch::scratch;
use labtest::{Cause, Finished, UdpPeer, fail_check};
use serde_json::Value;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;

/// The rows of the summary that count.
pub const COUNTS: [&str; 7] =
    ["sent", "received", "  of these late", "lost", "duplicated", "reordered", "garbage"];

/// Compares the rows [`COUNTS`] of a run over one protocol.
#[track_caller]
pub fn check_counts(finished: &Finished, expected: [u64; 7]) {
    for (name, expected) in COUNTS.into_iter().zip(expected) {
        let found = figures(finished, name).first().copied().map(str::to_owned);
        let wanted = expected.to_string();
        if found.as_deref() != Some(&*wanted) {
            let name = name.trim().to_owned();
            let what = format!("the summary has a wrong row `{name}`");
            finished.fail_because(Cause::WrongFigure { name, found, wanted }, &what);
        }
    }
}

/// Receives `count` requests of a UDP client, and returns the replies to them.
#[track_caller]
pub fn requests(server: &mut UdpPeer, count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|_| server.receive_any().to_ascii_uppercase()).collect()
}

/// Reads a file that the program under test has written.
#[track_caller]
pub fn read_written(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| {
        fail_check(&format!("the file `{}` that the program should write: {error}", path.display()))
    })
}

#[track_caller]
pub fn read_json(path: &Path) -> Value {
    let text = read_written(path);
    serde_json::from_str(&text).unwrap_or_else(|error| {
        fail_check(&format!("the file written is not JSON: {error}; it holds {text}"))
    })
}

/// Runs the client with `--json`, and returns what it wrote.
#[track_caller]
pub fn json(name: &str, args: &str, server: SocketAddr) -> Value {
    let path = scratch(name);
    start(&format!("{args} --json {}", path.display()), server).wait().expect_status(0);
    read_json(&path)
}

#[track_caller]
pub fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| fail_check(&format!("a number is missing in the JSON: found {value}")))
}
