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

use labtest::{Server, TcpPeer};

/// An answer, taken apart.
pub struct Reply {
    /// The head with the empty line at its end.
    pub head: String,
    /// What follows it.
    pub body: Vec<u8>,
}

impl Reply {
    /// The three digits.
    pub fn status(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or("no status")
    }

    /// Reads what a server sends until it closes.
    #[track_caller]
    pub fn read_to_end(client: &mut TcpPeer) -> Reply {
        let received = client.read_to_end();
        let end = received.windows(4).position(|four| four == b"\r\n\r\n");
        let (head, body) = received.split_at(end.expect("the answer has a head that an empty line ends") + 4);
        Reply { head: String::from_utf8(head.to_vec()).unwrap(), body: body.to_vec() }
    }

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

/// Asks for a path on a connection of its own.
#[track_caller]
pub fn get(server: &Server, path: &str) -> Reply {
    let mut client = server.tcp_client();
    client.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").as_bytes());
    Reply::read_to_end(&mut client)
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
