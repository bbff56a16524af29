//! What goes back: a status, fields, and a body (RFC 9112 §4).

use crate::date::HttpDate;
use crate::status::Status;
use std::fmt::{Display, Write};
use std::fs::File;

/// The fields that are the same in every answer. A browser is told to believe `Content-Type`, and not to guess.
const COMMON_FIELDS: &str = concat!(
    "Server: ",
    env!("CARGO_PKG_NAME"),
    "/",
    env!("CARGO_PKG_VERSION"),
    "\r\nX-Content-Type-Options: nosniff\r\n"
);

/// The beginning of every page that is made here. It is as dark as its reader likes, and fits a telephone.
const PAGE_BEGINS: &str = concat!(
    "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n",
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
    "<meta name=\"color-scheme\" content=\"light dark\">\n",
    "<style>body { font-family: sans-serif } td { padding-right: 2em } td:nth-child(2) { text-align: right }</style>\n"
);

/// Room for most heads.
const HEAD_BYTES: usize = 512;

/// An answer, not sent yet.
pub struct Response {
    /// How the request went.
    pub status: Status,
    /// Status line and fields, so far.
    head: String,
    /// What follows the head.
    pub body: Body,
}

/// What follows a head.
pub enum Body {
    /// Nothing, not even a length: 304.
    Absent,
    /// A page made for this answer.
    Page(String),
    /// Part of a file, or all of it.
    File {
        /// The file, at least `start + length` bytes long when it was looked at.
        file: File,
        /// Where the part begins.
        start: u64,
        /// How many bytes it has.
        length: u64,
    },
}

impl Response {
    /// Begins an answer with this status and body.
    pub fn new(status: Status, body: Body) -> Response {
        let mut head = String::with_capacity(HEAD_BYTES);
        let _ = write!(head, "HTTP/1.1 {status}\r\nDate: {}\r\n{COMMON_FIELDS}", HttpDate::now());
        Response { status, head, body }
    }

    /// Makes an answer that is a page of HTML.
    pub fn page(status: Status, page: String) -> Response {
        Response::new(status, Body::Page(page))
            .with("Content-Type", "text/html; charset=utf-8")
            .with("Cache-Control", "no-store") // it has no tag to ask with if it is still the same
    }

    /// Makes the small page that says how the request went.
    pub fn of(status: Status) -> Response {
        Response::page(status, page_with(&status.to_string()))
    }

    /// Adds a field. `value` holds no control character: whatever a client sent is encoded before it gets here.
    pub fn with(mut self, name: &str, value: impl Display) -> Response {
        let _ = write!(self.head, "{name}: {value}\r\n");
        self
    }

    /// Completes the head. Its length tells the client where the body ends, and with it this answer.
    pub fn finish(self, keep_alive: bool) -> (String, Body) {
        let length = match &self.body {
            Body::Absent => None,
            Body::Page(page) => Some(page.len() as u64),
            Body::File { length, .. } => Some(*length),
        };
        let connection = if keep_alive { "keep-alive" } else { "close" };
        let response = match length {
            Some(length) => self.with("Content-Length", length),
            None => self,
        };
        let mut response = response.with("Connection", connection);
        response.head.push_str("\r\n");
        (response.head, response.body)
    }
}

/// Begins a page of HTML with a heading, which must be fit for it.
pub fn page_with(heading: &str) -> String {
    format!("{PAGE_BEGINS}<title>{heading}</title>\n<h1>{heading}</h1>\n")
}
