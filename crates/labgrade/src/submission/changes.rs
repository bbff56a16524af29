//! *Changes*: files of a submission that differ from what students got, and that grading takes from the staff instead.

use crate::limits;
use std::fs;
use std::io::Read;
use std::path::Path;

/// Remarks on changed files. More would not help a reader.
const REMARKS_MAX: usize = 20;

/// Size of a file that is compared.
const COMPARED_BYTES_MAX: u64 = 4 << 20;

/// Names the files of a Rust submission that were changed or added, and that have no effect on its score.
///
/// `folder` is the submission, `source` the `src` in it, and `issued` the workspace that students got.
pub fn changed_files(folder: &Path, source: &Path, lab: &str, issued: &Path) -> Vec<String> {
    let Some(lab_folder) = source.parent() else { return Vec::new() };
    let mut changed = Vec::new();
    let mut compare_parts = |theirs: &Path, ours: &Path, parts: &[&str]| {
        for part in parts {
            compare(&theirs.join(part), &ours.join(part), part, &mut changed, limits::SUBMITTED_DEPTH_MAX);
        }
    };
    let path = format!("labs/{lab}");
    compare_parts(lab_folder, &issued.join(&path), &["Cargo.toml", "build.rs", ".cargo", "tests"]);
    let workspace = lab_folder.ancestors().nth(2);
    if let Some(top) = workspace.filter(|top| top.join(&path) == lab_folder && top.starts_with(folder)) {
        let parts = ["Cargo.toml", ".cargo", "rust-toolchain.toml", "crates/labcore", "crates/labtest"];
        compare_parts(top, issued, &parts);
    }
    let more = changed.len().saturating_sub(REMARKS_MAX);
    changed.truncate(REMARKS_MAX);
    let mut remarks: Vec<String> = changed
        .into_iter()
        .map(|file| format!("`{file}` was changed: it has no effect on the score"))
        .collect();
    if more > 0 {
        remarks.push(format!("{more} more changed files have no effect on the score"));
    }
    remarks
}

/// Adds the files below `theirs` that differ from `ours`. Files that are missing do not count: a part may be handed in.
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
