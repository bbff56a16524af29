//! Answers the handouts' questions about captures from a pcap or pcapng file.
//!
//! [`capture`] reads frames, [`link`] and [`packet`] their headers, [`conversation`] follows what two programs say to each
//! other, [`report`] holds it all. The rest shows it: [`page`] as text, [`json`] for programs, [`svg`] as a picture,
//! [`questions`] by the numbers of the handouts, [`sheet`] against a student's answers; [`pitfalls`] names what misleads.

pub mod capture;
pub mod checksum;
pub mod conversation;
pub mod fragments;
pub mod http;
pub mod json;
pub mod link;
pub mod packet;
pub mod page;
pub mod pitfalls;
pub mod questions;
pub mod report;
pub mod sheet;
pub mod stream;
pub mod svg;
pub mod words;
