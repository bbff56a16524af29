//! The page that shows what a directory holds.

use crate::date::HttpDate;
use crate::file::Entry;
use crate::path::{Target, encode};
use labcore::printable;
use std::fmt::Write;

/// Makes the page for the directory that `target` names.
///
/// A name may hold anything, and none of it may act as HTML: it is encoded in links, and escaped where it is shown.
pub fn page(target: &Target, entries: &[Entry]) -> String {
    let path: String = target.segments.iter().flat_map(|name| ["/".to_owned(), text(name)]).collect();
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{path}/</title>\n\
         <style>td {{ padding-right: 2em }} td:nth-child(2) {{ text-align: right }}</style>\n\
         <h1>{path}/</h1>\n<table>\n"
    );
    if !target.segments.is_empty() {
        page.push_str("<tr><td><a href=\"../\">../</a><td><td>\n");
    }
    for entry in entries {
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
    page
}

/// Makes a name fit for display in HTML.
fn text(name: &[u8]) -> String {
    let name = printable(name).to_string();
    name.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
