//! Server and client on two hosts, as in the lab room.

use crate::site::Site;
use labtest::Transport;
use labtest::contract::two_hosts::serves_another_host;

#[test]
fn server_answers_another_host() {
    let page = "<p>Hello from the other host\n";
    let site = Site::new().with("hello.html", page);
    serves_another_host(
        Transport::Tcp,
        || site.serve(&[]),
        |server| server.get("/hello.html").expect_page(page.as_bytes()),
    );
}
