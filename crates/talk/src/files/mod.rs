//! Files and pictures that people hand each other.

pub mod inspect;
pub mod preview;
pub mod scan;
