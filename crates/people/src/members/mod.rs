//! Members (メンバー): the people and bots of the organisation, as the organisation knows them.
//!
//! It stays true that a name on the screen is one the organisation gave and that no two of them can be taken for each
//! other (R9, R10); that nobody needs a phone number or an e-mail address to be here (R11); and that there is always an
//! owner.

pub mod commands;
pub mod events;
pub mod http;
pub mod names;
pub mod project;
pub mod queries;
pub mod roles;
pub mod rules;
pub mod similar;
pub mod taken;
