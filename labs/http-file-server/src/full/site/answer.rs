//! Decides which answer a request gets.

use crate::http::conditional::{Precondition, Validators};
use crate::http::path::{Target, encode, encode_query};
use crate::http::range::{Selection, select};
use crate::http::request::{Method, Request};
use crate::http::response::{Body, Response};
use crate::http::status::Status;
use crate::site::file::{Found, OpenFile, Root};
use crate::site::listing;
use crate::site::types::content_type;

/// What is served.
pub struct Site {
    /// The directory with the files.
    pub root: Root,
    /// Whether a directory without an index is shown as a list of its files.
    pub listing: bool,
}

/// Finds the answer to a request.
pub fn answer(request: &Request, site: &Site) -> Response {
    match request.method {
        Method::Get | Method::Head => {}
        Method::NotOffered => return Response::of(Status::METHOD_NOT_ALLOWED).with("Allow", "GET, HEAD"),
        Method::Unknown => return Response::of(Status::NOT_IMPLEMENTED),
    }
    match site.root.find(&request.target) {
        Ok(Found::File(file)) => file_response(request, file),
        Ok(Found::Directory) => add_slash(&request.target),
        Ok(Found::Listing(listing)) if site.listing => {
            Response::page(Status::OK, listing::page(&request.target, &listing))
        }
        Ok(Found::Listing(_)) => Response::of(Status::NOT_FOUND),
        Err(Status::SERVICE_UNAVAILABLE) => unavailable(),
        Err(status) => Response::of(status),
    }
}

/// Makes the answer of a server that is overloaded at the moment.
pub fn unavailable() -> Response {
    Response::of(Status::SERVICE_UNAVAILABLE).with("Retry-After", "1")
}

/// Answers with the file, with part of it, or with the reason why it is not sent.
fn file_response(request: &Request, OpenFile { file, metadata, path }: OpenFile) -> Response {
    let validators = Validators::of(&metadata);
    let length = metadata.len();
    let part = match &request.range {
        // Ranges are defined for GET only (RFC 9110 §14.2).
        Some(range) if request.method == Method::Get && request.conditions.allow_part(&validators) => {
            select(range, length)
        }
        _ => Selection::Whole,
    };
    let response = match (request.conditions.evaluate(&validators), part) {
        (Precondition::Failed, _) => return Response::of(Status::PRECONDITION_FAILED),
        (Precondition::NotModified, _) => Response::new(Status::NOT_MODIFIED, Body::Absent),
        (Precondition::Proceed, Selection::Unsatisfiable) => {
            return Response::of(Status::RANGE_NOT_SATISFIABLE)
                .with("Content-Range", format!("bytes */{length}"));
        }
        (Precondition::Proceed, Selection::Whole) => {
            Response::new(Status::OK, Body::File { file, start: 0, length })
                .with("Content-Type", content_type(&path))
                .with("Accept-Ranges", "bytes")
        }
        (Precondition::Proceed, Selection::Part(part)) => {
            let body = Body::File { file, start: part.start, length: part.end - part.start };
            Response::new(Status::PARTIAL_CONTENT, body)
                .with("Content-Type", content_type(&path))
                .with("Content-Range", format!("bytes {}-{}/{length}", part.start, part.end - 1))
        }
    };
    response
        .with("ETag", validators.etag)
        .with("Last-Modified", validators.last_modified)
        .with("Cache-Control", "no-cache") // a cache may keep it, but must ask each time whether it has changed
}

/// Redirects to the same path with a slash. Without the slash, a browser would resolve the links on a directory's page
/// against the parent directory.
///
/// The new location is relative, so it can't lead to another host, as `//host/` would.
fn add_slash(target: &Target) -> Response {
    let name = target.segments.last().map(|name| encode(name)).unwrap_or_default();
    let location = format!("{name}/{}", encode_query(&target.query));
    Response::of(Status::MOVED_PERMANENTLY).with("Location", location)
}
