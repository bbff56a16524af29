//! Files: their parts, their versions, their kinds, and the ones that are not served.

use crate::site::Site;
use crate::{Reply, ask, get, read_reply};
use labtest::{Server, TcpPeer};
use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Asks with fields, on a connection of its own.
#[track_caller]
fn get_with(server: &Server, path: &str, fields: &str) -> Reply {
    ask(&mut server.tcp_client(), "GET", path, fields)
}

#[test]
fn sends_the_part_that_is_asked_for() {
    let site = Site::new().with("digits", "0123456789");
    let server = site.serve(&[]);
    for (range, part, content_range) in [
        ("0-0", "0", "bytes 0-0/10"),
        ("2-4", "234", "bytes 2-4/10"),
        ("7-", "789", "bytes 7-9/10"),
        ("7-99", "789", "bytes 7-9/10"),
        ("-3", "789", "bytes 7-9/10"),
        ("-99", "0123456789", "bytes 0-9/10"),
    ] {
        let reply = get_with(&server, "/digits", &format!("Range: bytes={range}\r\n"));
        assert_eq!((reply.status(), &*reply.body), ("206", part.as_bytes()), "{range}");
        assert_eq!(reply.field("Content-Range"), Some(content_range));
        assert!(reply.field("ETag").is_some() && reply.field("Last-Modified").is_some(), "{}", reply.head);
    }
    for range in
        ["bytes=0-1,3-4", "bytes=4-2", "bytes=x", "bytes=", "lines=1-2", "bytes=0-1\r\nRange: bytes=2-3"]
    {
        let reply = get_with(&server, "/digits", &format!("Range: {range}\r\n"));
        assert_eq!((reply.status(), &*reply.body), ("200", &b"0123456789"[..]), "{range}");
    }
    for range in ["10-", "10-20", "-0", "99999999999999999999-"] {
        let reply = get_with(&server, "/digits", &format!("Range: bytes={range}\r\n"));
        assert_eq!((reply.status(), reply.field("Content-Range")), ("416", Some("bytes */10")), "{range}");
    }
    let head = ask(&mut server.tcp_client(), "HEAD", "/digits", "Range: bytes=0-0\r\n");
    assert_eq!((head.status(), head.field("Content-Length")), ("200", Some("10")));
}

#[test]
fn sends_a_part_of_a_large_file() {
    let bytes: Vec<u8> = (0..400_000_u32).map(|number| number.to_le_bytes()[number as usize % 3]).collect();
    let site = Site::new().with("large", &bytes);
    let server = site.serve(&[]);
    let reply = get_with(&server, "/large", "Range: bytes=100001-300000\r\n");
    assert!(reply.body == bytes[100_001..=300_000]);
}

#[test]
fn sends_a_part_only_of_the_version_that_the_client_has() {
    let site = Site::new().with("digits", "0123456789");
    // In the second of its last change, a date alone would not say which version is meant.
    let date = SystemTime::now() - Duration::from_secs(10);
    File::options().write(true).open(site.path("digits")).unwrap().set_modified(date).unwrap();
    let server = site.serve(&[]);
    let first = get(&server, "/digits");
    let (tag, date) = (first.field("ETag").unwrap(), first.field("Last-Modified").unwrap());
    for (if_range, expected) in [
        (tag, "206"),
        (date, "206"),
        (&format!("W/{tag}"), "200"),
        ("\"other\"", "200"),
        ("Sun, 06 Nov 1994 08:49:37 GMT", "200"),
        ("nonsense", "200"),
    ] {
        let fields = format!("Range: bytes=2-4\r\nIf-Range: {if_range}\r\n");
        assert_eq!(get_with(&server, "/digits", &fields).status(), expected, "{if_range}");
    }
}

