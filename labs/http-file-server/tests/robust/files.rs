//! Files: binary and large ones, their kinds, and those that are not served.

use crate::site::{Site, get};
use labtest::Cause;

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
        get(&server, &format!("/{name}")).expect_field("Content-Type", expected);
    }
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
