//! *Changes*: files of a submission that differ from what students got and that grading takes from the staff instead.

use super::exam::Exam;
use super::limits;
use super::submission::{Kind, Submission};
use std::fs;
use std::io::Read;
use std::path::Path;

/// Remarks on changed files; more would say nothing new.
const REMARKS_MAX: usize = 20;

/// Files larger than this are not compared.
const COMPARED_BYTES_MAX: u64 = 4 << 20;

/// Names the files of a Rust submission that were changed, added or taken away, and that have no effect on its score.
pub(super) fn remarks(exam: &Exam, submission: &Submission) -> Vec<String> {
    let Kind::Source(source) = &submission.kind else { return Vec::new() };
    let Some(lab) = source.parent() else { return Vec::new() };
    let issued = exam.issued();
    let mut changed = Vec::new();
    let own_lab = format!("labs/{}", exam.lab);
    for part in ["Cargo.toml", "build.rs", ".cargo", "tests"] {
        compare(
            &lab.join(part),
            &issued.join(&own_lab).join(part),
            part,
            &mut changed,
            limits::SUBMITTED_DEPTH_MAX,
        );
    }
    if let Some(top) =
        lab.ancestors().nth(2).filter(|top| top.join(&own_lab) == lab && top.starts_with(&submission.folder))
    {
        for part in ["Cargo.toml", ".cargo", "rust-toolchain.toml", "crates/labcore", "crates/labtest"] {
            compare(&top.join(part), &issued.join(part), part, &mut changed, limits::SUBMITTED_DEPTH_MAX);
        }
    }
    let more = changed.len().saturating_sub(REMARKS_MAX);
    changed.truncate(REMARKS_MAX);
    let mut remarks: Vec<String> = changed
        .into_iter()
        .map(|file| format!("`{file}` was changed: it has no effect on the score"))
        .collect();
    if more > 0 {
        remarks.push(format!("and {more} more changed files"));
    }
    remarks
}

/// Adds the files below `theirs` that differ from `ours`. What they left out is no change: parts are handed in, too.
fn compare(theirs: &Path, ours: &Path, name: &str, changed: &mut Vec<String>, depth: usize) {
    let Ok(metadata) = theirs.symlink_metadata() else { return };
    if metadata.is_dir() {
        let (Ok(entries), Some(depth)) = (fs::read_dir(theirs), depth.checked_sub(1)) else { return };
        let mut names: Vec<_> = entries
            .take(limits::SUBMITTED_FILES_MAX)
            .filter_map(|entry| Some(entry.ok()?.file_name()))
            .collect();
        names.sort();
        for file in names {
            if file != "target" {
                let name = format!("{name}/{}", file.to_string_lossy());
                compare(&theirs.join(&file), &ours.join(&file), &name, changed, depth);
            }
        }
    } else if !metadata.is_file() || contents(theirs) != contents(ours) {
        changed.push(labcore::printable(name.as_bytes()).to_string());
    }
}

fn contents(path: &Path) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path).ok()?.take(COMPARED_BYTES_MAX).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}
