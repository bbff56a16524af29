//! Files: binary and large ones, their kinds, and those that are not served.

use crate::site::{Site, ask, get, get_with};
use labtest::{Cause, check, check_eq};
use std::io::{Seek, SeekFrom, Write};

const PAGE: &str = "<!DOCTYPE html>\n<title>Hello</title>\n<p>Hello, you!\n";

#[test]
fn serves_every_byte_of_a_binary_file() {
    let bytes: Vec<u8> = (0..300_000_u32).map(|number| number.to_le_bytes()[number as usize % 3]).collect();
    let site = Site::new().with("bytes.bin", &bytes).with("image.png", b"\x89PNG\r\n\x1a\n\0");
    let server = site.serve(&[]);
    server.get("/image.png").expect_file(b"\x89PNG\r\n\x1a\n\0");
    server.get("/bytes.bin").expect_file(&bytes);
}

#[test]
fn serves_an_empty_file() {
    let site = Site::new().with("empty.txt", "");
    site.serve(&[]).get("/empty.txt").expect_file(b"");
}

#[test]
fn serves_a_page_in_any_language() {
    let page = "<p>Grüße, 日本, हिन्दी\n".repeat(1000);
    let site = Site::new().with("page.html", &page);
    site.serve(&[]).get("/page.html").expect_file(page.as_bytes());
}

#[test]
fn serves_nothing_outside_its_folder() {
    let site = Site::new().with("hello.html", PAGE).with("../secret.txt", "this is secret");
    let server = site.serve(&[]);
    let absolute = site.path("../secret.txt").canonicalize().unwrap();
    let absolute = absolute.to_str().unwrap().replace('\\', "/");
    for path in
        ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", &absolute, &format!("/{absolute}")]
    {
        server.get(path).expect_without(b"this is secret");
    }
    server.get("/hello.html").expect_page(PAGE.as_bytes());
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
        let response = get(&server, &format!("/{name}"));
        response.expect_field("Content-Type", expected).expect_field("X-Content-Type-Options", "nosniff");
    }
}

#[test]
fn serves_files_over_4_gib() {
    let site = Site::new().with("large", "");
    let mut file = site.open("large");
    file.seek(SeekFrom::Start(5 << 30)).unwrap();
    file.write_all(b"the end").unwrap();
    drop(file);
    let server = site.serve(&[]);
    ask(&mut server.tcp_client(), "HEAD", "/large", "").expect_field("Content-Length", "5368709127");
    for (range, length) in [("-7", "7"), ("5368000000-", "709127")] {
        // Only the head is read: a server that sends all of the file would fill the memory of this machine.
        let mut client = server.tcp_client();
        let request = format!("GET /large HTTP/1.1\r\nHost: localhost\r\nRange: bytes={range}\r\n\r\n");
        client.send(request.as_bytes());
        let head = client.read_response(true);
        head.expect_status_or("206", &Cause::RangeIgnored).expect_field("Content-Length", length);
    }
    get_with(&server, "/large", "Range: bytes=-7\r\n").expect_body(b"the end");
    let body = get_with(&server, "/large", "Range: bytes=5368000000-\r\n").body();
    check_eq!(body.len(), 709_127, "bytes in the part from byte 5368000000 on");
    check!(body.ends_with(b"\0the end"), "the part does not end like the file");
}

#[test]
fn hides_names_that_begin_with_a_dot() {
    let site = Site::new().with(".htaccess", "secret").with(".git/config", "secret").with("a/.b/c", "secret");
    let server = site.serve(&[]);
    for path in ["/.htaccess", "/%2ehtaccess", "/.git/config", "/.git/", "/.git", "/a/.b/c", "/a/./b", "/."] {
        get(&server, path).expect_status_or("404", &Cause::HiddenFileServed);
    }
    get(&server, "/").expect_not_in_page("htaccess");
}
