//! Message events → `messages`, `mentions`, `reactions`.

use kairan_core::{MemberId, MessageId, RoomId, Seq};
use kairan_storage::{Event, Facts, LocalBoxFuture, Projection, Result, Stream, Tables, params};

use super::events::MessageFact;

/// Writes the messages' tables.
pub struct Messages;

impl Projection for Messages {
    fn tables(&self) -> &'static [&'static str] {
        &["messages", "mentions", "reactions"]
    }

    fn apply<'a>(&'a self, tables: &'a mut Tables<'_>, event: &'a Event) -> LocalBoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let Some(fact) = MessageFact::of(event).transpose()? else { return Ok(()) };
            let Stream::Room(room) = event.stream else { return Ok(()) };
            let who = event.actor.member();
            match fact {
                MessageFact::Posted(posted) => {
                    let mentions = serde_json::to_string(&posted.mentions)?;
                    tables
                        .run(
                            "INSERT INTO messages (id, room, seq, at, author, content, label, reply_to, mentions, everyone, edits)
                             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0)",
                            params![
                                posted.message,
                                room,
                                event.seq,
                                event.at,
                                who,
                                posted.content.id,
                                posted.label.map(super::rules::Label::name),
                                posted.reply_to,
                                mentions,
                                posted.all
                            ],
                        )
                        .await?;
                    mention(tables, room, event.seq, posted.message, &posted.mentions).await
                }
                MessageFact::Edited(edited) => {
                    let mentions = serde_json::to_string(&edited.mentions)?;
                    tables
                        .run(
                            "UPDATE messages SET content = $2, mentions = $3, everyone = $4, edits = edits + 1, edited_at = $5 WHERE id = $1",
                            params![edited.message, edited.content.id, mentions, edited.all, event.at],
                        )
                        .await?;
                    tables.run("DELETE FROM mentions WHERE message = $1", params![edited.message]).await?;
                    let place = tables
                        .query("SELECT seq FROM messages WHERE id = $1", params![edited.message])
                        .await?;
                    let seq = place.first().map_or(Ok(event.seq), |row| row.get(0))?;
                    mention(tables, room, seq, edited.message, &edited.mentions).await
                }
                MessageFact::Deleted(deleted) => {
                    tables
                        .run("UPDATE messages SET deleted_at = $2, deleted_by = $3, pinned_at = NULL, pinned_by = NULL WHERE id = $1", params![deleted.message, event.at, who])
                        .await?;
                    tables.run("DELETE FROM mentions WHERE message = $1", params![deleted.message]).await?;
                    tables.run("DELETE FROM reactions WHERE message = $1", params![deleted.message]).await
                }
                MessageFact::ReactionAdded(added) => {
                    tables
                        .run(
                            "INSERT INTO reactions (message, reaction, member, seq) VALUES ($1, $2, $3, $4)",
                            params![added.message, added.reaction, who, event.seq],
                        )
                        .await
                }
                MessageFact::ReactionRemoved(removed) => {
                    tables
                        .run(
                            "DELETE FROM reactions WHERE message = $1 AND reaction = $2 AND member = $3",
                            params![removed.message, removed.reaction, who],
                        )
                        .await
                }
                MessageFact::Pinned(pinned) => {
                    tables
                        .run(
                            "UPDATE messages SET pinned_at = $2, pinned_by = $3 WHERE id = $1",
                            params![pinned.message, event.at, who],
                        )
                        .await
                }
                MessageFact::Unpinned(unpinned) => {
                    tables
                        .run(
                            "UPDATE messages SET pinned_at = NULL, pinned_by = NULL WHERE id = $1",
                            params![unpinned.message],
                        )
                        .await
                }
                MessageFact::Answered(answered) => {
                    tables
                        .run(
                            "UPDATE messages SET answered_at = $2, answered_by = $3 WHERE id = $1",
                            params![answered.message, event.at, who],
                        )
                        .await
                }
                MessageFact::Reopened(reopened) => {
                    tables
                        .run(
                            "UPDATE messages SET answered_at = NULL, answered_by = NULL WHERE id = $1",
                            params![reopened.message],
                        )
                        .await
                }
            }
        })
    }
}

/// Addressed people are found at the *message's* place, also after an edit: what was read does not become unread.
async fn mention(
    tables: &mut Tables<'_>,
    room: RoomId,
    seq: Seq,
    message: MessageId,
    members: &[MemberId],
) -> Result<()> {
    for member in members {
        tables
            .run(
                "INSERT INTO mentions (room, member, seq, message) VALUES ($1, $2, $3, $4)",
                params![room, *member, seq, message],
            )
            .await?;
    }
    Ok(())
}
