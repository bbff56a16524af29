//! Round trip times over UDP and TCP.
//!
//! Read [`exchange`] first: it sends, receives and takes the time. Then:
//! - [`measure`]: who sends when, on schedule or in turns.
//! - [`request`]: what is sent, and how its reply is recognised.
//! - [`ledger`]: which request was answered, lost, late, duplicated or reordered.
//! - [`statistics`] and [`difference`]: the figures, and which protocol was slower. Both are pure functions.
//! - [`results`], shown by [`text`], [`csv`], [`json`] and [`svg`].
//!
//! [`plan`] and [`event`] are what goes in and what comes out meanwhile; [`clock`] and [`random`] serve them all.
//!
//! The relay is a program of its own: [`relay`] receives and sends, [`fate`] decides, [`queue`] keeps the time.

pub mod clock;
pub mod csv;
pub mod difference;
pub mod event;
pub mod exchange;
pub mod fate;
pub mod json;
pub mod ledger;
pub mod measure;
pub mod plan;
pub mod queue;
pub mod random;
pub mod relay;
pub mod request;
pub mod results;
pub mod statistics;
pub mod svg;
pub mod text;
