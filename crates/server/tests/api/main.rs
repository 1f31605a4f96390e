//! The assembled server: every route behind the real guard and limits, the gateway on real sockets, on both engines.
//!
//! After every scenario the tables are replayed from the journal and compared. What single floors promise is shown in
//! their own crates; here stands what only holds, or only breaks, when everything is put together.

mod access;
mod bad_input;
mod closing;
mod convergence;
mod document;
mod gateway;
mod newcomer;
mod operations;
mod policies;
mod push;
mod raw;
mod silence;
mod socket;
mod states;
mod world;
