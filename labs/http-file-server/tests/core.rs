//! The exercise itself: pages, and 404 for those that do not exist. A textbook web server, in any language, passes
//! these tests.
//!
//! The server runs in the directory that it must serve.

mod site;

use site::Site;

const PAGE: &str = "<!DOCTYPE html>\n<title>Hello</title>\n<p>Hello, you!\n";
const OTHER: &str = "<p>another page\n";

#[test]
fn serves_a_page() {
    let site = Site::new().with("hello.html", PAGE);
    site.serve(&[]).get("/hello.html").expect_page(PAGE.as_bytes());
}

#[test]
fn serves_one_page_after_the_other() {
    let site = Site::new().with("hello.html", PAGE).with("other.html", OTHER);
    let server = site.serve(&[]);
    server.get("/hello.html").expect_page(PAGE.as_bytes());
    server.get("/other.html").expect_page(OTHER.as_bytes());
    server.get("/hello.html").expect_page(PAGE.as_bytes());
}

#[test]
fn says_404_for_a_page_that_does_not_exist() {
    let site = Site::new().with("hello.html", PAGE);
    let server = site.serve(&[]);
    server.get("/missing.html").expect_missing();
    // A server that answers 404 to every request has not looked for this page.
    server.get("/hello.html").expect_found();
}

#[test]
fn shows_a_page_that_says_404() {
    let site = Site::new().with("hello.html", PAGE);
    site.serve(&[]).get("/missing.html").expect_some_body();
}

#[test]
fn goes_on_after_404() {
    let site = Site::new().with("hello.html", PAGE).with("other.html", OTHER);
    let server = site.serve(&[]);
    server.get("/hello.html").expect_page(PAGE.as_bytes());
    // Another check looks at this response.
    server.get("/missing.html");
    server.get("/hello.html").expect_page(PAGE.as_bytes());
    server.get("/other.html").expect_page(OTHER.as_bytes());
}

#[test]
fn serves_a_page_with_percent_signs() {
    let page = "<p>100 % of you: %s %d %n %5.2f %%\n";
    let site = Site::new().with("percent.html", page);
    site.serve(&[]).get("/percent.html").expect_page(page.as_bytes());
}

#[test]
fn serves_pages_in_folders() {
    let site = Site::new().with("a/b/c.html", "<p>deep\n").with("a/c.html", "<p>less deep\n");
    let server = site.serve(&[]);
    server.get("/a/b/c.html").expect_page(b"<p>deep\n");
    server.get("/a/c.html").expect_page(b"<p>less deep\n");
}
