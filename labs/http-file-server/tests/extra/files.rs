//! Files: their parts, their versions, and changes while they are sent.

use crate::site::{LARGE_BYTES, Site, ask, begin_large, get, get_with, request};
use labtest::{Cause, check, check_eq};
use std::fs::{self, File};
use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[test]
fn sends_the_part_that_is_asked_for() {
    let site = Site::new().with("digits", "0123456789");
    let server = site.serve(&[]);
    let get_range = |range: &str| get_with(&server, "/digits", &format!("Range: {range}\r\n"));
    for (range, part, content_range) in [
        ("0-0", "0", "bytes 0-0/10"),
        ("2-4", "234", "bytes 2-4/10"),
        ("7-", "789", "bytes 7-9/10"),
        ("7-99", "789", "bytes 7-9/10"),
        ("-3", "789", "bytes 7-9/10"),
        ("-99", "0123456789", "bytes 0-9/10"),
    ] {
        let response = get_range(&format!("bytes={range}"));
        response.expect_status_or("206", &Cause::RangeIgnored).expect_body(part.as_bytes());
        response.expect_field("Content-Range", content_range);
        response.expect_some_field("ETag");
        response.expect_some_field("Last-Modified");
    }
    for range in
        ["bytes=0-1,3-4", "bytes=4-2", "bytes=x", "bytes=", "lines=1-2", "bytes=0-1\r\nRange: bytes=2-3"]
    {
        get_range(range).expect_file(b"0123456789");
    }
    for range in ["10-", "10-20", "-0", "99999999999999999999-"] {
        let response = get_range(&format!("bytes={range}"));
        response.expect_status_or("416", &Cause::RangeIgnored).expect_field("Content-Range", "bytes */10");
    }
    let head = ask(&mut server.tcp_client(), "HEAD", "/digits", "Range: bytes=0-0\r\n");
    head.expect_status("200").expect_field("Content-Length", "10");
}

#[test]
fn sends_a_part_of_a_large_file() {
    let bytes: Vec<u8> = (0..400_000_u32).map(|number| number.to_le_bytes()[number as usize % 3]).collect();
    let site = Site::new().with("large", &bytes);
    let server = site.serve(&[]);
    let response = get_with(&server, "/large", "Range: bytes=100001-300000\r\n");
    response.expect_status_or("206", &Cause::RangeIgnored).expect_body(&bytes[100_001..=300_000]);
}

#[test]
fn sends_a_part_only_of_the_version_that_the_client_has() {
    let site = Site::new().with("digits", "0123456789");
    // In the second of its last change, a date alone would not say which version is meant.
    let date = SystemTime::now() - Duration::from_secs(10);
    site.open("digits").set_modified(date).unwrap();
    let server = site.serve(&[]);
    let first = get(&server, "/digits");
    let (tag, date) = (first.expect_some_field("ETag"), first.expect_some_field("Last-Modified"));
    for (if_range, expected) in [
        (&*tag, "206"),
        (&date, "206"),
        (&format!("W/{tag}"), "200"),
        ("\"other\"", "200"),
        ("Sun, 06 Nov 1994 08:49:37 GMT", "200"),
        ("nonsense", "200"),
    ] {
        let fields = format!("Range: bytes=2-4\r\nIf-Range: {if_range}\r\n");
        get_with(&server, "/digits", &fields).expect_status(expected);
    }
}

#[test]
fn says_304_to_a_client_that_has_the_file() {
    let site = Site::new().with("a.txt", "hello");
    let date = UNIX_EPOCH + Duration::from_secs(784_111_777);
    site.open("a.txt").set_modified(date).unwrap();
    let server = site.serve(&[]);
    let first = get(&server, "/a.txt");
    first.expect_field("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT");
    let tag = first.expect_some_field("ETag");
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

#[test]
fn reads_the_root_that_it_is_given() {
    let site = Site::new().with("a.txt", "first").with("other/a.txt", "other");
    let server = site.serve(&["--root", "other"]);
    get(&server, "/a.txt").expect_file(b"other");
    get_with(&server, "/../a.txt", "").expect_status_or("404", &Cause::LeavesRoot);
}
