//! Whatever bytes come, the parser finds the same request in them, in however many pieces they come.
//!
//! `cargo +nightly fuzz run request -- -max_total_time=60 -max_len=1024`, in the directory above this one.

#![no_main]
#![allow(dead_code)] // the parser is a part of these modules

#[path = "../../src/full/http/mod.rs"]
mod http;

use http::{body, request};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let whole = request::parse(bytes);
    let pieces = (0..=bytes.len()).map(|end| request::parse(&bytes[..end]));
    assert_eq!(pieces.into_iter().find(|parsed| *parsed != Ok(None)).unwrap_or(Ok(None)), whole);
    if let Ok(Some((request, head_length))) = whole {
        let mut end = head_length;
        let skipped = body::skip(request.body, bytes, &mut end);
        assert!(head_length <= end && end <= bytes.len(), "{skipped:?}");
        let _ = request.target.file_path();
    }
});
