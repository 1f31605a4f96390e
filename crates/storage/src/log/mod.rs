//! The transparency log: gives every committed event a place in one Merkle tree, signs what the tree is, and checks all
//! of it again.
//!
//! It stays true that nobody without the organisation's key can change, drop, add or reorder an event under a signed
//! head unnoticed, and that nobody at all can do so under a head that a witness outside the host has kept.
//!
//! - [`tree`]: the tree and its proofs (RFC 9162)
//! - [`keys`], [`heads`]: the signing key; signed heads and their text
//! - [`sequencer`]: places events and signs heads, within 60 seconds (R51)
//! - [`witness`]: the heads kept outside the host
//! - [`verify`]: the whole check (R52); [`watch`]: the part of it a running server repeats (R62)

mod contents;
mod fault;
pub mod heads;
pub mod keys;
mod rows;
pub mod sequencer;
mod streams;
pub mod tree;
pub mod verify;
mod walk;
pub mod watch;
pub mod witness;

pub use fault::{Fault, FirstFault, Place, VerifyError};
pub use heads::{SignedHead, TreeHead};
pub use keys::{KEY_FILE, KeyError, KeyId, LogKey, PUBLIC_KEY_FILE, PublicKey};
pub(crate) use rows::entries;
pub use sequencer::{LogError, Progress, Sequencer, Settings};
pub use verify::{Report, verify};
pub use watch::{Watch, Watched};
pub use witness::{HEADS_FILE, Witness, WitnessError};
