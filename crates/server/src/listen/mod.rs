//! The front door: accepts connections, speaks TLS where configured, and hands each request to the router.
//!
//! It stays true that a client which is slow or silent costs one bounded connection and nothing else: handshake and
//! headers have a deadline, connections are counted, and a stop waits for answers under way but not for ever.

mod acme;
pub mod certificate;
mod connections;
mod tls;

pub use connections::{Door, Stop};
pub use tls::{Encryption, TlsError};