#[test]
fn says_304_to_a_client_that_has_the_file() {
    let site = Site::new().with("a.txt", "hello");
    let date = UNIX_EPOCH + Duration::from_secs(784_111_777);
    File::options().write(true).open(site.path("a.txt")).unwrap().set_modified(date).unwrap();
    let server = site.serve(&[]);
    let first = get(&server, "/a.txt");
    assert_eq!(first.field("Last-Modified"), Some("Sun, 06 Nov 1994 08:49:37 GMT"));
    let tag = first.field("ETag").unwrap();
    let mut client = server.tcp_client();
    for (fields, expected) in [
        (format!("If-None-Match: {tag}"), "304"),
        (format!("If-None-Match: W/{tag}"), "304"),
        (format!("If-None-Match: \"x\", {tag}"), "304"),
        (format!("If-None-Match: \"x\"\r\nIf-None-Match: {tag}"), "304"),
        ("If-None-Match: *".to_owned(), "304"),
        ("If-None-Match: \"x\"".to_owned(), "200"),
        ("If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT".to_owned(), "304"),
        ("If-Modified-Since: Sunday, 06-Nov-94 08:49:38 GMT".to_owned(), "304"),
        ("If-Modified-Since: Sun Nov  6 08:49:37 1994".to_owned(), "304"),
        ("If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT".to_owned(), "200"),
        ("If-Modified-Since: some time".to_owned(), "200"),
        ("If-None-Match: \"x\"\r\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT".to_owned(), "200"),
        (format!("If-None-Match: {tag}\r\nIf-Modified-Since: Sun, 06 Nov 1993 08:49:37 GMT"), "304"),
        (format!("If-Match: {tag}"), "200"),
        ("If-Match: \"x\"".to_owned(), "412"),
        ("If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT".to_owned(), "412"),
    ] {
        for method in ["GET", "HEAD"] {
            let reply = ask(&mut client, method, "/a.txt", &format!("{fields}\r\n"));
            assert_eq!(reply.status(), expected, "{method} {fields}");
            if expected == "304" {
                assert_eq!(reply.field("ETag"), Some(tag));
                assert!(reply.field("Last-Modified").is_some());
            }
        }
    }
}

#[test]
fn gives_a_changed_file_another_tag() {
    let site = Site::new().with("a.txt", "hello");
    let server = site.serve(&[]);
    let before = get(&server, "/a.txt");
    fs::write(site.path("a.txt"), "hello, world").unwrap();
    let after = get_with(&server, "/a.txt", &format!("If-None-Match: {}\r\n", before.field("ETag").unwrap()));
    assert_eq!((after.status(), &*after.body), ("200", &b"hello, world"[..]));
}

#[test]
fn tells_the_kind_of_a_file_by_its_name() {
    let types = [
        ("a.html", "text/html; charset=utf-8"),
        ("a.HTM", "text/html; charset=utf-8"),
        ("a.css", "text/css; charset=utf-8"),
        ("a.js", "text/javascript; charset=utf-8"),
        ("a.json", "application/json"),
        ("a.svg", "image/svg+xml; charset=utf-8"),
        ("a.png", "image/png"),
        ("a.jpeg", "image/jpeg"),
        ("a.tar.gz", "application/gzip"),
        ("a.wasm", "application/wasm"),
        ("a.unknown", "application/octet-stream"),
        ("html", "application/octet-stream"),
    ];
    let site = types.iter().fold(Site::new(), |site, (name, _)| site.with(name, "<p>"));
    let server = site.serve(&[]);
    for (name, expected) in types {
        let reply = get(&server, &format!("/{name}"));
        assert_eq!(reply.field("Content-Type"), Some(expected), "{name}");
        assert_eq!(reply.field("X-Content-Type-Options"), Some("nosniff"));
    }
}

#[test]
fn serves_files_over_4_gib() {
    let site = Site::new().with("large", "");
    let mut file = File::options().write(true).open(site.path("large")).unwrap();
    file.seek(SeekFrom::Start(5 << 30)).unwrap();
    file.write_all(b"the end").unwrap();
    drop(file);
    let server = site.serve(&[]);
    let head = ask(&mut server.tcp_client(), "HEAD", "/large", "");
    assert_eq!(head.field("Content-Length"), Some("5368709127"));
    for (range, length) in [("-7", "7"), ("5368000000-", "709127")] {
        // A server that sends all of it should not fill the memory of this machine.
        let mut client = server.tcp_client();
        client.send(
            format!("GET /large HTTP/1.1\r\nHost: localhost\r\nRange: bytes={range}\r\n\r\n").as_bytes(),
        );
        let head =
            Reply { head: String::from_utf8(client.read_through(b"\r\n\r\n")).unwrap(), body: Vec::new() };
        assert_eq!(
            (head.status(), head.field("Content-Length")),
            ("206", Some(length)),
            "Range: bytes={range}"
        );
    }
    assert_eq!(get_with(&server, "/large", "Range: bytes=-7\r\n").body, b"the end");
    let reply = get_with(&server, "/large", "Range: bytes=5368000000-\r\n");
    assert_eq!(reply.body.len(), 709_127);
    assert!(reply.body.ends_with(b"\0the end"));
}

