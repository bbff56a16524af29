//! HTTP as text: from bytes to a request, and from an answer to the bytes of its head. Nothing here uses a socket.
//!
//! [`head`] splits the bytes that arrived into a request line and fields. [`request`] interprets them, with the help of
//! [`path`], [`range`] and [`conditional`], and [`body`] finds the end of the request. [`response`] builds the answer,
//! with a [`status`] and a [`date`].
//!
//! HTTP is defined in RFC 9110 (what messages mean) and RFC 9112 (how a connection carries them).

pub mod body;
pub mod conditional;
pub mod date;
pub mod head;
pub mod path;
pub mod range;
pub mod request;
pub mod response;
pub mod status;
