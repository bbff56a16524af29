//! A TCP connection, followed segment by segment.
//!
//! Read in this order: [`sequence`] places a sequence number in its stream; [`byte_stream`] reassembles one direction;
//! [`direction`] adds what else one endpoint sends; [`handshake`], [`turn`] and [`close`] are about both directions;
//! [`flow`] puts the parts together.

pub mod byte_stream;
pub mod close;
pub mod direction;
pub mod flow;
pub mod handshake;
pub mod sequence;
pub mod turn;

pub use byte_stream::ByteStream;
pub use close::Close;
pub use direction::{Direction, Fin};
pub use flow::TcpFlow;
pub use handshake::Handshake;
pub use turn::Turn;
