//! The web server in full, row by row of what it promises, seen from its clients.

// A test that cannot go on panics: that is how it fails.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod site;

#[path = "http/clients.rs"]
mod clients;
#[path = "http/directories.rs"]
mod directories;
#[path = "http/files.rs"]
mod files;
#[path = "http/log.rs"]
mod log;
#[path = "http/requests.rs"]
mod requests;
#[path = "http/stopping.rs"]
mod stopping;

use labtest::TcpPeer;
use site::Reply;

impl Reply {
    /// The value of a field, which may come only once.
    pub fn field(&self, name: &str) -> Option<&str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(':'));
        let mut values =
            fields.filter(|field| field.0.eq_ignore_ascii_case(name)).map(|field| field.1.trim());
        let value = values.next();
        assert_eq!(values.next(), None, "{name} comes twice: {}", self.head);
        value
    }
}

/// Reads one answer from a connection that stays open. The answer to HEAD has no body.
#[track_caller]
fn read_reply(client: &mut TcpPeer, head_only: bool) -> Reply {
    let head = String::from_utf8(client.read_through(b"\r\n\r\n")).unwrap();
    let mut reply = Reply { head, body: Vec::new() };
    if !head_only && reply.status() != "304" {
        let length = reply.field("Content-Length").expect("an answer has a length").parse().unwrap();
        reply.body = client.read_exact(length);
    }
    reply
}

/// Asks for a path, with these lines of fields, and reads the answer.
#[track_caller]
fn ask(client: &mut TcpPeer, method: &str, path: &str, fields: &str) -> Reply {
    client.send(format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n").as_bytes());
    read_reply(client, method == "HEAD")
}
