//! Round-trip times over UDP and TCP.
//!
//! Read [`prober`] first: it sends, receives and takes the time. Then:
//! - [`measure`]: which prober sends when, on schedule or in turns.
//! - [`request`]: what is sent, and how its reply is recognised.
//! - [`probe_log`]: which request was answered, lost, late, duplicated or reordered.
//! - [`statistics`] and [`difference`]: the figures, and which protocol was slower. Both are pure functions.
//! - [`results`], shown by [`text`], [`csv`], [`json`] and [`svg`].
//!
//! [`plan`] says what a run is to do, [`event`] what it reports meanwhile. [`clock`] keeps its time.
//!
//! The relay is a program of its own: [`relay`] receives and sends, [`impairments`] decides which datagrams to drop,
//! delay, duplicate and reorder, and [`queue`] holds each until it is due.

pub mod clock;
pub mod csv;
mod difference;
pub mod event;
pub mod impairments;
pub mod json;
pub mod measure;
pub mod plan;
pub mod probe_log;
pub mod prober;
mod queue;
pub mod relay;
pub mod request;
pub mod results;
mod statistics;
pub mod svg;
pub mod text;
