//! *Answers*: the handout's capture questions, graded when a submission brings a capture and an answer sheet.
//!
//! `answers.toml` is a sheet as `labcapture sheet LAB` prints it, filled in; `capture.pcapng` or `capture.pcap` is what it
//! is about. Right answers are points of their own, beside the score.

use crate::outcome::Answers;
use anyhow::{Context, ensure};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// The sheet's name in a submission's folder.
pub const SHEET: &str = "answers.toml";

/// The capture's names.
pub const CAPTURES: [&str; 2] = ["capture.pcapng", "capture.pcap"];

/// The largest capture: the handouts' steps make some kilobytes.
const CAPTURE_BYTES_MAX: u64 = 64 << 20;

/// Grades the answers in `folder`; `None` where there is no sheet.
pub fn grade(folder: &Path, lab: &str) -> Option<Answers> {
    let sheet = folder.join(SHEET);
    is_file(&sheet).then(|| {
        graded(folder, &sheet, lab).unwrap_or_else(|error| Answers {
            right: 0,
            of: 0,
            report: format!("not graded: {error:#}"),
        })
    })
}

fn graded(folder: &Path, sheet: &Path, lab: &str) -> anyhow::Result<Answers> {
    let opened = File::open(sheet).with_context(|| format!("failed to open `{SHEET}`"))?;
    let sheet = labcapture::sheet::read(opened).with_context(|| format!("`{SHEET}`"))?;
    ensure!(sheet.lab().to_string() == lab, "`{SHEET}` is a sheet of lab `{}`, not of `{lab}`", sheet.lab());
    let capture = capture(folder).with_context(|| {
        format!("there is `{SHEET}`, but neither `{}` nor `{}`", CAPTURES[0], CAPTURES[1])
    })?;
    let size = fs::metadata(&capture).map_or(0, |file| file.len());
    ensure!(
        size <= CAPTURE_BYTES_MAX,
        "the capture has {size} bytes, of at most {CAPTURE_BYTES_MAX}; capture the lab's port only"
    );
    let (report, read) = labcapture::report::read_file(&capture);
    let grade = labcapture::sheet::grade(&sheet, &report)?;
    let mut told = Vec::new();
    labcapture::sheet::write(&grade, &mut told).context("failed to write the grade")?;
    let mut told = String::from_utf8_lossy(&told).into_owned();
    if let Err(error) = read {
        told.push_str(&format!("note: the capture could not be read to its end: {error:#}\n"));
    }
    Ok(Answers { right: grade.right, of: grade.of, report: told })
}

fn capture(folder: &Path) -> Option<PathBuf> {
    CAPTURES.iter().map(|name| folder.join(name)).find(|path| is_file(path))
}

/// A file of the submission's own: a link may lead anywhere.
fn is_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|file| file.is_file())
}
