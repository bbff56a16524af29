//! Versions of a file: conditional requests (RFC 9110 §13), and changes while it is sent.

use crate::site::{LARGE_BYTES, Site, ask, begin_large, get, get_with, request};
use labtest::{Cause, check, check_eq};
use std::fs::{self, File};
use std::io::Write;
use std::time::{Duration, UNIX_EPOCH};

#[test]
fn says_304_to_a_client_that_has_the_file() {
    let site = Site::new().with("a.txt", "hello");
    let date = UNIX_EPOCH + Duration::from_secs(784_111_777);
    site.open("a.txt").set_modified(date).unwrap();
    let server = site.serve(&[]);
    let first = get(&server, "/a.txt");
    first.expect_field("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT");
    first.expect_field_like("Date", "a date that ends in ` GMT`", |date| date.ends_with(" GMT"));
    let tag = first.expect_field_like("ETag", "a tag in double quotes", |tag| tag.starts_with('"'));
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
            let response = ask(&mut client, method, "/a.txt", &format!("{fields}\r\n"));
            if expected == "304" {
                response.expect_status_or("304", &Cause::ValidatorIgnored).expect_field("ETag", &tag);
                response.expect_some_field("Last-Modified");
            } else {
                response.expect_status(expected);
            }
        }
    }
}

#[test]
fn gives_a_changed_file_another_tag() {
    let site = Site::new().with("a.txt", "hello");
    let server = site.serve(&[]);
    let tag = get(&server, "/a.txt").expect_some_field("ETag");
    fs::write(site.path("a.txt"), "hello, world").unwrap();
    get_with(&server, "/a.txt", &format!("If-None-Match: {tag}\r\n")).expect_file(b"hello, world");
}

#[test]
fn closes_when_a_file_shrinks_while_it_is_sent() {
    let site = Site::new().with_large();
    let file = site.open("large");
    let server = site.serve(&[]);
    let mut client = server.tcp_client();
    client.send(request("/large").as_bytes());
    client.read_response(true).expect_field("Content-Length", &LARGE_BYTES.to_string());
    file.set_len(1 << 20).unwrap();
    let body = client.read_to_end();
    client.expect_end(); // and does not wait for more
    check!(body.len() < LARGE_BYTES, "all {LARGE_BYTES} bytes came, and the file has only 1 MiB by now");
    check!(body.iter().all(|byte| *byte == 0), "bytes came that are not in the file");
    check_eq!(get(&server, "/large").body().len(), 1 << 20, "bytes in the next response");
}

#[test]
fn sends_the_length_that_it_told_when_a_file_grows() {
    let site = Site::new().with_large();
    let mut file = File::options().append(true).open(site.path("large")).unwrap();
    let server = site.serve(&[]);
    let mut client = begin_large(&server);
    file.write_all(b"and more").unwrap();
    client.read_exact(LARGE_BYTES);
    ask(&mut client, "GET", "/missing", "").expect_status("404");
}
