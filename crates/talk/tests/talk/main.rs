//! Talk through its routes, on both engines.

mod bookmarks;
mod drafts;
mod files;
mod messages;
mod notifications;
mod reading;
mod reminders;
mod rooms;
mod schedules;
mod search;
mod support;
mod transfers;
mod unanswered;
mod views;
