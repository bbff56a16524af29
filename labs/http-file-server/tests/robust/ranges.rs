//! Parts of files (RFC 9110 §14).

use crate::site::{Site, ask, get, get_with};
use labtest::{Cause, check, check_eq};
use std::io::{Seek, SeekFrom, Write};
use std::time::{Duration, SystemTime};

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
        let response = get_with(&server, "/digits", &fields);
        response.expect_status(expected);
        response.expect_some_field("ETag");
        response.expect_some_field("Last-Modified");
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
