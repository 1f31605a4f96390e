//! The ground floor: words every other floor uses.
//!
//! It stays true that nothing here does I/O, waits, or knows of a database or the web: time and randomness come in
//! through [`Surroundings`], so a test can hold them still.

pub mod actor;
pub mod folding;
pub mod ids;
pub mod permission;
pub mod refusal;
pub mod size;
pub mod surroundings;
pub mod text;
pub mod time;

pub use actor::Actor;
pub use ids::{
    AlarmId, ContentId, DepartmentId, DeviceId, FactorId, FileId, InvitationId, MemberId, MessageId,
    ReminderId, RoomId, RuleId, SecretId, SessionId,
};
pub use permission::{Permission, Role};
pub use refusal::{Code, FieldFault, Refusal};
pub use surroundings::{Clock, Random, Surroundings};
pub use time::{Instant, Seq};
