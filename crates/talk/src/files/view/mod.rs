//! View only (閲覧のみ): pictures of a file that the server draws, for whoever may look and not take.
//!
//! It stays true that where download is not allowed nothing leaves the server but such pictures (R16), and that where a
//! watermark is required every one of them says who looked and when (R17). Both are asked anew at every request.
//!
//! - [`rules`]: what somebody may have of a file, and what there is to see of it; [`drawing`]: having it drawn.

pub(super) mod drawing;
pub mod rules;

pub use drawing::Viewing;
