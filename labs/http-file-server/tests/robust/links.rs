//! Links, pipes and sockets in the directory that is served.

use crate::site::{SECRET, Site, ask, get, list};
use labtest::{Cause, check};
use std::fs;
use std::os::fd::AsRawFd;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

#[test]
fn follows_links_that_stay_inside_and_no_others() {
    let site = Site::with_links();
    let server = site.serve(&[]);
    for path in ["/inside", "/a/back/file", "/a/back/back/file"] {
        get(&server, path).expect_file(b"inside");
    }
    for path in
        ["/out/file", "/out/", "/out", "/a/out", "/chain", "/slash/etc/passwd", "/slash/", "/loop", "/null"]
    {
        get(&server, path).expect_status_or("404", &Cause::LeavesRoot);
    }
}

#[test]
fn lists_only_the_links_that_it_follows() {
    let site = Site::with_links();
    let listing = list(&site.serve(&[]), "/");
    listing.expect_in_page("href=\"inside\"");
    for name in ["out", "chain", "slash", "loop", "null"] {
        listing.expect_not_in_page(&format!("href=\"{name}"));
    }
}

#[test]
fn serves_no_pipe_and_no_socket() {
    let site = Site::with_links();
    let pipe = site.path("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    made.success().then_some(()).expect("this machine can make pipes");
    // The path of a socket may only be short, and that of the site may be long, as may be that of a link to it.
    let folder = fs::File::open(site.path("")).unwrap();
    let mut short = PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd()));
    if !cfg!(target_os = "linux") {
        short = std::env::temp_dir().join(format!("http-file-server-{}", std::process::id()));
        symlink(site.path(""), &short).unwrap();
    }
    let socket = UnixListener::bind(short.join("socket"));
    if !cfg!(target_os = "linux") {
        fs::remove_file(short).unwrap();
    }
    socket.unwrap();
    let server = site.serve(&[]);
    for path in ["/pipe", "/socket", "/pipe/", "/socket/"] {
        let response = get(&server, path);
        if response.is_missing() {
            response.fail_because(Cause::WaitsForPipe, "never came");
        }
        response.expect_status("404");
    }
    get(&server, "/").expect_not_in_page("pipe");
}

/// Ends the thread that changes the link, also when the test fails.
struct SetAtEnd<'a>(&'a AtomicBool);

impl Drop for SetAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn is_not_cheated_by_a_link_that_changes() {
    let site = Site::with_links();
    let server = site.serve(&[]);
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for to in ["a", "../secret"].iter().cycle() {
                symlink(to, site.path("new")).unwrap();
                fs::rename(site.path("new"), site.path("changing")).unwrap();
                if over.load(Ordering::Relaxed) {
                    break;
                }
            }
        });
        let _end = SetAtEnd(&over);
        let mut client = server.tcp_client();
        let mut inside = 0;
        for _ in 0..1000 {
            let response = ask(&mut client, "GET", "/changing/file", "");
            response.expect_without(SECRET.as_bytes());
            inside += usize::from(response.body() == b"inside");
        }
        check!(inside > 0, "in 1000 requests, the server never followed the link while it pointed inside");
    });
}
