//! The reference program's listing of a directory.

use crate::site::{Site, get, list};
use labtest::{Cause, check_eq};
use std::fs;

#[test]
fn lists_a_directory() {
    let site = Site::new().with("d/b.txt", "hello").with("d/a/x", "").with("d/C", "").with("d/.hidden", "");
    let response = list(&site.serve(&[]), "/d/");
    let page = response.page();
    let links: Vec<&str> =
        page.split("href=\"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0)).collect();
    check_eq!(links, ["../", "C", "a/", "b.txt"], "the links in the page");
    response.expect_in_page("b.txt</a><td>5<td>").expect_in_page(" GMT\n");
    response.expect_field("Content-Type", "text/html; charset=utf-8");
    response.expect_field("Content-Length", &response.body().len().to_string());
}

#[cfg(unix)]
#[test]
fn lists_and_serves_a_name_that_is_not_utf_8() {
    use std::os::unix::ffi::OsStrExt;
    let site = Site::new();
    fs::write(site.path("").join(std::ffi::OsStr::from_bytes(b"\xff\xfe.txt")), "content").unwrap();
    let server = site.serve(&[]);
    list(&server, "/").expect_in_page("href=\"%FF%FE.txt\">\\xff\\xfe.txt<");
    get(&server, "/%FF%FE.txt").expect_file(b"content");
}

#[test]
fn says_that_a_listing_is_not_complete() {
    let site = Site::new();
    for number in 0..1000 {
        fs::write(site.path(&format!("{number:03}")), "").unwrap();
    }
    let server = site.serve(&[]);
    let listing = list(&server, "/");
    check_eq!(listing.page().matches("<tr>").count(), 1000, "rows in a listing of 1000 files");
    listing.expect_not_in_page("more");
    fs::write(site.path("0 is the first"), "").unwrap();
    let listing = list(&server, "/");
    check_eq!(listing.page().matches("<tr>").count(), 1000, "rows in a listing of 1001 files");
    listing.expect_in_page("0 is the first").expect_in_page(">998<").expect_not_in_page(">999<");
    let text = "<p>There are more. Only the first 1000 are shown.\n";
    if !listing.page().ends_with(text) {
        listing
            .fail_because(Cause::PageLacks { text: text.trim().to_owned() }, "does not say that it is cut");
    }
}

#[test]
fn fits_small_and_dark_screens() {
    let site = Site::new();
    let server = site.serve(&[]);
    for page in [list(&server, "/"), get(&server, "/missing")] {
        for meta in
            ["name=\"viewport\" content=\"width=device-width", "name=\"color-scheme\" content=\"light dark\""]
        {
            if !page.page().contains(meta) {
                page.fail_because(Cause::PageLacks { text: meta.to_owned() }, "lacks a part of the page");
            }
        }
    }
}

#[test]
fn shows_no_listing_when_told_so() {
    let site = Site::new().with("a/b.txt", "hello").with("b/index.html/x", "");
    let server = site.serve(&["--no-listing"]);
    get(&server, "/b/").expect_status("404");
    get(&server, "/").expect_status("404");
    get(&server, "/a/").expect_status("404");
    get(&server, "/a/b.txt").expect_file(b"hello");
}
