//! Files that are never seen half written.

use anyhow::Context;
use std::fs;
use std::path::Path;

/// Replaces the file `path` by one that contains `text`. A reader sees the old file or the new one, never a part.
///
/// # Errors
/// If the folder cannot be written to.
pub fn write_atomically(path: &Path, text: &str) -> anyhow::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}", std::process::id()));
    fs::write(&beside, text)
        .and_then(|()| fs::rename(&beside, path))
        .with_context(|| format!("failed to write `{}`", path.display()))
}
