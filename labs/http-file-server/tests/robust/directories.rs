//! Directories: redirects and hostile names.

use crate::site::check_location;

#[test]
fn sends_no_client_to_another_host() {
    check_location("//evil.example", "evil.example/");
    check_location("///evil.example", "evil.example/");
    check_location("http://localhost//evil.example", "evil.example/");
    check_location("/a:b", "a%3Ab/");
}

#[cfg(unix)] // other systems allow no such names
#[test]
fn lets_no_name_act_as_html() {
    use crate::site::{Site, get, list};
    let hostile = "<script>alert(1)<script>\"' onclick=\"x&amp;\n\u{202e}%2f#?";
    let site = Site::new().with(hostile, "content");
    let server = site.serve(&[]);
    let listing = list(&server, "/");
    for text in ["<script", "\" onclick", "\u{202e}"] {
        listing.expect_not_in_page(text);
    }
    listing.expect_in_page("&lt;script&gt;alert(1)").expect_in_page("href=\"");
    let page = listing.page();
    let link = page.split("href=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
    get(&server, &format!("/{link}")).expect_file(b"content");
}