#[test]
fn hides_names_that_begin_with_a_dot() {
    let site = Site::new().with(".htaccess", "secret").with(".git/config", "secret").with("a/.b/c", "secret");
    let server = site.serve(&[]);
    for path in ["/.htaccess", "/%2ehtaccess", "/.git/config", "/.git/", "/.git", "/a/.b/c", "/a/./b", "/."] {
        assert_eq!(get(&server, path).status(), "404", "{path}");
    }
    assert!(!String::from_utf8(get(&server, "/").body).unwrap().contains("htaccess"));
}

/// Asks for a large file, reads its head, and then nothing.
fn begin(server: &Server, path: &str) -> (TcpPeer, usize) {
    let mut client = server.tcp_client();
    client.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes());
    let head = Reply { head: String::from_utf8(client.read_through(b"\r\n\r\n")).unwrap(), body: Vec::new() };
    (client, head.field("Content-Length").unwrap().parse().unwrap())
}

#[test]
fn closes_when_a_file_shrinks_while_it_is_sent() {
    let site = Site::new().with("large", "");
    let file = File::options().write(true).open(site.path("large")).unwrap();
    file.set_len(64 << 20).unwrap();
    let server = site.serve(&[]);
    let (mut client, length) = begin(&server, "/large");
    assert_eq!(length, 64 << 20);
    file.set_len(1 << 20).unwrap();
    let body = client.read_to_end();
    assert!(body.len() < length, "all {length} bytes came from a file of 1 MiB");
    assert!(body.iter().all(|byte| *byte == 0), "something came in place of the file");
    assert_eq!(get(&server, "/large").body.len(), 1 << 20);
}

#[test]
fn sends_the_length_that_it_told_when_a_file_grows() {
    let site = Site::new().with("large", "");
    let mut file = File::options().append(true).open(site.path("large")).unwrap();
    file.set_len(64 << 20).unwrap();
    let server = site.serve(&[]);
    let (mut client, length) = begin(&server, "/large");
    file.write_all(b"and more").unwrap();
    assert_eq!(client.read_exact(length).len(), 64 << 20);
    assert_eq!(ask(&mut client, "GET", "/missing", "").status(), "404");
}

#[cfg(unix)]
mod links_and_devices {
    use super::{Site, ask, get};
    use std::fs;
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;
    use std::path::PathBuf;
    use std::sync::atomic::{AtomicBool, Ordering};

    const SECRET: &str = "this lies outside";

    fn site() -> Site {
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

    #[test]
    fn follows_links_that_stay_inside_and_no_others() {
        let site = site();
        let server = site.serve(&[]);
        for path in ["/inside", "/a/back/file", "/a/back/back/file"] {
            assert_eq!(get(&server, path).body, b"inside", "{path}");
        }
        for path in [
            "/out/file",
            "/out/",
            "/out",
            "/a/out",
            "/chain",
            "/slash/etc/passwd",
            "/slash/",
            "/loop",
            "/null",
            "/absolute/file",
        ] {
            assert_eq!(get(&server, path).status(), "404", "{path}");
        }
    }

    #[test]
    fn lists_only_the_links_that_it_follows() {
        let site = site();
        let listing = String::from_utf8(get(&site.serve(&[]), "/").body).unwrap();
        assert!(listing.contains("href=\"inside\""), "{listing}");
        for name in ["out", "chain", "slash", "loop", "null", "absolute"] {
            assert!(!listing.contains(&format!("href=\"{name}")), "{name}: {listing}");
        }
    }

    #[test]
    fn serves_no_pipe_and_no_socket() {
        let site = site();
        let pipe = site.path("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
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
            assert_eq!(get(&server, path).status(), "404", "{path}");
        }
        assert!(!String::from_utf8(get(&server, "/").body).unwrap().contains("pipe"));
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
        let site = site();
        let server = site.serve(&["--quiet"]);
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
                let reply = ask(&mut client, "GET", "/changing/file", "");
                assert_ne!(reply.body, SECRET.as_bytes());
                inside += usize::from(reply.body == b"inside");
            }
            assert!(inside > 0, "the link never pointed inside: this test tested nothing");
        });
    }
}

#[test]
fn reads_the_root_that_it_is_given() {
    let site = Site::new().with("a.txt", "first").with("other/a.txt", "other");
    let server = site.serve(&["--root", "other"]);
    assert_eq!(get(&server, "/a.txt").body, b"other");
    let mut client = server.tcp_client();
    client.send(b"GET /../a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(read_reply(&mut client, false).status(), "404");
}
