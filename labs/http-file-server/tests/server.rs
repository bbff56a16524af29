//! A web server, as the lab's first part asks for it: pages, and 404 for those that do not exist.
//!
//! The server runs in the directory that it is to serve. What goes beyond the exercise is in [`robustness`].

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
    // Who says so of every page has not looked for this one.
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
    // What came is for another check.
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

/// What a server on the internet must stand, and the one of a first exercise need not.
mod robustness {
    use super::{PAGE, Site};

    #[test]
    fn serves_every_byte_of_a_binary_file() {
        let bytes: Vec<u8> =
            (0..300_000_u32).map(|number| number.to_le_bytes()[number as usize % 3]).collect();
        let site = Site::new().with("bytes.bin", &bytes).with("image.png", b"\x89PNG\r\n\x1a\n\0");
        let server = site.serve(&[]);
        server.get("/image.png").expect_file(b"\x89PNG\r\n\x1a\n\0");
        server.get("/bytes.bin").expect_file(&bytes);
    }

    #[test]
    fn serves_an_empty_file() {
        let site = Site::new().with("empty.txt", "");
        site.serve(&[]).get("/empty.txt").expect_file(b"");
    }

    #[test]
    fn serves_a_page_in_any_language() {
        let page = "<p>Grüße, 日本, हिन्दी\n".repeat(1000);
        let site = Site::new().with("page.html", &page);
        site.serve(&[]).get("/page.html").expect_file(page.as_bytes());
    }

    #[test]
    fn serves_nothing_outside_its_folder() {
        let site = Site::new().with("hello.html", PAGE).with("../secret.txt", "this is secret");
        let server = site.serve(&[]);
        let absolute = site.path("../secret.txt").canonicalize().unwrap();
        let absolute = absolute.to_str().unwrap().replace('\\', "/");
        for path in
            ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", &absolute, &format!("/{absolute}")]
        {
            server.get(path).expect_without(b"this is secret");
        }
        server.get("/hello.html").expect_page(PAGE.as_bytes());
    }

    #[test]
    fn reads_a_request_that_comes_in_pieces() {
        let site = Site::new().with("hello.html", PAGE);
        let server = site.serve(&[]);
        let pieces = ["GET /hel", "lo.html HTTP/1.1\r\nHost: local", "host\r\nConnection: close\r\n\r\n"];
        server.get_in_pieces(&pieces).expect_page(PAGE.as_bytes());
    }

    #[test]
    fn survives_a_blank_request() {
        let site = Site::new().with("hello.html", PAGE);
        let server = site.serve(&[]);
        let mut client = server.tcp_client();
        client.send(b"\r\n\r\n");
        client.half_close();
        client.read_to_end();
        server.get("/hello.html").expect_page(PAGE.as_bytes());
    }

    #[test]
    fn survives_a_client_that_leaves_without_a_word() {
        let site = Site::new().with("hello.html", PAGE);
        let server = site.serve(&[]);
        server.tcp_client().close();
        server.tcp_client().reset();
        server.get("/hello.html").expect_page(PAGE.as_bytes());
    }
}
