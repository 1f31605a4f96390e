//! Web Push: telling a browser that is not open, through its maker's service (RFC 8030).
//!
//! It stays true that what leaves the house is sealed for that one browser (RFC 8291), goes to no host but those in
//! `push.services` (R36, R76), and only while the organisation wants it; and that what is decided is decided again at each
//! try, so that nothing goes out to someone who read it, left the room or signed out meanwhile (R20, R25).

mod carrier;
mod dispatcher;
mod key;
mod queue;
mod seal;
mod vapid;

pub use carrier::{Carrier, Letter, Outcome, WebPush};
pub use dispatcher::Dispatcher;
pub use key::{PUSH_KEY_FILE, PushKey, PushKeyError};
