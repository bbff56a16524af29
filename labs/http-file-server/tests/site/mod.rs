//! A directory to serve, and what a client makes of the answers.

// A test that cannot go on panics: that is how it fails.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use labtest::{Server, TcpPeer};
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
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
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

/// An answer, taken apart.
pub struct Reply {
    /// The head with the empty line at its end.
    pub head: String,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn status(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or("no status")
    }

    /// Reads what a server sends until it closes.
    #[track_caller]
    pub fn read_to_end(client: &mut TcpPeer) -> Reply {
        let received = client.read_to_end();
        let end = received.windows(4).position(|four| four == b"\r\n\r\n");
        let (head, body) = received.split_at(end.expect("the answer has a head that an empty line ends") + 4);
        Reply { head: String::from_utf8(head.to_vec()).unwrap(), body: body.to_vec() }
    }
}

/// Asks for a path on a connection of its own.
#[track_caller]
pub fn get(server: &Server, path: &str) -> Reply {
    let mut client = server.tcp_client();
    client.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").as_bytes());
    Reply::read_to_end(&mut client)
}
