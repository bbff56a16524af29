//! *Answers* to the capture questions of the handout, graded if a submission contains an answer sheet.
//!
//! The sheet, `answers.toml`, is what `labcapture sheet LAB` prints, filled in. The student's capture lies beside it, as
//! `capture.pcapng` or `capture.pcap`. Each right answer is a point, counted apart from the score.

use crate::outcome::Answers;
use anyhow::{Context, ensure};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// The name of the sheet in the folder of a submission.
pub const SHEET: &str = "answers.toml";

/// The names that the capture may have.
pub const CAPTURES: [&str; 2] = ["capture.pcapng", "capture.pcap"];

/// The largest capture that is read. The steps of the handouts produce a few kilobytes.
const CAPTURE_BYTES_MAX: u64 = 64 << 20;

/// Grades the answers in `folder`. `None` if there is no sheet.
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
    ensure!(
        sheet.lab().to_string() == lab,
        "`{SHEET}` is a sheet for lab `{}`, not for `{lab}`",
        sheet.lab()
    );
    let capture = capture(folder).with_context(|| {
        format!("there is `{SHEET}`, but neither `{}` nor `{}`", CAPTURES[0], CAPTURES[1])
    })?;
    let size = fs::metadata(&capture).map_or(0, |file| file.len());
    ensure!(
        size <= CAPTURE_BYTES_MAX,
        "the capture has {size} bytes, and at most {CAPTURE_BYTES_MAX} are allowed; capture only the port of the lab"
    );
    let (report, read) = labcapture::capture::read_file(&capture);
    let grade = labcapture::sheet::grade(&sheet, &report)?;
    let mut text = Vec::new();
    labcapture::sheet::write(&grade, &mut text).context("failed to write the grade")?;
    let mut text = String::from_utf8_lossy(&text).into_owned();
    if let Err(error) = read {
        text.push_str(&format!("note: the capture could not be read to its end: {error:#}\n"));
    }
    Ok(Answers { right: grade.right, of: grade.of, report: text })
}

fn capture(folder: &Path) -> Option<PathBuf> {
    CAPTURES.iter().map(|name| folder.join(name)).find(|path| is_file(path))
}

/// True for a regular file. Links are not followed: they may lead out of the submission.
fn is_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|file| file.is_file())
}
