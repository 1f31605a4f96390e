//! Rooms (部屋): who talks with whom, and who answers for it.
//!
//! - direct: two people, one room for each pair; nobody joins or leaves.
//! - group: people chosen by its managers.
//! - department: its membership follows the department's; managers may be from elsewhere.
//! - broadcast: everyone in it reads, managers post.
//!
//! It stays true that a room is never without a manager (R63), and that a room one is not in cannot be told from one that
//! does not exist (R24).

pub mod commands;
pub mod events;
pub mod follow;
pub mod http;
pub mod project;
pub mod queries;
pub mod rules;
