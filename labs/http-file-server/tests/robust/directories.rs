//! Directories: their index, their listing, redirects and hostile names.

use crate::site::{Site, check_location, get, list};

#[test]
fn sends_a_client_to_the_path_with_a_slash() {
    check_location("/a", "a/");
    check_location("/a/b", "b/");
    check_location("/a/b?x=y/z", "b/?x=y/z");
    check_location("/%C3%BC%20%3F", "%C3%BC%20%3F/");
}

#[test]
fn shows_the_index_of_a_directory() {
    let site = Site::new().with("index.html", "<p>top").with("a/index.html", "<p>a");
    let server = site.serve(&[]);
    list(&server, "/").expect_file(b"<p>top");
    list(&server, "/?query").expect_file(b"<p>top");
    let index = list(&server, "/a/");
    index.expect_file(b"<p>a");
    index.expect_field("Content-Type", "text/html; charset=utf-8");
    get(&server, "/a/index.html/").expect_status("404");
}

#[test]
fn lists_the_files_of_a_directory() {
    let site = Site::new().with("d/b.txt", "hello").with("d/a/x", "").with("d/C", "").with("d/.hidden", "");
    let server = site.serve(&[]);
    let response = list(&server, "/d/");
    for name in ["C", "a/", "b.txt"] {
        response.expect_in_page(&format!("href=\"{name}\""));
    }
    response.expect_not_in_page("hidden").expect_field("Content-Type", "text/html; charset=utf-8");
    get(&server, "/d/b.txt").expect_file(b"hello");
}

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
