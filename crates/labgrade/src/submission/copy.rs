//! *Copying* a submission, so that grading never touches what was handed in.

use crate::limits;
use anyhow::{Context, ensure};
use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Folders that tools leave behind. They may be large, and nobody wrote what is in them.
const LEFTOVERS: [&str; 5] = ["target", ".git", "node_modules", "__pycache__", "__MACOSX"];

/// Remarks on the files of one submission. More would not help a reader.
const REMARKS_MAX: usize = 20;

/// Copies the files in `from` to the folder `to`, which must not exist. Returns remarks on files that were left out.
///
/// The copies get the present time. Cargo compares times, and would not compile a file that is older than its last
/// build.
///
/// # Errors
/// If a file cannot be read or written, or if there are too many.
pub fn copy(from: &Path, to: &Path) -> anyhow::Result<Vec<String>> {
    let mut copying = Copying { files: 0, bytes: 0, remarks: Vec::new(), top: from };
    copying.folder(from, to, limits::SUBMITTED_DEPTH_MAX)?;
    let mut remarks = copying.remarks;
    let more = remarks.len().saturating_sub(REMARKS_MAX);
    remarks.truncate(REMARKS_MAX);
    if more > 0 {
        remarks.push(format!("{more} more files were left out"));
    }
    Ok(remarks)
}

/// One copy under way.
struct Copying<'a> {
    files: usize,
    bytes: u64,
    remarks: Vec<String>,
    top: &'a Path,
}

impl Copying<'_> {
    fn folder(&mut self, from: &Path, to: &Path, depth: usize) -> anyhow::Result<()> {
        fs::create_dir(to).with_context(|| format!("failed to create a copy of `{}`", self.name(from)))?;
        self.count()?;
        let failed = || format!("failed to read `{}`", self.name(from));
        let mut entries = Vec::new();
        for entry in fs::read_dir(from).with_context(failed)? {
            entries.push(entry.with_context(failed)?);
            ensure!(entries.len() <= limits::SUBMITTED_FILES_MAX, "{}", too_many());
        }
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let (path, to) = (entry.path(), to.join(entry.file_name()));
            let kind = entry.file_type().with_context(|| format!("failed to read `{}`", self.name(&path)))?;
            if kind.is_dir() {
                if LEFTOVERS.iter().any(|leftover| entry.file_name() == *leftover) {
                    continue;
                }
                match depth.checked_sub(1) {
                    Some(depth) => self.folder(&path, &to, depth)?,
                    None => self.leave_out(&path, "is nested too deeply"),
                }
            } else if kind.is_file() {
                self.file(&path, &to)?;
            } else if kind.is_symlink() {
                self.leave_out(&path, "is a link");
            } else {
                self.leave_out(&path, "is not a plain file");
            }
        }
        Ok(())
    }

    fn file(&mut self, from: &Path, to: &Path) -> anyhow::Result<()> {
        self.count()?;
        let name = self.name(from);
        let failed = || format!("failed to copy `{name}`");
        let source = fs::File::open(from).with_context(failed)?;
        let metadata = source.metadata().with_context(failed)?;
        let left = limits::SUBMITTED_BYTES_MAX - self.bytes;
        if metadata.len() > left {
            let most = limits::SUBMITTED_BYTES_MAX >> 20;
            self.leave_out(from, &format!("exceeds {most} MiB in all"));
            return Ok(());
        }
        let mut copy = fs::File::create_new(to).with_context(failed)?;
        self.bytes += io::copy(&mut source.take(left), &mut copy).with_context(failed)?;
        let mode = if metadata.permissions().mode() & 0o100 == 0 { 0o644 } else { 0o755 };
        copy.set_permissions(fs::Permissions::from_mode(mode)).with_context(failed)
    }

    /// Counts one more file or folder.
    fn count(&mut self) -> anyhow::Result<()> {
        self.files += 1;
        ensure!(self.files <= limits::SUBMITTED_FILES_MAX, "{}", too_many());
        Ok(())
    }

    fn name(&self, path: &Path) -> String {
        labcore::printable(path.strip_prefix(self.top).unwrap_or(path).to_string_lossy().as_bytes())
            .to_string()
    }

    fn leave_out(&mut self, path: &Path, why: &str) {
        let remark = format!("`{}` {why}: it was left out", self.name(path));
        self.remarks.push(remark);
    }
}

fn too_many() -> String {
    format!("it has more than {} files and folders", limits::SUBMITTED_FILES_MAX)
}

#[cfg(test)]
mod tests {
    use super::copy;
    use std::fs;
    use tempfile::tempdir;

    #[test]
    fn counts_folders_as_well_as_files() {
        let folder = tempdir().unwrap();
        for outer in 0..50 {
            for inner in 0..50 {
                fs::create_dir_all(folder.path().join(format!("src/{outer}/{inner}"))).unwrap();
            }
        }
        let error = copy(&folder.path().join("src"), &folder.path().join("copy")).unwrap_err();
        assert_eq!(error.to_string(), "it has more than 2000 files and folders");
    }
}
