//! The page that lists a directory's files.

use crate::http::date::HttpDate;
use crate::http::path::{Target, encode};
use crate::http::response::page_with;
use crate::site::file::Listing;
use labcore::{printable, xml};
use std::fmt::Write;

/// The length at which a page is cut. Only very long names make one so long.
const PAGE_BYTES_MAX: usize = 192 * 1024;

/// Makes the page for the directory that `target` names.
///
/// A file name may contain anything, and none of it may act as HTML: names are percent-encoded in links, and escaped
/// where they are shown.
pub fn page(target: &Target, listing: &Listing) -> String {
    let path: String = target.segments.iter().flat_map(|name| ["/".to_owned(), text(name)]).collect();
    let mut page = page_with(&format!("{path}/")) + "<table>\n";
    if !target.segments.is_empty() {
        page.push_str("<tr><td><a href=\"../\">../</a><td><td>\n");
    }
    let mut shown = 0;
    for entry in listing.entries.iter() {
        if page.len() > PAGE_BYTES_MAX {
            break;
        }
        shown += 1;
        let name = entry.name.as_encoded_bytes();
        let slash = if entry.length.is_some() { "" } else { "/" };
        let length = entry.length.map(|length| length.to_string()).unwrap_or_default();
        let modified = entry.modified.map(|time| HttpDate::from(time).to_string()).unwrap_or_default();
        let _ = writeln!(
            page,
            "<tr><td><a href=\"{}{slash}\">{}{slash}</a><td>{length}<td>{modified}",
            encode(name),
            text(name),
        );
    }
    page.push_str("</table>\n");
    if listing.is_cut || shown < listing.entries.len() {
        let _ = writeln!(page, "<p>There are more. Only the first {shown} are shown.");
    }
    page
}

/// Formats a name for display in HTML.
fn text(name: &[u8]) -> String {
    xml::escape(&printable(name).to_string())
}
