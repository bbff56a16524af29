//! The fields of lab 5.

use crate::conversation::Conversation;
use crate::http::{self, Message};
use crate::sheet::expected::Expected;
use crate::sheet::fields::field::Field;
use crate::sheet::fields::shared::first_to_close;
use std::collections::BTreeSet;

pub const FIELDS: &[Field] = &[
    Field::of_conversation(
        "1.request_frame",
        "the number of the frame with the first request",
        |conversation| Some(Expected::number(first_request(conversation)?.first.frame)),
    ),
    Field::of_conversation("2.method", "the method of the first request", |conversation| {
        word(first_request(conversation)?.method()?)
    }),
    Field::of_conversation("2.target", "the target of the first request", |conversation| {
        Some(Expected::ExactWord(first_request(conversation)?.target()?.to_owned()))
    }),
    Field::of_conversation("2.version", "the version of the first request", |conversation| {
        word(first_request(conversation)?.request_version()?)
    }),
    Field::of_conversation("3.status", "the status code of the first response", |conversation| {
        Some(Expected::number(first_response(conversation)?.status()?))
    }),
    Field::of_conversation("5.closes", "which side closes first, client or server", |conversation| {
        first_request(conversation)?;
        first_to_close(conversation)
    }),
    Field::of_conversation("6.body_bytes", "the length of the first response's body", body_bytes),
    Field::of_capture("8.client_port", "the client's port", client_ports).identifying(),
];

fn first_exchange(conversation: &Conversation) -> Option<http::Exchange> {
    http::exchanges(conversation.tcp()?).into_iter().next()
}

fn first_request(conversation: &Conversation) -> Option<Message> {
    Some(first_exchange(conversation)?.request)
}

fn first_response(conversation: &Conversation) -> Option<Message> {
    first_exchange(conversation)?.response
}

/// Any port from which a client connects to the server, whether it uses the connection or not.
fn client_ports(all: &[&Conversation]) -> Option<Expected> {
    let ports: BTreeSet<u64> =
        all.iter().map(|conversation| u64::from(conversation.client().port())).collect();
    let servers: BTreeSet<u64> =
        all.iter().map(|conversation| u64::from(conversation.server().port())).collect();
    let expected = Expected::each_of(ports.into_iter().collect());
    Some(
        servers
            .into_iter()
            .fold(expected, |expected, server| expected.but(server, "that is the server's port")),
    )
}

fn word(word: &str) -> Option<Expected> {
    Some(Expected::Word(word.to_owned()))
}

fn body_bytes(conversation: &Conversation) -> Option<Expected> {
    let response = first_response(conversation)?;
    let expected = Expected::number(response.body_bytes);
    let expected = expected
        .but(response.head_bytes + response.body_bytes, "that is the length of head and body together");
    Some(expected.but(response.head_bytes, "that is the length of the head"))
}
