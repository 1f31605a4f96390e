//! The server: everything that turns the floors below into one running program.
//!
//! It stays true that this is the only crate that touches the outside: the clock, the environment, the network, the
//! terminal. What it reads there it hands down as values.

pub mod assemble;
pub mod clamd;
pub mod cli;
pub mod client;
pub mod commands;
pub mod config;
pub mod environment;
pub mod folder;
pub mod gateway;
pub mod listen;
pub mod logging;
pub mod mail;
pub mod metrics;
pub mod outbound;
pub mod push;
pub mod render;
pub mod setup_code;
pub mod site;
pub mod surroundings;
pub mod words;
