//! Policies (端末ポリシー): what may be done on which kind of device, by whom, when and from where.
//!
//! One set of rules for the organisation. It stays true that of all rules that meet somebody the strictest wins, limit by
//! limit, and remembers which one it was; and that nothing here is left to the client: what a rule forbids the server does
//! not do (R16), and who is outside their hours or networks is refused on every way in (R20).
//!
//! - [`rules`]: the rules; [`mod@effective`]: what follows from them; [`hours`] and [`networks`]: when and from where.
//! - [`checks`]: whether a set of rules can be kept; [`preview`]: whom it would meet.

pub mod checks;
pub mod commands;
pub mod door;
pub mod effective;
pub mod events;
pub mod hours;
pub mod http;
pub mod networks;
pub mod preview;
pub mod project;
pub mod queries;
pub mod rules;

pub use effective::{Because, Effective, Usual, effective};
pub use rules::{Limit, Rule, Seat, Who};
