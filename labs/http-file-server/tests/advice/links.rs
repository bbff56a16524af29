//! Links in a listing.

use crate::site::{Site, list};
use std::os::unix::fs::symlink;

#[test]
fn lists_only_the_links_that_it_follows() {
    let site = Site::new().with("a/file", "inside").with("../secret/file", "this lies outside");
    for (link, to) in [
        ("inside", "a/file"),
        ("out", "../secret"),
        ("chain", "out/file"),
        ("slash", "/"),
        ("loop", "loop"),
        ("null", "/dev/null"),
    ] {
        symlink(to, site.path(link)).unwrap();
    }
    symlink(site.path("a"), site.path("absolute")).unwrap();
    let listing = list(&site.serve(&[]), "/");
    listing.expect_in_page("href=\"inside\"");
    for name in ["out", "chain", "slash", "loop", "null", "absolute"] {
        listing.expect_not_in_page(&format!("href=\"{name}"));
    }
}
