//! Talk: rooms, messages and their files, who has read them, and what people keep of it for themselves.
//!
//! It stays true that what happens in a room stands in the room's own stream, in one order with who is in it.

pub mod bookmarks;
pub mod drafts;
pub mod due;
pub mod files;
pub mod frames;
mod hooks;
pub mod messages;
pub mod mine;
pub mod notifications;
pub mod reading;
pub mod reminders;
pub mod rooms;
pub mod schedules;
pub mod search;
pub mod unanswered;

pub use hooks::hooks;

use axum::extract::FromRef;
use kairan_people::People;
use kairan_storage::{Migration, Projection, Store};
use utoipa_axum::router::OpenApiRouter;

/// What talk's routes hold.
#[derive(Clone)]
pub struct Talk {
    /// The store.
    pub store: Store,
    /// Who is calling.
    pub people: People,
    /// Where files' bytes lie, and who looks into them.
    pub files: files::Files,
}

impl FromRef<Talk> for People {
    fn from_ref(talk: &Talk) -> Self {
        talk.people.clone()
    }
}

/// Talk's schema.
pub static MIGRATIONS: &[Migration] = &[
    Migration { name: "talk/0001_talk", sql: include_str!("../migrations/0001_talk.sql") },
    Migration { name: "talk/0002_room_levels", sql: include_str!("../migrations/0002_room_levels.sql") },
    Migration { name: "talk/0003_personal", sql: include_str!("../migrations/0003_personal.sql") },
    Migration { name: "talk/0004_files", sql: include_str!("../migrations/0004_files.sql") },
    Migration { name: "talk/0005_notifications", sql: include_str!("../migrations/0005_notifications.sql") },
    Migration {
        name: "talk/0006_schedule_files",
        sql: include_str!("../migrations/0006_schedule_files.sql"),
    },
];

/// Talk's projections.
#[must_use]
pub fn projections() -> Vec<Box<dyn Projection>> {
    vec![
        Box::new(rooms::project::Rooms),
        Box::new(messages::project::Messages),
        Box::new(bookmarks::project::Bookmarks),
        Box::new(reminders::project::Reminders),
        Box::new(schedules::project::Schedules),
        Box::new(files::project::Files),
    ]
}

/// Talk's codes, for the API document.
pub static CODES: &[&[&kairan_core::Code]] = &[
    rooms::rules::CODES,
    messages::rules::CODES,
    drafts::rules::CODES,
    bookmarks::rules::CODES,
    reminders::rules::CODES,
    schedules::rules::CODES,
    search::rules::CODES,
    files::rules::CODES,
    files::view::rules::CODES,
    files::inspect::CODES,
];

/// Talk's routes.
pub fn router() -> OpenApiRouter<Talk> {
    let mut routes = OpenApiRouter::new()
        .merge(rooms::http::router())
        .merge(messages::http::router())
        .merge(reading::http::router())
        .merge(notifications::http::router())
        .merge(drafts::http::router())
        .merge(bookmarks::http::router())
        .merge(reminders::http::router())
        .merge(schedules::http::router())
        .merge(unanswered::http::router())
        .merge(search::http::router())
        .merge(files::http::router());
    kairan_http::openapi::behind_session(routes.get_openapi_mut());
    routes
}
