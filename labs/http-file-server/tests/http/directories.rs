//! Directories: their index, their listing, and the slash at their end.

use crate::get;
use crate::site::Site;

#[track_caller]
fn check_location(path: &str, expected: &str) {
    let site = Site::new().with("a/b/x", "").with("a:b/x", "").with("evil.example/x", "").with("ü ?/x", "");
    let reply = get(&site.serve(&[]), path);
    assert_eq!((reply.status(), reply.field("Location")), ("301", Some(expected)), "{path}");
}

#[test]
fn sends_a_client_to_the_path_with_a_slash() {
    check_location("/a", "a/");
    check_location("/a/b", "b/");
    check_location("/a/b?x=y/z", "b/?x=y/z");
    check_location("/%C3%BC%20%3F", "%C3%BC%20%3F/");
}

#[test]
fn sends_no_client_to_another_host() {
    check_location("//evil.example", "evil.example/");
    check_location("///evil.example", "evil.example/");
    check_location("http://localhost//evil.example", "evil.example/");
    check_location("/a:b", "a%3Ab/");
}

#[test]
fn shows_the_index_of_a_directory() {
    let site =
        Site::new().with("index.html", "<p>top").with("a/index.html", "<p>a").with("b/index.html/x", "");
    let server = site.serve(&["--no-listing"]);
    assert_eq!(get(&server, "/").body, b"<p>top");
    assert_eq!(get(&server, "/?query").body, b"<p>top");
    assert_eq!(get(&server, "/a/").body, b"<p>a");
    assert_eq!(get(&server, "/a/").field("Content-Type"), Some("text/html; charset=utf-8"));
    assert_eq!(get(&server, "/b/").status(), "404");
    assert_eq!(get(&server, "/a/index.html/").status(), "404");
}

#[test]
fn lists_a_directory() {
    let site = Site::new().with("d/b.txt", "hello").with("d/a/x", "").with("d/C", "").with("d/.hidden", "");
    let reply = get(&site.serve(&[]), "/d/");
    let page = String::from_utf8(reply.body.clone()).unwrap();
    let links: Vec<&str> =
        page.split("href=\"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0)).collect();
    assert_eq!(links, ["../", "C", "a/", "b.txt"]);
    assert!(page.contains("b.txt</a><td>5<td>") && page.contains(" GMT\n"), "{page}");
    assert_eq!(reply.field("Content-Type"), Some("text/html; charset=utf-8"));
    assert_eq!(reply.field("Content-Length"), Some(&*reply.body.len().to_string()));
}

#[cfg(unix)] // other systems allow no such names
#[test]
fn lets_no_name_act_as_html() {
    let hostile = "<script>alert(1)<script>\"' onclick=\"x&amp;\n\u{202e}%2f#?";
    let site = Site::new().with(hostile, "content");
    let server = site.serve(&[]);
    let page = String::from_utf8(get(&server, "/").body).unwrap();
    assert!(
        !page.contains("<script") && !page.contains("\" onclick") && !page.contains('\u{202e}'),
        "{page}"
    );
    assert!(page.contains("&lt;script&gt;alert(1)"), "{page}");
    let link = page.split("href=\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(get(&server, &format!("/{link}")).body, b"content", "{link}");
}

#[cfg(unix)]
#[test]
fn lists_and_serves_a_name_that_is_not_utf_8() {
    use std::os::unix::ffi::OsStrExt;
    let site = Site::new();
    std::fs::write(site.path("").join(std::ffi::OsStr::from_bytes(b"\xff\xfe.txt")), "content").unwrap();
    let server = site.serve(&[]);
    let page = String::from_utf8(get(&server, "/").body).unwrap();
    assert!(page.contains("href=\"%FF%FE.txt\">\\xff\\xfe.txt<"), "{page}");
    assert_eq!(get(&server, "/%FF%FE.txt").body, b"content");
}

#[test]
fn says_that_a_listing_is_not_complete() {
    let site = Site::new();
    for number in 0..1000 {
        std::fs::write(site.path(&format!("{number:03}")), "").unwrap();
    }
    let server = site.serve(&[]);
    let list = || String::from_utf8(get(&server, "/").body).unwrap();
    let page = list();
    assert!(page.matches("<tr>").count() == 1000 && !page.contains("more"), "{page}");
    std::fs::write(site.path("0 is the first"), "").unwrap();
    let page = list();
    assert!(page.matches("<tr>").count() == 1000 && page.contains("0 is the first"), "{page}");
    assert!(page.contains(">998<") && !page.contains(">999<"), "{page}");
    assert!(page.ends_with("<p>There are more. Only the first 1000 are shown.\n"), "{page}");
}

#[test]
fn fits_small_and_dark_screens() {
    let server = Site::new().serve(&[]);
    for path in ["/", "/missing"] {
        let page = String::from_utf8(get(&server, path).body).unwrap();
        for meta in
            ["name=\"viewport\" content=\"width=device-width", "name=\"color-scheme\" content=\"light dark\""]
        {
            assert!(page.contains(meta), "{page}");
        }
    }
}

#[test]
fn shows_no_listing_when_told_so() {
    let site = Site::new().with("a/b.txt", "hello");
    let server = site.serve(&["--no-listing"]);
    assert_eq!(get(&server, "/").status(), "404");
    assert_eq!(get(&server, "/a/").status(), "404");
    assert_eq!(get(&server, "/a/b.txt").body, b"hello");
}
