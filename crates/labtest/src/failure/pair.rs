//! What the two programs of a pair *wait for*, when each waits for the other.

use serde::{Deserialize, Serialize};

/// What a program waits for on a connection.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Awaited {
    /// Text, with or without a newline.
    Text,
    /// A newline that ends the text.
    Newline,
    /// The end of the stream.
    End,
}

/// What is wrong, and what to do about it, where `client` and `server` wait for each other.
pub(super) fn words(client: Awaited, server: Awaited) -> (String, &'static str) {
    let client_waits = match client {
        Awaited::Text => "a reply",
        Awaited::Newline => "a newline that ends the reply",
        Awaited::End => "the end of the connection",
    };
    let server_waits = match server {
        Awaited::Text => "another line",
        Awaited::Newline => "a newline, which the client does not send",
        Awaited::End => "the end of the connection",
    };
    let hint = match (client, server) {
        (_, Awaited::Newline) => "let the client end each line with a newline: on a stream nothing else does",
        (Awaited::End, _) => {
            "let the client read a reply up to its newline, not to the end of the connection"
        }
        (Awaited::Newline, _) => "let the client's lines and the server's replies end with a newline",
        (Awaited::Text, _) => "let the server answer what has arrived, without waiting for more",
    };
    (format!("the client waits for {client_waits}, and the server waits for {server_waits}"), hint)
}

#[cfg(test)]
mod tests {
    use super::{Awaited, words};

    #[test]
    fn says_what_each_program_waits_for() {
        let (what, _) = words(Awaited::End, Awaited::Text);
        let expected =
            "the client waits for the end of the connection, and the server waits for another line";
        assert_eq!(what, expected);
    }
}
