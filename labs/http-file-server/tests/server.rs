//! A web server, as the lab's first part asks for it: pages, and 404 for those that do not exist.
//!
//! The server runs in the directory that it is to serve.

mod site;

use labtest::Server;
use site::{Site, get};

const PAGE: &str = "<!DOCTYPE html>\n<title>Hello</title>\n<p>Hello, 100 % of you! é %s %d\n";

#[track_caller]
fn check(server: &Server, path: &str, expected: &[u8]) {
    let reply = get(server, path);
    assert!(reply.head.starts_with("HTTP/1."), "{}", reply.head);
    assert_eq!(reply.status(), "200", "{}", reply.head);
    assert!(
        reply.body == expected,
        "{path} came as {} bytes and has {} bytes, or they differ",
        reply.body.len(),
        expected.len()
    );
}

#[track_caller]
fn check_missing(server: &Server, path: &str) {
    let reply = get(server, path);
    assert_eq!(reply.status(), "404", "{}", reply.head);
    assert!(!reply.body.is_empty(), "a person wants to see a page that says so");
}

#[test]
fn serves_a_page() {
    let site = Site::new().with("hello.html", PAGE);
    check(&site.serve(&[]), "/hello.html", PAGE.as_bytes());
}

#[test]
fn says_404_for_a_page_that_does_not_exist_and_goes_on() {
    let site = Site::new().with("hello.html", PAGE).with("other.html", "<p>other\n");
    let server = site.serve(&[]);
    check(&server, "/hello.html", PAGE.as_bytes());
    check_missing(&server, "/missing.html");
    check(&server, "/hello.html", PAGE.as_bytes());
    check(&server, "/other.html", b"<p>other\n");
}

#[test]
fn serves_every_byte_of_a_file() {
    let bytes: Vec<u8> = (0..300_000_u32).map(|number| number.to_le_bytes()[number as usize % 3]).collect();
    let site =
        Site::new().with("bytes.bin", &bytes).with("empty.txt", "").with("image.png", b"\x89PNG\r\n\x1a\n\0");
    let server = site.serve(&[]);
    check(&server, "/bytes.bin", &bytes);
    check(&server, "/image.png", b"\x89PNG\r\n\x1a\n\0");
    check(&server, "/empty.txt", b"");
}

#[test]
fn serves_files_in_directories() {
    let site = Site::new().with("a/b/c.txt", "deep").with("a/c.txt", "less deep");
    let server = site.serve(&[]);
    check(&server, "/a/b/c.txt", b"deep");
    check(&server, "/a/c.txt", b"less deep");
    check_missing(&server, "/c.txt");
}

#[test]
fn serves_nothing_outside_its_directory() {
    let site = Site::new().with("hello.html", PAGE).with("../secret.txt", "secret");
    let server = site.serve(&[]);
    let absolute = site.path("../secret.txt").canonicalize().unwrap();
    let absolute = absolute.to_str().unwrap().replace('\\', "/");
    for path in
        ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", &absolute, &format!("/{absolute}")]
    {
        let reply = get(&server, path);
        assert_ne!(reply.body, b"secret", "{path}");
    }
    check(&server, "/hello.html", PAGE.as_bytes());
}

#[test]
fn survives_a_client_that_leaves_without_a_word() {
    let site = Site::new().with("hello.html", PAGE);
    let server = site.serve(&[]);
    server.tcp_client().close();
    server.tcp_client().reset();
    check(&server, "/hello.html", PAGE.as_bytes());
}
