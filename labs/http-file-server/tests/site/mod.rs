//! A directory to serve, and a client's usual requests to its server.

// Each test program uses a part of this.
#![allow(dead_code)]
// Only what this machine itself may refuse is unwrapped, such as a file of the test's own.
#![allow(clippy::unwrap_used)]

use labtest::contract::ServerContract;
use labtest::{Cause, Response, Server, TcpPeer, patience};
use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

pub const SERVER: &str = env!("CARGO_BIN_EXE_http-file-server");

/// What the file outside the directory contains.
pub const SECRET: &str = "this lies outside";

/// Length of the large file.
pub const LARGE_BYTES: usize = 64 << 20;

/// A directory for one test. It is removed when the test is over.
pub struct Site {
    directory: PathBuf,
    root: String,
}

impl Site {
    pub fn new() -> Site {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("site-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        // A grader names a folder that the program under test can see.
        let temporary = std::env::var_os("LAB_TMP").unwrap_or_else(|| env!("CARGO_TARGET_TMPDIR").into());
        let directory = PathBuf::from(temporary).join(name);
        let root = directory.join("root");
        fs::create_dir_all(&root).unwrap();
        Site { root: root.to_str().unwrap().to_owned(), directory }
    }

    /// The directory that is served, for `--root`.
    pub fn root(&self) -> &str {
        &self.root
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

    /// Adds the file `large`, which takes no space on the disk.
    pub fn with_large(self) -> Site {
        let site = self.with("large", "");
        site.open("large").set_len(LARGE_BYTES as u64).unwrap();
        site
    }

    /// Makes a site with links that lead inside and outside.
    #[cfg(unix)]
    pub fn with_links() -> Site {
        use std::os::unix::fs::symlink;
        let site = Site::new().with("a/file", "inside").with("../secret/file", SECRET);
        for (link, to) in [
            ("inside", "a/file"),
            ("a/back", "../a"),
            ("out", "../secret"),
            ("a/out", "../../secret/file"),
            ("chain", "out/file"),
            ("slash", "/"),
            ("loop", "loop"),
            ("null", "/dev/null"),
        ] {
            symlink(to, site.path(link)).unwrap();
        }
        symlink(site.path("a"), site.path("absolute")).unwrap();
        site
    }

    /// Opens a file, to change it.
    pub fn open(&self, name: &str) -> File {
        File::options().write(true).open(self.path(name)).unwrap()
    }

    /// Starts a server for this directory, with the directory as its working directory.
    #[track_caller]
    pub fn serve(&self, args: &[&str]) -> Server {
        Server::start_in(&self.path(""), SERVER, args)
    }

    /// What this server promises, as all servers do. The site needs a file `a.txt` with the line `first`.
    pub fn check_contract(&self, check: impl FnOnce(&ServerContract<'_>)) {
        let (directory, args) = (self.path(""), ["--root", self.root()]);
        let ask = |server: &Server| get(server, "/a.txt").expect_file(b"first\n");
        check(&ServerContract { program: SERVER, directory: Some(&directory), args: &args, ask });
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// A GET request without fields of its own.
pub fn request(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

/// Requests a path on a connection of its own, and reads until the server closes it.
#[track_caller]
pub fn get(server: &Server, path: &str) -> Response {
    let mut client = server.tcp_client();
    client.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").as_bytes());
    client.read_last_response()
}

/// Sends a request with these lines of fields, and reads the response.
#[track_caller]
pub fn ask(client: &mut TcpPeer, method: &str, path: &str, fields: &str) -> Response {
    client.send(format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n").as_bytes());
    client.read_response(method == "HEAD")
}

/// Requests a path with these lines of fields, on a connection of its own.
#[track_caller]
pub fn get_with(server: &Server, path: &str, fields: &str) -> Response {
    ask(&mut server.tcp_client(), "GET", path, fields)
}

/// Requests the large file, and reads only the head of the response.
#[track_caller]
pub fn begin_large(server: &Server) -> TcpPeer {
    let mut client = server.tcp_client();
    client.send(request("/large").as_bytes());
    client.read_response(true).expect_status("200");
    client
}

/// Sends requests until there is room.
#[track_caller]
pub fn await_ok(server: &Server) {
    let start = Instant::now();
    loop {
        let response = get(server, "/a.txt");
        if response.status() == "200" {
            return;
        }
        if start.elapsed() > patience() {
            response.expect_status("200"); // fails
        }
    }
}

/// Sends a request, and expects this status, a page, and the end of the connection.
#[track_caller]
pub fn check_refused(server: &Server, request: &str, expected: &str) {
    let mut client = server.tcp_client();
    client.send(request.as_bytes());
    let response = client.read_response(false);
    response.expect_status(expected).expect_field("Connection", "close");
    if !response.body().starts_with(b"<!DOCTYPE html>") {
        let text = "<!DOCTYPE html>".to_owned();
        response.fail_because(Cause::PageLacks { text }, "has no page that explains the error");
    }
    client.expect_end();
}

/// Expects that a directory is redirected to this location.
#[track_caller]
pub fn check_location(path: &str, expected: &str) {
    let site = Site::new().with("a/b/x", "").with("a:b/x", "").with("evil.example/x", "").with("ü ?/x", "");
    let response = get(&site.serve(&[]), path);
    response.expect_status_or("301", &Cause::DirectoryNotRedirected).expect_field("Location", expected);
}

/// Requests a directory, and expects a page.
#[track_caller]
pub fn list(server: &Server, path: &str) -> Response {
    let response = get(server, path);
    response.expect_status_or("200", &Cause::DirectoryNotServed);
    response
}

/// The head without what changes from one response to the next.
fn without_date(response: &Response) -> String {
    let head = response.head();
    let kept = head.lines().filter(|line| !line.starts_with("Date: "));
    kept.map(|line| format!("{line}\r\n")).collect()
}

/// Expects that two responses have the same head but for the date.
#[track_caller]
pub fn check_same_head(response: &Response, other: &Response) {
    response.expect_status(other.status());
    for (one, other) in [(response, other), (other, response)] {
        for (name, value) in without_date(one).lines().filter_map(|line| line.split_once(": ")) {
            other.expect_field(name, value);
        }
    }
    labtest::check_eq!(without_date(response), without_date(other), "the head");
}
