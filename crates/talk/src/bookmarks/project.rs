//! Bookmark events → `bookmarks`.

use kairan_storage::{Event, Facts, LocalBoxFuture, Projection, Result, Stream, Tables, params};

use super::events::BookmarkFact;

/// Writes `bookmarks`.
pub struct Bookmarks;

impl Projection for Bookmarks {
    fn tables(&self) -> &'static [&'static str] {
        &["bookmarks"]
    }

    fn apply<'a>(&'a self, tables: &'a mut Tables<'_>, event: &'a Event) -> LocalBoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let Stream::Member(member) = event.stream else { return Ok(()) };
            match BookmarkFact::of(event).transpose()? {
                None => Ok(()),
                Some(BookmarkFact::Added(added)) => {
                    let sql = "INSERT INTO bookmarks (member, message, room, at) VALUES ($1, $2, $3, $4)";
                    tables.run(sql, params![member, added.message, added.room, event.at]).await
                }
                Some(BookmarkFact::Removed(removed)) => {
                    let sql = "DELETE FROM bookmarks WHERE member = $1 AND message = $2";
                    tables.run(sql, params![member, removed.message]).await
                }
            }
        })
    }
}
