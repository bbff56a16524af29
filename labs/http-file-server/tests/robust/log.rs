//! What the server prints.

use crate::site::{Site, get};

#[test]
fn lets_no_client_forge_a_line() {
    let site = Site::new().with("a.txt", "first\n");
    let server = site.serve(&[]);
    let mut client = server.tcp_client();
    client.send(b"GET /\x1b[2J\" 200 1\\ HTTP/1.1\r\n\r\n");
    client.read_to_end();
    server.expect_output("\"GET /\\x1b[2J\\\" 200 1\\\\ HTTP/1.1\" 400 ");
    // However long the request is, the line shows the result.
    get(&server, &format!("/{}", "\u{e9}".repeat(4000))).expect_status("404");
    server.expect_output("...\" 404 ");
}

#[cfg(unix)]
#[test]
fn goes_on_without_its_screen() {
    let site = Site::new().with("a.txt", "first\n");
    site.check_contract(|server| server.survives_a_closed_standard_output());
}
