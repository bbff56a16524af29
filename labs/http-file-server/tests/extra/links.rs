//! Absolute links.

use crate::site::{Site, get, list};
use labtest::Cause;

#[test]
fn follows_no_absolute_link() {
    let site = Site::with_links();
    let server = site.serve(&[]);
    // It leads inside, but only as long as the root has this path.
    get(&server, "/absolute/file").expect_status_or("404", &Cause::LeavesRoot);
    list(&server, "/").expect_not_in_page("href=\"absolute");
}
