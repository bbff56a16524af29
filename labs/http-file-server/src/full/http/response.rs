//! An answer: a status, fields, and a body (RFC 9112 §4).

use crate::http::date::HttpDate;
use crate::http::status::Status;
use std::fmt::{Display, Write};
use std::fs::File;

/// The fields that are the same in every answer. `nosniff` tells a browser to rely on `Content-Type` instead of
/// guessing.
const COMMON_FIELDS: &str = concat!(
    "Server: ",
    env!("CARGO_PKG_NAME"),
    "/",
    env!("CARGO_PKG_VERSION"),
    "\r\nX-Content-Type-Options: nosniff\r\n"
);

/// The beginning of every generated page. It follows the reader's choice of light or dark, and fits a phone.
const PAGE_BEGINS: &str = concat!(
    "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n",
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
    "<meta name=\"color-scheme\" content=\"light dark\">\n",
    "<style>body { font-family: sans-serif } td { padding-right: 2em } td:nth-child(2) { text-align: right }</style>\n"
);

/// Initial capacity of a head: most fit.
const HEAD_BYTES: usize = 512;

/// An answer, not sent yet.
pub struct Response {
    /// The status.
    pub status: Status,
    /// Status line and fields, so far.
    head: String,
    /// The body that follows the head.
    pub body: Body,
}

/// The body of an answer.
pub enum Body {
    /// No body and no length, as with status 304.
    Absent,
    /// A generated page.
    Page(String),
    /// Part of a file, or all of it.
    File {
        /// The file. It was at least `start + length` bytes long when it was opened.
        file: File,
        /// The position of the first byte.
        start: u64,
        /// The number of bytes.
        length: u64,
    },
}

impl Response {
    /// Makes an answer with this status and body, and the common fields.
    pub fn new(status: Status, body: Body) -> Response {
        let mut head = String::with_capacity(HEAD_BYTES);
        let _ = write!(head, "HTTP/1.1 {status}\r\nDate: {}\r\n{COMMON_FIELDS}", HttpDate::now());
        Response { status, head, body }
    }

    /// Makes an answer that is a page of HTML.
    pub fn page(status: Status, page: String) -> Response {
        Response::new(status, Body::Page(page))
            .with("Content-Type", "text/html; charset=utf-8")
            .with("Cache-Control", "no-store") // without an ETag, a cache could not ask whether it has changed
    }

    /// Makes a small page that shows the status.
    pub fn of(status: Status) -> Response {
        Response::page(status, page_with(&status.to_string()))
    }

    /// Adds a field. `value` must not contain control characters: a client's bytes are encoded before they get here.
    pub fn with(mut self, name: &str, value: impl Display) -> Response {
        let _ = write!(self.head, "{name}: {value}\r\n");
        self
    }

    /// Completes the head. `Content-Length` tells the client where the body ends, and the next answer begins.
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

/// Begins an HTML page with a heading, which must be escaped already.
pub fn page_with(heading: &str) -> String {
    format!("{PAGE_BEGINS}<title>{heading}</title>\n<h1>{heading}</h1>\n")
}
