//! What the tests of grading share.

// Each test program takes what it needs.
#![allow(dead_code)]

use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// True if this machine has what grading needs; where `CI` is set it must.
pub fn can_grade() -> bool {
    ["cargo-nextest", "bwrap", "ip", "prlimit", "unshare", "python3"].into_iter().all(labtest::has_tool)
}

/// A folder for one test, gone when it is over.
pub struct Folder(PathBuf);

impl Folder {
    /// Makes an empty one, with `name` in its own name.
    pub fn new(name: &str) -> Folder {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        // Not named like labgrade's own folders, which it clears away when their process is gone.
        let path = std::env::temp_dir().join(format!("test-{name}-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }
}

impl Deref for Folder {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Copies a folder, each file as `change` makes it of the name and the text; `None` leaves it out.
pub fn copy_changed(from: &Path, to: &Path, change: &impl Fn(&str, Vec<u8>) -> Option<Vec<u8>>) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy_changed(&from, &to, change);
        } else if let Some(text) = change(&entry.file_name().to_string_lossy(), fs::read(&from).unwrap()) {
            fs::write(to, text).unwrap();
        }
    }
}

/// Copies a folder.
pub fn copy(from: &Path, to: &Path) {
    copy_changed(from, to, &|_, text| Some(text));
}
