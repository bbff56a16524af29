//! Answers the handouts' questions about captures from a pcap or pcapng file.
//!
//! Read in this order: [`capture_file`] reads frames; [`link`] and [`packet`] decode their headers; [`conversation`]
//! follows what two programs send to each other; [`neighbours`] tells which hosts never answered; [`capture`] collects
//! all of this. The other modules
//! show a capture: [`text_view`] on the terminal, [`json`] for other programs, [`sequence_diagram`] as a picture,
//! [`questions`] by the numbers of the handouts, and [`sheet`] compared with a student's answers. [`pitfalls`] warns
//! about what is easily misread. [`flow`] draws the pictures of the handouts, from a capture and the programs' calls.

pub mod capture;
pub mod capture_file;
pub mod checksum;
pub mod conversation;
pub mod flow;
pub mod formatting;
pub mod fragments;
pub mod http;
pub mod json;
pub mod lab;
pub mod link;
mod narration;
pub mod neighbours;
pub mod occurrences;
pub mod packet;
pub mod pitfalls;
pub mod questions;
pub mod sequence_diagram;
pub mod sheet;
pub mod svg;
pub mod text_view;
