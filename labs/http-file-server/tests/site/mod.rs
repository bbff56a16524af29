//! A directory to serve.

// A test that cannot go on panics: that is how it fails.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use labtest::Server;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

pub const SERVER: &str = env!("CARGO_BIN_EXE_http-file-server");

/// A directory for one test, gone when the test is over.
pub struct Site {
    directory: PathBuf,
}

impl Site {
    pub fn new() -> Site {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("site-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        // Whoever grades names a folder that the program under test can see.
        let temporary = std::env::var_os("LAB_TMP").unwrap_or_else(|| env!("CARGO_TARGET_TMPDIR").into());
        let directory = PathBuf::from(temporary).join(name);
        fs::create_dir_all(directory.join("root")).unwrap();
        Site { directory }
    }

    /// A path in the directory that is served; `../x` lies next to it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.join("root").join(name)
    }

    /// Adds a file, with the directories that it needs.
    pub fn with(self, name: &str, contents: impl AsRef<[u8]>) -> Site {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), contents).unwrap();
        self
    }

    /// Starts a server for this directory, in which it runs, too.
    #[track_caller]
    pub fn serve(&self, args: &[&str]) -> Server {
        Server::start_in(&self.path(""), SERVER, args)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}
