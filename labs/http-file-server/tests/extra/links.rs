//! Links in a listing.

use crate::site::{Site, list};

#[test]
fn lists_only_the_links_that_it_follows() {
    let site = Site::with_links();
    let listing = list(&site.serve(&[]), "/");
    listing.expect_in_page("href=\"inside\"");
    for name in ["out", "chain", "slash", "loop", "null", "absolute"] {
        listing.expect_not_in_page(&format!("href=\"{name}"));
    }
}
