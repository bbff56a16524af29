//! The root, and the fields that the reference program adds to a file.

use crate::site::{Site, get, get_with};
use labtest::Cause;

#[test]
fn describes_a_file_as_the_reference_does() {
    let site = Site::new().with("a.txt", "first\n").with("a.png", "");
    let server = site.serve(&[]);
    for path in ["/a.txt", "/a.png"] {
        let response = get(&server, path);
        for (name, expected) in [
            ("X-Content-Type-Options", "nosniff"),
            ("Accept-Ranges", "bytes"),
            ("Cache-Control", "no-cache"),
            ("Server", concat!("http-file-server/", env!("CARGO_PKG_VERSION"))),
        ] {
            response.expect_field(name, expected);
        }
    }
}

#[test]
fn reads_the_root_that_it_is_given() {
    let site = Site::new().with("a.txt", "first").with("other/a.txt", "other");
    let server = site.serve(&["--root", "other"]);
    get(&server, "/a.txt").expect_file(b"other");
    get_with(&server, "/../a.txt", "").expect_status_or("404", &Cause::LeavesRoot);
}
